"""What a saved mapping relies on and Jira has no more: a field or a value that is gone, a field of another kind, a
field that is required now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jira_integration.contracts import Kind, StoryField
from jira_integration.mapping.fits import Direction, fits, unfilled
from jira_integration.mapping.metadata import IssueType, JiraField, ProjectMetadata
from jira_integration.mapping.shapes import LISTED, shape_of
from jira_integration.models import FieldMapping, ProjectMapping


@dataclass(frozen=True)
class Stale:
    """One change in Jira that asks for a change of the mapping; `code` and `values` are the catalogue's."""

    kind: Kind
    code: str
    values: Mapping[str, Any]


def stale(
    mapping: ProjectMapping, metadata: ProjectMetadata, story_fields: Mapping[Kind, Sequence[StoryField]]
) -> list[Stale]:
    """Everything about the saved rows that no longer holds in `metadata`; kinds without a saved row are left out."""
    rows: dict[Kind, list[FieldMapping]] = {}
    for row in mapping.fields.all():
        rows.setdefault(Kind(row.kind), []).append(row)
    found = []
    for kind, saved in rows.items():
        issue_type = metadata.type(mapping.type_id(kind))
        if issue_type is None or not issue_type.fields:
            continue
        about = {"kind": kind.value, "issue_type": issue_type.name, "jira_project": metadata.key}
        ours = {one.key: one for one in story_fields.get(kind, ())}
        for code, values in _of_type(issue_type, saved, ours):
            found.append(Stale(kind, code, {**about, **values}))
    return found


def _of_type(
    issue_type: IssueType, rows: Sequence[FieldMapping], ours: Mapping[str, StoryField]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in rows:
        jira_field = issue_type.field(row.jira_field)
        story_field = ours.get(row.story_field)
        said = {"field": row.jira_name or row.jira_field, "field_id": row.jira_field, "ours": row.story_field}
        if jira_field is None:
            yield "field_gone", said
        elif story_field is not None and not fits(story_field, jira_field):
            yield "field_changed", said
        else:
            yield from _values(row, jira_field, story_field, said)
    filled = {row.jira_field for row in rows if row.direction != Direction.FROM_JIRA}
    for missing in unfilled(issue_type.fields, filled):
        yield "required_field", {"field": missing.name, "field_id": missing.id}


def _values(
    row: FieldMapping, jira_field: JiraField, story_field: StoryField | None, said: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    if shape_of(jira_field) not in LISTED:
        return
    offered = {one.id for one in jira_field.allowed if not one.off}
    offered |= {f"{one.id}/{two.id}" for one in jira_field.allowed for two in one.children if not (one.off or two.off)}
    for value, target in row.value_map.items():
        if target and target not in offered:
            label = (
                next((one.label for one in story_field.choices if one.value == value), value) if story_field else value
            )
            yield "value_gone", {**said, "value": label}
    for held in (row.fixed_value, row.default_value):
        members = held if isinstance(held, list) else [held]
        if any(isinstance(one, Mapping) and _target(one) not in offered for one in members):
            yield "fixed_value_gone", dict(said)


def _target(value: Mapping[str, Any]) -> str:
    child = value.get("child")
    own = str(value.get("id", ""))
    return f"{own}/{child.get('id')}" if isinstance(child, Mapping) else own
