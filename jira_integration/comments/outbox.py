"""What is to go to Jira: rows that are written in the host's own transaction, and taken by one worker at a time."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from jira_integration.agreement import next_live_seq
from jira_integration.conf import conf
from jira_integration.models import ExportedComment, ExportedTicket, JiraConnection, ProjectMapping

State = ExportedComment.State
# After that long no request of a worker that died can still be working in Jira.
ABANDONED = timedelta(seconds=conf.REQUEST_DEADLINE_SECONDS + conf.UNKNOWN_WAIT_SECONDS)


def goes_out(ticket: ExportedTicket | None) -> bool:
    """Whether comments written here go to this ticket's issue: it exists, and the mapping sends them."""
    mapping = ticket.mapping if ticket is not None else None
    return (
        ticket is not None
        and mapping is not None
        and bool(ticket.issue_id)
        and ticket.unlinked_at is None
        and ticket.sync != ExportedTicket.Sync.MISSING
        and mapping.live
        and mapping.comments == ProjectMapping.Comments.BOTH
    )


def ticket_of(story_ref: str) -> ExportedTicket | None:
    found = ExportedTicket.objects.filter(story_ref=story_ref, unlinked_at=None).exclude(issue_id="")
    return found.select_related("mapping", "connection").first()


def wants_out(story_ref: str, comment_ref: str, *, asked: bool = False) -> ExportedTicket | None:
    """Note that a comment was written, edited or taken back; its ticket when there is something to send.

    A comment that never was in Jira is only noted when it is new or a person `asked` for it: comments from before
    the story was exported stay here by themselves.
    """
    ticket = ticket_of(story_ref)
    if ticket is None or not goes_out(ticket):
        return None
    row, made = ExportedComment.objects.get_or_create(ticket=ticket, comment_ref=comment_ref)
    if not made and not row.from_jira and (asked or row.state != State.GONE):
        again = {"error_code": "", "error_values": {}, "attempts": 0, "not_before": None}
        rows = ExportedComment.objects.filter(pk=row.pk).exclude(state__in=[State.SENDING, State.CONFLICT])
        rows.filter(in_doubt=True).update(state=State.WAITING)  # it is looked for first, when its time has come
        rows.filter(in_doubt=False).update(state=State.WAITING, **again)
    return ticket


def take(ticket_id: int) -> ExportedComment | None:
    """The next comment of this ticket to work on, leased; None when there is none or somebody is at work on one."""
    rows = ExportedComment.objects.filter(ticket_id=ticket_id)
    if rows.filter(state=State.SENDING, lease_until__gt=Now()).exists():
        return None
    for pk in rows.filter(_due()).order_by("pk").values_list("pk", flat=True):
        token = secrets.token_hex(16)
        taken = ExportedComment.objects.filter(_due(), pk=pk).update(
            state=State.SENDING, lease_token=token, lease_until=Now() + ABANDONED, attempts=F("attempts") + 1
        )
        if taken:
            return ExportedComment.objects.select_related("ticket__connection", "ticket__mapping").get(pk=pk)
    return None


def _due() -> Q:
    ready = Q(not_before=None) | Q(not_before__lte=Now())
    return (Q(state=State.WAITING) & ready) | Q(state=State.SENDING, lease_until__lt=Now())


def leaves(row: ExportedComment) -> bool:
    """Write down that a create is about to leave; False when another worker holds the row meanwhile."""
    held = ExportedComment.objects.filter(pk=row.pk, lease_token=row.lease_token, lease_until__gt=Now())
    return bool(held.update(in_doubt=True))


def end(row: ExportedComment, state: str, **columns: Any) -> bool:
    """Let the row go, if it is still ours. False: another worker took it, and its word counts."""
    held = ExportedComment.objects.filter(pk=row.pk, lease_token=row.lease_token)
    done = held.update(state=state, lease_token="", lease_until=None, changed_at=timezone.now(), **columns)
    if done:
        tell(row.ticket)
    return bool(done)


def tell(ticket: ExportedTicket) -> None:
    """Open pages of the story are to be read again; progress.publish_ticket sends the number."""
    ticket.seq = next_live_seq(ticket.project_ref)
    ExportedTicket.objects.filter(pk=ticket.pk, seq__lt=ticket.seq).update(seq=ticket.seq)


def tickets_with_work() -> list[int]:
    """Tickets with comments that are due and a connection that can be used."""
    State_ = JiraConnection.State
    rows = ExportedComment.objects.filter(_due(), ticket__unlinked_at=None).exclude(
        ticket__connection__state__in=[State_.PAUSED, State_.AUTH, State_.SETUP]
    )
    return list(rows.order_by("ticket_id").values_list("ticket_id", flat=True).distinct()[:500])
