"""A text is turned into a document once, and never taken for another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache

from jira_integration.contracts import FieldKind, Kind, StoryField, StorySnapshot
from jira_integration.contracts import TestCase as OurCase
from jira_integration.mapping import payload
from jira_integration.mapping.metadata import IssueType, JiraField, ProjectMetadata
from jira_integration.mapping.payload import Builder
from jira_integration.mapping.rendered import Rendered
from jira_integration.models import FieldMapping
from jira_integration.richtext.compose import Labels

STORY = IssueType("1", "Story", False, 0, (JiraField("description", "Description", "string", system="description"),))
FIELDS = {"description": StoryField("description", "Description", FieldKind.RICH_TEXT)}


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def a_builder(**other: Any) -> Builder:
    made = Builder(
        kind=Kind.STORY,
        issue_type=STORY,
        metadata=ProjectMetadata("1", "SHOP", "Shop", issue_types=(STORY,)),
        mappings=[FieldMapping(story_field="description", jira_field="description", kind="story")],
        story_fields=FIELDS,
        absolute=lambda path: f"https://stories.example.test{path}",
        more_text="The full text",
        labels=Labels(),
    )
    return replace(made, rendered=Rendered(), **other)


def a_snapshot(**values: Any) -> StorySnapshot:
    told = {"title": "Pay", "description": "Pay by **card**", **values}
    return StorySnapshot("story:1", Kind.STORY, "US-1", 1, told, "/US-1", datetime(2026, 1, 2, tzinfo=UTC))


def description(builder: Builder, snapshot: StorySnapshot) -> Any:
    builder.rendered.load(builder.document_keys(snapshot))
    made = builder.build(snapshot)
    builder.rendered.store()
    return made.fields["description"], made.words["description"]


def test_the_same_text_is_converted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = description(a_builder(), a_snapshot())
    monkeypatch.setattr(payload, "document", lambda *_parts, **_more: pytest.fail("converted again"))

    assert description(a_builder(), a_snapshot()) == first
    assert first[1] == "Pay by **card**"


@pytest.mark.parametrize(
    ("builder", "values"),
    [
        ({}, {"description": "Pay by **bill**"}),
        ({}, {"title": "A" * 300}),
        (
            {"labels": Labels(tests="Prüfungen"), "test_tables": True},
            {"tests": [OurCase("test:1", "TC-1", "T", "", (), "")]},
        ),
        ({"test_tables": True}, {"tests": [OurCase("test:1", "TC-1", "T", "", (), "")]}),
        ({"data_center": True}, {}),
    ],
)
def test_what_changes_the_document_is_never_answered_by_an_old_one(
    builder: dict[str, Any], values: dict[str, Any]
) -> None:
    before = description(a_builder(), a_snapshot(**{"tests": values["tests"]} if "tests" in values else {}))

    after = description(a_builder(**builder), a_snapshot(**values))

    assert after[0] != before[0]
    cache.clear()
    assert after == description(a_builder(**builder), a_snapshot(**values))


def test_another_version_of_the_code_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = a_snapshot()
    keys = a_builder().document_keys(snapshot)
    monkeypatch.setattr(payload, "code_stamp", lambda: "another")

    assert keys and not set(a_builder().document_keys(snapshot)) & set(keys)
