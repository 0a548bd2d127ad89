"""New projects."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def project_new(request: HttpRequest) -> HttpResponse:
    return render(request, "stories_qa/no_project.html")
