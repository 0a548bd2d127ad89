from __future__ import annotations

import json
from typing import Any

import pytest

from stories_qa.importers import BacklogUnreadable, ParsedBacklog, ParsedCriterion, ParsedStep, read


def from_json(document: Any) -> ParsedBacklog:
    return read(json.dumps(document, indent=1).encode(), "a.json")


def test_the_documented_schema_is_read() -> None:
    parsed = from_json(
        {
            "project": {"key": "SHOP", "name": "Storefront", "last_number": 9},
            "epics": [{"key": "EP-1", "title": "Checkout", "status": "done", "labels": ["a"]}],
            "stories": [
                {
                    "key": "US-2",
                    "title": "Pay",
                    "epic": "EP-1",
                    "criteria": ["Fast", {"given": "a", "when": "b", "then": "c"}],
                    "points": 2.5,
                    "priority": "high",
                    "assignee": "mira",
                    "position": 4,
                    "sync_off": True,
                    "test_cases": [{"title": "T", "steps": ["Open", {"action": "Pay", "expected": "Paid"}]}],
                }
            ],
        }
    )

    (epic,), (story,), (test,) = parsed.epics, parsed.stories, parsed.tests
    assert (parsed.project_key, parsed.project_name, parsed.last_number) == ("SHOP", "Storefront", 9)
    assert story.epic == epic.external_id
    assert story.criteria == (ParsedCriterion(text="Fast"), ParsedCriterion(given="a", when="b", then="c"))
    assert (float(story.points or 0), story.position, story.sync_off) == (2.5, 4, True)
    assert test.story == story.external_id
    assert test.steps == (ParsedStep("Open"), ParsedStep("Pay", "Paid"))


def test_a_list_of_titles_is_enough() -> None:
    assert [story.title for story in from_json(["Pay", {"title": "Find"}]).stories] == ["Pay", "Find"]


def test_stories_may_stand_inside_their_epic() -> None:
    parsed = from_json({"epics": [{"title": "Checkout", "stories": [{"title": "Pay"}]}]})

    assert parsed.stories[0].epic == parsed.epics[0].external_id


def test_a_bad_entry_is_reported_with_its_line_and_path_and_the_rest_comes_in() -> None:
    parsed = from_json(
        {"stories": [{"title": "Pay"}, {"title": ""}, 7, {"title": "x", "labels": 3}, {"title": "Find"}]}
    )

    assert [story.title for story in parsed.stories] == ["Pay", "Find"]
    places = [(problem.line, problem.reason.split(":")[0]) for problem in parsed.problems]
    assert places == [(1, "stories[2]"), (6, "stories[1]"), (10, "stories[3].labels")]
    assert not any(problem.kept for problem in parsed.problems)


def test_characters_that_no_database_stores_are_replaced() -> None:
    (story,) = read(b'["a\\u0000b\\ud800c"]', "a.json").stories

    assert story.title == "a\ufffdb\ufffdc"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"stories": [}', "json"),
        ('{"colour": 3}', "schema"),
        ('"text"', "schema"),
        ('{"stories": [NaN]}', "json"),
        ("[" * 200_000, "json"),
    ],
)
def test_what_is_not_our_json_says_why(text: str, code: str) -> None:
    with pytest.raises(BacklogUnreadable) as caught:
        read(text.encode(), "a.json")

    assert caught.value.code == code
