"""Suggestions taken as they are: what the wizard saves when nobody changes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from jira_integration.conf import story_source
from jira_integration.contracts import FieldKind, Kind, StoryField
from jira_integration.mapping.case_target import target_for
from jira_integration.mapping.fits import unfilled
from jira_integration.mapping.metadata import IssueType, ProjectMetadata
from jira_integration.mapping.suggest import suggest_fields, suggest_statuses
from jira_integration.models import FieldMapping, ProjectMapping, StatusMapping

ALL_STEPS = ["site", "sign-in", "project", "fields", "statuses", "webhook", "review"]


@dataclass(frozen=True)
class Gap:
    """Something a person has to decide before every item can go. `code` and `values` are the catalogue's."""

    code: str
    values: Mapping[str, str]


def choose_project(mapping: ProjectMapping, metadata: ProjectMetadata, types: Mapping[Kind, str]) -> None:
    """Point a mapping at a Jira project; another one than before takes its fields and statuses with it. Saves."""
    other = mapping.pk is not None and mapping.jira_project_id not in ("", metadata.project_id)
    changed = {kind for kind in Kind if mapping.type_id(kind) != types[kind]}
    if mapping.pk and (other or changed):
        kinds = list(Kind) if other else changed
        mapping.fields.filter(kind__in=[kind.value for kind in kinds]).delete()
        mapping.version += 1
    if other:
        mapping.statuses.all().delete()
        mapping.live = False
    mapping.jira_project_id, mapping.jira_project_key = metadata.project_id, metadata.key
    mapping.jira_project_name, mapping.team_managed = metadata.name[:200], metadata.team_managed
    mapping.epic_type_id, mapping.story_type_id = types[Kind.EPIC], types[Kind.STORY]
    if Kind.TEST in changed or other:
        target_for(metadata, types[Kind.TEST]).keep_on(mapping)
    mapping.save()


@transaction.atomic
def map_as_suggested(mapping: ProjectMapping, metadata: ProjectMetadata) -> list[Gap]:
    """Save the suggested fields of every kind that has none yet, and statuses if there are none; what people have
    chosen stays. Returns what is left to decide."""
    source = story_source()
    gaps: list[Gap] = []
    for kind in Kind:
        issue_type = metadata.type(mapping.type_id(kind))
        if issue_type is None:
            continue
        fields = source.fields(mapping.project_ref, kind)
        rows = list(mapping.fields.filter(kind=kind.value))
        if not rows:
            rows = suggest_fields(fields, issue_type, kind)
            for row in rows:
                row.mapping = mapping
            FieldMapping.objects.bulk_create(rows)
        gaps += gaps_in(rows, fields, issue_type, metadata.key)
    if not mapping.statuses.exists():
        choices = next(
            (one.choices for one in source.fields(mapping.project_ref, Kind.STORY) if one.kind is FieldKind.STATUS), ()
        )
        used = [one for one in (mapping.story_type_id, mapping.epic_type_id) if one]
        statuses = suggest_statuses(choices, metadata.statuses_of(used))
        for status in statuses:
            status.mapping = mapping
        StatusMapping.objects.bulk_create(statuses)
    return gaps


def gaps_in(
    rows: Sequence[FieldMapping], fields: Sequence[StoryField], issue_type: IssueType, jira_key: str
) -> list[Gap]:
    """Required fields that nothing fills, and values of ours that stand for nothing in Jira."""
    filled = {row.jira_field for row in rows if row.direction != FieldMapping.Direction.FROM_JIRA}
    about = {"issue_type": issue_type.name, "jira_project": jira_key}
    gaps = [
        Gap("required_field", {**about, "field": one.name, "field_id": one.id})
        for one in unfilled(issue_type.fields, filled)
    ]
    choices = {one.key: one.choices for one in fields if one.kind is FieldKind.CHOICE}
    for row in rows:
        jira_field = issue_type.field(row.jira_field)
        if jira_field is None:
            continue
        allowed = ", ".join(one.name for one in jira_field.allowed)
        for choice in choices.get(row.story_field, ()):
            if choice.value not in row.value_map:
                values = {"field": jira_field.name, "field_id": jira_field.id, "value": choice.label}
                gaps.append(Gap("value_not_mapped", {**about, **values, "allowed": allowed}))
    return gaps
