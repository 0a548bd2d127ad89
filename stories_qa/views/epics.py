"""Epics: the list, the page of one, making, editing, deleting."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from stories_qa.access import project_view
from stories_qa.forms.story import EpicForm
from stories_qa.jira_source import with_sync
from stories_qa.lifetime import create, delete
from stories_qa.models import Epic, Project, Status, Story
from stories_qa.once import made_before, make_once
from stories_qa.standing import stand
from stories_qa.templatetags.people import person_name
from stories_qa.views.pages import Part, see_other
from stories_qa.views.sections import SavedMeanwhile, fingerprint, save_section
from stories_qa.views.stories import with_rows

STORIES_SHOWN = 200


def find(project: Project, key: str) -> Epic:
    epic = with_sync(Epic.objects.filter(project=project, key=key)).first()
    if not isinstance(epic, Epic):
        raise Http404
    return epic


def shown(epic: Epic) -> dict[str, Any]:
    return {"title": epic.title, "description": epic.description, "status": epic.status, "labels": epic.labels}


@project_view("view")
@require_GET
def epics(request: HttpRequest, project: Project) -> HttpResponse:
    done = Count("stories", filter=Q(stories__status=Status.DONE), distinct=True)
    part = Part(request, with_sync(Epic.objects.filter(project=project)).annotate(done_count=done))
    stand(project, part.rows)
    return render(request, "stories_qa/epics.html", {"project": project, "part": part})


def page(request: HttpRequest, project: Project, epic: Epic, status: int = 200, **more: Any) -> HttpResponse:
    stories = Story.objects.filter(epic=epic)
    own = copy(epic)  # the Jira panel is about the epic's own issue
    stand(project, [epic])
    context = {
        "project": project,
        "epic": epic,
        "own": own,
        "stories": with_rows(stories)[:STORIES_SHOWN],
        "story_count": epic.story_count,  # type: ignore[attr-defined]  # given by stand
        "done_count": stories.filter(status=Status.DONE).count(),
        **more,
    }
    return render(request, "stories_qa/epic.html", context, status=status)


@project_view("view")
@require_GET
def epic(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    return page(request, project, find(project, key))


@project_view("edit")
@require_http_methods(["GET", "POST"])
def epic_edit(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    item = find(project, key)
    now = shown(item)
    form = EpicForm(request.POST if request.method == "POST" else None, initial=now)
    context: dict[str, Any] = {"editing": True, "form": form, "seen": request.POST.get("seen") or fingerprint(now)}
    if request.method == "GET":
        return page(request, project, item, **context)
    if not form.is_valid():
        return page(request, project, item, status=422, **context)
    try:
        save_section(item, form.cleaned_data, seen=context["seen"], shown=shown, by=person_name(request.user))
    except SavedMeanwhile:
        item = find(project, key)
        context |= {"meanwhile": True, "page_error": True, "seen": fingerprint(shown(item))}
        return page(request, project, item, status=409, **context)
    except LookupError:
        raise Http404 from None
    return see_other(item.get_absolute_url())


@project_view("edit")
@require_http_methods(["GET", "POST"])
def epic_new(request: HttpRequest, project: Project) -> HttpResponse:
    if again := made_before(request):
        return see_other(again)
    form = EpicForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values, by = form.cleaned_data, person_name(request.user)
        return see_other(make_once(request, lambda: create(Epic, project, values, by=by).get_absolute_url()))
    status = 422 if request.method == "POST" else 200
    return render(request, "stories_qa/epic_new.html", {"project": project, "form": form}, status=status)


@project_view("edit")
@require_http_methods(["GET", "POST"])
def epic_delete(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    item = find(project, key)
    if request.method == "POST":
        delete(item, by=person_name(request.user))
        messages.success(request, _("%(key)s is deleted.") % {"key": key})
        return see_other(reverse("stories_qa:epics", args=[project.key]))
    context = {"project": project, "item": item, "tests": item.stories.count(), "kind": "epic"}
    return render(request, "stories_qa/delete.html", context)
