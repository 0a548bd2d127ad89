"""The list of stories."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from stories_qa.access import project_view
from stories_qa.models import Project, Story


@project_view("view")
def stories(request: HttpRequest, project: Project) -> HttpResponse:
    context = {"project": project, "stories": Story.objects.filter(project=project)[:50]}
    return render(request, "stories_qa/stories.html", context)
