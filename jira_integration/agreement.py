"""What both sides agreed on: the bases of the next merge, and the numbers that pages are told of.

The only writer of a ticket's bases; exports call it after a read-back, sync after taking Jira's news in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from jira_integration.models import Conflict, ExportedTicket, LiveSequence
from jira_integration.models.rows import write_each

AGREED_COLUMNS = [
    "base_sent",
    "base_jira",
    "story_version",
    "base_status",
    "status_id",
    "status_name",
    "jira_updated_at",
    "issue_key",
    "theirs",
    "sync",
    "error_code",
    "checked_at",
    "seq",
]


def next_live_seq(project_ref: str) -> int:
    """The same for the pages of a backlog (badges, counts)."""
    if not LiveSequence.objects.filter(project_ref=project_ref).update(value=F("value") + 1):
        LiveSequence.objects.get_or_create(project_ref=project_ref, defaults={"value": 1})
    return LiveSequence.objects.values_list("value", flat=True).get(project_ref=project_ref)


@dataclass(frozen=True)
class Agreed:
    """What a read-back showed of one ticket: `sent` by us and `jira` as Jira holds it, by Jira field id."""

    ticket_id: int
    sent: Mapping[str, Any]
    jira: Mapping[str, Any]
    story_version: int
    base_status: str
    status: tuple[str, str] | None  # Jira's id and name; None: not ours to agree on
    updated_at: datetime | None
    issue_key: str


def agree(agreed: Sequence[Agreed]) -> dict[int, ExportedTicket]:
    """Both sides hold these values now: the two bases of the next merge, over what was agreed before. Returns the
    tickets by id."""
    with transaction.atomic(savepoint=False):
        tickets = ExportedTicket.objects.in_bulk([one.ticket_id for one in agreed])
        now = timezone.now()
        asked = set(Conflict.objects.filter(ticket__in=tickets, resolved_at=None).values_list("ticket_id", flat=True))
        seqs = {ref: next_live_seq(ref) for ref in {ticket.project_ref for ticket in tickets.values()}}
        for one in agreed:
            ticket = tickets[one.ticket_id]
            ticket.base_sent = {**ticket.base_sent, **one.sent}
            ticket.base_jira = {**ticket.base_jira, **one.jira}
            ticket.story_version = one.story_version
            if one.status is not None:
                ticket.base_status = one.base_status
                ticket.status_id, ticket.status_name = one.status
            ticket.jira_updated_at = one.updated_at
            ticket.issue_key = one.issue_key or ticket.issue_key
            # What Jira's people changed in other fields is still theirs to be looked at.
            ticket.theirs = {name: value for name, value in ticket.theirs.items() if name not in one.sent}
            if ticket.pk not in asked:
                ticket.sync = ExportedTicket.Sync.CHANGED_IN_JIRA if ticket.theirs else ExportedTicket.Sync.IN_SYNC
            ticket.error_code = ""
            ticket.checked_at = now
            ticket.seq = seqs[ticket.project_ref]
        write_each(list(tickets.values()), AGREED_COLUMNS)
    return tickets


@dataclass(frozen=True)
class Retreat:
    """Values of one ticket that were put back: `sent` is our base from before they were written (a field that is not
    in it had none), `jira` what Jira holds of them now, reduced, `version` the story's version agreed on then."""

    ticket_id: int
    sent: Mapping[str, Any]
    jira: Mapping[str, Any]
    version: int
    updated_at: datetime | None


def retreat(back: Retreat) -> ExportedTicket:
    """Both sides agree on what they agreed on before: the story, which was edited since, differs from Jira again."""
    with transaction.atomic():
        ticket = ExportedTicket.objects.get(pk=back.ticket_id)
        kept = {name: value for name, value in ticket.base_sent.items() if name not in back.jira}
        ticket.base_sent = {**kept, **{name: back.sent[name] for name in back.jira if name in back.sent}}
        ticket.base_jira = {**ticket.base_jira, **back.jira}
        ticket.theirs = {name: value for name, value in ticket.theirs.items() if name not in back.jira}
        ticket.story_version = min(ticket.story_version, back.version)
        ticket.jira_updated_at = back.updated_at or ticket.jira_updated_at
        ticket.seq = next_live_seq(ticket.project_ref)
        ticket.save(update_fields=["base_sent", "base_jira", "theirs", "story_version", "jira_updated_at", "seq"])
    return ticket


def moved(ticket_id: int, status: tuple[str, str], base_status: str) -> None:
    """We moved the issue: both sides have this status now (Jira's id and name; ours)."""
    with transaction.atomic():
        ticket = ExportedTicket.objects.get(pk=ticket_id)
        ticket.status_id, ticket.status_name = status
        ticket.base_status = base_status
        ticket.moved_at = timezone.now()
        ticket.seq = next_live_seq(ticket.project_ref)
        ticket.save(update_fields=["status_id", "status_name", "base_status", "moved_at", "seq"])


def agree_on_versions(agreed: Mapping[int, tuple[int, str]]) -> None:
    """Stories that were edited and yet say what Jira says already: ticket → (story's version, its status)."""
    for ticket_id, (version, status) in agreed.items():
        with transaction.atomic():
            behind = ExportedTicket.objects.filter(pk=ticket_id).exclude(story_version=version, base_status=status)
            ticket = behind.first()
            if ticket is not None:
                behind.update(story_version=version, base_status=status, seq=next_live_seq(ticket.project_ref))
