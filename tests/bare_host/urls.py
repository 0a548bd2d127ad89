"""The plug-in's addresses, and one of the host's own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path


def notes(request: HttpRequest) -> HttpResponse:
    return render(request, "bare/notes.html")


urlpatterns = [path("notes/", notes), path("", include("jira_integration.urls"))]
