"""What a person may do about one ticket: look at its issue again, unlink it, or make the issue anew."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from jira_integration import audit, progress
from jira_integration.catalogue import Explained, explain, from_error
from jira_integration.client.exceptions import JiraError
from jira_integration.conf import story_source
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.export.line import CannotDo
from jira_integration.export.unlink import export_again, unlink
from jira_integration.intake import look_for
from jira_integration.models import ExportedTicket, SecretUnreadable
from jira_integration.setup.connect import NoLogin
from jira_integration.starting import start
from jira_integration.tasks import build_plan
from jira_integration.views.access import for_project
from jira_integration.views.conflicts import named, url_of
from jira_integration.views.plans import see


def ticket_of(project: ProjectInfo, number: int) -> ExportedTicket:
    tickets = ExportedTicket.objects.select_related("connection", "mapping__connection")
    return get_object_or_404(tickets, project_ref=project.ref, pk=number, unlinked_at=None)


@require_POST
@for_project(Act.EXPORT)
def ticket_look(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """Read the issue now, also one that was missing; back to the story."""
    ticket = ticket_of(project, number)
    audit.record(
        "checked",
        {"story": ticket.story_key},
        user=request.user,
        project_ref=project.ref,
        object_ref=ticket.story_ref,
    )
    words: Explained | None = None
    try:
        async_to_sync(look_for)(ticket)
    except JiraError as trouble:
        code, values = from_error(trouble, ticket.connection)
        words = explain(code, {**values, **named(ticket)})
    except (NoLogin, SecretUnreadable) as locked:
        words = explain("no_login" if isinstance(locked, NoLogin) else "secret_unreadable", named(ticket))
    ticket.refresh_from_db()
    if words is not None:
        messages.warning(request, f"{words.title} {words.why}")
    elif ticket.sync == ExportedTicket.Sync.MISSING:
        messages.warning(request, _("%(key)s is still missing in Jira.") % {"key": ticket.issue_key})
    else:
        messages.success(request, _("Jira was asked about %(key)s just now.") % {"key": ticket.issue_key})
    return see(story_source().story_url(ticket.story_ref))


@require_POST
@for_project(Act.EXPORT)
def ticket_again(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """A new issue for a story whose issue is missing: to the preview of it. Nothing is created before that is sent."""
    ticket = ticket_of(project, number)
    try:
        plan = export_again(ticket, request.user)
    except CannotDo as cannot:
        return cannot_do(request, ticket, cannot)
    progress.publish_ticket(ticket)
    start(build_plan, plan.pk)
    return see(url_of(project, "plan", plan.pk))


@require_POST
@for_project(Act.EXPORT)
def ticket_unlink(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """Story and issue have nothing to do with each other any more; neither is changed."""
    ticket = ticket_of(project, number)
    try:
        unlink(ticket, request.user)
    except CannotDo as cannot:
        return cannot_do(request, ticket, cannot)
    progress.publish_ticket(ticket)
    said = _("%(story)s and %(key)s are not linked any more. Neither was changed.")
    messages.success(request, said % {"story": ticket.story_key, "key": ticket.issue_key})
    return see(story_source().story_url(ticket.story_ref))


def cannot_do(request: HttpRequest, ticket: ExportedTicket, cannot: CannotDo) -> HttpResponse:
    words = explain(cannot.code, {**named(ticket), **cannot.values})
    messages.warning(request, f"{words.title} {words.why}")
    return see(story_source().story_url(ticket.story_ref))
