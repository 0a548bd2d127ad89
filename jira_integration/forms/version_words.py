"""The difference between two versions of a mapping, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jira_integration.contracts import Kind, StoryField
from jira_integration.forms.value_controls import in_words
from jira_integration.mapping.metadata import JiraField, ProjectMetadata
from jira_integration.mapping.versions import Snapshot
from jira_integration.models import FieldMapping, ProjectMapping

KIND_WORDS = {
    Kind.EPIC.value: gettext_lazy("Epics"),
    Kind.STORY.value: gettext_lazy("Stories"),
    Kind.TEST.value: gettext_lazy("Test cases"),
}
TYPE_COLUMNS = {"epic_type_id": Kind.EPIC, "story_type_id": Kind.STORY, "test_type_id": Kind.TEST}
# Said by the key of the project, or of no interest.
UNSAID = frozenset({"jira_project_id", "jira_project_name", "team_managed"})
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Names:
    """What ids are called now; an id nobody knows any more stands for itself."""

    story_fields: Mapping[Kind, Mapping[str, StoryField]]
    types: Mapping[Kind, str]
    metadata: ProjectMetadata | None = None

    def ours(self, row: Row) -> str:
        """What fills a Jira field."""
        if row.get("template"):
            return _("the text “%(text)s”") % {"text": row["template"]}
        if row["story_field"]:
            known = self.story_fields.get(Kind(row["kind"]), {}).get(row["story_field"])
            return known.label if known is not None else str(row["story_field"])
        return _("always “%(value)s”") % {"value": self.value(row, row["fixed_value"])}

    def jira_field(self, row: Row) -> JiraField:
        issue_type = self.metadata.type(self.types.get(Kind(row["kind"]), "")) if self.metadata else None
        known = issue_type.field(row["jira_field"]) if issue_type is not None else None
        return known or JiraField(row["jira_field"], row["jira_name"] or row["jira_field"], "")

    def value(self, row: Row, value: Any) -> str:
        return in_words(self.jira_field(row), value) if value not in (None, "") else _("nothing")

    def choice(self, row: Row, value: str) -> str:
        known = self.story_fields.get(Kind(row["kind"]), {}).get(row["story_field"])
        return next((one.label for one in known.choices if one.value == value), value) if known else value

    def issue_type(self, type_id: str) -> str:
        known = self.metadata.type(type_id) if self.metadata is not None else None
        return known.name if known is not None else type_id or _("nothing")


def differences(before: Snapshot, after: Snapshot, names: Names) -> list[str]:
    """Sentences that say what `after` changed; empty when both are the same."""
    return [
        *_mapping(before["mapping"], after["mapping"], names),
        *_fields(before["fields"], after["fields"], names),
        *_statuses(before["statuses"], after["statuses"]),
    ]


def _mapping(before: Row, after: Row, names: Names) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name), after.get(name)
        if was == now or name in UNSAID:
            continue
        if name in TYPE_COLUMNS:
            values = {
                "kind": KIND_WORDS[TYPE_COLUMNS[name]],
                "now": names.issue_type(str(now or "")),
                "was": names.issue_type(str(was or "")),
            }
            yield _("%(kind)s become %(now)s (before: %(was)s).") % values
        elif name == "jira_project_key":
            yield _("The Jira project is %(now)s (before: %(was)s).") % {"now": now, "was": was or _("none")}
        else:
            said = {"what": _column(name), "now": now or _("nothing"), "was": was or _("nothing")}
            yield _("%(what)s: %(now)s (before: %(was)s).") % said


def _column(name: str) -> str:
    found = next((one for one in ProjectMapping._meta.concrete_fields if one.name == name), None)
    label = str(found.verbose_name) if found is not None else name
    return label[:1].upper() + label[1:]


def _fields(before: list[Row], after: list[Row], names: Names) -> Iterator[str]:
    was = {(row["kind"], row["jira_field"]): row for row in before}
    now = {(row["kind"], row["jira_field"]): row for row in after}
    for key in dict.fromkeys([*was, *now]):
        row = now.get(key) or was[key]
        said = {"kind": KIND_WORDS[row["kind"]], "field": names.jira_field(row).name, "ours": names.ours(row)}
        if key not in was:
            yield _("%(kind)s: %(field)s is filled: %(ours)s.") % said
        elif key not in now:
            yield _("%(kind)s: %(field)s is not filled any more (before: %(ours)s).") % said
        else:
            for part in _row(was[key], now[key], names):
                yield _("%(kind)s: %(field)s: %(part)s.") % {**said, "part": part}


def _row(was: Row, now: Row, names: Names) -> Iterator[str]:
    if names.ours(was) != names.ours(now):
        yield _("%(now)s instead of %(was)s") % {"now": names.ours(now), "was": names.ours(was)}
    for column, choices in (("direction", FieldMapping.Direction), ("policy", FieldMapping.Policy)):
        one, other = was.get(column), now.get(column)
        if one != other and one in choices.values and other in choices.values:
            yield _("%(now)s instead of %(was)s") % {"now": choices(other).label, "was": choices(one).label}
    if was.get("default_value") != now.get("default_value"):
        said = {name: names.value(row, row.get("default_value")) for name, row in (("was", was), ("now", now))}
        yield _("where ours is empty %(now)s instead of %(was)s") % said
    for value in dict.fromkeys([*was["value_map"], *now["value_map"]]):
        one, other = was["value_map"].get(value), now["value_map"].get(value)
        if one != other:
            said = {
                "value": names.choice(now, value),
                "was": _target(was, one, names),
                "now": _target(now, other, names),
            }
            yield _("%(value)s becomes %(now)s instead of %(was)s") % said


def _target(row: Row, target: str | None, names: Names) -> str:
    if target is None:
        return _("not decided")
    if target == "":
        return _("left empty")
    parent, _slash, child = target.partition("/")
    return names.value(row, {"id": parent, "child": {"id": child}} if child else {"id": parent})


def _statuses(before: list[Row], after: list[Row]) -> Iterator[str]:
    for incoming, key, target in ((False, "status", "jira_status_name"), (True, "jira_status_name", "status")):
        was = {row[key]: row[target] for row in before if row["incoming"] is incoming}
        now = {row[key]: row[target] for row in after if row["incoming"] is incoming}
        for name in dict.fromkeys([*was, *now]):
            if was.get(name) != now.get(name):
                said = {"name": name, "now": now.get(name) or _("nothing"), "was": was.get(name) or _("nothing")}
                yield (
                    _("Status %(name)s of Jira’s means %(now)s (before: %(was)s).") % said
                    if incoming
                    else _("Status %(name)s of ours becomes %(now)s (before: %(was)s).") % said
                )
