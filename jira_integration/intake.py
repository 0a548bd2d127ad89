"""Jira's news taken in, and open pages told: what a poll, a webhook and a person's own look have in common."""

from __future__ import annotations

from collections.abc import Sequence

from asgiref.sync import sync_to_async
from django.utils import timezone

from jira_integration import progress
from jira_integration.comments.tasks import take_in_comments
from jira_integration.models import ExportedTicket, JiraConnection
from jira_integration.setup.connect import jira_client
from jira_integration.signals import conflict_found, ticket_changed
from jira_integration.sync.changes import IssueGone, IssueNews, change_of, watched_fields
from jira_integration.sync.doubles import note_doubles
from jira_integration.sync.identity import judge_absent
from jira_integration.sync.poll import READ_AT_ONCE
from jira_integration.sync.reconcile import Counts, reconcile


def take_in(connection: JiraConnection, changes: Sequence[IssueNews], counts: Counts) -> None:
    for run in note_doubles(connection, changes):
        progress.publish_run(run)
    for ticket in reconcile(connection, changes, counts):
        progress.publish_ticket(ticket)
        ticket_changed.send_robust(ExportedTicket, ticket=ticket)
        if ticket.sync == ExportedTicket.Sync.CONFLICT:
            conflict_found.send_robust(ExportedTicket, ticket=ticket, fields=sorted(ticket.theirs))


async def read_again(
    connection: JiraConnection, issue_ids: Sequence[str], actor: str = "", *, absent_is_gone: bool = False
) -> tuple[Counts, set[str]]:
    """Read these issues now and take them in; also returns the ids that Jira does not show.

    Raises what the client raises, NoLogin and SecretUnreadable.
    """
    fields = await sync_to_async(watched_fields)(connection)
    asked_at, counts = timezone.now(), Counts()
    async with jira_client(connection) as jira:
        issues = []
        for start in range(0, len(issue_ids), READ_AT_ONCE):
            issues += await jira.bulk_fetch(issue_ids[start : start + READ_AT_ONCE], fields=fields)
        absent = set(issue_ids) - {issue.id for issue in issues}
        changes: list[IssueNews] = [change_of(issue, actor, asked_at) for issue in issues]
        if absent_is_gone:
            changes += [IssueGone(issue_id, actor) for issue_id in absent]
        await sync_to_async(take_in)(connection, changes, counts)
        await take_in_comments(jira, connection, changes, counts)
        counts.requests = jira.transport.sent.total
    return counts, absent


async def look_for(ticket: ExportedTicket) -> None:
    """Look at one issue because a person asked. One that Jira does not show is called missing only when the login is
    good and may browse the project. Raises what the client raises, NoLogin and SecretUnreadable."""
    connection = ticket.connection
    fields = await sync_to_async(watched_fields)(connection)
    asked_at = timezone.now()
    async with jira_client(connection) as jira:
        issues = await jira.bulk_fetch([ticket.issue_id], fields=fields)
        changes: list[IssueNews] = [change_of(one, "", asked_at) for one in issues]
        if not issues:
            await jira.myself()
            changes = await judge_absent(jira, connection, [ticket.issue_id])
        counts = Counts()
        await sync_to_async(take_in)(connection, changes, counts)
        await take_in_comments(jira, connection, changes, counts)
