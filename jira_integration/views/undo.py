"""Undo of a run: its preview, as a page or in a dialog of the run's page, what is chosen in it, and its start."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from jira_integration.catalogue import explain
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.export.line import CannotDo
from jira_integration.export.runs import confirm
from jira_integration.export.undo_plan import choose, may_undo, new_undo
from jira_integration.models import ExportPlan, ExportRun
from jira_integration.starting import start
from jira_integration.tasks import build_plan, export_run
from jira_integration.undoview import ROWS, UndoView
from jira_integration.views.access import for_project, page
from jira_integration.views.paging import piece
from jira_integration.views.plans import see
from jira_integration.views.runs import run_of, run_page

State = ExportPlan.State
SHOWN = (State.BUILDING, State.READY, State.FAILED)


@require_http_methods(["GET", "POST"])
@for_project(Act.EXPORT)
def run_undo(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """GET shows the last preview of this undo, if there is one that was not started. POST makes one, chooses about an
    item (`anyway`, `leave`: its ref), or starts the undo (`plan`, and `number` where issues are deleted)."""
    run = run_of(project, number)
    plan = ExportPlan.objects.filter(undoes=run, state__in=SHOWN).select_related("mapping__connection").first()
    try:
        return act(request, project, run) if request.method == "POST" else show(request, project, run, plan)
    except CannotDo as cannot:
        return run_page(request, project, run_of(project, number), trouble=cannot.code, values=cannot.values)


def act(request: HttpRequest, project: ProjectInfo, run: ExportRun) -> HttpResponse:
    posted = request.POST
    here = reverse("jira_integration:run_undo", args=[project.key, run.pk])
    if not posted.get("plan"):
        with transaction.atomic():
            ExportPlan.objects.filter(undoes=run, state__in=SHOWN).update(state=State.DISCARDED)
            start(build_plan, new_undo(run, request.user).pk)
        return see(here)
    plans = ExportPlan.objects.select_related("mapping__connection", "undoes__plan")
    plan = get_object_or_404(plans, undoes=run, uid=posted["plan"])
    for name in ("anyway", "leave"):
        if posted.get(name):
            choose(plan, posted[name], anyway=name == "anyway")
            return see(here)
    deletes = UndoView(plan, project).deletes
    if plan.state == State.READY and deletes and posted.get("number", "").strip() != str(deletes):
        return show(request, project, run, plan, missed=True)
    undo = confirm(plan, request.user)
    if undo.state == ExportRun.State.QUEUED:
        start(export_run, undo.pk)
    return see(reverse("jira_integration:run", args=[project.key, undo.pk]))


def show(
    request: HttpRequest, project: ProjectInfo, run: ExportRun, plan: ExportPlan | None, *, missed: bool = False
) -> HttpResponse:
    context: dict[str, Any] = {"run": run, "plan": plan, "missed": missed}
    if code := may_undo(run):
        raise CannotDo(code, {"run": run.pk})
    if plan is not None:
        view = UndoView(plan, project)
        pages = piece(request, view.items(), ROWS)
        context |= {"view": view, "pages": pages, "rows": view.rows(pages.rows)}
        context["wrong"] = explain("undo_number", {"n": view.deletes}) if missed else None
    status = 422 if missed else 200
    if request.headers.get("HX-Target") == "undo-body":
        context |= {"project": project, "may_export": True, "in_dialog": True}
        return render(request, "jira_integration/_undo.html", context, status=status)
    return page(request, "undo.html", context, project=project, status=status)
