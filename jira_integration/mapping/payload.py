"""The one payload builder: a story's snapshot and its mapping become the fields of a Jira issue.

Pure: the same snapshot, mapping and metadata always give the same bytes. What cannot be sent, or is changed on the
way, is a finding; blocking findings keep the item out of the export.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from jira_integration.contracts import FieldKind, Kind, StoryField, StorySnapshot
from jira_integration.mapping import preflight, template
from jira_integration.mapping.accepted import LINE_MAX, refusal, word_of
from jira_integration.mapping.composed import Composed
from jira_integration.mapping.findings import Finding
from jira_integration.mapping.jira_form import in_words, is_document
from jira_integration.mapping.metadata import IssueType, JiraField, ProjectMetadata
from jira_integration.mapping.people import People
from jira_integration.mapping.rendered import Rendered, code_stamp
from jira_integration.mapping.shapes import LISTED, Shape, shape_of
from jira_integration.mapping.values import NOBODY, Sent, labels, to_jira
from jira_integration.models import FieldMapping
from jira_integration.richtext import AdfResult, Note, TextResult, adf_to_wiki, wiki_to_markdown
from jira_integration.richtext.compose import Labels, blocks, document
from jira_integration.richtext.limits import JIRA_LIMIT
from jira_integration.untrusted import one_line

# Kinds of ours that become a document of their own.
DOCUMENTS = frozenset({FieldKind.RICH_TEXT, FieldKind.CRITERIA, FieldKind.TESTS})


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
    """Builds payloads for one kind of item in one Jira project. `absolute` makes a story's absolute address;
    `project` is the backlog's key and name, for composed texts; on `data_center` documents are wiki
    markup and people have names."""

    kind: Kind
    issue_type: IssueType
    metadata: ProjectMetadata
    mappings: Sequence[FieldMapping]
    story_fields: Mapping[str, StoryField]
    absolute: Callable[[str], str]
    more_text: str
    labels: Labels
    people: People = NOBODY
    project: tuple[str, str] = ("", "")
    test_tables: bool = False  # a story's test cases stand as tables in its description
    data_center: bool = False
    rendered: Rendered = field(default_factory=Rendered)

    def build(self, snapshot: StorySnapshot, epic: str = "") -> Payload:
        """The payload of one snapshot; project, issue type and parent are added by the plan. `epic` is what people
        call the story's epic."""
        known = {one.id: one for one in self.issue_type.fields}
        fields: dict[str, Any] = {}
        words: dict[str, str] = {}
        names: dict[str, str] = {}
        findings: list[Finding] = []
        mapped: set[str] = set()
        for mapping in self.mappings:
            if mapping.direction == FieldMapping.Direction.FROM_JIRA:
                continue
            jira_field = known.get(mapping.jira_field)
            if jira_field is None:
                findings += self._off_screen(mapping, snapshot)
                continue
            mapped.add(jira_field.id)
            sent = self._value(mapping, jira_field, snapshot, epic)
            findings += sent.findings
            if sent.value is None:
                continue
            words[jira_field.id] = self._words(jira_field, sent.value) if sent.words is None else sent.words
            fields[jira_field.id] = for_data_center(sent.value) if self.data_center else sent.value
            names[jira_field.id] = jira_field.name
        findings += preflight.missing(self.issue_type, fields, mapped, findings)
        return Payload(fields, words, names, tuple(findings))

    def _off_screen(self, mapping: FieldMapping, snapshot: StorySnapshot) -> list[Finding]:
        """Said of a story that has something to send; its parent is the plan's."""
        empty = mapping.story_field and snapshot.values.get(mapping.story_field) in (None, "", [], ())
        if mapping.jira_field == "parent" or (empty and mapping.default_value is None):
            return []
        found = preflight.off_screen(mapping, self.metadata, self.issue_type)
        return [found] if found else []

    def _value(self, mapping: FieldMapping, jira_field: JiraField, snapshot: StorySnapshot, epic: str) -> Sent:
        if not mapping.story_field and not mapping.template:
            return self._checked(jira_field, mapping.fixed_value)
        sent = self._own(mapping, jira_field, snapshot, epic)
        if sent.value is None and mapping.default_value is not None:
            default = self._checked(jira_field, mapping.default_value)
            return Sent(default.value, (*(one for one in sent.findings if not one.blocking), *default.findings))
        return sent

    def _own(self, mapping: FieldMapping, jira_field: JiraField, snapshot: StorySnapshot, epic: str) -> Sent:
        """What the story itself says."""
        if mapping.template:
            return self._composed(mapping, jira_field, snapshot, epic)
        story_field = self.story_fields.get(mapping.story_field)
        if story_field is None:
            return Sent()
        if jira_field.id == "summary":
            return summary(str(snapshot.values.get(mapping.story_field) or ""))
        if story_field.kind in DOCUMENTS and shape_of(jira_field) is Shape.DOCUMENT:
            return self._document(mapping, jira_field, snapshot)
        if shape_of(jira_field) in (Shape.PARENT, Shape.EPIC_LINK):
            return Sent()  # the plan's: the parent may not be in Jira yet
        value = snapshot.values.get(mapping.story_field)
        return to_jira(
            value,
            story_field,
            jira_field,
            value_map=mapping.value_map,
            people=self.people,
            jira_key=self.metadata.key,
        )

    def _composed(self, mapping: FieldMapping, jira_field: JiraField, snapshot: StorySnapshot, epic: str) -> Sent:
        url = self.absolute(snapshot.url)
        values = template.values_of(snapshot, self.story_fields, url=url, project=self.project, epic=epic)
        text = template.composed(mapping.template, values)
        shape = shape_of(jira_field)
        if jira_field.id == "summary":
            return summary(text)
        if shape is Shape.DOCUMENT:
            return self._fitted(blocks(text), snapshot) if text.strip() else Sent()
        if shape is Shape.LABELS:
            return labels(text.split())
        composed = StoryField(mapping.jira_field, jira_field.name, FieldKind.TEXT)
        return to_jira(text, composed, jira_field, jira_key=self.metadata.key)

    def _checked(self, jira_field: JiraField, value: Any) -> Sent:
        """A value in Jira's own form, chosen once for every item: Jira may have dropped it since."""
        found = refusal(jira_field, value)
        if found is None:
            return Sent(value)
        return Sent(None, (Finding(found.code, {**found.values, "jira_project": self.metadata.key}, blocking=True),))

    def document_keys(self, snapshot: StorySnapshot) -> list[str]:
        """Under which keys `rendered` may know the documents of this item."""
        content = content_hash(snapshot)
        known = {one.id: one for one in self.issue_type.fields}
        return [
            self._key(mapping, known[mapping.jira_field], snapshot, content)
            for mapping in self.mappings
            if mapping.jira_field in known
            and (story_field := self.story_fields.get(mapping.story_field)) is not None
            and story_field.kind in DOCUMENTS
            and not mapping.template
        ]

    def _key(self, mapping: FieldMapping, jira_field: JiraField, snapshot: StorySnapshot, content: str) -> str:
        made_of = (self._stamp, jira_field.id, mapping.story_field, self.absolute(snapshot.url), content)
        return hashlib.sha256(repr(made_of).encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def _own_kinds(self) -> frozenset[FieldKind]:
        """The kinds of fields of ours that are mapped to a field of Jira's by themselves."""
        on_screen = {one.id for one in self.issue_type.fields}
        mapped = (self.story_fields.get(one.story_field) for one in self.mappings if one.jira_field in on_screen)
        return frozenset(one.kind for one in mapped if one is not None)

    @cached_property
    def _stamp(self) -> str:
        """What of a document is the builder's."""
        kinds = sorted((name, one.kind) for name, one in self.story_fields.items())
        made_by = (code_stamp(), self.kind, self.labels, self.test_tables, self.data_center, self.more_text, JIRA_LIMIT)
        return hashlib.sha256(repr((made_by, sorted(self._own_kinds), kinds)).encode()).hexdigest()

    def _document(self, mapping: FieldMapping, jira_field: JiraField, snapshot: StorySnapshot) -> Sent:
        """A document field: a text of ours and what rides along with it in the description (mapping/composed.py)."""
        key = self._key(mapping, jira_field, snapshot, content_hash(snapshot))
        kept = self.rendered.get(key)
        if kept is not None:
            return kept
        composed = Composed(self.kind, snapshot, self.labels, self._own_kinds, self.test_tables)
        parts = composed.parts(self.story_fields[mapping.story_field], jira_field.id == "description")
        if not parts:
            return Sent()
        sent = self._fitted(parts, snapshot)
        return self.rendered.keep(key, replace(sent, words=self._words(jira_field, sent.value)))

    def _fitted(self, parts: list[Any], snapshot: StorySnapshot) -> Sent:
        """Cut where Jira's limit demands it, with a link to the whole."""
        more_url = self.absolute(snapshot.url)
        result: AdfResult | TextResult
        if self.data_center:
            result = adf_to_wiki(document(parts).value, limit=JIRA_LIMIT, more_url=more_url, more_text=self.more_text)
        else:
            result = document(parts, limit=JIRA_LIMIT, more_url=more_url, more_text=self.more_text)
        return Sent(result.value, tuple(note_finding(note) for note in result.notes if note.code in {"cut"}))

    def _words(self, jira_field: JiraField, value: Any) -> str:
        if shape_of(jira_field) in LISTED:
            return ", ".join(word_of(jira_field, one) for one in (value if isinstance(value, list) else [value]))
        if shape_of(jira_field) in (Shape.USER, Shape.USERS):
            accounts = {one.account_id: one.name for one in self.people.accounts.values()}
            parts = value if isinstance(value, list) else [value]
            return ", ".join(accounts.get(one.get("accountId", "")) or in_words(one) for one in parts)
        if self.data_center and isinstance(value, str) and shape_of(jira_field) is Shape.DOCUMENT:
            return wiki_to_markdown(value).value.strip()
        return in_words(value)


def for_data_center(value: Any) -> Any:
    """A value of Cloud's as Data Center takes it: a document as wiki markup, a person by user name."""
    if isinstance(value, list):
        return [for_data_center(one) for one in value]
    if is_document(value):
        return adf_to_wiki(value).value
    if isinstance(value, Mapping) and "accountId" in value:
        return {"name": value["accountId"]}
    return value


def summary(title: str) -> Sent:
    """One line of at most 255 characters, as Jira demands; what is cut is said."""
    line = one_line(title)
    if len(line) <= LINE_MAX:
        return Sent(line or None)
    return Sent(line[: LINE_MAX - 1].rstrip() + "…", (Finding("summary_cut", {"length": len(line)}),))


def note_finding(note: Note) -> Finding:
    return Finding("description_cut", {"note": str(note)})


def content_hash(snapshot: StorySnapshot) -> str:
    """sha256 of what a payload depends on, for caching by content."""
    return hashlib.sha256(repr(sorted(snapshot.values.items(), key=str)).encode("utf-8", "surrogatepass")).hexdigest()
