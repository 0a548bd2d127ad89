"""The export preview: make a plan, look at it, send it, throw it away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from jira_integration import audit
from jira_integration.badges import SIGNS
from jira_integration.catalogue import explain
from jira_integration.conf import story_source
from jira_integration.contracts import Act, Kind, ProjectInfo
from jira_integration.export.changed import changed_here
from jira_integration.export.line import CannotDo
from jira_integration.export.plan import new_plan
from jira_integration.export.removed import left_open
from jira_integration.export.runs import confirm
from jira_integration.live import plan_news
from jira_integration.models import ExportPlan, ExportRun, PlannedTicket, ProjectMapping
from jira_integration.planview import ROWS, PlanView
from jira_integration.same_fields import same_fields
from jira_integration.signals import plan_confirmed
from jira_integration.standing import mapping_of, setup_url
from jira_integration.starting import start
from jira_integration.tasks import build_plan, export_run
from jira_integration.views.access import for_project, page
from jira_integration.views.paging import piece
from jira_integration.views.spreadsheet import csv_answer

SEE_OTHER = 303
STOP_POLLING = 286


def see(url: str) -> HttpResponse:
    """After a POST: go and look, with GET."""
    response = redirect(url)
    response.status_code = SEE_OTHER
    return response


def chosen_refs(request: HttpRequest, project: ProjectInfo, mapping: ProjectMapping) -> list[str]:
    """The refs that a form chose: `story=` (keys or refs, repeated), `epic=` (with its stories), `all=1` with
    `filter=`, or `everything=1`; with `changed=1` only those of them that were edited since the last export. What is
    unknown here is left out."""
    found = _chosen(request, project, mapping)
    if not request.POST.get("changed"):
        return found
    changed = set(changed_here(mapping))
    return [ref for ref in found if ref in changed]


def _chosen(request: HttpRequest, project: ProjectInfo, mapping: ProjectMapping) -> list[str]:
    source, form = story_source(), request.POST
    if form.get("everything"):
        return [ref for kind in Kind if mapping.type_id(kind) for ref in source.refs(project.ref, kind)]
    if form.get("all"):
        return list(source.matching(project.ref, form.get("filter", "")))
    found: list[str] = []
    for key in form.getlist("epic"):
        epic = source.resolve(project.ref, key) or key
        stories = source.snapshots(project.ref, source.refs(project.ref, Kind.STORY))
        found += [epic, *(story.ref for story in stories if story.parent_ref == epic)]
    for given in form.getlist("story"):
        found.append(given if ":" in given else source.resolve(project.ref, given) or given)
    known = {snapshot.ref for snapshot in source.snapshots(project.ref, found)}
    return [ref for ref in dict.fromkeys(found) if ref in known]


def refused(request: HttpRequest, project: ProjectInfo, code: str, mapping: ProjectMapping | None) -> HttpResponse:
    """A page that says why nothing can be previewed, and what to do."""
    words = explain(
        code,
        {
            "project": project.name,
            "project_key": project.key,
            "connection_id": mapping.connection_id if mapping else None,
        },
    )
    context = {
        "words": words,
        "setup_url": setup_url(project, mapping) if code not in ("empty_plan", "nothing_changed") else "",
        "stories_url": story_source().project_url(project.ref),
        "admins": list(story_source().who_may(project.ref, Act.ADMIN))[:2],
        "page_error": True,
    }
    return page(request, "plan_refused.html", context, project=project, status=422)


@require_POST
@for_project(Act.EXPORT)
def plan_create(request: HttpRequest, project: ProjectInfo) -> HttpResponse:
    """Store what was chosen and go to the preview, which opens at once and fills while Jira is read."""
    mapping = mapping_of(project.ref)
    if mapping is None:
        return refused(request, project, "not_connected", None)
    if not mapping.live:
        return refused(request, project, "not_live", mapping)
    refs = chosen_refs(request, project, mapping)
    if not refs:
        code = "nothing_changed" if request.POST.get("changed") else "empty_plan"
        return refused(request, project, code, mapping)
    return make(request, project, mapping, refs)


def make(
    request: HttpRequest, project: ProjectInfo, mapping: ProjectMapping, refs: list[str], **options: Any
) -> HttpResponse:
    """`options` are those of `new_plan`."""
    plan = new_plan(mapping, refs, request.user, **options)
    start(build_plan, plan.pk)
    return see(reverse("jira_integration:plan", args=[project.key, plan.pk]))


def plan_of(project: ProjectInfo, number: int) -> ExportPlan:
    plans = ExportPlan.objects.select_related("mapping__connection", "created_by").defer("story_refs")
    return get_object_or_404(plans, project_ref=project.ref, pk=number)


@require_GET
@for_project(Act.VIEW)
def plan(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """A stored plan: what the export would do, not a letter more."""
    found = plan_of(project, number)
    view = PlanView(found, project, request.GET.get("show", "all"))
    pages = piece(request, view.items(), ROWS)
    context: dict[str, Any] = {
        "plan": found,
        "view": view,
        "show": view.show,
        "pages": pages,
        "items": view.shown(pages.rows, first_page=pages.number == 1),
        "run": ExportRun.objects.filter(plan=found).first(),
    }
    if found.state == ExportPlan.State.BUILDING:
        context["socket"] = f"/ws/plans/{found.pk}/"
        context["poll"] = reverse("jira_integration:plan_live", args=[project.key, found.pk])
        context["seq"] = found.progress
        context["sign_in"] = resolve_url(settings.LOGIN_URL)
    if request.headers.get("HX-Target") == "more":
        may = {"may_export": story_source().may(request.user, project.ref, Act.EXPORT)}
        may["may_admin"] = story_source().may(request.user, project.ref, Act.ADMIN)
        return render(request, "jira_integration/_plan_items.html", {**context, **may, "project": project})
    return page(request, "plan.html", context, project=project)


@require_GET
@for_project(Act.VIEW)
def plan_live(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """While the plan is being built: how far it is. Once it is something else, the whole page is loaded again."""
    found = plan_of(project, number)
    if found.state != ExportPlan.State.BUILDING:
        url = reverse("jira_integration:plan", args=[project.key, found.pk])
        return HttpResponse(status=STOP_POLLING, headers={"HX-Location": url})
    return HttpResponse(plan_news(found, project).html)


@require_GET
@for_project(Act.VIEW)
def plan_same(request: HttpRequest, project: ProjectInfo, number: int, item: int) -> HttpResponse:
    """The fields of one update that stay the same: for htmx the part below the differences, else a page of its own."""
    rows = PlannedTicket.objects.select_related("plan__mapping__connection")
    planned = get_object_or_404(rows, plan_id=number, plan__project_ref=project.ref, pk=item)
    context = {"planned": planned, "same": same_fields(planned)}
    if request.headers.get("HX-Request") == "true":
        return render(request, "jira_integration/_plan_same.html", context)
    return page(request, "plan_same.html", context, project=project)


@require_POST
@for_project(Act.EXPORT)
def plan_export(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """Send it. The same plan again, by a double click or a reload, leads to the same run."""
    found = plan_of(project, number)
    try:
        run = confirm(found, request.user)
    except CannotDo as cannot:
        return refused(request, project, cannot.code, found.mapping)
    if run.state == ExportRun.State.QUEUED:
        start(export_run, run.pk)
    plan_confirmed.send_robust(ExportRun, run=run, request=request)
    return see(reverse("jira_integration:run", args=[project.key, run.pk]))


@require_POST
@for_project(Act.EXPORT)
def plan_refresh(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """Read Jira again: a new plan of the same stories, with the options as they were or as posted with `options`;
    this one is put away."""
    found = plan_of(project, number)
    if not found.mapping.live:
        return refused(request, project, "not_live", found.mapping)
    put_away(found)
    options: dict[str, Any] = {"with_tests": found.with_tests, "left_open": found.left_open}
    if (form := request.POST).get("options"):
        stays = left_open(found, form.getlist("offered"), form.getlist("close"))
        options = {"with_tests": "with_tests" in form, "left_open": stays}
    return make(request, project, found.mapping, list(found.story_refs), **options)


@require_POST
@for_project(Act.EXPORT)
def plan_discard(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    found = plan_of(project, number)
    if put_away(found):
        audit.record(
            "plan_discarded",
            {"plan": found.pk, "count": len(found.story_refs)},
            user=request.user,
            project_ref=project.ref,
        )
    return see(story_source().project_url(project.ref))


def put_away(plan: ExportPlan) -> bool:
    """Discard it, unless it was sent; compare-and-set, because someone may be sending it right now."""
    State = ExportPlan.State
    return bool(
        ExportPlan.objects.filter(pk=plan.pk, state__in=[State.BUILDING, State.READY, State.FAILED]).update(
            state=State.DISCARDED
        )
    )


@require_GET
@for_project(Act.VIEW)
def plan_csv(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponseBase:
    """One line for each field that would change; items without changes have one line, too."""
    found = plan_of(project, number)

    def rows() -> Iterator[list[object]]:
        for item in PlanView(found, project).items().iterator(chunk_size=500):
            word = SIGNS[item.action].word
            reasons = " ".join(explain(one["code"], one.get("values", {})).title for one in item.findings)
            lead = [item.story_key, item.title, word, item.issue_key]
            for change in item.changes:
                yield [*lead, change["label"], change.get("before"), change.get("after"), reasons]
            if not item.changes:
                yield [*lead, "", "", "", reasons]

    head = ["Key", "Title", "Action", "Issue", "Jira field", "In Jira now", "After export", "Reason"]
    return csv_answer(request, f"{project.key}-preview-{found.pk}", head, rows())
