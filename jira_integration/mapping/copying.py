"""One backlog's mapping taken over for another: what can be copied, and what cannot with the reason.

A Jira field is found by its id, else by its schema and name together: on another site, and in a team-managed project,
the same field has another id. Values likewise by id, else by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from jira_integration.contracts import Kind
from jira_integration.mapping.metadata import AllowedValue, JiraField, ProjectMetadata, Status
from jira_integration.mapping.suggest import plain
from jira_integration.models import FieldMapping, ProjectMapping, StatusMapping

# Which columns are taken over as they are.
AS_THEY_ARE = ("kind", "story_field", "template", "direction", "policy")


@dataclass
class Copied:
    """Unsaved rows, and a sentence for each thing that could not come along."""

    fields: list[FieldMapping] = field(default_factory=list)
    statuses: list[StatusMapping] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def copy(
    former: ProjectMapping, theirs: ProjectMetadata | None, mapping: ProjectMapping, metadata: ProjectMetadata
) -> Copied:
    """The rows of `former` as `mapping` could have them. `theirs` is what is known of the former's Jira project."""
    copied = Copied()
    one_site = former.connection_id == mapping.connection_id
    for row in former.fields.all():
        issue_type = metadata.type(mapping.type_id(row.kind))
        if issue_type is None:
            continue  # that kind stays here
        old_type = theirs.type(former.type_id(row.kind)) if theirs is not None else None
        old = old_type.field(row.jira_field) if old_type is not None else None
        new = same_field(row, old, issue_type.fields, one_site=one_site)
        kind = Kind(row.kind).value
        said = {"kind": {"epic": _("Epics"), "story": _("Stories"), "test": _("Test cases")}[kind]}
        said |= {"field": row.jira_name or row.jira_field, "key": metadata.key}
        if new is None:
            copied.left.append(_("%(kind)s: %(key)s has no field like %(field)s.") % said)
        elif any(one.kind == kind and one.jira_field == new.id for one in copied.fields):
            copied.left.append(_("%(kind)s: %(field)s would fill a field that is filled already.") % said)
        else:
            _take(copied, row, old, new, said)
    used = [type_id for type_id in (mapping.story_type_id, mapping.epic_type_id) if type_id]
    for status in former.statuses.all():
        target = same_status(status, metadata.statuses_of(used))
        if target is None:
            values = {"status": status.jira_status_name, "key": metadata.key}
            copied.left.append(_("%(key)s has no status %(status)s.") % values)
            continue
        copied.statuses.append(
            StatusMapping(
                status=status.status,
                jira_status_id=target.id,
                jira_status_name=target.name,
                category=target.category,
                incoming=status.incoming,
            )
        )
    copied.left = list(dict.fromkeys(copied.left))
    return copied


def same_field(
    row: FieldMapping, old: JiraField | None, fields: Sequence[JiraField], *, one_site: bool
) -> JiraField | None:
    """By id where ids mean the same: Jira's own everywhere, custom ones on one site. Else by schema and name."""
    by_id = next((one for one in fields if one.id == row.jira_field), None)
    if by_id is not None and (one_site or not by_id.custom) and (old is None or schema(old) == schema(by_id)):
        return by_id
    if old is None:
        return None
    alike = [one for one in fields if schema(one) == schema(old) and plain(one.name) == plain(old.name)]
    return alike[0] if len(alike) == 1 else None


def schema(jira_field: JiraField) -> tuple[str, str, str, str]:
    return jira_field.type, jira_field.items, jira_field.system, jira_field.custom_kind


def same_status(row: StatusMapping, statuses: Sequence[Status]) -> Status | None:
    by_id = next((one for one in statuses if one.id == row.jira_status_id), None)
    return by_id or next((one for one in statuses if plain(one.name) == plain(row.jira_status_name)), None)


def _take(copied: Copied, row: FieldMapping, old: JiraField | None, new: JiraField, said: Mapping[str, Any]) -> None:
    made = FieldMapping(**{name: getattr(row, name) for name in AS_THEY_ARE}, matched_by="copied")
    made.jira_field, made.jira_name = new.id, new.name[:200]
    values = Values(old, new)
    made.fixed_value = values.translated(row.fixed_value)
    made.default_value = values.translated(row.default_value)
    made.value_map = {
        ours: target for ours, theirs in row.value_map.items() if (target := values.target(theirs)) is not None
    }
    copied.left += [
        _("%(kind)s: %(field)s has no value “%(value)s” in %(key)s.") % {**said, "value": value}
        for value in values.unknown
    ]
    if row.story_field or row.template or made.fixed_value is not None:
        copied.fields.append(made)
    else:
        copied.left.append(_("%(kind)s: %(field)s has no fixed value in %(key)s that means the same.") % said)


@dataclass
class Values:
    """Ids of one field's values in terms of another's. `unknown` collects the names that have no counterpart."""

    old: JiraField | None
    new: JiraField
    unknown: list[str] = field(default_factory=list)

    def target(self, theirs: str) -> str | None:
        """An entry of a value map: "", an id, or "parent/child"; None when it means nothing here."""
        if not theirs or not self.new.allowed:
            return theirs
        parent, slash, child = theirs.partition("/")
        found = self._same(parent, self.old.allowed if self.old else (), self.new.allowed)
        if found is None:
            return None
        if not slash:
            return found.id
        before = next((one for one in self.old.allowed if one.id == parent), None) if self.old else None
        under = self._same(child, before.children if before else (), found.children)
        return f"{found.id}/{under.id}" if under is not None else None

    def translated(self, value: Any) -> Any:
        """A fixed or default value in Jira's form; None when it means nothing here."""
        if isinstance(value, list):
            members = [self.translated(one) for one in value]
            return members if members and all(one is not None for one in members) else None
        if isinstance(value, Mapping) and "id" in value and self.new.allowed:
            child = value.get("child")
            found = self.target(f"{value['id']}/{child['id']}" if isinstance(child, Mapping) else str(value["id"]))
            if found is None:
                return None
            parent, _slash, under = found.partition("/")
            return {"id": parent, "child": {"id": under}} if under else {"id": parent}
        return value

    def _same(self, value_id: str, old: Sequence[AllowedValue], new: Sequence[AllowedValue]) -> AllowedValue | None:
        before = next((one for one in old if one.id == value_id), None)
        by_id = next((one for one in new if one.id == value_id), None)
        if by_id is not None and (before is None or plain(before.name) == plain(by_id.name)):
            return by_id
        named = next((one for one in new if before is not None and plain(one.name) == plain(before.name)), None)
        if named is None:
            self.unknown.append(before.name if before is not None else value_id)
        return named
