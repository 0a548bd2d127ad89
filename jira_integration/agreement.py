"""What both sides agreed on: the bases of the next merge, and the numbers that pages are told of.

The only writer of a ticket's bases; exports call it after a read-back, sync after taking Jira's news in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from jira_integration.models import ExportedTicket, LiveSequence


def next_live_seq(project_ref: str) -> int:
    """The same for the pages of a backlog (badges, counts)."""
    if not LiveSequence.objects.filter(project_ref=project_ref).update(value=F("value") + 1):
        LiveSequence.objects.get_or_create(project_ref=project_ref, defaults={"value": 1})
    return LiveSequence.objects.values_list("value", flat=True).get(project_ref=project_ref)


def agree(
    ticket_id: int,
    *,
    sent: Mapping[str, Any],
    jira: Mapping[str, Any],
    story_version: int,
    base_status: str,
    status: tuple[str, str],
    updated_at: datetime | None,
    issue_key: str,
) -> ExportedTicket:
    """Both sides hold these values now: the two bases of the next merge. `sent` is merged over what was sent before."""
    with transaction.atomic():
        ticket = ExportedTicket.objects.get(pk=ticket_id)
        ticket.base_sent = {**ticket.base_sent, **sent}
        ticket.base_jira = {**ticket.base_jira, **jira}
        ticket.story_version = story_version
        ticket.base_status = base_status
        ticket.status_id, ticket.status_name = status
        ticket.jira_updated_at = updated_at
        ticket.issue_key = issue_key or ticket.issue_key
        # What Jira's people changed in other fields is still theirs to be looked at.
        ticket.theirs = {name: value for name, value in ticket.theirs.items() if name not in sent}
        ticket.sync = ExportedTicket.Sync.CHANGED_IN_JIRA if ticket.theirs else ExportedTicket.Sync.IN_SYNC
        ticket.error_code = ""
        ticket.checked_at = timezone.now()
        ticket.seq = next_live_seq(ticket.project_ref)
        ticket.save()
    return ticket


def moved(ticket_id: int, status: tuple[str, str], base_status: str) -> None:
    """We moved the issue: both sides have this status now (Jira's id and name; ours)."""
    with transaction.atomic():
        ticket = ExportedTicket.objects.get(pk=ticket_id)
        ticket.status_id, ticket.status_name = status
        ticket.base_status = base_status
        ticket.seq = next_live_seq(ticket.project_ref)
        ticket.save(update_fields=["status_id", "status_name", "base_status", "seq"])


def agree_on_versions(agreed: Mapping[int, tuple[int, str]]) -> None:
    """Stories that were edited and yet say what Jira says already: ticket → (story's version, its status)."""
    for ticket_id, (version, status) in agreed.items():
        with transaction.atomic():
            behind = ExportedTicket.objects.filter(pk=ticket_id).exclude(story_version=version, base_status=status)
            ticket = behind.first()
            if ticket is not None:
                behind.update(story_version=version, base_status=status, seq=next_live_seq(ticket.project_ref))
