"""Values under a row: what each of ours becomes in Jira."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jira_integration.contracts import StoryField
from jira_integration.forms.value_controls import PLENTY, Option, OptionGroup, matching
from jira_integration.mapping.metadata import JiraField
from jira_integration.mapping.suggest import suggest_values
from jira_integration.models import FieldMapping

LEAVE_EMPTY = "-"  # in the form; "" in the stored map


@dataclass(frozen=True)
class ValueRow:
    """One value of ours. `chosen` is the form's value: a target, LEAVE_EMPTY, or "" for not decided."""

    name: str
    control: str
    label: str
    chosen: str
    query: str = ""
    found: tuple[Option, ...] = ()


@dataclass(frozen=True)
class ValueMap:
    """`targets` are what can be chosen: an option's id, or "parent/child" under its parent's name."""

    rows: tuple[ValueRow, ...]
    targets: tuple[OptionGroup, ...]
    chosen: dict[str, str] = field(default_factory=dict)  # as FieldMapping.value_map
    leave_empty: bool = True
    searched: bool = False

    @property
    def missing(self) -> list[str]:
        """Labels of our values that nobody has decided on."""
        return [row.label for row in self.rows if not row.chosen]

    @property
    def mapped(self) -> int:
        return len(self.rows) - len(self.missing)

    @property
    def never_sent(self) -> list[str]:
        """Names of Jira's values that none of ours becomes; of a long list nobody wants them all."""
        sent = set(self.chosen.values())
        names = [one.label for group in self.targets for one in group.options if one.value not in sent]
        return names if len(names) <= PLENTY else []


def targets(jira_field: JiraField) -> tuple[OptionGroup, ...]:
    """Options grouped by what they are under; the options without children in a group without a name."""
    return tuple(OptionGroup(label, tuple(options)) for label, options in _groups(jira_field))


def _groups(jira_field: JiraField) -> Iterator[tuple[str, list[Option]]]:
    offered = [one for one in jira_field.allowed if not one.off]
    if flat := [Option(one.id, one.name) for one in offered if not one.children]:
        yield "", flat
    for one in offered:
        if one.children:
            under = [Option(f"{one.id}/{two.id}", f"{one.name} › {two.name}") for two in one.children if not two.off]
            yield one.name, [Option(one.id, one.name), *under]


def value_map(story_field: StoryField, jira_field: JiraField, saved: FieldMapping | None, data: Any) -> ValueMap:
    """What was posted, else what is saved, else what the names suggest. A value that Jira no longer has counts as
    not decided."""
    offered = targets(jira_field)
    labels = {one.value: one.label for group in offered for one in group.options}
    suggested = suggest_values(story_field.choices, jira_field.allowed, system=jira_field.system)
    known = saved.value_map if saved is not None else suggested
    searched = len(labels) > PLENTY
    rows, chosen = [], {}
    for choice in story_field.choices:
        name = f"map-{jira_field.id}-{choice.value}"
        if data is not None and name in data:
            picked = data.get(name, "")
        elif choice.value in known:
            picked = known[choice.value] or LEAVE_EMPTY
        else:
            picked = suggested.get(choice.value, "") if saved is None else ""
        if picked not in labels and (picked != LEAVE_EMPTY or jira_field.must_be_filled):
            picked = ""
        if picked:
            chosen[choice.value] = "" if picked == LEAVE_EMPTY else picked
        query = data.get(f"find-{name}", "").strip()[:100] if data is not None else ""
        found: tuple[Option, ...] = ()
        if searched:
            held = [(picked, labels[picked])] if picked in labels else []
            hits = matching(list(labels.items()), query) if query and data.get("find") == name else []
            found = tuple(Option(value, label) for value, label in dict([*held, *hits]).items())
        rows.append(ValueRow(name, f"v-{jira_field.id}-{choice.value}", choice.label, picked, query, found))
    return ValueMap(tuple(rows), offered, chosen, not jira_field.must_be_filled, searched)
