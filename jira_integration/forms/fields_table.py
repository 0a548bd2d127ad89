"""The table of step 4: which field of ours fills which of Jira's, for one kind.

Two sorts of rows. A story row begins with a field of ours and asks for a field of Jira's that fits. A Jira row begins
with a field of Jira's, because Jira demands it or somebody added it, and asks what fills it. Built from what is saved,
or from what was posted; the same rows either way, so that nothing a person chose is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from jira_integration.contracts import FieldKind, Kind, StoryField
from jira_integration.forms.field_rows import ALWAYS, FROM, TEMPLATE, Policy, Row, describe, fill_of
from jira_integration.forms.value_controls import PLENTY, Find, Option, OptionGroup, ValueControl
from jira_integration.forms.value_maps import value_map
from jira_integration.mapping import template
from jira_integration.mapping.fits import (
    ELSEWHERE,
    FIXABLE,
    TEMPLATABLE,
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


@dataclass
class FieldsTable:
    """`data` is the posted form, None for what is saved. `add` is the id of a Jira field to add a row for.

    `find` searches people of the Jira project; `people` says what their accounts are called.
    """

    kind: Kind
    story_fields: Sequence[StoryField]
    issue_type: IssueType
    saved: Sequence[FieldMapping]
    data: Any = None
    add: str = ""
    remove: str = ""
    find: Find | None = None
    people: Mapping[str, str] = field(default_factory=dict)
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
        chosen = saved.jira_field if saved is not None else ""
        if self.data is not None:
            chosen = self.data.get(f"to-{story_field.key}", "")
        row = Row(f"s-{story_field.key}", story_field.key, story_field=story_field)
        if self.remove == row.control:
            chosen = ""
        fitting = [one for one in self.issue_type.fields if fits(story_field, one)]
        jira_field = row.jira_field = self.fields.get(chosen)
        row.options = (
            Option("", self._not_sent(story_field), not chosen),
            *(Option(one.id, one.name, one.id == chosen) for one in fitting),
        )
        if not fitting:
            row.reason = why_not(story_field)
        if story_field.kind is FieldKind.CRITERIA:
            row.help = _("Plain ones become a task list, Given/When/Then a formatted list.")
        if chosen and jira_field is None:
            name = saved.jira_name if saved is not None and saved.jira_field == chosen else chosen
            row.error = _("Jira has no field “%(field)s” for this any more. Choose another.") % {"field": name}
        elif jira_field is not None and not fits(story_field, jira_field):
            row.error = why_not(story_field, jira_field)
        if jira_field is not None:
            self._complete(row, story_field, jira_field, saved)
        return row

    def _jira_row(self, jira_field: JiraField, saved: FieldMapping | None) -> Row:
        row = Row(f"f-{jira_field.id}", jira_field.id, jira_field=jira_field)
        fill = fill_of(saved)
        row.template = saved.template if saved is not None else ""
        if self.data is not None and f"fill-{jira_field.id}" in self.data:
            fill = self.data.get(f"fill-{jira_field.id}", "")
            row.template = self.data.get(f"tpl-{jira_field.id}", "").strip()
        way, _colon, value = fill.partition(":")
        shape = shape_of(jira_field)
        listed = shape is Shape.CHOICE and len(jira_field.allowed) <= PLENTY
        story_field = next((one for one in self.offered if way == FROM and one.key == value), None)
        row.composed = way == TEMPLATE
        if shape not in TEMPLATABLE:
            row.template = None
        self._offer(row, jira_field, fill, listed=listed)
        if story_field is not None:
            row.story_field = story_field
            self._complete(row, story_field, jira_field, saved)
            return row
        row.help = describe(jira_field)
        if way == ALWAYS and listed:
            self._listed(row, jira_field, value)
        elif way == ALWAYS and shape in FIXABLE:
            row.always = self._control(f"text-{jira_field.id}", jira_field, saved.fixed_value if saved else None)
            row.fixed, row.error = row.always.value, row.always.error
            row.error_on = row.always.name if row.error else ""
        elif row.composed and row.template:
            row.error = template.problem(row.template, self.story_fields)
            row.error_on = f"tpl-{jira_field.id}" if row.error else ""
        return row

    def _offer(self, row: Row, jira_field: JiraField, fill: str, *, listed: bool) -> None:
        """What the select of a Jira row offers."""
        first = _("Choose how to fill %(field)s…") if jira_field.must_be_filled else _("Not filled")
        row.options = (Option("", first % {"field": jira_field.name}, not fill),)
        always = [Option(ALWAYS, _("The same for every item (choose it below)"), fill == ALWAYS)]
        if listed:
            offered = [one for one in jira_field.allowed if not one.off]
            always = [Option(f"{ALWAYS}:{one.id}", one.name, fill == f"{ALWAYS}:{one.id}") for one in offered]
        ours = [
            Option(f"{FROM}:{one.key}", one.label, fill == f"{FROM}:{one.key}")
            for one in self.offered
            if fits(one, jira_field)
        ]
        composed = [Option(TEMPLATE, _("A text put together from several fields"), row.composed)]
        groups = [
            (_("Always"), always if shape_of(jira_field) in FIXABLE else []),
            (_("From our field"), ours),
            (_("Composed"), composed if row.template is not None else []),
        ]
        row.groups = tuple(OptionGroup(label, tuple(options)) for label, options in groups if options)

    def _listed(self, row: Row, jira_field: JiraField, option_id: str) -> None:
        if option_id in {one.id for one in jira_field.allowed if not one.off}:
            row.fixed = {"id": option_id}
        else:
            values = {"field": jira_field.name}
            row.error = _("%(field)s has no such value any more. Choose another.") % values

    def _complete(self, row: Row, story_field: StoryField, jira_field: JiraField, saved: FieldMapping | None) -> None:
        """The parts of a row that need both sides; what is saved counts while the pair is the same."""
        before = saved if saved is not None and saved.jira_field == jira_field.id else None
        direction, policy = (before.direction, before.policy) if before is not None else ("", "")
        if self.data is not None:
            direction = self.data.get(f"dir-{row.name}", direction)
            policy = self.data.get(f"policy-{row.name}", policy)
        row.help = " · ".join(part for part in (describe(jira_field), row.help) if part)
        row.directions = directions(story_field, jira_field)
        row.direction = direction if direction in row.directions else row.directions[0]
        row.policy = policy if policy in Policy.values else Policy.ASK
        row.reason = row.reason or ("" if row.directed else why_send_only(story_field))
        row.matched_by = before.matched_by if before is not None else ""
        if shape_of(jira_field) in FIXABLE and row.direction != Direction.FROM_JIRA:
            default = before.default_value if before is not None else None
            row.default = self._control(f"default-{jira_field.id}", jira_field, default)
            if row.default.error and not row.error:
                row.error, row.error_on = row.default.error, row.default.name
        if needs_value_map(story_field, jira_field):
            row.values = value_map(story_field, jira_field, before, self.data)

    def _control(self, name: str, jira_field: JiraField, value: Any) -> ValueControl:
        label = _("Value of %(field)s") if name.startswith("text-") else _("%(field)s when ours is empty")
        return ValueControl(
            name, label % {"field": jira_field.name}, jira_field, value, self.data, self.find, self.people
        )

    def _not_sent(self, story_field: StoryField) -> str:
        if story_field.key == "criteria":
            return _("In the description, under the heading “Acceptance criteria”")
        return _("Not sent")

    # ---- the whole ------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> list[Row]:
        return [*self.story_rows, *self.jira_rows]

    @property
    def blocking(self) -> list[Row]:
        """What Jira demands and nothing fills."""
        filled = self.filled()
        return [
            row
            for row in self.jira_rows
            if row.jira_field is not None and row.required and row.jira_field.id not in filled
        ]

    @property
    def problems_first(self) -> list[Row]:
        """Required and unfilled on top, then our fields, then what was added."""
        urgent = [row for row in self.jira_rows if row.required and not row.mapped]
        return [*urgent, *self.story_rows, *(row for row in self.jira_rows if row not in urgent)]

    @property
    def mapped_count(self) -> int:
        return sum(row.mapped for row in self.rows)

    @property
    def row_count(self) -> int:
        """Rows that could be mapped."""
        return sum(len(row.options) > 1 for row in self.story_rows) + len(self.jira_rows)

    def filled(self) -> set[str]:
        """Jira fields that something goes into; one that is only read from Jira is not filled."""
        return {
            row.jira_field.id
            for row in self.rows
            if row.mapped and row.jira_field is not None and row.direction != Direction.FROM_JIRA
        }

    def addable(self) -> list[JiraField]:
        """Jira fields that can hold a fixed value and have no row yet."""
        used = {row.jira_field.id for row in self.rows if row.jira_field is not None}
        return [one for one in self.issue_type.fields if one.id not in used and shape_of(one) in FIXABLE]

    def validate(self) -> bool:
        """Put an error on each row that may not be saved."""
        seen: dict[str, Row] = {}
        for row in self.rows:
            if not row.mapped or row.error or row.jira_field is None:
                self._say_what_is_missing(row)
                continue
            former = seen.setdefault(row.jira_field.id, row)
            if former is not row:
                values = {"field": row.jira_field.name}
                row.error = _("%(field)s is filled by another row already. Choose another field.") % values
            elif row.values is not None and row.values.missing and (row.default is None or row.default.empty):
                row.error = _("Choose what these values of %(field)s become in Jira: %(values)s.") % {
                    "field": row.story_field.label if row.story_field else row.jira_field.name,
                    "values": ", ".join(row.values.missing),
                }
        for row in self.blocking:
            if not row.error and row.jira_field is not None:
                values = {"field": row.jira_field.name}
                row.error = _("Choose a value or a field for %(field)s. Jira rejects new items without it.") % values
        return not self.errors

    def _say_what_is_missing(self, row: Row) -> None:
        """A way to fill a field was chosen, and not what with."""
        if row.error or row.jira_field is None:
            return
        values = {"field": row.jira_field.name}
        if row.always is not None:
            row.error, row.error_on = _("Choose or write the value of %(field)s.") % values, row.always.name
        elif row.composed:
            row.error, row.error_on = _("Write the text for %(field)s.") % values, f"tpl-{row.name}"

    @property
    def errors(self) -> list[Row]:
        return [row for row in self.problems_first if row.error]

    def mappings(self) -> list[FieldMapping]:
        """Unsaved rows of what is chosen."""
        before = {(one.jira_field, one.story_field): one.matched_by for one in self.saved}
        found = []
        for row in self.rows:
            if not row.mapped or row.jira_field is None:
                continue
            key = row.story_field.key if row.story_field is not None else ""
            composed = row.template or "" if row.composed and not key else ""
            found.append(
                FieldMapping(
                    kind=self.kind.value,
                    jira_field=row.jira_field.id,
                    jira_name=row.jira_field.name[:200],
                    story_field=key,
                    template=composed,
                    fixed_value=None if key or composed else row.fixed,
                    default_value=row.default.value if row.default is not None else None,
                    value_map=row.values.chosen if row.values is not None else {},
                    direction=row.direction or Direction.TO_JIRA,
                    policy=row.policy,
                    matched_by=before.get((row.jira_field.id, key), "person"),
                )
            )
        return found


def incomplete(issue_type: IssueType, mappings: Iterable[FieldMapping]) -> bool:
    """Whether Jira would refuse every item of this type."""
    sent = {one.jira_field for one in mappings if one.direction != Direction.FROM_JIRA}
    return bool(unfilled(issue_type.fields, sent))
