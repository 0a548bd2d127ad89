"""Runs: the list, one run, and what people do to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jira_integration import progress
from jira_integration.badges import ITEM
from jira_integration.catalogue import explain
from jira_integration.conf import story_source
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.export.line import CannotDo, move
from jira_integration.export.runs import pause, resume, retry, stop
from jira_integration.models import ExportRun, RunItem
from jira_integration.run_counts import FILTERS
from jira_integration.runview import ROWS, RunView
from jira_integration.standing import open_runs
from jira_integration.starting import start
from jira_integration.tasks import export_run, start_waiting
from jira_integration.views.access import for_project, page
from jira_integration.views.paging import piece
from jira_integration.views.plans import see
from jira_integration.views.spreadsheet import csv_answer

RUNS_ROWS = 50
State = ExportRun.State
GOING = (State.QUEUED, State.RUNNING, State.WAITING, *ExportRun.ENDING)


def run_of(project: ProjectInfo, number: int) -> ExportRun:
    found = ExportRun.objects.select_related("connection", "plan__mapping", "started_by").defer("plan__story_refs")
    return get_object_or_404(found, project_ref=project.ref, pk=number)


@require_GET
@for_project(Act.VIEW)
def run(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    return run_page(request, project, run_of(project, number))


def run_page(
    request: HttpRequest,
    project: ProjectInfo,
    found: ExportRun,
    trouble: str = "",
    values: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """One run with its first rows. `trouble` is the catalogue's code of why a button could not do its work."""
    view = RunView(found, project)
    show = request.GET.get("show", "all")
    show = show if show in FILTERS else "all"
    pages = piece(request, view.items(show), ROWS)
    context: dict[str, Any] = {"run": found, "view": view, "show": show, "pages": pages, "rows": view.rows(pages.rows)}
    if request.headers.get("HX-Target") == "more":
        may = story_source().may(request.user, project.ref, Act.EXPORT)
        return render(request, "jira_integration/_run_rows.html", {**context, "project": project, "may_export": may})
    context["trouble"] = explain(trouble, {**view.facts, **(values or {})}) if trouble else None
    context["socket"] = f"/ws/runs/{found.pk}/"
    context["poll"] = reverse("jira_integration:run_live", args=[project.key, found.pk])
    context["seq"] = found.seq
    context["sign_in"] = resolve_url(settings.LOGIN_URL)
    return page(request, "run.html", context, project=project, status=409 if trouble else 200)


def act_on(
    request: HttpRequest, project: ProjectInfo, number: int, act: Callable[[ExportRun], object], *, drive: bool
) -> HttpResponse:
    """Do it and show the run; what makes no sense in its state is said on the same page."""
    found = run_of(project, number)
    try:
        act(found)
    except CannotDo as cannot:
        return run_page(request, project, run_of(project, number), trouble=cannot.code, values=cannot.values)
    if drive:
        start(export_run, found.pk)
    else:
        start_waiting(found.connection_id)  # its Jira project may be free now, for the next in line
    transaction.on_commit(lambda: tell(found.pk))
    if request.POST.get("back") == "runs":
        return see(f"{reverse('jira_integration:runs', args=[project.key])}#line")
    return see(reverse("jira_integration:run", args=[project.key, found.pk]))


def tell(run_id: int) -> None:
    """Open pages of this run, and of those that wait with it."""
    run = ExportRun.objects.get(pk=run_id)
    progress.publish_run(run)
    progress.publish_line(run)


