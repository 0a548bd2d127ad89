"""What is different since the fields were read last: "2 new, 1 gone"."""

from __future__ import annotations

from dataclasses import dataclass

from jira_integration.mapping.metadata import ProjectMetadata


@dataclass(frozen=True)
class FieldChanges:
    """Names of fields, each with its issue type's where several were read. `required` became so, or came so."""

    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.required)


def changes(before: ProjectMetadata | None, after: ProjectMetadata) -> FieldChanges:
    """Compare the issue types whose fields both know; a type read for the first time is no news."""
    new: list[str] = []
    gone: list[str] = []
    required: list[str] = []
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
    return FieldChanges(_once(new), _once(gone), _once(required))


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
