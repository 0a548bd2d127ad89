"""The rows of step 4's table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from jira_integration.contracts import StoryField
from jira_integration.forms.value_controls import Option, OptionGroup, ValueControl
from jira_integration.forms.value_maps import ValueMap
from jira_integration.mapping.fits import Direction
from jira_integration.mapping.metadata import JiraField
from jira_integration.mapping.shapes import Shape, shape_of
from jira_integration.models import FieldMapping

Policy = FieldMapping.Policy
# In the select that says what fills a field: "always:<id>", "always" with a control, "from:<story field>", "template".
ALWAYS, FROM, TEMPLATE = "always", "from", "template"
LONG = 60  # characters of an example in its column


@dataclass
class Row:
    """One line of the table. `control` is the id of its select; `name` is what its further inputs are called."""

    control: str
    name: str
    story_field: StoryField | None = None
    jira_field: JiraField | None = None
    options: tuple[Option, ...] = ()
    groups: tuple[OptionGroup, ...] = ()
    directions: tuple[Direction, ...] = ()
    direction: str = ""
    policy: str = Policy.ASK
    values: ValueMap | None = None
    fixed: Any = None  # in Jira's form
    always: ValueControl | None = None  # where the fixed value is typed or picked
    default: ValueControl | None = None  # what is sent where ours is empty
    template: str | None = None  # None where no text can be composed
    composed: bool = False  # the template fills the field
    example: str = ""
    matched_by: str = ""
    help: str = ""
    reason: str = ""  # why nothing is offered, or only one direction
    error: str = ""
    error_on: str = ""  # id of the control in error, where it is not `control`

    @property
    def mapped(self) -> bool:
        filled = self.story_field is not None or self.fixed is not None or bool(self.composed and self.template)
        return self.jira_field is not None and filled

    @property
    def required(self) -> bool:
        return self.jira_field is not None and self.jira_field.must_be_filled

    @property
    def directed(self) -> bool:
        return len(self.directions) > 1

    @property
    def asks_policy(self) -> bool:
        return self.direction == Direction.BOTH

    @property
    def has_more(self) -> bool:
        """Whether there is more to say about it: who wins, what empty values become."""
        return self.story_field is not None and (self.asks_policy or self.default is not None)

    @property
    def opened(self) -> bool:
        """Whether what is behind "More" was used."""
        used = self.default is not None and (not self.default.empty or self.default.error or self.default.query)
        return bool(used or (self.asks_policy and self.policy != Policy.ASK))

    @property
    def more(self) -> str:
        """In words what is set behind "More"."""
        said = []
        if self.asks_policy:
            said.append(_("both changed: %(policy)s") % {"policy": Policy(self.policy).label})
        if self.default is not None and not self.default.empty:
            said.append(_("when empty: %(value)s") % {"value": self.default.words})
        return ", ".join(said)

    @property
    def why_suggested(self) -> str:
        """Why this pair was proposed; "" for what a person chose."""
        return {
            "schema": _("suggested: the same kind of field on every Jira"),
            "name": _("suggested: the names are alike"),
            "values": _("suggested: the values are alike"),
            "copied": _("copied from another backlog"),
        }.get(self.matched_by, "")

    @property
    def example_short(self) -> str:
        """One line for the narrow column; the whole is behind it."""
        line = " ".join(self.example.split())
        return line if len(line) <= LONG else line[: LONG - 1].rstrip() + "…"

    @property
    def error_id(self) -> str:
        return f"e-{self.control}"

    @property
    def anchor(self) -> str:
        return self.error_on or self.control


def fill_of(saved: FieldMapping | None) -> str:
    """What the select of a saved row holds."""
    if saved is None:
        return ""
    if saved.story_field:
        return f"{FROM}:{saved.story_field}"
    if saved.template:
        return TEMPLATE
    if isinstance(saved.fixed_value, Mapping) and set(saved.fixed_value) == {"id"}:
        return f"{ALWAYS}:{saved.fixed_value['id']}"
    return ALWAYS


def describe(jira_field: JiraField) -> str:
    """The field's id and what it holds: "customfield_10016 · number"."""
    several = {"count": len(jira_field.allowed)}
    words = {
        Shape.LINE: _("text, one line"),
        Shape.URL: _("a web address"),
        Shape.DOCUMENT: _("rich text"),
        Shape.NUMBER: _("number"),
        Shape.DATE: _("date"),
        Shape.DATETIME: _("date and time"),
        Shape.CHOICE: _("one of %(count)d values") % several,
        Shape.CHOICES: _("several of %(count)d values") % several,
        Shape.CASCADE: _("two lists, %(count)d values in the first") % several,
        Shape.LABELS: _("labels, without spaces"),
        Shape.COMPONENTS: _("several of %(count)d components") % several,
        Shape.VERSION: _("one of %(count)d versions") % several,
        Shape.VERSIONS: _("several of %(count)d versions") % several,
        Shape.USER: _("a person"),
        Shape.USERS: _("people"),
        Shape.GROUP: _("a group"),
        Shape.GROUPS: _("groups"),
        Shape.SPRINT: _("a sprint"),
        Shape.TIME: _("an estimate"),
        Shape.PARENT: _("epics go to Jira first"),
        Shape.EPIC_LINK: _("epics go to Jira first"),
    }
    held = words.get(shape_of(jira_field), "")
    return f"{jira_field.id} · {held}" if held else jira_field.id
