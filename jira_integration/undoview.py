"""An undo's preview as its page and its dialog show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jira_integration.badges import SIGNS, Sign
from jira_integration.catalogue import Explained, explain
from jira_integration.contracts import ProjectInfo
from jira_integration.diff import Part, difference
from jira_integration.export.keepsake import undo_until
from jira_integration.models import ExportPlan, PlannedTicket
from jira_integration.untrusted import visible

ROWS = 50
ORDER = ("leave", "delete", "close", "restore")
Action = PlannedTicket.Action


@dataclass(frozen=True)
class Change:
    """One field: what Jira holds now, and what it held before the run."""

    label: str
    before: list[Part]
    after: list[Part]


@dataclass(frozen=True)
class UndoRow:
    """One item in words."""

    planned: PlannedTicket
    view: UndoView

    @property
    def sign(self) -> Sign:
        return SIGNS["unchanged" if self.planned.action == Action.LEAVE else f"undo_{self.planned.action}"]

    @property
    def words(self) -> str:
        key = {"key": self.planned.issue_key}
        match self.planned.action:
            case Action.DELETE:
                return _("%(key)s will be deleted") % key
            case Action.CLOSE:
                return _("%(key)s will be closed as Won't do (the account may not delete)") % key
            case Action.RESTORE:
                count = len(self.planned.changes)
                return ngettext("%(n)d field is put back", "%(n)d fields are put back", count) % {"n": count}
        return _("%(key)s stays as it is") % key

    @property
    def reasons(self) -> list[Explained]:
        planned = self.planned
        facts = {**self.view.facts, "story": planned.story_key, "issue": planned.issue_key}
        return [explain(one["code"], {**facts, **one["values"]}) for one in planned.findings]

    @property
    def changes(self) -> list[Change]:
        if self.planned.action != Action.RESTORE and self.planned.anyway != Action.RESTORE:
            return []
        return [
            Change(one["label"], *difference(visible(str(one["before"] or "")), visible(str(one["after"] or ""))))
            for one in self.planned.changes
        ]

    @property
    def chosen(self) -> bool:
        """A person said "anyway"."""
        return bool(self.planned.anyway) and self.planned.action != Action.LEAVE


class UndoView:
    """Everything the preview of an undo shows, read when asked for."""

    def __init__(self, plan: ExportPlan, project: ProjectInfo) -> None:
        self.plan, self.project = plan, project

    @property
    def facts(self) -> dict[str, Any]:
        connection = self.plan.mapping.connection
        return {
            "project_key": self.project.key,
            "connection_id": connection.pk,
            "site": connection.host,
            "account": connection.account_name or connection.user_name,
            "jira_project": self.plan.mapping.jira_project_key,
            "run": self.plan.undoes_id,
        }

    def items(self) -> QuerySet[PlannedTicket]:
        """What stays first, then deletions, then what is put back; inside, the run's order."""
        rank = Case(
            *(When(action=action, then=Value(rank)) for rank, action in enumerate(ORDER)), output_field=IntegerField()
        )
        return self.plan.items.order_by(rank, "position")

    def rows(self, items: Sequence[PlannedTicket]) -> list[UndoRow]:
        return [UndoRow(item, self) for item in items]

    @property
    def deletes(self) -> int:
        return int(self.plan.counts.get("delete", 0))

    @property
    def leaves(self) -> int:
        return int(self.plan.counts.get("leave", 0))

    @cached_property
    def touched(self) -> int:
        """Issues that got comments, logged time or files and are deleted anyway."""
        lost = {"undo_comment", "undo_worklog", "undo_attachment"}
        chosen = self.plan.items.filter(action=Action.DELETE).exclude(findings=[]).values_list("findings", flat=True)
        return sum(any(one["code"] in lost for one in findings) for findings in chosen)

    @property
    def button(self) -> str:
        """ "Delete 2 issues and restore 4": what happens, and to how many."""
        counts = self.plan.counts
        parts = []
        if n := self.deletes:
            parts.append(ngettext("Delete %(n)d issue", "Delete %(n)d issues", n) % {"n": n})
        if n := int(counts.get("close", 0)):
            words = ngettext("close %(n)d issue", "close %(n)d issues", n) % {"n": n}
            parts.append(words if parts else words.capitalize())
        if n := int(counts.get("restore", 0)):
            parts.append(
                _("restore %(n)d") % {"n": n}
                if parts
                else ngettext("Restore %(n)d issue", "Restore %(n)d issues", n) % {"n": n}
            )
        return f" {_('and')} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)

    @property
    def until(self) -> Any:
        return undo_until(self.plan.undoes) if self.plan.undoes else None

    @property
    def trouble(self) -> Explained | None:
        if self.plan.state != ExportPlan.State.FAILED:
            return None
        return explain(self.plan.error_code, {**self.facts, **self.plan.error_values})
