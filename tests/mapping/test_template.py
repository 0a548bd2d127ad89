from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jira_integration.contracts import Choice, Criterion, FieldKind, Kind, Person, StoryField, StorySnapshot
from jira_integration.mapping.template import composed, names, problem, values_of

FIELDS = (
    StoryField("title", "Title", FieldKind.TEXT),
    StoryField("priority", "Priority", FieldKind.CHOICE, (Choice("high", "High"),)),
    StoryField("points", "Points", FieldKind.NUMBER),
    StoryField("labels", "Labels", FieldKind.LABELS),
    StoryField("assignee", "Assignee", FieldKind.PERSON),
    StoryField("criteria", "Criteria", FieldKind.CRITERIA),
)
SNAPSHOT = StorySnapshot(
    "story:1",
    Kind.STORY,
    "US-1",
    1,
    {
        "title": "Pay {{ story.key }}",
        "priority": "high",
        "points": 3.0,
        "labels": ["a", "b"],
        "assignee": Person("Mira", "m@example.test"),
        "criteria": [Criterion("It shows"), Criterion(given="a basket", then="a sum")],
    },
    "/p/SHOP/stories/US-1/",
    datetime(2026, 11, 1, tzinfo=UTC),
)
VALUES = values_of(
    SNAPSHOT, {one.key: one for one in FIELDS}, url="https://s.test/US-1", project=("SHOP", "Shop"), epic="EP-1 Pay"
)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ story.key }}: {{story.title}}", "US-1: Pay {{ story.key }}"),
        ("{{ story.priority }}, {{ story.points }}", "High, 3"),
        ("{{ story.labels }} by {{ story.assignee }}", "a, b by Mira"),
        ("{{ story.criteria }}", "- It shows\n- Given a basket, Then a sum"),
        ("{{ project.key }} {{ story.epic }} {{ story.url }}", "SHOP EP-1 Pay https://s.test/US-1"),
    ],
)
def test_placeholders_become_what_the_story_says_and_are_read_once(template: str, text: str) -> None:
    assert composed(template, VALUES) == text


def test_words_around_nothing_say_nothing() -> None:
    assert composed("Epic: {{ story.epic }}", {**VALUES, "story.epic": ""}) == ""


@pytest.mark.parametrize(
    "template",
    [
        "{{ story.title.__class__ }}",
        "{{ settings.SECRET_KEY }}",
        "{{ story.title|upper }}",
        "{% load x %}{{ story.key }}",
        "{{ story.key }} {{",
        "no placeholder",
        "{{ story.key }}" * 400,
    ],
)
def test_what_is_no_placeholder_cannot_be_saved(template: str) -> None:
    assert problem(template, FIELDS)


def test_every_name_that_is_offered_is_known_and_has_a_value() -> None:
    template = " ".join(f"{{{{ {name} }}}}" for name in names(FIELDS))

    assert problem(template, FIELDS) == ""
    assert set(names(FIELDS)) <= set(VALUES)
