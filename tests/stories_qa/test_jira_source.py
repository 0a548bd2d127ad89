from __future__ import annotations

import json
from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.management import call_command
from django.http import QueryDict
from pytest_django import DjangoAssertNumQueries

from jira_integration.contracts import Act, Criterion, FieldKind, Kind, Person, StoryChanged, StorySource
from jira_integration.models import ExportedTicket
from stories_qa.exporters import export
from stories_qa.jira_source import StoriesQaSource, sync_states, with_sync
from stories_qa.models import AcceptanceCriterion, Epic, Project, Story, TestCase
from tests.jira_rows import a_connection

pytestmark = pytest.mark.django_db
source: StorySource = StoriesQaSource()


@pytest.fixture
def shop() -> Project:
    call_command("seed_demo", stdout=StringIO())
    Project.objects.create(key="OTHER", name="Other")
    return Project.objects.get(key="SHOP")


@pytest.fixture
def story(shop: Project) -> Story:
    return Story.objects.get(key="US-142")


def test_projects_are_those_the_person_belongs_to(shop: Project) -> None:
    assert [project.key for project in source.projects_for(User.objects.get(username="ana"))] == ["SHOP"]
    assert list(source.projects_for(AnonymousUser())) == []
    assert source.project("OTHER") is not None and source.project("NOPE") is None
    assert source.project_by_ref(shop.ref) == source.project("SHOP")


def test_rights_are_the_hosts(shop: Project) -> None:
    exporter = User.objects.get(username="ana")

    assert [source.may(exporter, shop.ref, act) for act in Act] == [True, True, True, False]
    assert not source.may(exporter, "project:none", Act.VIEW)
    assert source.who_may(shop.ref, Act.ADMIN) == ["Mira Kovač"]


def test_every_field_that_is_offered_has_a_value_of_its_kind_in_the_snapshots(shop: Project) -> None:
    shapes = {
        FieldKind.TEXT: str,
        FieldKind.RICH_TEXT: str,
        FieldKind.CRITERIA: list,
        FieldKind.TESTS: list,
        FieldKind.NUMBER: (int, float, type(None)),
        FieldKind.CHOICE: str,
        FieldKind.LABELS: list,
        FieldKind.PERSON: (Person, type(None)),
        FieldKind.STATUS: str,
        FieldKind.PARENT: (str, type(None)),
    }

    for kind in Kind:
        fields = source.fields(shop.ref, kind)
        for snapshot in source.snapshots(shop.ref, source.refs(shop.ref, kind)):
            assert set(snapshot.values) == {field.key for field in fields}
            for field in fields:
                value = snapshot.values[field.key]
                assert isinstance(value, shapes[field.kind]), field.key
                assert not field.choices or value in {choice.value for choice in field.choices}


def test_a_snapshot_is_the_story_as_it_is_now(shop: Project, story: Story) -> None:
    (snapshot,) = source.snapshots(shop.ref, [story.ref])

    assert (snapshot.key, snapshot.kind, snapshot.version) == ("US-142", Kind.STORY, 1)
    assert snapshot.title == "Guest can pay without creating an account"
    assert snapshot.parent_ref == snapshot.values["parent"] == Epic.objects.get(key="EP-1").ref
    assert snapshot.values["points"] == 8 and isinstance(snapshot.values["points"], int)
    assert snapshot.values["assignee"] == Person("Mira Kovač", "demo@example.com")
    assert snapshot.values["criteria"][3] == Criterion(
        text="A guest order never shows up in somebody else's account without the claim link."
    )
    first = snapshot.values["tests"][0]
    assert (first.key, first.last_result, len(first.steps)) == ("TC-1", "passed", 5)
    assert snapshot.url == "/p/SHOP/stories/US-142/"


def test_snapshots_come_in_the_order_asked_for_without_what_is_unknown_or_elsewhere(shop: Project) -> None:
    elsewhere = Story.objects.create(project=Project.objects.get(key="OTHER"), key="US-1", title="x")
    refs = [*reversed(source.refs(shop.ref)), elsewhere.ref, "story:none", "nonsense"]

    found = [snapshot.ref for snapshot in source.snapshots(shop.ref, refs)]

    assert found == list(reversed(source.refs(shop.ref)))
    assert len(found) == 3 + 24 + 20


