from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from jira_integration.contracts import Choice, FieldKind, Person, StoryField
from jira_integration.mapping.accepted import refusal
from jira_integration.mapping.metadata import AllowedValue, JiraField
from jira_integration.mapping.people import Account, People
from jira_integration.mapping.values import NotPossible, from_jira, to_jira
from jira_integration.richtext import markdown_to_adf

KINDS = "com.atlassian.jira.plugin.system.customfieldtypes"
REGION = (AllowedValue("10", "Europe", (AllowedValue("11", "Austria"),)), AllowedValue("20", "Asia"))
PLAIN = (AllowedValue("1", "High"), AllowedValue("2", "Low"), AllowedValue("3", "Old", off=True))
MIRA = Person("Mira Kovač", "mira@example.test")
PEOPLE = People(
    {
        "mira@example.test": Account("acc-1", "Mira Kovač"),
        "theo": Account("acc-2", "Theo", assignable=False, active=False),
        "guest": Account("acc-3", "Guest", assignable=False),
    }
)


def custom(kind: str, type_: str, items: str = "", allowed: tuple[AllowedValue, ...] = ()) -> JiraField:
    return JiraField("customfield_1", "It", type_, items, custom=f"{KINDS}:{kind}", allowed=allowed)


def ours(kind: FieldKind, *choices: str) -> StoryField:
    return StoryField("it", "It", kind, tuple(Choice(one, one.title()) for one in choices))


ASSIGNEE = JiraField("assignee", "Assignee", "user", system="assignee")
LABELS = JiraField("labels", "Labels", "array", "string", system="labels")
PARTS = JiraField("components", "Components", "array", "component", system="components", allowed=PLAIN)
SELECT = custom("select", "option", allowed=PLAIN)
MANY = custom("multiselect", "array", "option", PLAIN)
CASCADE = custom("cascadingselect", "option-with-child", allowed=REGION)
CHOICE = ours(FieldKind.CHOICE, "high", "low", "urgent")
NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "story_field", "jira_field", "value_map", "sent"),
    [
        ("One line", ours(FieldKind.TEXT), custom("textfield", "string"), {}, "One line"),
        ("https://a.test/x", ours(FieldKind.TEXT), custom("url", "string"), {}, "https://a.test/x"),
        (3, ours(FieldKind.NUMBER), custom("float", "number"), {}, 3),
        (date(2026, 11, 30), ours(FieldKind.DATE), custom("datepicker", "date"), {}, "2026-11-30"),
        (NOON, ours(FieldKind.DATETIME), custom("datetime", "datetime"), {}, "2026-11-30T12:00:00.000+0000"),
        ("high", CHOICE, SELECT, {"high": "1"}, {"id": "1"}),
        ("high", CHOICE, MANY, {"high": "1"}, [{"id": "1"}]),
        ("high", CHOICE, CASCADE, {"high": "10/11"}, {"id": "10", "child": {"id": "11"}}),
        (["checkout", "web"], ours(FieldKind.LABELS), LABELS, {}, ["checkout", "web"]),
        (["high", "Low"], ours(FieldKind.LABELS), PARTS, {}, [{"id": "1"}, {"id": "2"}]),
        (MIRA, ours(FieldKind.PERSON), ASSIGNEE, {}, {"accountId": "acc-1"}),
        (MIRA, ours(FieldKind.PERSON), custom("multiuserpicker", "array", "user"), {}, [{"accountId": "acc-1"}]),
        (MIRA, ours(FieldKind.PERSON), ASSIGNEE, {"mira@example.test": "acc-9"}, {"accountId": "acc-9"}),
    ],
)
def test_a_value_goes_out_in_a_form_that_jira_takes(
    value: Any, story_field: StoryField, jira_field: JiraField, value_map: dict[str, str], sent: Any
) -> None:
    made = to_jira(value, story_field, jira_field, value_map=value_map, people=PEOPLE)

    assert (made.value, made.findings) == (sent, ())
    assert refusal(jira_field, made.value) is None


@pytest.mark.parametrize(
    ("value", "story_field", "jira_field", "value_map", "code", "blocking"),
    [
        ("x" * 300, ours(FieldKind.TEXT), custom("textfield", "string"), {}, "text_cut", False),
        ("example.test", ours(FieldKind.TEXT), custom("url", "string"), {}, "not_an_address", False),
        ("low", CHOICE, SELECT, {}, "value_not_mapped", True),
        ("low", CHOICE, SELECT, {"low": "9"}, "value_not_allowed", True),
        ("low", CHOICE, SELECT, {"low": "3"}, "value_not_allowed", True),
        ("low", CHOICE, CASCADE, {"low": "20/11"}, "value_not_allowed", True),
        (["two words"], ours(FieldKind.LABELS), LABELS, {}, "label_changed", False),
        (["Old", "none such"], ours(FieldKind.LABELS), PARTS, {}, "value_left_out", False),
        (Person("Ann", ""), ours(FieldKind.PERSON), ASSIGNEE, {}, "person_not_found", False),
        (Person("Guest", ""), ours(FieldKind.PERSON), ASSIGNEE, {}, "person_not_assignable", False),
        (Person("Theo", ""), ours(FieldKind.PERSON), custom("userpicker", "user"), {}, "person_left", False),
    ],
)
def test_what_jira_would_not_take_is_said(
    value: Any, story_field: StoryField, jira_field: JiraField, value_map: dict[str, str], code: str, blocking: bool
) -> None:
    made = to_jira(value, story_field, jira_field, value_map=value_map, people=PEOPLE)

    assert [(one.code, one.blocking) for one in made.findings] == [(code, blocking)]
    assert code in ("text_cut", "label_changed") or made.value is None


