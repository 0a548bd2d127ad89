"""Which fields of ours can fill which of Jira's, and which way their values may go.

To add a kind of field: give its schema a shape in SYSTEM or CUSTOM, and the shape to the kinds in TAKES.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jira_integration.contracts import FieldKind, StoryField
from jira_integration.mapping.metadata import JiraField
from jira_integration.models import FieldMapping

Direction = FieldMapping.Direction


class Shape(StrEnum):
    """What a Jira field holds, as far as we care."""

    LINE = "line"  # a text without line ends
    DOCUMENT = "document"  # rich text: ADF on Cloud
    NUMBER = "number"
    CHOICE = "choice"  # one of `allowed`
    LABELS = "labels"
    PARENT = "parent"
    OURS = "ours"  # filled by the export itself, or by Jira: never mapped
    OTHER = "other"  # nothing of ours fits yet


SYSTEM: dict[str, Shape] = {
    "summary": Shape.LINE,
    "description": Shape.DOCUMENT,
    "environment": Shape.DOCUMENT,
    "priority": Shape.CHOICE,
    "labels": Shape.LABELS,
    "parent": Shape.PARENT,
    "project": Shape.OURS,
    "issuetype": Shape.OURS,
    "reporter": Shape.OURS,
    "issuelinks": Shape.OURS,
    "attachment": Shape.OURS,
}
CUSTOM: dict[str, Shape] = {
    "textfield": Shape.LINE,
    "gh-epic-label": Shape.LINE,
    "textarea": Shape.DOCUMENT,
    "float": Shape.NUMBER,
    "jsw-story-points": Shape.NUMBER,
    "select": Shape.CHOICE,
    "radiobuttons": Shape.CHOICE,
    "labels": Shape.LABELS,
}
TAKES: dict[FieldKind, frozenset[Shape]] = {
    FieldKind.TEXT: frozenset({Shape.LINE}),
    FieldKind.RICH_TEXT: frozenset({Shape.DOCUMENT}),
    FieldKind.CRITERIA: frozenset({Shape.DOCUMENT}),
    FieldKind.NUMBER: frozenset({Shape.NUMBER}),
    FieldKind.CHOICE: frozenset({Shape.CHOICE}),
    FieldKind.LABELS: frozenset({Shape.LABELS}),
    FieldKind.PARENT: frozenset({Shape.PARENT}),
}
FIXABLE = frozenset({Shape.LINE, Shape.NUMBER, Shape.CHOICE, Shape.LABELS})  # what can hold the same value everywhere
# Kinds whose values can be taken back from Jira as they are.
COMES_BACK = frozenset({FieldKind.TEXT, FieldKind.RICH_TEXT, FieldKind.NUMBER, FieldKind.CHOICE, FieldKind.LABELS})
# Not in the table of fields: statuses have a step of their own.
ELSEWHERE = frozenset({FieldKind.STATUS})

SEND_ONLY: dict[FieldKind, str | Promise] = {
    FieldKind.CRITERIA: gettext_lazy("Criteria are written for Jira's readers and are not read back."),
    FieldKind.PARENT: gettext_lazy("Jira keeps the parent. Reading it back is not offered."),
}
NEEDS: dict[FieldKind, str | Promise] = {
    FieldKind.TEXT: gettext_lazy("a text field"),
    FieldKind.RICH_TEXT: gettext_lazy("a paragraph field"),
    FieldKind.CRITERIA: gettext_lazy("a paragraph field"),
    FieldKind.NUMBER: gettext_lazy("a number field"),
    FieldKind.CHOICE: gettext_lazy("a field with a list of values"),
    FieldKind.LABELS: gettext_lazy("a field of labels"),
    FieldKind.PARENT: gettext_lazy("a parent"),
}


def shape_of(jira_field: JiraField) -> Shape:
    """By Jira's schema alone; names are translated and repeat."""
    if jira_field.custom:
        return CUSTOM.get(jira_field.custom_kind, Shape.OTHER)
    return SYSTEM.get(jira_field.system or jira_field.id, Shape.OTHER)


def fits(story_field: StoryField, jira_field: JiraField) -> bool:
    """Whether every value of ours can be written there without loss of kind."""
    shape = shape_of(jira_field)
    if shape is Shape.CHOICE and not jira_field.allowed:
        return False
    return shape in TAKES.get(story_field.kind, frozenset())


def why_not(story_field: StoryField, jira_field: JiraField | None = None) -> str:
    """Why nothing, or why this, is not offered for a story field; "" when it fits."""
    needs = NEEDS.get(story_field.kind)
    if jira_field is not None and fits(story_field, jira_field):
        return ""
    if needs is None:
        return _("%(field)s cannot be sent to a field of Jira's yet.") % {"field": story_field.label}
    if jira_field is None:
        return _("The screen of this issue type has no field that fits: %(field)s needs %(needs)s.") % {
            "field": story_field.label,
            "needs": needs,
        }
    return _("%(jira)s does not fit: %(field)s needs %(needs)s.") % {
        "jira": jira_field.name,
        "field": story_field.label,
        "needs": needs,
    }


def directions(story_field: StoryField, jira_field: JiraField | None = None) -> tuple[Direction, ...]:
    """The ways a value may go, the suggested one first."""
    if story_field.kind not in COMES_BACK or (jira_field is not None and jira_field.custom_kind == "gh-epic-label"):
        return (Direction.TO_JIRA,)
    return (Direction.BOTH, Direction.TO_JIRA, Direction.FROM_JIRA)


def why_send_only(story_field: StoryField) -> str:
    return str(SEND_ONLY.get(story_field.kind, ""))


def needs_value_map(story_field: StoryField, jira_field: JiraField) -> bool:
    return story_field.kind is FieldKind.CHOICE and shape_of(jira_field) is Shape.CHOICE


def unfilled(fields: tuple[JiraField, ...], filled: set[str]) -> list[JiraField]:
    """The fields without which Jira refuses a create, and that nothing fills."""
    return [
        one
        for one in fields
        if one.must_be_filled and one.id not in filled and shape_of(one) not in (Shape.OURS, Shape.PARENT)
    ]
