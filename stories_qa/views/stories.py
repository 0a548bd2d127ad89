"""The list of stories: search, filters, grouping by epic, paging."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from stories_qa.access import project_view
from stories_qa.jira_source import sync_states, with_sync
from stories_qa.listing import NONE, NOT_DONE, SORTS, TESTS, filter_stories, with_counts
from stories_qa.models import Epic, Project, Status, Story
from stories_qa.selection import Selection, clean_query
from stories_qa.views.pages import PAGE_ROWS, page_number


@dataclass
class Group:
    """Consecutive rows of one epic; `continued` when the rows before this page began it."""

    epic: Epic | None
    rows: list[Story] = field(default_factory=list)
    continued: bool = False
    total: int = 0
    in_sync: int = 0


@project_view("view")
@require_GET
def stories(request: HttpRequest, project: Project) -> HttpResponse:
    """The whole page, or for htmx the part that changes: `#story-list` for a filter, rows for "Show 50 more"."""
    query = clean_query(request.GET)
    context = list_context(request, project, query, page_number(request.GET))
    if request.headers.get("HX-Request") != "true":
        context |= filter_context(project, QueryDict(query))
        context["empty_project"] = not query and not context["total"]
        return render(request, "stories_qa/stories.html", context)
    if request.headers.get("HX-Target") == "story-rows":
        return render(request, "stories_qa/_story_more.html", context)
    response = render(request, "stories_qa/_story_list.html", context)
    response.headers["HX-Push-Url"] = list_url(project, query)
    return response


def list_url(project: Project, query: str = "") -> str:
    return reverse("stories_qa:stories", args=[project.key]) + (f"?{query}" if query else "")


def list_context(request: HttpRequest, project: Project, query: str, page: int) -> dict[str, Any]:
    params = QueryDict(query)
    found = filter_stories(project, params)
    without_state = params.copy()
    without_state.pop("jira", None)
    states: dict[str, int] = dict(
        with_sync(filter_stories(project, without_state)).order_by().values_list("jira_state").annotate(Count("pk"))
    )
    asked = params.getlist("jira")
    total = sum(states.get(state, 0) for state in asked) if asked else sum(states.values())
    page = min(page, max(1, -(-total // PAGE_ROWS)))
    start, end = (page - 1) * PAGE_ROWS, min(page * PAGE_ROWS, total)
    selection = Selection(request, project)
    return {
        "project": project,
        "query": query,
        "page": page,
        "total": total,
        "start": start + 1,
        "end": end,
        "next_count": min(PAGE_ROWS, total - end),
        "groups": grouped(found, start, end, not params.get("sort")),
        "tabs": tabs(without_state, states, asked),
        "all_count": sum(states.values()),
        "exported": sum(states.values()) - states.get("not_exported", 0) - states.get("off", 0),
        "matching": states.get("in_sync", 0),
        "select_page": request.GET.get("select") == "page",
        **bar_context(selection, query, total),
    }


def bar_context(selection: Selection, query: str, total: int) -> dict[str, Any]:
    """What the floating bar says; the same for the list and for the answer to a tick."""
    counts = selection.state_counts()
    words = [(counts[code], word) for code, word, _icon in sync_states() if counts.get(code)]
    return {
        "project": selection.project,
        "query": query,
        "total": total,
        "selection": selection,
        "selected_words": ", ".join(f"{count} {word[:1].lower()}{word[1:]}" for count, word in words),
        "selected_hidden": selection.hidden_by(query),
        "statuses": Status.choices,
        "epics": Epic.objects.filter(project=selection.project).only("key", "title") if selection.keys else [],
    }


def tabs(params: QueryDict, states: dict[str, int], asked: list[str]) -> list[dict[str, Any]]:
    """One tab a sync state that occurs, after "All"."""
    rest = params.urlencode()
    shown = [{"word": _("All"), "icon": "", "count": sum(states.values()), "query": rest, "current": not asked}]
    for code, word, icon in sync_states():
        if states.get(code) or code in asked:
            query = f"{rest}&jira={code}" if rest else f"jira={code}"
            current = code in asked
            shown.append({"word": word, "icon": icon, "count": states.get(code, 0), "query": query, "current": current})
    return shown


def grouped(found: QuerySet[Story], start: int, end: int, by_epic: bool) -> list[Group]:
    """Rows `start` to `end` in the list's order, by epic when asked; epics' totals count the whole filter."""
    rows = list(with_rows(found)[start:end])
    if not by_epic:
        return [Group(None, rows)]
    before = found.values_list("epic_id", flat=True)[start - 1] if start and rows else 0
    groups: list[Group] = []
    for row in rows:
        if not groups or groups[-1].rows[-1].epic_id != row.epic_id:
            groups.append(Group(row.epic, continued=not groups and before == row.epic_id))
        groups[-1].rows.append(row)
    ids = [group.epic.pk for group in groups if group.epic]
    nowhere = Q(epic=None) if any(group.epic is None for group in groups) else Q(pk__in=[])
    wanted = with_sync(found.filter(Q(epic__in=ids) | nowhere)).order_by()
    totals = {
        epic: (total, in_sync)
        for epic, total, in_sync in wanted.values_list("epic").annotate(
            all=Count("pk"), matching=Count("pk", filter=Q(jira_state="in_sync"))
        )
    }
    for group in groups:
        group.total, group.in_sync = totals.get(group.epic.pk if group.epic else None, (len(group.rows), 0))
    return groups


def with_rows(found: QuerySet[Story]) -> QuerySet[Story]:
    """What `_story_row.html` needs."""
    return with_counts(with_sync(found)).select_related("epic", "assignee")


def filter_context(project: Project, params: QueryDict) -> dict[str, Any]:
    """The selects beside the search: (name, label, [(value, word)], chosen)."""
    people = get_user_model().objects.filter(memberships__project=project).order_by("first_name", "username")
    named = (
        Story.objects.filter(project=project)
        .exclude(assignee_name="")
        .values_list("assignee_name", flat=True)
        .distinct()
    )
    assignees = [(user.get_username(), user.get_full_name() or user.get_username()) for user in people]
    epics = list(Epic.objects.filter(project=project).values_list("key", "title"))
    choices: list[tuple[str, str, list[tuple[str, Any]]]] = [
        ("status", _("Status"), [("", _("Any status")), (NOT_DONE, _("Not done")), *Status.choices]),
        ("epic", _("Epic"), [("", _("Any epic")), (NONE, _("No epic")), *epics]),
        (
            "assignee",
            _("Assignee"),
            [
                ("", _("Anyone")),
                (NONE, _("Nobody")),
                *assignees,
                *((name, name) for name in named.order_by("assignee_name")),
            ],
        ),
        ("tests", _("Tests"), [("", _("Any tests")), *TESTS.items()]),
        ("sort", _("Order"), [(value, word) for value, word in sort_words().items() if value in SORTS]),
    ]
    return {
        "selects": [(name, label, options, params.get(name, "")) for name, label, options in choices],
        "params": params,
        "filtered": bool(clean_query(params)),
        "epic_count": len(epics),
    }


def sort_words() -> dict[str, str]:
    return {
        "": _("By epic"),
        "key": _("By key"),
        "-key": _("By key, newest first"),
        "title": _("By title"),
        "-updated": _("Last changed first"),
        "updated": _("Longest unchanged first"),
        "priority": _("Highest priority first"),
        "points": _("Most points first"),
        "status": _("By status"),
    }
