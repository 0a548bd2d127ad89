"""Which fields of ours can fill which of Jira's, and which way their values may go."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jira_integration.contracts import FieldKind, StoryField
from jira_integration.mapping.metadata import JiraField
from jira_integration.mapping.shapes import JIRA_FILLS, LISTED, Shape, shape_of, why_ignored
from jira_integration.models import FieldMapping

Direction = FieldMapping.Direction

TAKES: dict[FieldKind, frozenset[Shape]] = {
    FieldKind.TEXT: frozenset({Shape.LINE, Shape.URL}),
    FieldKind.RICH_TEXT: frozenset({Shape.DOCUMENT}),
    FieldKind.CRITERIA: frozenset({Shape.DOCUMENT}),
    FieldKind.TESTS: frozenset({Shape.DOCUMENT}),
    FieldKind.NUMBER: frozenset({Shape.NUMBER}),
    FieldKind.DATE: frozenset({Shape.DATE}),
    FieldKind.DATETIME: frozenset({Shape.DATETIME, Shape.DATE}),
    FieldKind.CHOICE: frozenset({Shape.CHOICE, Shape.CHOICES, Shape.CASCADE}),
    FieldKind.LABELS: frozenset({Shape.LABELS, Shape.COMPONENTS, Shape.VERSIONS, Shape.CHOICES}),
    FieldKind.PERSON: frozenset({Shape.USER, Shape.USERS}),
    FieldKind.PARENT: frozenset({Shape.PARENT, Shape.EPIC_LINK}),
}
# What can hold the same value everywhere.
FIXABLE = frozenset(Shape) - {Shape.PARENT, Shape.EPIC_LINK, Shape.OURS, Shape.IGNORED, Shape.OTHER}
# What can hold a text composed from several fields of ours.
TEMPLATABLE = frozenset({Shape.LINE, Shape.URL, Shape.DOCUMENT, Shape.LABELS})
# Kinds whose values can be taken back from Jira as they are.
COMES_BACK = frozenset(
    {
        FieldKind.TEXT,
        FieldKind.RICH_TEXT,
        FieldKind.NUMBER,
        FieldKind.DATE,
        FieldKind.DATETIME,
        FieldKind.CHOICE,
        FieldKind.LABELS,
        FieldKind.CRITERIA,
        FieldKind.PARENT,
        FieldKind.PERSON,
    }
)
# Not in the table of fields: statuses have a step of their own.
ELSEWHERE = frozenset({FieldKind.STATUS})

SEND_ONLY: dict[FieldKind, str | Promise] = {
    FieldKind.TESTS: gettext_lazy("Test cases are written for Jira's readers and are not read back."),
}
NEEDS: dict[FieldKind, str | Promise] = {
    FieldKind.TEXT: gettext_lazy("a text field"),
    FieldKind.RICH_TEXT: gettext_lazy("a paragraph field"),
    FieldKind.CRITERIA: gettext_lazy("a paragraph field"),
    FieldKind.TESTS: gettext_lazy("a paragraph field"),
    FieldKind.NUMBER: gettext_lazy("a number field"),
    FieldKind.DATE: gettext_lazy("a date field"),
    FieldKind.DATETIME: gettext_lazy("a date field"),
    FieldKind.CHOICE: gettext_lazy("a field with a list of values"),
    FieldKind.LABELS: gettext_lazy("labels, components, versions or a list with several choices"),
    FieldKind.PERSON: gettext_lazy("a field for people"),
    FieldKind.PARENT: gettext_lazy("a parent"),
}


def fits(story_field: StoryField, jira_field: JiraField) -> bool:
    """Whether values of ours can be written there without loss of kind. A list with no values takes nothing."""
    shape = shape_of(jira_field)
    if shape in LISTED and not jira_field.allowed:
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
    if ignored := why_ignored(jira_field):
        return ignored
    return _("%(jira)s does not fit: %(field)s needs %(needs)s.") % {
        "jira": jira_field.name,
        "field": story_field.label,
        "needs": needs,
    }


def directions(story_field: StoryField, jira_field: JiraField | None = None) -> tuple[Direction, ...]:
    """The ways a value may go, the suggested one first. A person only comes back when asked for: whom Jira names
    need not be one of ours."""
    if story_field.kind not in COMES_BACK or (jira_field is not None and jira_field.custom_kind == "gh-epic-label"):
        return (Direction.TO_JIRA,)
    if jira_field is not None and story_field.kind in (FieldKind.PERSON, FieldKind.DATETIME):
        return (Direction.TO_JIRA, Direction.BOTH, Direction.FROM_JIRA)
    return (Direction.BOTH, Direction.TO_JIRA, Direction.FROM_JIRA)


def why_send_only(story_field: StoryField) -> str:
    return str(SEND_ONLY.get(story_field.kind, ""))


def needs_value_map(story_field: StoryField, jira_field: JiraField) -> bool:
    """Whether each value of ours has to be given one of Jira's. Labels and people are found by name instead."""
    return story_field.kind is FieldKind.CHOICE and shape_of(jira_field) in (
        Shape.CHOICE,
        Shape.CHOICES,
        Shape.CASCADE,
    )


def unfilled(fields: tuple[JiraField, ...], filled: set[str]) -> list[JiraField]:
    """The fields without which Jira refuses a create, and that nothing fills."""
    return [
        one
        for one in fields
        if one.must_be_filled
        and one.id not in filled
        and one.id not in JIRA_FILLS
        and shape_of(one) not in (Shape.OURS, Shape.PARENT)
    ]
