"""The two tables of step 5: where our statuses go in Jira, and what Jira's statuses mean here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from jira_integration.contracts import Choice
from jira_integration.mapping.metadata import Status
from jira_integration.mapping.suggest import status_mapping
from jira_integration.models import StatusMapping

CATEGORIES = ("new", "indeterminate", "done")


@dataclass(frozen=True)
class StatusRow:
    """One select. `label` and `note` are the side that is given, `chosen` the id or value on the other."""

    name: str
    label: str
    note: str
    chosen: str
    error: str = ""

    @property
    def control(self) -> str:
        return f"id_{self.name}"


@dataclass
class StatusesTable:
    choices: Sequence[Choice]
    statuses: Sequence[Status]
    saved: Sequence[StatusMapping]
    data: Any = None
    out: list[StatusRow] = field(default_factory=list)
    into: list[StatusRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = {one.id: one for one in self.statuses}
        going = {one.status: one.jira_status_id for one in self.saved if not one.incoming}
        coming = {one.jira_status_id: one.status for one in self.saved if one.incoming}
        for choice in self.choices:
            chosen = self._posted(f"out-{choice.value}", going.get(choice.value, ""))
            error = ""
            if chosen and chosen not in known:
                error = _("Jira has no longer the status that “%(status)s” went to. Choose another.") % {
                    "status": choice.label
                }
            self.out.append(StatusRow(f"out-{choice.value}", choice.label, "", chosen, error))
        ours = {one.value for one in self.choices}
        for status in self.statuses:
            chosen = self._posted(f"in-{status.id}", coming.get(status.id, ""))
            name, note = status.name, category_word(status.category)
            self.into.append(StatusRow(f"in-{status.id}", name, note, chosen if chosen in ours else ""))

    def _posted(self, name: str, otherwise: str) -> str:
        return str(self.data.get(name, "")) if self.data is not None else otherwise

    @property
    def errors(self) -> list[StatusRow]:
        return [row for row in self.out if row.error]

    @property
    def out_mapped(self) -> int:
        return sum(bool(row.chosen) for row in self.out)

    @property
    def into_mapped(self) -> int:
        return sum(bool(row.chosen) for row in self.into)

    def mappings(self) -> list[StatusMapping]:
        """Unsaved rows of what is chosen, both ways."""
        known = {one.id: one for one in self.statuses}
        found = [
            status_mapping(row.name.removeprefix("out-"), known[row.chosen]) for row in self.out if row.chosen in known
        ]
        found += [
            status_mapping(row.chosen, known[row.name.removeprefix("in-")], incoming=True)
            for row in self.into
            if row.chosen
        ]
        return found


def category_word(category: str) -> str:
    words = {"new": _("To do"), "indeterminate": _("In progress"), "done": _("Done")}
    return words.get(category, _("No category"))
