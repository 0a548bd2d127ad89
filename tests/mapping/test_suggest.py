from __future__ import annotations

import pytest

from jira_integration.contracts import Choice, FieldKind, Kind, StoryField
from jira_integration.mapping.fits import directions, fits, unfilled, why_not
from jira_integration.mapping.metadata import AllowedValue, IssueType, JiraField, LinkType, ProjectMetadata, Status
from jira_integration.mapping.suggest import suggest_fields, suggest_statuses, suggest_types, suggest_values

TEXTS = "com.atlassian.jira.plugin.system.customfieldtypes"
TITLE = StoryField("title", "Title", FieldKind.TEXT)
POINTS = StoryField("points", "Story points", FieldKind.NUMBER)
CRITERIA = StoryField("criteria", "Acceptance criteria", FieldKind.CRITERIA)
PRIORITY = StoryField(
    "priority",
    "Priority",
    FieldKind.CHOICE,
    tuple(Choice(one, one.title()) for one in ("low", "medium", "high", "urgent")),
)
SUMMARY = JiraField("summary", "Zusammenfassung", "string", system="summary", required=True)
EFFORT = JiraField("customfield_1", "Effort", "number", custom=f"{TEXTS}:float")
ESTIMATE = JiraField("customfield_2", "Story point estimate", "number", custom=f"{TEXTS}:float")
SCALE = tuple(AllowedValue(str(n), name) for n, name in enumerate(["Highest", "High", "Medium", "Low", "Lowest"], 1))


def test_types_are_told_by_level_and_then_by_name() -> None:
    metadata = ProjectMetadata(
        "1",
        "SHOP",
        "Shop",
        issue_types=(
            IssueType("9", "Unteraufgabe", subtask=True, level=-1),
            IssueType("1", "Großprojekt", level=1),
            IssueType("2", "Fehler"),
            IssueType("3", "User story"),
            IssueType("4", "Test-Case"),
            IssueType("5", "Initiative", level=2),
        ),
        link_types=(LinkType("7", "Relates", "relates to", "relates to"),),
    )

    assert suggest_types(metadata) == {Kind.EPIC: "1", Kind.STORY: "3", Kind.TEST: ""}


def test_a_project_without_epics_or_familiar_names_still_gets_a_story_type() -> None:
    metadata = ProjectMetadata("1", "S", "S", issue_types=(IssueType("4", "Test"), IssueType("2", "Vorgang")))

    assert suggest_types(metadata) == {Kind.EPIC: "", Kind.STORY: "2", Kind.TEST: ""}


def test_system_fields_are_found_by_schema_in_any_language_and_custom_ones_by_name() -> None:
    own = JiraField("customfield_3", "Acceptance Criteria", "string", custom=f"{TEXTS}:textarea")

    found = suggest_fields(
        [TITLE, POINTS, CRITERIA], IssueType("1", "Story", fields=(EFFORT, ESTIMATE, own, SUMMARY)), Kind.STORY
    )

    assert [(one.story_field, one.jira_field, one.matched_by) for one in found] == [
        ("title", "summary", "schema"),
        ("points", "customfield_2", "name"),
        ("criteria", "customfield_3", "name"),
    ]


def test_jiras_own_story_points_win_over_a_field_of_the_same_name() -> None:
    jira_software = JiraField("customfield_9", "Größe", "number", custom="com.pyxis.greenhopper.jira:jsw-story-points")

    [found] = suggest_fields([POINTS], IssueType("1", "Story", fields=(ESTIMATE, jira_software)), Kind.STORY)

    assert (found.jira_field, found.matched_by) == ("customfield_9", "schema")


def test_a_demanded_epic_name_is_filled_with_the_title_a_second_time() -> None:
    name = JiraField(
        "customfield_4", "Epic Name", "string", custom="com.pyxis.greenhopper.jira:gh-epic-label", required=True
    )

    found = suggest_fields([TITLE], IssueType("1", "Epic", level=1, fields=(SUMMARY, name)), Kind.EPIC)

    assert [(one.story_field, one.jira_field) for one in found] == [("title", "summary"), ("title", "customfield_4")]
    assert found[1].direction == "to_jira"


def test_one_jira_field_is_proposed_once() -> None:
    description = JiraField("description", "Description", "string", system="description")
    fields = [
        StoryField("description", "Description", FieldKind.RICH_TEXT),
        StoryField("preconditions", "Preconditions", FieldKind.RICH_TEXT),
    ]

    found = suggest_fields(fields, IssueType("1", "Test", fields=(description,)), Kind.TEST)

    assert [one.story_field for one in found] == ["description"]


def test_values_are_matched_by_name_and_by_words_that_mean_the_same() -> None:
    assert suggest_values(PRIORITY.choices, SCALE) == {"urgent": "1", "high": "2", "medium": "3", "low": "4"}


