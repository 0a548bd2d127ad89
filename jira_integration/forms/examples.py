"""What Jira would get for a real story, by the very builder that the export uses: so the example cannot lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from jira_integration.catalogue import Explained, explain
from jira_integration.contracts import FieldKind, StorySnapshot
from jira_integration.export.builders import builder_for
from jira_integration.forms.field_rows import Row
from jira_integration.forms.fields_table import FieldsTable
from jira_integration.mapping.fits import Direction
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.models import ProjectMapping

NOTHING = "–"
# Who stands for a person in Jira is asked when a plan is made, not here.
ASKED_LATER = frozenset({"person_not_found"})


@dataclass(frozen=True)
class Example:
    """One story as it would be sent. `blocked` and `notes` say what the preview would say of it."""

    snapshot: StorySnapshot
    words: Mapping[str, str] = field(default_factory=dict)
    blocked: tuple[Explained, ...] = ()
    notes: tuple[Explained, ...] = ()


def example_of(
    snapshot: StorySnapshot,
    table: FieldsTable,
    mapping: ProjectMapping,
    metadata: ProjectMetadata,
    facts: Mapping[str, Any],
) -> Example:
    """Build the story with what the table holds now, saved or not. `facts` fill the sentences of the findings."""
    builder = builder_for(mapping, table.kind, table.issue_type, metadata, table.mappings())
    payload = builder.build(snapshot)
    known = {**facts, "story": snapshot.key, "kind": table.kind.value, "issue_type": table.issue_type.name}
    said = [
        (one, explain(one.code, {**known, **one.values})) for one in payload.findings if one.code not in ASKED_LATER
    ]
    made = Example(
        snapshot,
        payload.words,
        tuple(words for one, words in said if one.blocking),
        tuple(words for one, words in said if not one.blocking),
    )
    for row in table.rows:
        row.example = in_row(row, made)
    return made


def in_row(row: Row, example: Example) -> str:
    """The last column of a row."""
    if row.jira_field is None or not row.mapped:
        return ""
    if row.direction == Direction.FROM_JIRA:
        return _("Not sent: it comes from Jira")
    if row.story_field is not None and row.story_field.kind is FieldKind.PARENT:
        return _("The key of its epic") if example.snapshot.parent_ref else NOTHING
    words = example.words.get(row.jira_field.id, "")
    if row.values is not None and row.story_field is not None:
        value = example.snapshot.values.get(row.story_field.key)
        ours = next((one.label for one in row.story_field.choices if one.value == value), "")
        if not words:
            undecided = ours and str(value) not in row.values.chosen
            return _("%(ours)s: not decided yet") % {"ours": ours} if undecided else NOTHING
        return f"{ours} → {words}" if ours else words
    if row.story_field is None and row.fixed is not None:
        return _("Always “%(value)s”") % {"value": words}
    return words or NOTHING
