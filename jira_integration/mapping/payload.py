"""The one payload builder: a story's snapshot and its mapping become the fields of a Jira issue.

Pure: the same snapshot, mapping and metadata always give the same bytes. What cannot be sent, or is changed on the
way, is a finding; blocking findings keep the item out of the export.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jira_integration.contracts import FieldKind, Kind, StoryField, StorySnapshot
from jira_integration.mapping.jira_form import in_words
from jira_integration.mapping.metadata import IssueType, JiraField, ProjectMetadata
from jira_integration.models import FieldMapping
from jira_integration.richtext import Note
from jira_integration.richtext.compose import Criterion, Labels, Step, blocks, criteria_section, document
from jira_integration.richtext.limits import JIRA_LIMIT
from jira_integration.richtext.shape import paragraph
from jira_integration.untrusted import one_line

# Filled by us (project, type, parent) or by Jira (reporter): never mapped, never missing.
OWN_FIELDS = frozenset({"project", "issuetype", "reporter", "parent", "attachment", "issuelinks"})
SUMMARY_MAX = 255  # characters, Jira's own limits
LABEL_MAX = 255


@dataclass(frozen=True)
class Finding:
    """Something the preview says about an item; `code` is worded by the catalogue."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    blocking: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "values": dict(self.values), "blocking": self.blocking}


@dataclass(frozen=True)
class Payload:
    """Jira field id → value in Jira's form, the same in words, and what to say about it."""

    fields: dict[str, Any]
    words: dict[str, str]
    labels: dict[str, str]
    findings: tuple[Finding, ...]

    @property
    def blocked(self) -> bool:
        return any(finding.blocking for finding in self.findings)


@dataclass(frozen=True)
class Builder:
    """Builds payloads for one kind of item in one Jira project. `more_url` makes a story's absolute address."""

    kind: Kind
    issue_type: IssueType
    metadata: ProjectMetadata
    mappings: Sequence[FieldMapping]
    story_fields: Mapping[str, StoryField]
    absolute: Callable[[str], str]
    more_text: str
    labels: Labels

    def build(self, snapshot: StorySnapshot) -> Payload:
        """The payload of one snapshot; project, issue type and parent are added by the plan."""
        known = {one.id: one for one in self.issue_type.fields}
        fields: dict[str, Any] = {}
        words: dict[str, str] = {}
        labels: dict[str, str] = {}
        findings: list[Finding] = []
        for mapping in self.mappings:
            if mapping.direction == FieldMapping.Direction.FROM_JIRA:
                continue
            jira_field = known.get(mapping.jira_field)
            if jira_field is None:
                findings.append(Finding("field_not_on_screen", {"field": mapping.jira_name or mapping.jira_field}))
                continue
            value, found = self._value(mapping, jira_field, snapshot)
            findings += found
            if value is None:
                continue
            fields[jira_field.id] = value
            words[jira_field.id] = self._words(jira_field, value)
            labels[jira_field.id] = jira_field.name
        for jira_field in self.issue_type.fields:
            if jira_field.must_be_filled and jira_field.id not in fields and jira_field.id not in OWN_FIELDS:
                values = {"field": jira_field.name, "field_id": jira_field.id, "type": self.issue_type.name}
                findings.append(Finding("required_field", values, blocking=True))
        return Payload(fields, words, labels, tuple(findings))

    def _value(
        self, mapping: FieldMapping, jira_field: JiraField, snapshot: StorySnapshot
    ) -> tuple[Any, list[Finding]]:
        if not mapping.story_field:
            return mapping.fixed_value, []
        story_field = self.story_fields.get(mapping.story_field)
        value = snapshot.values.get(mapping.story_field)
        if story_field is None:
            return None, []
        if jira_field.id == "summary":
            return summary(str(value or ""))
        match story_field.kind:
            case FieldKind.RICH_TEXT | FieldKind.CRITERIA if takes_document(jira_field):
                return self._document(mapping, jira_field, snapshot)
            case FieldKind.TEXT | FieldKind.RICH_TEXT:
                return (str(value).strip() or None) if value else None, []
            case FieldKind.NUMBER:
                return value, []
            case FieldKind.LABELS:
                return label_values(value or ())
            case FieldKind.CHOICE | FieldKind.STATUS:
                return self._choice(mapping, jira_field, story_field, value)
            case _:
                return None, []

    def _document(
        self, mapping: FieldMapping, jira_field: JiraField, snapshot: StorySnapshot
    ) -> tuple[Any, list[Finding]]:
        """A document field. Criteria ride in the description under a marked heading, unless a field of their own
        takes them; a title that had to be cut stands whole at the description's top."""
        parts: list[Any] = []
        if mapping.story_field == "criteria":
            parts += criteria_section(criteria_of(snapshot), labels=self.labels)[1:]
        else:
            text = str(snapshot.values.get(mapping.story_field) or "")
            if jira_field.id == "description":
                title = " ".join(snapshot.title.split())
                if len(title) > SUMMARY_MAX:
                    parts += [paragraph([{"type": "text", "text": title}])]
            parts += blocks(text)
            if jira_field.id == "description":
                own_field = any(one.story_field == "criteria" for one in self.mappings)
                criteria = criteria_of(snapshot)
                if criteria and not own_field:
                    parts += criteria_section(criteria, labels=self.labels)
        if not parts:
            return None, []
        more_url = self.absolute(snapshot.url)
        result = document(parts, limit=JIRA_LIMIT, more_url=more_url, more_text=self.more_text)
        return result.value, [note_finding(note) for note in result.notes if note.code in {"cut"}]

    def _choice(
        self, mapping: FieldMapping, jira_field: JiraField, story_field: StoryField, value: Any
    ) -> tuple[Any, list[Finding]]:
        if value in (None, ""):
            return None, []
        target = mapping.value_map.get(str(value))
        word = next((choice.label for choice in story_field.choices if choice.value == value), str(value))
        values = {"field": jira_field.name, "field_id": jira_field.id, "value": word, "project": self.metadata.key}
        if target is None:
            return None, [Finding("value_not_mapped", values, blocking=True)]
        if target == "":  # a person chose to leave it empty
            return None, []
        if target not in {allowed.id for allowed in jira_field.allowed}:
            code = "priority_not_allowed" if jira_field.system == "priority" else "value_not_allowed"
            names = ", ".join(allowed.name for allowed in jira_field.allowed[:12])
            return None, [Finding(code, {**values, "allowed": names}, blocking=True)]
        chosen = {"id": target}
        return ([chosen] if jira_field.type == "array" else chosen), []

    def _words(self, jira_field: JiraField, value: Any) -> str:
        names = {allowed.id: allowed.name for allowed in jira_field.allowed}
        if isinstance(value, Mapping) and value.get("id") in names:
            return names[value["id"]]
        return in_words(value)


