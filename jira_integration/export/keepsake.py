"""What a run keeps so that it can be undone: what Jira held before an update, what it held after a write.

Kept on the run's items for `JIRA_UNDO_DAYS`, then emptied. `RunItem.before` of an update:

    {"fields": {field id: value as Jira gave it}, "updated": Jira's time of that reading, "status": {id, name},
     "sent": {field id: our base then}, "version": the story's agreed version, "base_status": our agreed status}

`RunItem.after` of a create or an update: {"fields": {field id: reduced}, "status": id, "updated": Jira's time}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from jira_integration.client.schemas import Issue
from jira_integration.conf import conf
from jira_integration.models import ExportedTicket, ExportRun, RunItem


def keep_before(item: RunItem, issue: Issue, names: Iterable[str]) -> None:
    """Before the first byte of an update leaves. An item that is sent again keeps what it found the first time."""
    if item.before:
        return
    assert item.ticket_id is not None
    base = ExportedTicket.objects.values("base_sent", "story_version", "base_status").get(pk=item.ticket_id)
    fields = {name: issue.fields.get(name) for name in names}
    item.before = {
        "fields": fields,
        "updated": issue.fields.get("updated"),
        "status": {"id": issue.status.id, "name": issue.status.name} if issue.status else None,
        "sent": {name: base["base_sent"][name] for name in fields if name in base["base_sent"]},
        "version": base["story_version"],
        "base_status": base["base_status"],
    }
    RunItem.objects.filter(pk=item.pk).update(before=item.before)


def after(fields: Mapping[str, Any], issue: Issue) -> dict[str, Any]:
    """What Jira holds of a write of ours: `fields` as they were agreed on."""
    return {
        "fields": dict(fields),
        "status": issue.status.id if issue.status else "",
        "updated": issue.fields.get("updated"),
    }


def undo_until(run: ExportRun) -> datetime | None:
    """When what an undo needs is emptied; None for a run that has not ended."""
    return run.finished_at + timedelta(days=conf.UNDO_DAYS) if run.finished_at else None


def forget_old() -> int:
    """Forget the kept values of runs that ended too long ago; returns how many items."""
    last = timezone.now() - timedelta(days=conf.UNDO_DAYS)
    kept = RunItem.objects.filter(~Q(before={}) | ~Q(after={}), run__finished_at__lt=last)
    return kept.exclude(run__state__in=(*ExportRun.ACTIVE, *ExportRun.IN_LINE)).update(before={}, after={})
