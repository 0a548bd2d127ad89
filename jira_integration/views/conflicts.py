"""Conflicts: the list, one story's page, and what a bulk choice would write where. Nothing is written before Jira was
read again and still says what the page showed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from jira_integration import progress
from jira_integration.catalogue import Explained, explain, from_error
from jira_integration.client.exceptions import JiraError
from jira_integration.conf import story_source
from jira_integration.conflictview import CaseView
from jira_integration.contracts import Act, ProjectInfo, StoryChanged
from jira_integration.export.line import CannotDo
from jira_integration.export.plan import build_plan
from jira_integration.export.runs import confirm
from jira_integration.forms import conflicts as form
from jira_integration.intake import read_again
from jira_integration.models import ExportedTicket, ExportPlan, ExportRun, SecretUnreadable
from jira_integration.setup.connect import NoLogin
from jira_integration.starting import start
from jira_integration.sync.conflicts import CannotChoose
from jira_integration.sync.decide import Case, cases_of, confirmed_already, decide, open_tickets, plan_for
from jira_integration.tasks import export_run
from jira_integration.views.access import for_project, not_allowed, page
from jira_integration.views.plans import put_away, see

ROWS = 100  # of the list; what a bulk choice can hold
CONFLICT = 409
UNAVAILABLE = 503


def url_of(project: ProjectInfo, name: str, *keys: object) -> str:
    return reverse(f"jira_integration:{name}", args=[project.key, *keys])


@require_GET
@for_project(Act.VIEW)
def conflicts(request: HttpRequest, project: ProjectInfo) -> HttpResponse:
    """Stories with open conflicts, the one that waits longest first."""
    tickets = open_tickets(project.ref)
    cases = [CaseView(case, project) for case in cases_of(tickets[:ROWS])]
    context = {
        "cases": cases,
        "total": len(tickets),
        "more": len(tickets) - len(cases),
        "stories_url": story_source().project_url(project.ref),
    }
    return page(request, "conflicts.html", context, project=project)


@require_http_methods(["GET", "POST"])
@for_project(Act.VIEW)
def conflict(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """One story's conflicts; POST decides about all of them. `number` is the ticket's."""
    order = open_tickets(project.ref)
    ticket = next((one for one in order if one.pk == number), None)
    if ticket is None:
        return settled(request, project, number)
    if request.method == "POST":
        if not story_source().may(request.user, project.ref, Act.EXPORT):
            return not_allowed(request, project, Act.EXPORT)
        return save(request, project, ticket, order)
    (case,) = cases_of([ticket])
    view = CaseView(case, project)
    for one in view.fields:
        given = request.GET.get("choose", "")
        one.choice = given if given in form.offered(one) else ""
    return detail(request, view, order)


def settled(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """A conflict that was there: back to the list, which says so. Anything else is not found."""
    gone = ExportedTicket.objects.filter(pk=number, project_ref=project.ref, conflicts__isnull=False).first()
    if gone is None:
        raise Http404
    messages.info(request, _("The conflict of %(story)s is settled.") % {"story": gone.story_key})
    return see(url_of(project, "conflicts"))


def detail(
    request: HttpRequest,
    view: CaseView,
    order: Sequence[ExportedTicket],
    *,
    trouble: Explained | None = None,
    status: int = 200,
) -> HttpResponse:
    keys = [one.pk for one in order]
    at = keys.index(view.case.ticket.pk) if view.case.ticket.pk in keys else 0
    context: dict[str, Any] = {
        "view": view,
        "ticket": view.case.ticket,
        "snapshot": view.case.snapshot,
        "place": at + 1,
        "total": len(keys),
        "previous": keys[at - 1] if at else None,
        "next": keys[at + 1] if at + 1 < len(keys) else None,
        "trouble": trouble,
        "changed_again": [one for one in view.fields if one.changed_again],
        "page_error": status != 200,
        "who": list(story_source().who_may(view.project.ref, Act.EXPORT))[:2],
    }
    return page(request, "conflict.html", context, project=view.project, status=status)


def save(
    request: HttpRequest, project: ProjectInfo, ticket: ExportedTicket, order: Sequence[ExportedTicket]
) -> HttpResponse:
    (case,) = cases_of([ticket])
    view = CaseView(case, project)
    form.tick(view, request.POST)
    missing = not form.check(view)
    if missing and not form.changed_since(case, request.POST):
        return detail(request, view, order, status=422)
    trouble = read([ticket])
    if trouble is not None:
        return detail(request, view, order, trouble=trouble, status=UNAVAILABLE)
    ticket.refresh_from_db()
    fresh = cases_of([ticket])
    if not fresh:
        return settled(request, project, ticket.pk)
    if again := overtaken(fresh[0], project, request):
        return detail(request, again, order, trouble=explain("conflict_moved_on", named(ticket)), status=CONFLICT)
    try:
        saved = decide(fresh[0], form.decisions(view), request.user)
    except (CannotChoose, StoryChanged):
        view = CaseView(cases_of([ticket])[0], project)
        form.tick(view, request.POST)
        return detail(request, view, order, trouble=explain("conflict_moved_on", named(ticket)), status=CONFLICT)
    progress.publish_ticket(saved)
    left = [one for one in order if one.pk != ticket.pk]
    keys = [one.pk for one in order]
    after = next((one for one in order[keys.index(ticket.pk) + 1 :]), left[0] if left else None)
    said = ngettext("Saved %(story)s. %(n)d left.", "Saved %(story)s. %(n)d left.", len(left))
    said = said if left else _("Saved %(story)s. No conflict is left.")
    target = url_of(project, "conflict", after.pk) if after else url_of(project, "conflicts")
    return go_on(request, project, [saved], said % {"story": saved.story_key, "n": len(left)}, target)


def overtaken(case: Case, project: ProjectInfo, request: HttpRequest) -> CaseView | None:
    """The page anew, where anything is not what the form showed: choices stay where they still mean the same."""
    changed = form.changed_since(case, request.POST)
    if not changed and request.POST.get("seen-going") == case.seen_going():
        return None
    view = CaseView(case, project)
    form.tick(view, request.POST)
    for one in view.fields:
        if one.key in changed:
            one.choice, one.changed_again = "", True
    return view


def read(tickets: Sequence[ExportedTicket]) -> Explained | None:
    """Read the issues again and take their news in; says why nothing can be saved now."""
    connection = tickets[0].connection
    try:
        counts, absent = async_to_sync(read_again)(connection, [one.issue_id for one in tickets])
    except JiraError as trouble:
        code, values = from_error(trouble, connection)
        return explain(code, {**values, **named(tickets[0])})
    except (NoLogin, SecretUnreadable) as locked:
        return explain("no_login" if isinstance(locked, NoLogin) else "secret_unreadable", named(tickets[0]))
    if counts.held:
        return explain("held_by_run", named(tickets[0]))
    if absent and len(tickets) == 1:
        return explain("issue_not_shown", named(tickets[0]))
    return None


def named(ticket: ExportedTicket) -> dict[str, Any]:
    return {"story": ticket.story_key, "issue": ticket.issue_key, "connection_id": ticket.connection_id}


def go_on(
    request: HttpRequest, project: ProjectInfo, saved: Sequence[ExportedTicket], said: str, target: str
) -> HttpResponse:
    """Send what is ours to send by a plan and a run. What nobody saw on the page goes to the ordinary preview first."""
    plan = plan_for(saved, request.user)
    if plan is None:
        messages.success(request, said)
        return see(target)
    plan = async_to_sync(build_plan)(plan.pk)
    if not confirmed_already(plan):
        messages.warning(request, said + " " + _("What goes to Jira needs a look first."))
        return see(url_of(project, "plan", plan.pk))
    if not plan.sendable:
        put_away(plan)
        messages.success(request, said)
        return see(target)
    try:
        run = confirm(ExportPlan.objects.get(pk=plan.pk), request.user)
    except CannotDo:
        return see(url_of(project, "plan", plan.pk))
    if run.state == ExportRun.State.QUEUED:
        start(export_run, run.pk)
    messages.success(request, said + " " + _("Run %(n)d takes it to Jira.") % {"n": run.pk})
    return see(target)