@require_POST
@for_project(Act.EXPORT)
def run_stop(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """Stop; what is being sent is finished first."""
    return act_on(request, project, number, lambda found: stop(found, request.user), drive=False)


@require_POST
@for_project(Act.EXPORT)
def run_pause(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """Pause; what is being sent is finished first, and only a person takes it up again."""
    return act_on(request, project, number, lambda found: pause(found, request.user), drive=False)


@require_POST
@for_project(Act.EXPORT)
def run_move(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """Let a run that waits in line go earlier: before the one ahead of it, or with `to=front` before all."""
    to_front = request.POST.get("to") == "front"
    return act_on(request, project, number, lambda found: move(found, request.user, to_front=to_front), drive=False)


@require_POST
@for_project(Act.EXPORT)
def run_continue(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    return act_on(request, project, number, lambda found: resume(found, request.user), drive=True)


@require_POST
@for_project(Act.EXPORT)
def run_retry(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """Retry what failed, or what failed for one cause; look up what is unconfirmed."""
    cause = request.POST.get("cause", "")
    return act_on(request, project, number, lambda found: retry(found, request.user, cause=cause), drive=True)


@require_POST
@for_project(Act.EXPORT)
def run_item_retry(request: HttpRequest, project: ProjectInfo, number: int, item: int) -> HttpResponse:
    """Retry one failed item, or look an unconfirmed one up in Jira."""
    row = get_object_or_404(RunItem, run__project_ref=project.ref, run_id=number, pk=item)
    return act_on(request, project, number, lambda found: retry(found, request.user, row), drive=True)


@require_GET
@for_project(Act.VIEW)
def runs(request: HttpRequest, project: ProjectInfo) -> HttpResponse:
    """All runs of the backlog, newest first."""
    every = ExportRun.objects.filter(project_ref=project.ref)
    filters = {
        "all": (_("All"), Q()),
        "needs": (_("Needs you"), open_runs(project.ref)),
        "going": (_("Running"), Q(state__in=GOING)),
        "mine": (_("Mine"), Q(started_by_id=request.user.pk)),
    }
    show = request.GET.get("show", "all")
    show = show if show in filters else "all"
    counted = every.annotate(
        total=Count("items"),
        **{state: Count("items", filter=Q(items__state=state)) for state in ("created", "updated", "failed")},
        unsure=Count("items", filter=Q(items__state__in=["unconfirmed", "moved_on"])),
    )
    chosen = counted.filter(filters[show][1]).select_related("started_by", "plan__mapping").order_by("-pk")
    chosen = chosen.defer("plan__story_refs")
    pages = piece(request, chosen, RUNS_ROWS)
    tabs = [(name, word, every.filter(query).count()) for name, (word, query) in filters.items()]
    context = {
        "show": show,
        "tabs": tabs,
        "pages": pages,
        "rows": [RunView(found, project) for found in pages.rows],
        "lines": lines_of(project),
        "stories_url": story_source().project_url(project.ref),
    }
    return page(request, "runs.html", context, project=project)


def lines_of(project: ProjectInfo) -> list[list[RunView]]:
    """The runs of this backlog that wait, in order, for each Jira project they wait for."""
    waiting = ExportRun.objects.filter(project_ref=project.ref, state__in=ExportRun.IN_LINE)
    found: dict[tuple[int, str], list[RunView]] = {}
    rows = waiting.select_related("started_by", "plan__mapping").defer("plan__story_refs").order_by("place", "pk")
    for one in rows:
        found.setdefault((one.connection_id, one.jira_project_id), []).append(RunView(one, project))
    return list(found.values())


@require_GET
@for_project(Act.VIEW)
def run_csv(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponseBase:
    """What became of each item."""
    found = run_of(project, number)
    view = RunView(found, project)
    head = ["Key", "Title", "Action", "Result", "Issue", "Address", "Seconds", "Attempts", "Reason"]
    rows = (
        [
            item.story_key,
            item.title,
            item.action,
            ITEM[item.state].word,
            item.issue_key,
            found.connection.browse_url(item.issue_key),
            "" if item.sent_at is None or item.ended_at is None else (item.ended_at - item.sent_at).total_seconds(),
            item.attempt,
            view.explained(item.error_code, item.error_values, item).title if item.error_code else "",
        ]
        for item in view.items("all").iterator(chunk_size=500)
    )
    return csv_answer(request, f"{project.key}-run-{found.pk}", head, rows)
