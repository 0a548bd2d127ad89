from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from stories_qa.importers import ParsedBacklog, read
from stories_qa.models import Epic, Membership, Project, Story, TestCase
from stories_qa.report import ImportReport
from stories_qa.store import bring_in, compare

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Project:
    return Project.objects.create(key="SHOP", name="Storefront")


def text(*lines: str, name: str = "a.txt") -> ParsedBacklog:
    return read("\n".join(lines).encode(), name)


def table(*lines: str) -> ParsedBacklog:
    return read("\n".join(lines).encode(), "a.csv")


def document(**parts: Any) -> ParsedBacklog:
    return read(json.dumps(parts).encode(), "a.json")


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    """new, changed, unchanged, kept"""
    return (report.count("new"), report.count("changed"), report.count("unchanged"), report.count("kept"))


def test_comparing_writes_nothing_and_says_what_bringing_in_then_does(shop: Project) -> None:
    foreseen = compare(shop, text("Pay", "Find"))

    assert counts(foreseen) == (2, 0, 0, 0)
    assert not Story.objects.exists()
    assert counts(bring_in(shop, text("Pay", "Find"), by="Mira")) == (2, 0, 0, 0)


def test_new_items_get_keys_and_places_in_the_files_order(shop: Project) -> None:
    bring_in(shop, text("Pay", "Find"), by="Mira")
    bring_in(shop, text("Ship", name="b.txt"), by="Mira")

    rows = Story.objects.order_by("position").values_list("key", "title", "position", "version", "updated_by")
    assert list(rows) == [
        ("US-1", "Pay", 0, 1, "Mira"),
        ("US-2", "Find", 1, 1, "Mira"),
        ("US-3", "Ship", 2, 1, "Mira"),
    ]


@pytest.mark.both_databases
def test_the_same_file_twice_makes_no_doubles(shop: Project) -> None:
    parsed = read(b"Feature: F\n  Scenario: S\n    When a\n    Then b\n", "a.feature")

    bring_in(shop, parsed, by="Mira")
    again = bring_in(shop, parsed, by="Mira")

    assert counts(again) == (0, 0, 2, 0)
    assert (Story.objects.count(), TestCase.objects.count()) == (1, 1)
    assert Story.objects.get().version == 1


def test_moved_and_added_lines_leave_the_others_alone(shop: Project) -> None:
    bring_in(shop, text("Pay", "Find", "Pay"), by="Mira")

    report = bring_in(shop, text("New", "Find", "Pay", "Pay"), by="Mira")

    assert counts(report) == (1, 0, 3, 0)


def test_what_the_file_says_differently_is_changed_and_what_it_does_not_speak_of_stays(shop: Project) -> None:
    bring_in(shop, table("Key,Title,Priority,Labels", "X-1,Pay,High,a", "X-2,Find,Low,b"), by="Mira")
    Story.objects.filter(title="Pay").update(status="done", description="Ours")

    report = bring_in(shop, table("Key,Title,Priority", "X-1,Pay at once,High", "X-2,Find,Low"), by="Ana")

    assert counts(report) == (0, 1, 1, 0)
    assert next(row for row in report.rows if row.change == "changed").fields == ("title",)
    story = Story.objects.get(title="Pay at once")
    assert (story.version, story.updated_by, story.status, story.description, story.labels) == (
        2,
        "Ana",
        "done",
        "Ours",
        ["a"],
    )


def test_an_edit_here_stays_until_the_file_itself_says_something_new(shop: Project) -> None:
    bring_in(shop, table("Key,Title,Priority", "X-1,Pay,High"), by="Mira")
    Story.objects.update(title="Edited here")

    kept = bring_in(shop, table("Key,Title,Priority", "X-1,Pay,High"), by="Mira")
    title_after_same_file = Story.objects.get().title
    changed = bring_in(shop, table("Key,Title,Priority", "X-1,Pay now,High"), by="Mira")

    assert counts(kept) == (0, 0, 0, 1)
    assert kept.rows[0].fields == ("title",)
    assert title_after_same_file == "Edited here"
    assert counts(changed) == (0, 1, 0, 0)
    assert Story.objects.get().title == "Pay now"


def test_nothing_is_deleted_because_a_file_no_longer_has_it(shop: Project) -> None:
    bring_in(shop, text("Pay", "Find"), by="Mira")

    bring_in(shop, text("Pay"), by="Mira")

    assert Story.objects.count() == 2


def test_criteria_and_steps_are_replaced_only_when_they_differ(shop: Project) -> None:
    first = document(stories=[{"key": "US-1", "title": "Pay", "criteria": ["a", "b"], "test_cases": []}])
    bring_in(shop, first, by="Mira")
    before = list(Story.objects.get().criteria.values_list("pk", flat=True))

    bring_in(shop, first, by="Mira")
    assert list(Story.objects.get().criteria.values_list("pk", flat=True)) == before
    bring_in(shop, document(stories=[{"key": "US-1", "title": "Pay", "criteria": ["b", {"given": "c"}]}]), by="Mira")

    story = Story.objects.get()
    assert [(one.text, one.given) for one in story.criteria.all()] == [("b", ""), ("", "c")]
    assert story.version == 2


def test_a_changed_test_case_raises_its_storys_version(shop: Project) -> None:
    def with_step(action: str) -> ParsedBacklog:
        case = {"key": "TC-2", "title": "T", "steps": [{"action": action}]}
        return document(stories=[{"key": "US-1", "title": "Pay", "test_cases": [case]}])

    bring_in(shop, with_step("Open"), by="Mira")
    assert Story.objects.get().version == 1
    bring_in(shop, with_step("Close"), by="Mira")

    assert Story.objects.get().version == 2
    assert [step.action for step in TestCase.objects.get().steps.all()] == ["Close"]