def test_somebody_who_may_not_be_assigned_may_stand_in_another_field() -> None:
    made = to_jira(Person("Guest", ""), ours(FieldKind.PERSON), custom("userpicker", "user"), people=PEOPLE)

    assert made.value == {"accountId": "acc-3"}


@pytest.mark.parametrize("value_map", [{"low": ""}])
def test_what_a_person_chose_to_leave_empty_is_left_empty_without_a_word(value_map: dict[str, str]) -> None:
    made = to_jira("low", CHOICE, SELECT, value_map=value_map)

    assert (made.value, made.findings) == (None, ())


@pytest.mark.parametrize(
    ("jira_value", "story_field", "jira_field", "value_map", "now", "back"),
    [
        ("One line", ours(FieldKind.TEXT), custom("textfield", "string"), {}, "", "One line"),
        (3.0, ours(FieldKind.NUMBER), custom("float", "number"), {}, None, 3),
        ("2026-11-30", ours(FieldKind.DATE), custom("datepicker", "date"), {}, None, date(2026, 11, 30)),
        ("2026-11-30T13:00:00.000+0100", ours(FieldKind.DATETIME), custom("datetime", "datetime"), {}, None, NOON),
        ({"id": "1", "value": "High"}, CHOICE, SELECT, {"high": "1"}, "low", "high"),
        ({"id": "1"}, CHOICE, SELECT, {"high": "1", "urgent": "1"}, "urgent", "urgent"),
        ([{"id": "1"}], CHOICE, MANY, {"high": "1"}, None, "high"),
        ({"id": "10", "child": {"id": "11"}}, CHOICE, CASCADE, {"high": "10", "low": "10/11"}, None, "low"),
        (["two-words", "new"], ours(FieldKind.LABELS), LABELS, {}, ["two words"], ["two words", "new"]),
        ([{"id": "1", "name": "High"}], ours(FieldKind.LABELS), PARTS, {}, ["high"], ["high"]),
        ({"accountId": "acc-1", "displayName": "M."}, ours(FieldKind.PERSON), ASSIGNEE, {}, MIRA, MIRA),
        (None, ours(FieldKind.LABELS), LABELS, {}, ["a"], []),
        (None, ours(FieldKind.TEXT), custom("textfield", "string"), {}, "a", ""),
        (None, ours(FieldKind.PERSON), ASSIGNEE, {}, MIRA, None),
    ],
)
def test_a_value_comes_back_as_one_of_ours(
    jira_value: Any, story_field: StoryField, jira_field: JiraField, value_map: dict[str, str], now: Any, back: Any
) -> None:
    assert from_jira(jira_value, story_field, jira_field, value_map=value_map, people=PEOPLE, ours=now) == back


def test_the_person_whom_jira_names_is_known_by_the_address_that_was_asked() -> None:
    back = from_jira({"accountId": "acc-1", "displayName": "M. K."}, ours(FieldKind.PERSON), ASSIGNEE, people=PEOPLE)

    assert back == Person("M. K.", "mira@example.test")


@pytest.mark.parametrize(
    ("jira_value", "story_field", "jira_field", "code"),
    [
        ({"id": "2", "value": "Low"}, CHOICE, SELECT, "value_unknown_here"),
        ([{"id": "1"}, {"id": "2"}], CHOICE, MANY, "several_values"),
        ("soon", ours(FieldKind.DATE), custom("datepicker", "date"), "value_not_read_back"),
        ({"odd": 1}, ours(FieldKind.NUMBER), custom("float", "number"), "value_not_read_back"),
        ([{"accountId": "1"}, {"accountId": "2"}], ours(FieldKind.PERSON), ASSIGNEE, "several_values"),
    ],
)
def test_what_has_no_counterpart_here_is_said_and_nothing_raised(
    jira_value: Any, story_field: StoryField, jira_field: JiraField, code: str
) -> None:
    back = from_jira(jira_value, story_field, jira_field, value_map={"high": "1"})

    assert isinstance(back, NotPossible)
    assert back.code == code


def test_a_document_comes_back_as_markdown_without_the_part_that_the_export_added() -> None:
    document = markdown_to_adf("Some **bold** text\n\n## Acceptance criteria\n\n- [ ] It shows").value
    description = JiraField("description", "Description", "string", system="description")

    back = from_jira(document, ours(FieldKind.RICH_TEXT), description)

    assert back == "Some **bold** text"


@pytest.mark.parametrize(
    ("jira_field", "value"),
    [
        (custom("datepicker", "date"), "30.11.2026"),
        (custom("datetime", "datetime"), "2026-11-30"),
        (custom("url", "string"), "example.test"),
        (custom("textfield", "string"), "two\nlines"),
        (custom("float", "number"), "3"),
        (LABELS, ["two words"]),
        (MANY, {"id": "1"}),
        (JiraField("timetracking", "Time", "timetracking", system="timetracking"), {"originalEstimate": "soon"}),
        (custom("userpicker", "user"), {}),
    ],
)
def test_a_fixed_value_in_the_wrong_form_is_refused_here_first(jira_field: JiraField, value: Any) -> None:
    found = refusal(jira_field, value)

    assert found is not None
    assert (found.code, found.blocking) == ("value_malformed", True)
