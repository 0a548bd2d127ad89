"""The page of one story: read, edit by section, make, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from stories_qa.access import project_view
from stories_qa.forms.comment import CommentForm
from stories_qa.forms.rows import Rows
from stories_qa.forms.story import NAMED, PropertiesForm, StoryForm, TextForm
from stories_qa.jira_source import with_sync
from stories_qa.lifetime import create, delete
from stories_qa.models import Comment, Project, Story, TestCase
from stories_qa.once import made_before, make_once
from stories_qa.templatetags.people import person_name
from stories_qa.views.pages import see_other
from stories_qa.views.sections import SavedMeanwhile, fingerprint, save_section
from stories_qa.writing import CRITERION_PARTS


def find(project: Project, key: str) -> Story:
    story = with_sync(Story.objects.filter(project=project, key=key)).select_related("epic", "assignee").first()
    if not isinstance(story, Story):
        raise Http404
    return story


def shown(story: Story, section: str) -> dict[str, Any]:
    """What a section of the page shows, in the shape its form takes as initial."""
    match section:
        case "text":
            return {"title": story.title, "description": story.description}
        case "properties":
            named = NAMED + story.assignee_name if story.assignee_name else ""
            return {
                "status": story.status,
                "priority": story.priority,
                "epic": story.epic.key if story.epic else "",
                "assignee": story.assignee.get_username() if story.assignee else named,
                "points": None if story.points is None else story.points.normalize(),
                "labels": story.labels,
            }
        case "criteria":
            return {"criteria": list(story.criteria.values(*CRITERION_PARTS))}
    raise Http404


def page(request: HttpRequest, project: Project, story: Story, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "project": project,
        "story": story,
        "criteria": story.criteria.all(),
        "cases": TestCase.objects.filter(story=story),
        "comments": Comment.objects.filter(story=story, deleted_at=None),
        "new_comment": CommentForm(prefix="new"),
        **more,
    }
    return render(request, "stories_qa/story.html", context, status=status)


@project_view("view")
@require_GET
def story(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    return page(request, project, find(project, key))


@project_view("edit")
@require_http_methods(["GET", "POST"])
def story_edit(request: HttpRequest, project: Project, key: str, section: str) -> HttpResponse:
    """The page with one section open as a form. htmx takes the section out of it; the answers are the same."""
    item = find(project, key)
    now = shown(item, section)
    context: dict[str, Any] = {"editing": section, "seen": request.POST.get("seen") or fingerprint(now)}
    values: Mapping[str, Any]
    if section == "criteria":
        rows = criteria_rows(request, now)
        context["rows"] = rows
        if request.method == "GET" or (asked := request.POST.get("row")):
            context["said"] = rows.rearrange(asked) if request.method == "POST" and asked else ""
            return page(request, project, item, **context)
        rows.check()
        refused, values = rows.has_errors(), {"criteria": rows.filled()}
        context["page_error"] = refused
    else:
        form = section_form(request, project, item, section, now)
        context["form"] = form
        if request.method == "GET":
            return page(request, project, item, **context)
        refused = not form.is_valid()
        values = {} if refused else form.values() if isinstance(form, PropertiesForm) else form.cleaned_data
    if refused:
        return page(request, project, item, status=422, **context)
    try:
        save_section(
            item, values, seen=context["seen"], shown=lambda saved: shown(saved, section), by=person_name(request.user)
        )
    except SavedMeanwhile:
        item = find(project, key)
        context |= {"meanwhile": True, "page_error": True, "seen": fingerprint(shown(item, section))}
        return page(request, project, item, status=409, **context)
    except LookupError:
        raise Http404 from None
    return see_other(item.get_absolute_url())


def section_form(
    request: HttpRequest, project: Project, item: Story, section: str, now: dict[str, Any]
) -> TextForm | PropertiesForm:
    data = request.POST if request.method == "POST" else None
    if section == "text":
        return TextForm(data, initial=now)
    return PropertiesForm(data, initial=now, project=project, story=item)


def criteria_rows(request: HttpRequest, now: dict[str, Any]) -> Rows:
    if request.method == "POST":
        return Rows.posted(request.POST, CRITERION_PARTS, kinds=True)
    rows = Rows.stored(now["criteria"], CRITERION_PARTS)
    for row in rows.rows:
        row.kind = "plain" if row.values["text"] or not any(row.values.values()) else "steps"
    if not rows.rows:
        rows.rearrange("add-plain")
    return rows


@project_view("edit")
@require_http_methods(["GET", "POST"])
def story_new(request: HttpRequest, project: Project) -> HttpResponse:
    if again := made_before(request):
        return see_other(again)
    initial = {"epic": request.GET.get("epic", "")}
    form = StoryForm(request.POST or None, initial=initial, project=project)
    if request.method == "POST" and form.is_valid():
        values, by = form.values(), person_name(request.user)
        return see_other(make_once(request, lambda: create(Story, project, values, by=by).get_absolute_url()))
    status = 422 if request.method == "POST" else 200
    return render(request, "stories_qa/story_new.html", {"project": project, "form": form}, status=status)


@project_view("edit")
@require_http_methods(["GET", "POST"])
def story_delete(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    item = find(project, key)
    if request.method == "POST":
        delete(item, by=person_name(request.user))
        messages.success(request, _("%(key)s is deleted.") % {"key": key})
        return see_other(reverse("stories_qa:stories", args=[project.key]))
    context = {"project": project, "item": item, "tests": item.test_cases.count(), "kind": "story"}
    return render(request, "stories_qa/delete.html", context)