def test_a_story_moves_to_the_epic_the_file_names_new_or_old(shop: Project) -> None:
    bring_in(shop, table("Key,Type,Title,Epic", "X-1,Epic,Checkout,", "X-2,Story,Pay,X-1"), by="Mira")
    report = bring_in(shop, table("Key,Type,Title,Epic", "X-3,Epic,Search,", "X-2,Story,Pay,X-3"), by="Mira")

    assert counts(report) == (1, 1, 0, 0)
    assert Story.objects.get().epic == Epic.objects.get(title="Search")
    bring_in(shop, table("Key,Title,Epic", "X-2,Pay,X-1"), by="Mira")
    assert Story.objects.get().epic == Epic.objects.get(title="Checkout")


def test_an_epic_nobody_knows_is_told_and_the_story_comes_in(shop: Project) -> None:
    report = bring_in(shop, table("Title,Epic Link", "Pay,NOPE-9"), by="Mira")

    assert Story.objects.get().epic is None
    assert [(problem.line, problem.code, problem.kept) for problem in report.problems] == [(2, "unknown_epic", True)]


def test_assignees_are_members_found_by_any_of_their_names_and_others_stay_as_names(shop: Project) -> None:
    mira = User.objects.create_user("mira", "mira@example.com", first_name="Mira", last_name="Kovač")
    User.objects.create_user("stranger")
    Membership.objects.create(project=shop, user=mira)

    rows = ["Pay,mira", "Find,MIRA@example.com", "Ship,Mira Kovač", "Send,stranger", "Keep,"]
    report = bring_in(shop, table("Title,Assignee", *rows), by="Mira")

    found = [(story.assignee, story.assignee_name) for story in Story.objects.all()]
    assert found == [(mira, ""), (mira, ""), (mira, ""), (None, "stranger"), (None, "")]
    assert [problem.code for problem in report.problems] == ["unknown_assignee"]


def test_keys_of_the_projects_own_file_are_kept_and_never_given_again(shop: Project) -> None:
    bring_in(shop, document(project={"key": "SHOP"}, stories=[{"key": "US-142", "title": "Pay"}]), by="Mira")
    bring_in(shop, text("Find"), by="Mira")

    assert list(Story.objects.values_list("key", "title")) == [("US-142", "Pay"), ("US-143", "Find")]


def test_another_projects_file_gets_new_keys_and_is_known_again(shop: Project) -> None:
    bring_in(shop, text("Ours"), by="Mira")
    theirs = document(project={"key": "OTHER"}, stories=[{"key": "US-1", "title": "Theirs"}])

    first = bring_in(shop, theirs, by="Mira")
    second = bring_in(shop, theirs, by="Mira")

    assert list(Story.objects.values_list("key", "title")) == [("US-1", "Ours"), ("US-2", "Theirs")]
    assert (counts(first), counts(second)) == ((1, 0, 0, 0), (0, 0, 1, 0))


def test_an_item_that_stands_in_the_file_twice_is_a_bad_row(shop: Project) -> None:
    report = bring_in(
        shop, document(stories=[{"key": "US-1", "title": "Pay"}, {"key": "US-1", "title": "Again"}]), by="Mira"
    )

    assert [story.title for story in Story.objects.all()] == ["Pay"]
    assert [(problem.code, problem.kept) for problem in report.problems] == [("twice", False)]


def test_markup_emoji_and_right_to_left_text_are_stored_as_they_are(shop: Project) -> None:
    lines = ["<script>alert(1)</script>", "😀 Pay", "כותרת", "a" * 2500]

    bring_in(shop, text(*lines), by="Mira")

    assert [story.title for story in Story.objects.all()][:3] == lines[:3]
    assert Story.objects.last().description == lines[3]  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [10, 10_000])
def test_ten_thousand_stories_take_few_statements(
    shop: Project, size: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    lines = ["Title,Epic,Acceptance Criteria", *(f"Story {n},Epic {n % 20},works" for n in range(size))]
    parsed = table(*lines)

    # Django lets SQLite have 999 values in a statement, which are some fifty stories.
    with django_assert_max_num_queries(25 + size // 35):
        report = bring_in(shop, parsed, by="Mira")
    with django_assert_max_num_queries(15):
        again = bring_in(shop, parsed, by="Mira")

    assert report.count("new", "story") == size
    assert counts(again) == (0, 0, size + min(size, 20), 0)


def test_the_report_as_json_keeps_its_shape(shop: Project) -> None:
    answer = compare(shop, table("Title,Colour", "Pay,red", ",blue")).as_json()

    assert {name: answer[name] for name in ("file", "format", "project", "stored")} == {
        "file": "a.csv",
        "format": "csv",
        "project": "SHOP",
        "stored": False,
    }
    assert {name: answer[name] for name in ("epics", "stories", "test_cases", "criteria", "new", "changed")} == {
        "epics": 0,
        "stories": 1,
        "test_cases": 0,
        "criteria": 0,
        "new": 1,
        "changed": 0,
    }
    assert [(problem["line"], problem["code"], problem["kept"]) for problem in answer["problems"]] == [
        (1, "columns_left_out", True),
        (3, "no_title", False),
    ]
    assert answer["rows"] == [
        {"kind": "story", "line": 2, "key": "", "title": "Pay", "change": "new", "epic": "", "fields": []}
    ]