def test_a_value_without_a_counterpart_is_left_open() -> None:
    german = (AllowedValue("1", "Hoch"), AllowedValue("2", "Low"))

    assert suggest_values(PRIORITY.choices, german) == {"low": "2"}


CHOICES = tuple(Choice(one.replace(" ", "_").lower(), one) for one in ("Backlog", "In progress", "In review", "Done"))


def test_statuses_are_matched_by_name_and_else_by_category() -> None:
    statuses = (
        Status("1", "Offen", "new"),
        Status("2", "In Progress", "indeterminate"),
        Status("3", "On device", "indeterminate"),
        Status("4", "Fertig", "done"),
    )

    found = suggest_statuses(CHOICES, statuses)

    going = {one.status: one.jira_status_id for one in found if not one.incoming}
    coming = {one.jira_status_id: one.status for one in found if one.incoming}
    assert going == {"backlog": "1", "in_progress": "2", "in_review": "2", "done": "4"}
    assert coming == {"1": "backlog", "2": "in_progress", "3": "in_progress", "4": "done"}


def test_a_category_that_jira_lacks_leaves_our_status_unmapped() -> None:
    found = suggest_statuses(CHOICES, [Status("1", "To Do", "new")])

    assert {one.status for one in found if not one.incoming} == {"backlog"}


@pytest.mark.parametrize(
    ("field", "kind", "fitting"),
    [
        (SUMMARY, FieldKind.TEXT, True),
        (SUMMARY, FieldKind.RICH_TEXT, False),
        (JiraField("x", "X", "string", custom=f"{TEXTS}:textarea"), FieldKind.RICH_TEXT, True),
        (JiraField("x", "X", "string", custom=f"{TEXTS}:textarea"), FieldKind.TEXT, False),
        (JiraField("x", "X", "string", custom=f"{TEXTS}:url"), FieldKind.TEXT, True),
        (EFFORT, FieldKind.NUMBER, True),
        (JiraField("x", "X", "option", custom=f"{TEXTS}:select", allowed=SCALE), FieldKind.CHOICE, True),
        (JiraField("x", "X", "option", custom=f"{TEXTS}:select"), FieldKind.CHOICE, False),
        (JiraField("priority", "P", "priority", system="priority", allowed=SCALE), FieldKind.CHOICE, True),
        (JiraField("labels", "L", "array", "string", system="labels"), FieldKind.LABELS, True),
        (JiraField("assignee", "A", "user", system="assignee"), FieldKind.PERSON, True),
        (JiraField("x", "X", "array", "user", custom=f"{TEXTS}:multiuserpicker"), FieldKind.PERSON, True),
        (JiraField("components", "C", "array", "component", "components", allowed=SCALE), FieldKind.LABELS, True),
        (JiraField("x", "X", "array", "version", custom=f"{TEXTS}:multiversion"), FieldKind.LABELS, False),
        (JiraField("x", "X", "array", "option", custom=f"{TEXTS}:multiselect", allowed=SCALE), FieldKind.CHOICE, True),
        (JiraField("x", "X", "option", custom="some.addon:thing", allowed=SCALE), FieldKind.CHOICE, True),
        (JiraField("resolution", "R", "resolution", system="resolution"), FieldKind.CHOICE, False),
        (JiraField("reporter", "R", "user", system="reporter"), FieldKind.TEXT, False),
        (JiraField("x", "X", "any", custom="some.addon:thing"), FieldKind.TEXT, False),
    ],
)
def test_a_field_fits_by_its_schema(field: JiraField, kind: FieldKind, fitting: bool) -> None:
    story_field = StoryField("any", "Anything", kind)

    assert fits(story_field, field) is fitting
    assert (why_not(story_field, field) == "") is fitting


TESTS = StoryField("tests", "Test cases", FieldKind.TESTS)


def test_what_cannot_be_read_back_is_sent_only() -> None:
    assert directions(TESTS) == ("to_jira",)
    assert directions(CRITERIA)[0] == "both"
    assert directions(POINTS, EFFORT)[0] == "both"


def test_unfilled_are_the_demanded_fields_without_default_that_nobody_else_fills() -> None:
    fields = (
        SUMMARY,
        JiraField("a", "A", "option", required=True, custom=f"{TEXTS}:select"),
        JiraField("b", "B", "option", required=True, has_default=True, custom=f"{TEXTS}:select"),
        JiraField("project", "Project", "project", system="project", required=True),
        JiraField("reporter", "Reporter", "user", system="reporter", required=True),
        EFFORT,
    )

    assert [one.id for one in unfilled(fields, {"summary"})] == ["a"]
