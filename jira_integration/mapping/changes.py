"""What is different since the fields were read last: "2 new, 1 gone". What a mapping relies on: mapping/stale.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jira_integration.mapping.metadata import AllowedValue, JiraField, ProjectMetadata
from jira_integration.mapping.shapes import shape_of


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
