"""The tasks of comments, and the door through which a host says that one was saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from asgiref.sync import async_to_sync, sync_to_async
from celery import shared_task
from django.utils import timezone

from jira_integration import progress
from jira_integration.client import JiraClient
from jira_integration.client.schemas import Comment
from jira_integration.comments import news, outbox
from jira_integration.comments.sending import send_waiting
from jira_integration.models import ExportedTicket, JiraConnection
from jira_integration.starting import start
from jira_integration.sync.changes import IssueChange, IssueNews
from jira_integration.sync.reconcile import Counts


def comment_saved(story_ref: str, comment_ref: str, *, asked: bool = False) -> bool:
    """A comment of a story was written, edited or deleted here: send it where the mapping says so. For hosts; to be
    called in the transaction that saves it. `asked`: a person wants one in Jira that was not sent by itself. Whether
    it goes out."""
    ticket = outbox.wants_out(story_ref, comment_ref, asked=asked)
    if ticket is not None:
        start(send_comments, ticket.pk)
    return ticket is not None


@shared_task(acks_late=True)
def send_comments(ticket_id: int) -> None:
    """Send the comments of one story that wait; safe to run twice."""
    if async_to_sync(send_waiting)(ticket_id):
        progress.publish_ticket(ExportedTicket.objects.get(pk=ticket_id))


@shared_task
def sweep_comments() -> None:
    """Send what waits and nobody took up: a lost message, Jira away, a dead worker. Beat calls it."""
    for ticket_id in outbox.tickets_with_work():
        send_comments.delay(ticket_id)


async def take_in_comments(
    jira: JiraClient, connection: JiraConnection, changes: Sequence[IssueNews], counts: Counts
) -> None:
    """Take in the comments that came along with changed issues."""
    told = {one.issue_id: one for one in changes if isinstance(one, IssueChange)}
    asked = {one.asked_at for one in told.values() if one.asked_at is not None}
    every = await news.all_of(jira, connection, {key: one.fields for key, one in told.items()})
    if every:
        await sync_to_async(_take_in)(connection, every, min(asked, default=timezone.now()), counts)


def _take_in(
    connection: JiraConnection, told: Mapping[str, Sequence[Comment]], asked_at: datetime, counts: Counts
) -> None:
    for ticket, again in news.take_in(connection, told, asked_at):
        counts.held += again
        progress.publish_ticket(ticket)
