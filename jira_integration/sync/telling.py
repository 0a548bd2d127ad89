"""What came in from Jira, as sentences of the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from jira_integration import audit
from jira_integration.merge import Verdict
from jira_integration.models import AuditEntry, Conflict, ExportedTicket
from jira_integration.sync.changes import IssueChange
from jira_integration.sync.conflicts import MOST_TOLD, as_json
from jira_integration.sync.news import News
from jira_integration.sync.statuses import StatusNews
from jira_integration.sync.written import read_out


def tell(
    ticket: ExportedTicket, change: IssueChange, news: Sequence[News], status: StatusNews, new: Sequence[Conflict]
) -> None:
    """One sentence in the audit trail for each change that was taken in, one for the conflicts it opened."""

    def record(code: str, **values: Any) -> None:
        audit.record(
            code,
            {"story": ticket.story_key, "key": change.key, **values},
            actor=AuditEntry.Actor.JIRA,
            actor_name=change.actor or _("Jira"),
            project_ref=ticket.project_ref,
            object_ref=ticket.story_ref,
        )

    if status.verdict is Verdict.THEIRS:
        record("status_from_jira", status=change.status_name)
    taken = [one for one in news if one.verdict in (Verdict.THEIRS, Verdict.MERGED)]
    if taken:
        changes = [
            {
                "field": one.key,
                "label": one.story_field.label,
                "before": shown(one, one.ours),
                "after": shown(one, one.value),
            }
            for one in taken
        ]
        record("taken_from_jira", fields=", ".join(one["label"] for one in changes), changes=changes)
    if new:
        record("conflict_opened", fields=", ".join(row.jira_name or row.field for row in new))


def shown(news: News, value: Any) -> str:
    """A value of ours in the audit trail: what a person reads, no longer than a few lines."""
    return read_out(news.story_field.kind, as_json(value), news.story_field)[:MOST_TOLD]
