"""One item of a run as its row shows it, and a line of what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from jira_integration.badges import ITEM, Badge
from jira_integration.catalogue import Explained, explain, sentence
from jira_integration.conf import story_source
from jira_integration.contracts import Kind, StorySnapshot
from jira_integration.models import ExportRun, RunEvent, RunItem
from jira_integration.untrusted import visible

State = RunItem.State
GOOD_NEWS = {"batch_answered", "read_back", "updated", "ended", "metadata_confirmed"}
BAD_NEWS = {"no_answer", "waiting", "worker_lost", "taken_over"}


@dataclass(frozen=True)
class Line:
    """A line of activity in words."""

    at: datetime
    text: str
    dot: str

    @classmethod
    def of(cls, event: RunEvent, facts: Mapping[str, Any]) -> Line:
        item = event.item
        own = {"story": item.story_key, "issue": item.issue_key} if item else {}
        values = {**facts, **own, **event.values}
        if event.code == "waiting" and values.get("code"):
            values.setdefault("why", explain(str(values["code"]), values).title)
        dot = "ok" if event.code in GOOD_NEWS else "warn" if event.code in BAD_NEWS else "info"
        return cls(event.at, visible(sentence(event.code, values)), dot)


@dataclass
class Row:
    """One item of a run with everything its row shows."""

    item: RunItem
    run: ExportRun
    url: str = ""
    reason: Explained | None = None
    attempts: list[Line] = field(default_factory=list)
    under: str = ""  # key of the story that a test case belongs to

    @property
    def badge(self) -> Badge:
        waits = self.run.state == ExportRun.State.WAITING and self.item.state == State.SENDING
        return ITEM["retrying" if waits else self.item.state]

    @property
    def tooltip(self) -> str:
        """Beyond the badge's own: which run took it back."""
        undone = self.item.undone_by_id
        return _("Put back by run %(number)d.") % {"number": undone} if undone else ""

    @property
    def issue_url(self) -> str:
        return self.run.connection.browse_url(self.item.issue_key)

    @property
    def took(self) -> float | None:
        """Seconds from sending to the end."""
        if (
            self.item.sent_at is None
            or self.item.ended_at is None
            or self.item.state in (State.SKIPPED, State.NOT_SENT)
        ):
            return None
        return max(0.0, (self.item.ended_at - self.item.sent_at).total_seconds())

    @property
    def said(self) -> list[str]:
        return [visible(str(line)) for line in self.item.jira_said]

    @property
    def refs(self) -> list[str]:
        """What "Preview again" is of."""
        return [self.item.story_ref]

    @property
    def may_be_retried(self) -> bool:
        ended = self.run.state in ExportRun.ENDED and self.run.plan.emptied_at is None
        return ended and self.item.state in (State.FAILED, State.UNCONFIRMED)

    @property
    def may_be_created_anyway(self) -> bool:
        item = self.item
        return self.may_be_retried and (item.state, item.action, item.issue_id) == (State.UNCONFIRMED, "create", "")


def stories_of(project_ref: str, snapshots: Iterable[StorySnapshot]) -> dict[str, str]:
    """Ref of each test case among these → key of its story."""
    cases = {one.ref: one.parent_ref for one in snapshots if one.kind is Kind.TEST and one.parent_ref}
    wanted = list(dict.fromkeys(cases.values()))
    keys = {one.ref: one.key for one in story_source().snapshots(project_ref, wanted)} if wanted else {}
    return {ref: keys[story] for ref, story in cases.items() if story in keys}
