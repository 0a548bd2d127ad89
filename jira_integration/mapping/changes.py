"""What is different since the fields were read last ("2 new, 1 gone"), and what a mapping relies on that is gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jira_integration.mapping.accepted import refusal
from jira_integration.mapping.findings import Finding
from jira_integration.mapping.metadata import AllowedValue, IssueType, JiraField, ProjectMetadata
from jira_integration.mapping.shapes import LISTED, MANY, shape_of
from jira_integration.mapping.values import option_of
from jira_integration.models import FieldMapping


@dataclass(frozen=True)
class FieldChanges:
    """Names of fields, each once. `required` became so, or came so; `retyped` holds something else than before;
    `options` are values that are gone, as "Priority: Blocker"."""

    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.required or self.retyped or self.options)


def changes(before: ProjectMetadata | None, after: ProjectMetadata) -> FieldChanges:
    """Compare the issue types whose fields both know; a type read for the first time is no news."""
    new: list[str] = []
    gone: list[str] = []
    required: list[str] = []
    retyped: list[str] = []
    options: list[str] = []
    for issue_type in after.issue_types:
        former = before.type(issue_type.id) if before is not None else None
        if former is None or not former.fields or not issue_type.fields:
            continue
        then = {one.id: one for one in former.fields}
        now = {one.id: one for one in issue_type.fields}
        new += [now[field_id].name for field_id in now.keys() - then.keys()]
        gone += [then[field_id].name for field_id in then.keys() - now.keys()]
        required += [
            one.name
            for one in now.values()
            if one.must_be_filled and not (one.id in then and then[one.id].must_be_filled)
        ]
        for field_id in now.keys() & then.keys():
            if shape_of(now[field_id]) is not shape_of(then[field_id]):
                retyped.append(now[field_id].name)
            options += [f"{now[field_id].name}: {name}" for name in _gone(then[field_id], now[field_id])]
    return FieldChanges(_once(new), _once(gone), _once(required), _once(retyped), _once(options))


def stale(mappings: Iterable[FieldMapping], issue_type: IssueType) -> list[Finding]:
    """What a mapping relies on and Jira has no more: its field, or a value it sends. For the page of the
    mapping; a plan finds the same at each story that it touches."""
    found = []
    for mapping in mappings:
        jira_field = issue_type.field(mapping.jira_field)
        about = {
            "field": jira_field.name if jira_field else mapping.jira_name or mapping.jira_field,
            "field_id": mapping.jira_field,
            "issue_type": issue_type.name,
        }
        if jira_field is None:
            if issue_type.fields:
                found.append(Finding("field_gone", about, blocking=True))
            continue
        if mapping.story_field or mapping.template:
            values: list[Any] = [option_of(target) for target in mapping.value_map.values() if target]
        else:
            values = [mapping.fixed_value]
        values += [] if mapping.default_value is None else [mapping.default_value]
        listed = shape_of(jira_field) in LISTED
        for value in values if listed or not mapping.value_map else []:
            many = shape_of(jira_field) in MANY and not isinstance(value, list)
            refused = refusal(jira_field, [value] if many else value)
            if refused is not None:
                found.append(Finding(refused.code, {**refused.values, **about}, blocking=True))
    return found


def _gone(then: JiraField, now: JiraField) -> list[str]:
    """Names of values, and of those under them, that can no longer be chosen."""
    before, after = _values(then.allowed), _values(now.allowed)
    return [name for value_id, name in before.items() if value_id not in after]


def _values(allowed: Iterable[AllowedValue], above: str = "") -> dict[str, str]:
    found = {}
    for one in allowed:
        if not one.off:
            found[one.id] = f"{above}{one.name}"
            found |= _values(one.children, f"{one.name} \u203a ")
    return found


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