@pytest.mark.parametrize("more", [0, 1000])
def test_snapshots_take_at_most_eight_queries_whatever_the_number(
    shop: Project, more: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    made = Story.objects.bulk_create(Story(project=shop, key=f"US-{n + 500}", title="x") for n in range(more))
    AcceptanceCriterion.objects.bulk_create(AcceptanceCriterion(story=one, position=0, text="y") for one in made)
    refs = source.refs(shop.ref)

    with django_assert_max_num_queries(8):
        snapshots = list(source.snapshots(shop.ref, refs))

    assert [snapshot.ref for snapshot in snapshots] == refs
    assert all(snapshot.values["criteria"] for snapshot in snapshots if snapshot.kind is Kind.STORY)


def test_matching_is_what_the_list_shows(shop: Project) -> None:
    refs = source.matching(shop.ref, QueryDict("q=claim+guest&status=in_progress").urlencode())

    assert refs == [Story.objects.get(key="US-142").ref]
    assert len(source.matching(shop.ref, "")) == 24


@pytest.mark.parametrize("key", ["US-142", "us-142", " EP-3 ", "TC-7"])
def test_a_key_that_a_person_typed_is_resolved_in_its_project_only(shop: Project, key: str) -> None:
    ref = source.resolve(shop.ref, key)

    assert ref is not None
    assert next(iter(source.snapshots(shop.ref, [ref]))).key == key.strip().upper()
    assert source.resolve(source.project("OTHER").ref, key) is None  # type: ignore[union-attr]


@pytest.mark.both_databases
def test_what_jira_says_is_written_once_with_a_new_version_and_its_author(shop: Project, story: Story) -> None:
    epic = Epic.objects.get(key="EP-2")
    values = {
        "title": "Pay as a guest",
        "status": "done",
        "priority": "low",
        "points": 2.5,
        "labels": ["a"],
        "description": "New",
        "criteria": [Criterion(text="one"), Criterion(given="g", when="w", then="t")],
        "assignee": Person("Somebody", "ana@example.com"),
        "parent": epic.ref,
    }

    applied = source.apply(story.ref, values, expected_version=1, actor="Jonas Ortiz in Jira")

    story.refresh_from_db()
    assert applied.version == story.version == 2
    assert set(applied.changed) == set(values)
    assert (story.title, story.status, story.priority, float(story.points or 0)) == (
        "Pay as a guest",
        "done",
        "low",
        2.5,
    )
    assert (story.labels, story.description, story.epic) == (["a"], "New", epic)
    assert story.assignee == User.objects.get(username="ana")
    assert [(one.text, one.given) for one in story.criteria.all()] == [("one", ""), ("", "g")]
    assert story.updated_by == "Jonas Ortiz in Jira"


def test_the_same_values_again_change_nothing(shop: Project, story: Story) -> None:
    (snapshot,) = source.snapshots(shop.ref, [story.ref])
    values = {key: value for key, value in snapshot.values.items() if key != "tests"}

    applied = source.apply(story.ref, values, expected_version=1, actor="Jira")

    assert (applied.version, applied.changed) == (1, ())


@pytest.mark.both_databases
def test_another_version_than_expected_writes_nothing(story: Story) -> None:
    Story.objects.filter(pk=story.pk).update(version=4)

    with pytest.raises(StoryChanged):
        source.apply(story.ref, {"title": "x"}, expected_version=1, actor="Jira")

    story.refresh_from_db()
    assert story.title != "x"
    assert source.apply(story.ref, {"title": "x"}, expected_version=None, actor="Jira").version == 5


def test_what_cannot_be_written_is_refused_and_nothing_is_written(shop: Project, story: Story) -> None:
    bad = [{"status": "dancing"}, {"tests": []}, {"parent": "epic:none"}]
    for values in bad:
        with pytest.raises(ValueError, match=r"dancing|tests|epic:none"):
            source.apply(story.ref, {"title": "x", **values}, expected_version=1, actor="Jira")
    with pytest.raises(LookupError):
        source.apply("story:none", {"title": "x"}, expected_version=1, actor="Jira")

    story.refresh_from_db()
    assert (story.version, story.title == "x") == (1, False)


def test_a_person_jira_names_who_is_no_member_stays_as_a_name(story: Story) -> None:
    source.apply(story.ref, {"assignee": Person("Kim Lee", "kim@acme.test")}, expected_version=1, actor="Jira")

    story.refresh_from_db()
    assert (story.assignee, story.assignee_name) == (None, "Kim Lee")
    source.apply(story.ref, {"assignee": None}, expected_version=2, actor="Jira")
    story.refresh_from_db()
    assert story.assignee_name == ""


def test_a_changed_test_case_raises_its_storys_version(shop: Project, story: Story) -> None:
    test = TestCase.objects.get(key="TC-1")

    source.apply(test.ref, {"title": "New"}, expected_version=1, actor="Jira")

    story.refresh_from_db()
    assert story.version == 2


def test_the_export_says_where_each_story_is_in_jira(shop: Project, story: Story) -> None:
    ExportedTicket.objects.create(
        connection=a_connection(),
        project_ref=shop.ref,
        story_ref=story.ref,
        kind="story",
        issue_id="10001",
        issue_key="ACME-7",
        sync="in_sync",
        story_version=0,
    )

    document = json.loads(export(shop, "json"))

    found = {item["key"]: item["jira"] for item in document["stories"]}
    assert found["US-142"] == {"issue_key": "ACME-7", "issue_id": "10001", "state": "changed_here"}
    assert with_sync(Story.objects.filter(pk=story.pk)).get().jira_state == "changed_here"
    assert {code for code, _word, _icon in sync_states()} >= {item["state"] for item in found.values()}


def test_kin_say_where_things_hang_as_snapshots_do_in_a_few_queries(
    shop: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    refs = [*source.refs(shop.ref), "story:gone", "nothing"]
    told = list(source.snapshots(shop.ref, refs))

    with django_assert_max_num_queries(4):
        kin = list(source.kin(shop.ref, refs))

    assert [(one.ref, one.kind, one.parent_ref) for one in kin] == [(one.ref, one.kind, one.parent_ref) for one in told]
    tests = {one.ref: tuple(case.ref for case in one.values["tests"]) for one in told if one.kind is Kind.STORY}
    assert any(tests.values())
    assert {one.ref: one.tests for one in kin if one.kind is Kind.STORY} == tests
