"""The status of a story and of its issue: judged by Jira's status id there, and by our own value here."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from jira_integration.contracts import FieldKind, StorySnapshot
from jira_integration.merge import Verdict
from jira_integration.models import Conflict, ExportedTicket
from jira_integration.sync.changes import IssueChange
from jira_integration.sync.policy import StatusRules


@dataclass(frozen=True)
class StatusNews:
    """`ours` is our status for Jira's; None when nothing of ours stands for it."""

    verdict: Verdict
    ours: str | None
    current: str


def judge_status(
    ticket: ExportedTicket, change: IssueChange, snapshot: StorySnapshot, rules: StatusRules
) -> StatusNews:
    """Who changed the status. One that nobody mapped leaves ours as it is and is asked about."""
    current = str(snapshot.values.get("status") or "")
    if "status" not in snapshot.values:  # test cases have none: Jira's is shown, nothing follows
        return StatusNews(Verdict.SAME, None, "")
    if not change.status_id or change.status_id == ticket.status_id:
        return StatusNews(Verdict.SAME, None, current)
    ours = rules.ours(change, current)
    if ours is None:
        return StatusNews(Verdict.CONFLICT if rules.goes_to else Verdict.SAME, None, current)
    if ours == current:  # equal edits are no conflict
        return StatusNews(Verdict.EQUAL, ours, current)
    if current == ticket.base_status:
        return StatusNews(Verdict.THEIRS, ours, current)
    if ours == ticket.base_status:  # another status of Jira's for what both agreed on: only we changed
        return StatusNews(Verdict.OURS, ours, current)
    return StatusNews(Verdict.CONFLICT, ours, current)


def status_conflict(news: StatusNews, ticket: ExportedTicket, change: IssueChange, snapshot: StorySnapshot) -> Conflict:
    """An unsaved row for a status that both sides changed, or that nothing of ours stands for."""
    return Conflict(
        field="status",
        jira_field="status",
        jira_name=_("Status"),
        kind=FieldKind.STATUS,
        reason="" if news.ours else "unknown_status",
        base=ticket.base_status,
        base_jira={"id": ticket.status_id, "name": ticket.status_name},
        ours=news.current,
        ours_version=snapshot.version,
        ours_by=snapshot.updated_by,
        ours_at=snapshot.updated_at,
        theirs=news.ours,
        theirs_jira={"id": change.status_id, "name": change.status_name, "category": change.category},
        theirs_words=change.status_name,
        theirs_by=change.actor,
        theirs_at=change.updated_at,
    )
