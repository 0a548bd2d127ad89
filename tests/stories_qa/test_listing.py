from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict

from jira_integration.models import ExportedTicket
from stories_qa.listing import filter_stories, with_counts
from stories_qa.models import AcceptanceCriterion, Epic, Project, Story, TestCase
from tests.jira_rows import a_connection

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def shop() -> Project:
    """US-1 … US-10; US-1 and US-2 in EP-1 (second), US-3 in EP-2 (first)."""
    project = Project.objects.create(key="SHOP", name="Storefront")
    pay = Epic.objects.create(project=project, key="EP-1", title="Pay", position=2)
    find = Epic.objects.create(project=project, key="EP-2", title="Find", position=1)
    mira = User.objects.create_user("mira")
    rows = [
        ("Guest pays", "By card", pay, "ready", "urgent", "3", mira),
        ("Guest leaves", "", pay, "done", "low", None, None),
        ("Search finds typos", "", find, "in_progress", "high", "8", mira),
        *((f"Story {number}", "", None, "backlog", "medium", None, None) for number in range(4, 11)),
    ]
    for number, (title, text, epic, status, priority, points, person) in enumerate(rows, 1):
        Story.objects.create(
            project=project,
            key=f"US-{number}",
            title=title,
            description=text,
            epic=epic,
            status=status,
            priority=priority,
            points=points,
            assignee=person,
            position=number,
        )
    story = Story.objects.get(key="US-2")
    AcceptanceCriterion.objects.create(story=story, position=0, given="a full basket")
    AcceptanceCriterion.objects.create(story=story, position=1, text="the basket is kept")
    for number, result in enumerate(["passed", "failed"], 1):
        TestCase.objects.create(project=project, story=story, key=f"TC-{number}", title="T", last_result=result)
    TestCase.objects.create(
        project=project, story=Story.objects.get(key="US-1"), key="TC-3", title="T", last_result="passed"
    )
    other = Project.objects.create(key="OTHER", name="Other")
    Story.objects.create(project=other, key="US-1", title="Guest pays elsewhere")
    return project


def keys(project: Project, query: str) -> list[str]:
    return [story.key for story in filter_stories(project, QueryDict(query))]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=guest", ["US-1", "US-2"]),
        ("q=guest+card", ["US-1"]),
        ("q=BASKET", ["US-2"]),
        ("q=us-3", ["US-3"]),
        ("q=nothing+like+it", []),
        ("q=%25", []),
        ("status=ready&status=done", ["US-1", "US-2"]),
        ("status=not-done&q=guest", ["US-1"]),
        ("status=not-done&status=done&q=guest", ["US-1", "US-2"]),
        ("status=dancing", []),
        ("epic=EP-2", ["US-3"]),
        ("epic=none&q=story+1", ["US-10"]),
        ("assignee=mira", ["US-3", "US-1"]),
        ("assignee=none&epic=EP-1", ["US-2"]),
        ("tests=failing", ["US-2"]),
        ("tests=passing", ["US-1"]),
        ("tests=some", ["US-1", "US-2"]),
        ("tests=none&epic=EP-2", ["US-3"]),
        ("tests=dancing", []),
        ("q=&status=&epic=EP-2&assignee=", ["US-3"]),
    ],
)
def test_a_query_string_finds_these(shop: Project, query: str, found: list[str]) -> None:
    assert keys(shop, query) == found


def test_the_backlogs_order_is_epics_first_and_the_ones_without_last(shop: Project) -> None:
    assert keys(shop, "") == ["US-3", "US-1", "US-2", *(f"US-{number}" for number in range(4, 11))]


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("key", ["US-1", "US-2", "US-3"]),
        ("-key", ["US-10", "US-9", "US-8"]),
        ("priority", ["US-1", "US-3", "US-4"]),
        ("points", ["US-3", "US-1", "US-2"]),
        ("status", ["US-4", "US-5", "US-6"]),
        ("title", ["US-2", "US-1", "US-3"]),
        ("dancing", ["US-3", "US-1", "US-2"]),
    ],
)
def test_a_list_can_be_sorted(shop: Project, sort: str, first: list[str]) -> None:
    assert keys(shop, f"sort={sort}")[:3] == first


def test_stories_are_found_by_their_state_in_jira(shop: Project) -> None:
    story = Story.objects.get(project=shop, key="US-1")
    ExportedTicket.objects.create(
        connection=a_connection(),
        project_ref=shop.ref,
        story_ref=story.ref,
        kind="story",
        issue_id="10001",
        issue_key="SHOP-1",
        sync="conflict",
    )
    Story.objects.filter(key="US-2").update(sync_off=True)

    assert keys(shop, "jira=conflict") == ["US-1"]
    assert keys(shop, "jira=off") == ["US-2"]
    assert keys(shop, "jira=conflict&jira=off") == ["US-1", "US-2"]
    assert len(keys(shop, "jira=not_exported")) == 8


def test_counts_do_not_multiply_each_other(shop: Project) -> None:
    story = with_counts(filter_stories(shop, QueryDict("q=us-2"))).get()

    assert (story.criteria_count, story.tests_count, story.tests_passed) == (2, 2, 1)  # type: ignore[attr-defined]
