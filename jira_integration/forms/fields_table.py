"""The table of step 4: which field of ours fills which of Jira's, for one kind.

Two sorts of rows. A story row begins with a field of ours and asks for a field of Jira's that fits. A Jira row begins
with a field of Jira's, because Jira demands it or somebody added it, and asks what fills it. Built from what is saved,
or from what was posted; the same rows either way, so that nothing a person chose is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from jira_integration.contracts import Kind, StoryField, StorySnapshot
from jira_integration.forms.examples import example_of
from jira_integration.forms.fixed_values import ALWAYS, FROM, fill_of, fixed_value, in_words, text_of
from jira_integration.forms.value_maps import ValueMap, value_map
from jira_integration.mapping.fits import (
    ELSEWHERE,
    FIXABLE,
    Direction,
    directions,
    fits,
    needs_value_map,
    unfilled,
    why_not,
    why_send_only,
)
from jira_integration.mapping.metadata import IssueType, JiraField
from jira_integration.mapping.shapes import Shape, shape_of
from jira_integration.models import FieldMapping


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class OptionGroup:
    label: str
    options: tuple[Option, ...]


@dataclass
class Row:
    """One line of the table. `control` is the id of its select."""

    control: str
    story_field: StoryField | None = None
    jira_field: JiraField | None = None
    options: tuple[Option, ...] = ()
    groups: tuple[OptionGroup, ...] = ()
    directions: tuple[Direction, ...] = ()
    direction: str = ""
    values: ValueMap | None = None
    text: str | None = None  # a fixed text or number; None where none can be typed
    fixed: Any = None
    example: str = ""
    matched_by: str = ""
    help: str = ""
    reason: str = ""  # why nothing is offered, or only one direction
    error: str = ""

    @property
    def mapped(self) -> bool:
        return self.jira_field is not None and (self.story_field is not None or self.fixed is not None)

    @property
    def required(self) -> bool:
        return self.jira_field is not None and self.jira_field.must_be_filled

    @property
    def directed(self) -> bool:
        return len(self.directions) > 1

    @property
    def error_id(self) -> str:
        return f"e-{self.control}"


@dataclass
class FieldsTable:
    """`data` is the posted form, None for what is saved. `add` is the id of a Jira field to add a row for."""

    kind: Kind
    story_fields: Sequence[StoryField]
    issue_type: IssueType
    saved: Sequence[FieldMapping]
    snapshot: StorySnapshot | None = None
    data: Any = None
    add: str = ""
    remove: str = ""
    story_rows: list[Row] = field(default_factory=list)
    jira_rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fields = {one.id: one for one in self.issue_type.fields}
        self.offered = [one for one in self.story_fields if one.kind not in ELSEWHERE]
        shown: set[int] = set()
        for story_field in self.offered:
            first = next((one for one in self.saved if one.story_field == story_field.key), None)
            if first is not None:
                shown.add(id(first))
            self.story_rows.append(self._story_row(story_field, first))
        others = {one.jira_field: one for one in self.saved if id(one) not in shown}
        wanted = [*others, *(self.data.getlist("row") if self.data else ()), self.add]
        for jira_id in dict.fromkeys(wanted):
            if jira_id in self.fields and f"j-{jira_id}" != self.remove:
                self.jira_rows.append(self._jira_row(self.fields[jira_id], others.get(jira_id)))
        have = {one.jira_field.id for one in self.jira_rows if one.jira_field is not None}
        missing = [one for one in unfilled(self.issue_type.fields, self.filled()) if one.id not in have]
        self.jira_rows += [self._jira_row(one, None) for one in missing]

    # ---- rows -----------------------------------------------------------------------------------------------------

    def _story_row(self, story_field: StoryField, saved: FieldMapping | None) -> Row:
        control = f"s-{story_field.key}"
        chosen = saved.jira_field if saved is not None else ""
        direction = saved.direction if saved is not None else ""
        if self.data is not None:
            chosen = self.data.get(f"to-{story_field.key}", "")
            direction = self.data.get(f"dir-{story_field.key}", "")
        if self.remove == control:
            chosen = ""
        fitting = [one for one in self.issue_type.fields if fits(story_field, one)]
        jira_field = self.fields.get(chosen)
        row = Row(control, story_field=story_field, jira_field=jira_field)
        row.options = (
            Option("", self._not_sent(story_field), not chosen),
            *(Option(one.id, one.name, one.id == chosen) for one in fitting),
        )
        if not fitting:
            row.reason = why_not(story_field)
        if chosen and jira_field is None:
            name = saved.jira_name if saved is not None and saved.jira_field == chosen else chosen
            row.error = _("Jira has no field “%(field)s” for this any more. Choose another.") % {"field": name}
        elif jira_field is not None and not fits(story_field, jira_field):
            row.error = why_not(story_field, jira_field)
        if jira_field is not None:
            before = saved if saved is not None and saved.jira_field == jira_field.id else None
            self._complete(row, story_field, jira_field, before, direction)
        return row

    def _jira_row(self, jira_field: JiraField, saved: FieldMapping | None) -> Row:
        fill, text, direction = fill_of(saved), text_of(saved), saved.direction if saved else ""
        if self.data is not None and f"fill-{jira_field.id}" in self.data:
            fill = self.data.get(f"fill-{jira_field.id}", "")
            text = self.data.get(f"text-{jira_field.id}", "")
            direction = self.data.get(f"dir-{jira_field.id}", "")
        row = Row(f"f-{jira_field.id}", jira_field=jira_field, help=describe(jira_field))
        way, _colon, value = fill.partition(":")
        story_field = next((one for one in self.offered if way == FROM and one.key == value), None)
        shape = shape_of(jira_field)
        fitting = [one for one in self.offered if fits(one, jira_field)]
        if shape is Shape.CHOICE:
            always = [
                Option(f"{ALWAYS}:{one.id}", one.name, fill == f"{ALWAYS}:{one.id}") for one in jira_field.allowed
            ]
        else:
            always = [Option(ALWAYS, _("The same for every item (type it below)"), way == ALWAYS)]
            row.text = text
        first = _("Choose how to fill %(field)s…") if jira_field.must_be_filled else _("Not filled")
        row.options = (Option("", first % {"field": jira_field.name}, not fill),)
        named = [Option(f"{FROM}:{one.key}", one.label, one is story_field) for one in fitting]
        groups = [(_("Always"), always if shape in FIXABLE else []), (_("From our field"), named)]
        row.groups = tuple(OptionGroup(label, tuple(options)) for label, options in groups if options)
        if story_field is not None:
            row.story_field = story_field
            self._complete(row, story_field, jira_field, saved, direction)
        elif way == ALWAYS:
            row.fixed, row.error = fixed_value(jira_field, value, text)
            row.example = _("Always “%(value)s”") % {"value": in_words(jira_field, row.fixed)} if row.fixed else ""
        return row

    def _complete(
        self, row: Row, story_field: StoryField, jira_field: JiraField, saved: FieldMapping | None, direction: str
    ) -> None:
        """The parts of a row that need both sides."""
        row.help = describe(jira_field)
        row.directions = directions(story_field, jira_field)
        row.direction = direction if direction in row.directions else row.directions[0]
        row.reason = row.reason or ("" if row.directed else why_send_only(story_field))
        row.matched_by = saved.matched_by if saved is not None else ""
        if needs_value_map(story_field, jira_field):
            row.values = value_map(story_field, jira_field, saved, self.data)
        if self.snapshot is not None:
            chosen = row.values.chosen if row.values is not None else {}
            row.example = example_of(self.snapshot, story_field, jira_field, chosen)

    def _not_sent(self, story_field: StoryField) -> str:
        if story_field.key == "criteria":
            return _("No field of its own: at the end of the description")
        return _("Not sent")

    # ---- the whole ------------------------------------------------------------------------------------------------

    @property
    def problems_first(self) -> list[Row]:
        """Required and unfilled on top, then our fields, then what was added."""
        urgent = [row for row in self.jira_rows if row.required and not row.mapped]
        return [*urgent, *self.story_rows, *(row for row in self.jira_rows if row not in urgent)]

    @property
    def mapped_count(self) -> int:
        return sum(row.mapped for row in (*self.story_rows, *self.jira_rows))

    @property
    def row_count(self) -> int:
        """Rows that could be mapped."""
        return sum(len(row.options) > 1 for row in self.story_rows) + len(self.jira_rows)

    def filled(self) -> set[str]:
        """Jira fields that something goes into; one that is only read from Jira is not filled."""
        return {
            row.jira_field.id
            for row in (*self.story_rows, *self.jira_rows)
            if row.mapped and row.jira_field is not None and row.direction != Direction.FROM_JIRA
        }

    def addable(self) -> list[JiraField]:
        """Jira fields that can hold a fixed value and have no row yet."""
        rows = (*self.story_rows, *self.jira_rows)
        used = {row.jira_field.id for row in rows if row.jira_field is not None}
        return [one for one in self.issue_type.fields if one.id not in used and shape_of(one) in FIXABLE]

    def validate(self) -> bool:
        """Put an error on each row that may not be saved."""
        seen: dict[str, Row] = {}
        for row in self.story_rows + self.jira_rows:
            if row.jira_field is None or not row.mapped:
                continue
            former = seen.setdefault(row.jira_field.id, row)
            if former is not row and not row.error:
                row.error = _("%(field)s is filled by another row already. Choose another field.") % {
                    "field": row.jira_field.name
                }
            if row.values is not None and row.values.missing and not row.error:
                row.error = _("Choose what these values of %(field)s become in Jira: %(values)s.") % {
                    "field": row.story_field.label if row.story_field else row.jira_field.name,
                    "values": ", ".join(row.values.missing),
                }
        filled = self.filled()
        for row in self.jira_rows:
            one = row.jira_field
            if one is not None and row.required and one.id not in filled and not row.error:
                row.error = _("Choose a value or a field for %(field)s. Jira rejects new items without it.") % {
                    "field": one.name
                }
        return not any(row.error for row in self.story_rows + self.jira_rows)

    @property
    def errors(self) -> list[Row]:
        return [row for row in self.problems_first if row.error]

    def mappings(self) -> list[FieldMapping]:
        """Unsaved rows of what is chosen."""
        before = {(one.jira_field, one.story_field): one.matched_by for one in self.saved}
        found = []
        for row in (*self.story_rows, *self.jira_rows):
            if not row.mapped or row.jira_field is None:
                continue
            key = row.story_field.key if row.story_field is not None else ""
            found.append(
                FieldMapping(
                    kind=self.kind.value,
                    jira_field=row.jira_field.id,
                    jira_name=row.jira_field.name[:200],
                    story_field=key,
                    fixed_value=None if key else row.fixed,
                    value_map=row.values.chosen if row.values is not None else {},
                    direction=row.direction or Direction.TO_JIRA,
                    matched_by=before.get((row.jira_field.id, key), "person"),
                )
            )
        return found


def describe(jira_field: JiraField) -> str:
    """The field's id and what it holds: "customfield_10016 · number"."""
    words = {
        Shape.LINE: _("text, one line"),
        Shape.DOCUMENT: _("rich text"),
        Shape.NUMBER: _("number"),
        Shape.CHOICE: _("one of %(count)d values") % {"count": len(jira_field.allowed)},
        Shape.LABELS: _("labels, without spaces"),
        Shape.PARENT: _("epics go to Jira first"),
    }
    held = words.get(shape_of(jira_field), "")
    return f"{jira_field.id} · {held}" if held else jira_field.id


def incomplete(issue_type: IssueType, mappings: Iterable[FieldMapping]) -> bool:
    """Whether Jira would refuse every item of this type."""
    sent = {one.jira_field for one in mappings if one.direction != Direction.FROM_JIRA}
    return bool(unfilled(issue_type.fields, sent))
