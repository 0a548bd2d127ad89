"""What the pages of conflicts show: each field's three values with what changed, the choices there are, what they
would come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jira_integration.catalogue import Explained, explain
from jira_integration.contracts import FieldKind, ProjectInfo
from jira_integration.diff import Part, difference, shortened_words
from jira_integration.models import AuditEntry, Conflict
from jira_integration.sync.conflicts import can_take, their_words
from jira_integration.sync.decide import Case
from jira_integration.sync.written import WRITABLE, proposal, read_out
from jira_integration.untrusted import visible

Choice = Conflict.Choice
MOST_OF_A_RESULT = 160  # characters of "After saving, both sides read …"
TEXTS = (FieldKind.TEXT, FieldKind.RICH_TEXT)
LISTS = (FieldKind.CRITERIA, FieldKind.LABELS)
VALUES = (FieldKind.NUMBER, FieldKind.DATE, FieldKind.DATETIME)


class FieldView:
    """One field in conflict. `choice` is what is ticked, `typed` what stands in the box of a merged version."""

    def __init__(self, case: Case, row: Conflict, choice: str = "") -> None:
        self.case, self.row, self.choice = case, row, choice
        self.field = case.fields.get(row.field)
        self._typed: str | None = None
        self.changed_again = False
        self.error = ""

    @property
    def key(self) -> str:
        return self.row.field

    @property
    def print(self) -> str:
        """What the page shows of both sides, for the save to compare."""
        return self.case.seen()[self.row.field]

    @property
    def label(self) -> str:
        return str(self.field.label) if self.field else self.row.jira_name

    @property
    def jira_name(self) -> str:
        """Jira's name of the field, where it is another."""
        return "" if self.row.jira_name.lower() == self.label.lower() else self.row.jira_name

    @property
    def kind_words(self) -> str:
        if self.row.kind in TEXTS:
            return _("text")
        if self.row.kind in LISTS:
            return _("list")
        return _("value") if self.row.kind in VALUES else _("choice")

    @property
    def may_take(self) -> bool:
        return can_take(self.row)

    @property
    def may_merge(self) -> bool:
        return self.field is not None and self.row.kind in WRITABLE

    @property
    def why_not(self) -> Explained | None:
        """Why Jira's value cannot be taken over, where it cannot."""
        if self.may_take:
            return None
        facts = {
            "field": self.label,
            "lost": "; ".join(self.row.notes),
            "status": self.row.theirs_words,
            "issue": self.case.ticket.issue_key,
            "story": self.case.ticket.story_key,
            "value": self.row.theirs_words,
            "connection_id": self.case.ticket.connection_id,
        }
        return explain(self.row.reason or "not_ours_to_take", facts)

    def _words(self, value: object) -> str:
        return read_out(self.row.kind, value, self.field, self.case.names)

    @property
    def base(self) -> str:
        return self._words(self.row.base)

    @property
    def ours(self) -> str:
        return self._words(self.row.ours)

    @property
    def theirs(self) -> str:
        return their_words(self.row)

    @property
    def theirs_here(self) -> str:
        """What Jira's choice is called here, where that is another word."""
        if self.row.theirs is None or self.row.kind not in (FieldKind.CHOICE, FieldKind.STATUS, FieldKind.PARENT):
            return ""
        here = self._words(self.row.theirs)
        return "" if here == self.theirs else here

    @cached_property
    def ours_parts(self) -> list[Part]:
        return difference(visible(self.base), visible(self.ours))[1]

    @cached_property
    def theirs_parts(self) -> list[Part]:
        return difference(visible(self.base), visible(self.theirs))[1]

    @property
    def ours_result(self) -> str:
        return shortened_words(self.ours, MOST_OF_A_RESULT, 3)

    @property
    def theirs_result(self) -> str:
        both = f"{self.theirs_here} / {self.theirs}" if self.theirs_here else self.theirs
        return shortened_words(both, MOST_OF_A_RESULT, 3)

    @cached_property
    def _proposal(self) -> tuple[str, bool]:
        row = self.row
        return proposal(row.kind, row.base, row.ours, row.theirs, row.merged)

    @property
    def typed(self) -> str:
        return self._proposal[0] if self._typed is None else self._typed

    def retype(self, text: str) -> None:
        self._typed = text.replace("\r\n", "\n")

    @property
    def starts_from(self) -> str:
        if self._proposal[1]:
            return _("Starts from ours, with Jira’s changes that touch none of ours.")
        return _("Starts from ours.")

    @property
    def box_help(self) -> str:
        if self.row.kind == FieldKind.CRITERIA:
            return _("An empty line between two criteria. Lines that begin with Given, When, Then are steps.")
        return _("One label a line.") if self.row.kind == FieldKind.LABELS else ""

    @property
    def rows(self) -> int:
        """Height of the box in lines."""
        return 2 if self.row.kind == FieldKind.TEXT else min(18, max(4, self.typed.count("\n") + 2))


@dataclass(frozen=True)
class Came:
    """Something that came in from Jira without a conflict since this one was opened."""

    field: str
    before: str
    after: str


class CaseView:
    """One story's conflicts on the page."""

    def __init__(self, case: Case, project: ProjectInfo, ticked: Mapping[str, str] | None = None) -> None:
        self.case, self.project = case, project
        ticked = ticked or {}
        self.fields = [FieldView(case, row, ticked.get(row.field, "")) for row in case.rows]

    @property
    def opened_at(self) -> datetime:
        return min(row.opened_at for row in self.case.rows)

    @property
    def chosen(self) -> int:
        return sum(bool(one.choice) for one in self.fields)

    @property
    def left(self) -> list[FieldView]:
        return [one for one in self.fields if not one.choice]

    @property
    def errors(self) -> list[FieldView]:
        return [one for one in self.fields if one.error]

    @property
    def labels(self) -> str:
        return ", ".join(one.label for one in self.fields)

    @property
    def ours_by(self) -> str:
        return next((row.ours_by for row in self.case.rows if row.ours_by), "")

    @property
    def ours_at(self) -> datetime | None:
        return max((row.ours_at for row in self.case.rows if row.ours_at), default=None)

    @property
    def theirs_by(self) -> str:
        return next((row.theirs_by for row in self.case.rows if row.theirs_by), "")

    @property
    def theirs_at(self) -> datetime | None:
        return max((row.theirs_at for row in self.case.rows if row.theirs_at), default=None)

    @property
    def came(self) -> list[Came]:
        entries = AuditEntry.objects.filter(
            object_ref=self.case.ticket.story_ref, at__gte=self.opened_at, code__in=["taken_from_jira"]
        )
        return [
            Came(one.get("label", one["field"]), one["before"], one["after"])
            for entry in entries
            for one in entry.values.get("changes", ())
        ]

    @property
    def others(self) -> int:
        return len(self.case.goes) + len(self.came)

    @property
    def lede(self) -> str:
        count = len(self.fields)
        return ngettext(
            "%(n)d field was edited here and in Jira since the two last matched.",
            "%(n)d fields were edited here and in Jira since the two last matched.",
            count,
        ) % {"n": count}
