"""What a run did to each item, as sentences of the audit trail: one insert for a batch, whatever its size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jira_integration import audit
from jira_integration.models import AuditEntry, ExportRun, PlannedTicket, RunItem

STATUS = "status"
MOST_CHARACTERS = 2000  # of each side of a change; the run's plan has the whole of it


def tell_confirmed(run: ExportRun, items: Sequence[RunItem]) -> None:
    """These issues were read back: each new one, and each whose fields were written. Call it in the transaction that
    confirms them, so that nothing is told twice."""
    updated = [item.planned_id for item in items if item.state == RunItem.State.UPDATED]
    # Loaded here alone: a push has no use for them, and they are as large as the bodies.
    changes = dict(PlannedTicket.objects.filter(pk__in=updated).values_list("pk", "changes")) if updated else {}
    rows = []
    for item in items:
        if item.state == RunItem.State.CREATED:
            rows.append(_entry(run, item, "created_issue"))
        elif written := [_short(one) for one in changes.get(item.planned_id, ()) if one["field"] != STATUS]:
            named = ", ".join(one["field"] for one in written)
            rows.append(_entry(run, item, "updated_issue", {"fields": named, "changes": written}))
    audit.record_each(rows)


def tell_moved(run: ExportRun, items: Iterable[RunItem]) -> None:
    """These issues stand in the status that the plan wanted."""
    audit.record_each(
        [
            _entry(
                run,
                item,
                "closed_issue" if item.action == PlannedTicket.Action.CLOSE else "moved_issue",
                {"status": item.planned.status_to["name"]},
            )
            for item in items
        ]
    )


def _entry(run: ExportRun, item: RunItem, code: str, more: Mapping[str, Any] | None = None) -> AuditEntry:
    return audit.entry(
        code,
        {"story": item.story_key, "issue": item.issue_key, "run": run.pk, **(more or {})},
        user=run.started_by,
        actor=AuditEntry.Actor.PERSON if run.started_by_id else AuditEntry.Actor.SYSTEM,
        project_ref=run.project_ref,
        object_ref=item.story_ref,
    )


def _short(change: Mapping[str, Any]) -> dict[str, str]:
    before, after = (str(change.get(side) or "")[:MOST_CHARACTERS] for side in ("before", "after"))
    return {"field": str(change["label"]), "before": before, "after": after}
