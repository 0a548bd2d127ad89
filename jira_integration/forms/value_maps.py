"""Values under a row: what each of ours becomes in Jira."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jira_integration.contracts import StoryField
from jira_integration.mapping.metadata import AllowedValue, JiraField
from jira_integration.mapping.suggest import suggest_values
from jira_integration.models import FieldMapping

LEAVE_EMPTY = "-"  # in the form; "" in the stored map


@dataclass(frozen=True)
class ValueRow:
    """One value of ours. `chosen` is the form's value: an id, LEAVE_EMPTY, or "" for not decided."""

    name: str
    control: str
    label: str
    chosen: str


@dataclass(frozen=True)
class ValueMap:
    rows: tuple[ValueRow, ...]
    allowed: tuple[AllowedValue, ...]
    chosen: dict[str, str] = field(default_factory=dict)  # as FieldMapping.value_map
    leave_empty: bool = True

    @property
    def missing(self) -> list[str]:
        """Labels of our values that nobody has decided on."""
        return [row.label for row in self.rows if not row.chosen]

    @property
    def mapped(self) -> int:
        return len(self.rows) - len(self.missing)

    @property
    def never_sent(self) -> list[str]:
        """Names of Jira's values that none of ours becomes."""
        sent = set(self.chosen.values())
        return [one.name for one in self.allowed if one.id not in sent]


def value_map(story_field: StoryField, jira_field: JiraField, saved: FieldMapping | None, data: Any) -> ValueMap:
    """What was posted, else what is saved, else what the names suggest. A value that Jira no longer has counts as
    not decided."""
    ids = {one.id for one in jira_field.allowed}
    suggested = suggest_values(story_field.choices, jira_field.allowed)
    known = saved.value_map if saved is not None else suggested
    rows, chosen = [], {}
    for choice in story_field.choices:
        name = f"map-{jira_field.id}-{choice.value}"
        if data is not None and name in data:
            picked = data.get(name, "")
        elif choice.value in known:
            picked = known[choice.value] or LEAVE_EMPTY
        else:
            picked = suggested.get(choice.value, "") if saved is None else ""
        if picked not in ids and (picked != LEAVE_EMPTY or jira_field.must_be_filled):
            picked = ""
        if picked:
            chosen[choice.value] = "" if picked == LEAVE_EMPTY else picked
        rows.append(ValueRow(name, f"v-{jira_field.id}-{choice.value}", choice.label, picked))
    return ValueMap(tuple(rows), jira_field.allowed, chosen, leave_empty=not jira_field.must_be_filled)
