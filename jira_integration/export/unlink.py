"""Forget which issue stands for a story. The issue stays in Jira as it is; the story is "Not in Jira" again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from jira_integration import audit
from jira_integration.agreement import next_live_seq
from jira_integration.export.line import CannotDo
from jira_integration.export.plan import new_plan
from jira_integration.models import Conflict, ExportedTicket, ExportPlan, ExportRun, RunItem


def unlink(ticket: ExportedTicket, user: Any) -> ExportedTicket:
    """A person's decision that the story and the issue have nothing to do with each other any more.

    Doing it twice is doing it once. Raises CannotDo while a run that has not ended would write to the issue.
    """
    with transaction.atomic():
        ticket.refresh_from_db()
        if ticket.unlinked_at is not None:
            return ticket
        _let_no_run_hold(ticket)
        forget([ticket])
        _tell("unlinked", ticket, user)
    return ticket


def export_again(ticket: ExportedTicket, user: Any) -> ExportPlan:
    """A new issue for a story whose issue is missing in Jira: the old link is forgotten, and what is made is a
    preview as any other. Raises CannotDo when the issue is not missing, or a run would write to it."""
    with transaction.atomic():
        ticket.refresh_from_db()
        if ticket.unlinked_at is not None or ticket.sync != ExportedTicket.Sync.MISSING or ticket.mapping is None:
            raise CannotDo("not_missing", _named(ticket))
        _let_no_run_hold(ticket)
        forget([ticket])
        _tell("given_up", ticket, user)
        return new_plan(ticket.mapping, [ticket.story_ref], user)


def forget(tickets: Sequence[ExportedTicket]) -> None:
    """The stories of these are not in Jira any more as far as we are concerned; what was in conflict is settled."""
    now = timezone.now()
    with transaction.atomic():
        for ticket in tickets:
            ticket.unlinked_at = now
            ticket.seq = next_live_seq(ticket.project_ref)
            ticket.save(update_fields=["unlinked_at", "seq"])
        Conflict.objects.filter(ticket__in=tickets, resolved_at=None).update(
            resolved_at=now, choice=Conflict.Choice.UNLINKED
        )


def _let_no_run_hold(ticket: ExportedTicket) -> None:
    going = RunItem.objects.filter(ticket=ticket, state__in=RunItem.OPEN).exclude(run__state__in=ExportRun.ENDED)
    held = going.order_by("pk").values_list("run_id", flat=True).first()
    if held is not None:
        raise CannotDo("held_by_run", _named(ticket) | {"run": held})


def _tell(code: str, ticket: ExportedTicket, user: Any) -> None:
    audit.record(code, _named(ticket), user=user, project_ref=ticket.project_ref, object_ref=ticket.story_ref)


def _named(ticket: ExportedTicket) -> dict[str, Any]:
    return {"story": ticket.story_key, "issue": ticket.issue_key}