def takes_document(jira_field: JiraField) -> bool:
    """Whether Jira Cloud wants an ADF document here: the description, environment and paragraph custom fields."""
    return jira_field.system in {"description", "environment"} or jira_field.custom.endswith(":textarea")


def summary(title: str) -> tuple[str | None, list[Finding]]:
    """One line of at most 255 characters, as Jira demands; what is cut is said."""
    line = one_line(title)
    if len(line) <= SUMMARY_MAX:
        return line or None, []
    return line[: SUMMARY_MAX - 1].rstrip() + "…", [Finding("summary_cut", {"length": len(line)})]


def label_values(labels: Iterable[str]) -> tuple[list[str] | None, list[Finding]]:
    """Jira's labels hold no white space: it becomes a hyphen, the same way each time."""
    sent: dict[str, None] = {}
    findings = []
    for label in labels:
        made = "-".join(str(label).split())[:LABEL_MAX]
        if made != label:
            findings.append(Finding("label_changed", {"label": str(label)[:80], "sent": made[:80]}))
        if made:
            sent[made] = None
    return sorted(sent) or None, findings


def criteria_of(snapshot: StorySnapshot) -> list[Criterion]:
    """Criteria as the description holds them; empty parts of Given/When/Then are left out."""
    made = []
    for one in snapshot.values.get("criteria") or ():
        steps = (
            Step(word, text) for word, text in (("Given", one.given), ("When", one.when), ("Then", one.then)) if text
        )
        made.append(Criterion(one.text, tuple(steps)))
    return made


def note_finding(note: Note) -> Finding:
    return Finding("description_cut", {"note": str(note)})


def content_hash(snapshot: StorySnapshot) -> str:
    """sha256 of what a payload depends on, for caching by content."""
    return hashlib.sha256(repr(sorted(snapshot.values.items(), key=str)).encode("utf-8", "surrogatepass")).hexdigest()
