"""Where issues hang, by schema: metadata alone, no Jira."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from jira_integration.contracts import Kind, StorySnapshot
from jira_integration.export.hierarchy import Family, Place, parent_field
from jira_integration.export.template import hole
from jira_integration.mapping.metadata import IssueType, JiraField, LinkType, ProjectMetadata
from jira_integration.mapping.preflight import Facts, Parent, one_above
from jira_integration.models import ExportedTicket, ProjectMapping

GH = "com.pyxis.greenhopper.jira"
PARENT = JiraField("parent", "Übergeordnet", "issuelink", system="parent")
EPIC_LINK = JiraField("customfield_10008", "Epos-Verknüpfung", "any", custom=f"{GH}:gh-epic-link")
LINKS = JiraField("issuelinks", "Linked Issues", "array", items="issuelinks", system="issuelinks")
TESTS = LinkType("7", "Test", "is tested by", "tests")

CLOUD_EPIC = IssueType("1", "Epic", level=1)
CLOUD_STORY = IssueType("2", "Story", fields=(PARENT, EPIC_LINK))
CLOUD_TEST = IssueType("3", "Test", fields=(PARENT, LINKS))
SUBTASK = IssueType("4", "Sub-task", subtask=True, level=-1)
# Data Center gives no levels and no parent, but for sub-tasks.
SERVER_EPIC, SERVER_STORY = IssueType("1", "Epic"), IssueType("2", "Story", fields=(EPIC_LINK,))


def shop(*types: IssueType, **more: Any) -> ProjectMetadata:
    return ProjectMetadata("10000", "SHOP", "Shop", issue_types=types, link_types=(TESTS,), **more)


CLOUD = shop(CLOUD_EPIC, CLOUD_STORY, CLOUD_TEST, SUBTASK)
SERVER = shop(SERVER_EPIC, SERVER_STORY, SUBTASK)


def family(metadata: ProjectMetadata, *tickets: ExportedTicket, target: str = "subtask", **columns: Any) -> Family:
    mapping = ProjectMapping(
        epic_type_id=columns.pop("epic_type_id", "1"),
        story_type_id="2",
        test_target=target,
        test_type_id="4" if target == "subtask" else "3",
        test_link_type_id="7",
        **columns,
    )
    return Family(mapping, metadata, {ticket.story_ref: ticket for ticket in tickets})


def ticket(ref: str, key: str = "", **columns: Any) -> ExportedTicket:
    issue_id = columns.pop("issue_id", key and f"1{key.rpartition('-')[2]}")
    return ExportedTicket(story_ref=ref, kind=ref.partition(":")[0], issue_id=issue_id, issue_key=key, **columns)


def item(kind: Kind, parent: str | None) -> StorySnapshot:
    return StorySnapshot("x:1", kind, "X-1", 1, {}, "/x", datetime(2026, 1, 1, tzinfo=UTC), parent_ref=parent)


NOTHING = Facts()


def code(place: Place) -> str:
    return place.finding.code if place.finding else ""


def test_the_parent_field_is_found_by_schema() -> None:
    assert parent_field(CLOUD_STORY) == PARENT
    assert parent_field(SERVER_STORY) == EPIC_LINK
    assert (parent_field(SUBTASK) or PARENT).id == "parent"  # whatever its screen shows
    assert parent_field(IssueType("9", "Story")) is None


def test_a_story_names_its_epics_id_on_cloud_and_its_key_on_data_center() -> None:
    epic = ticket("epic:1", "SHOP-7")

    cloud = family(CLOUD, epic).place(item(Kind.STORY, "epic:1"), CLOUD_STORY, NOTHING)
    server = family(SERVER, epic).place(item(Kind.STORY, "epic:1"), SERVER_STORY, NOTHING)

    assert (cloud.fields, cloud.uid) == ({"parent": {"id": "17"}}, epic.uid)
    assert (server.fields, server.uid) == ({"customfield_10008": "SHOP-7"}, epic.uid)
    assert server.labels == {"customfield_10008": "Epos-Verknüpfung"}


def test_an_epic_of_the_same_plan_is_a_hole_in_the_form_its_field_wants() -> None:
    uid = uuid.uuid4()
    cloud, server = family(CLOUD), family(SERVER)
    cloud.uids["epic:1"] = server.uids["epic:1"] = uid

    assert cloud.place(item(Kind.STORY, "epic:1"), CLOUD_STORY, NOTHING).fields == {"parent": {"id": hole(uid)}}
    assert server.place(item(Kind.STORY, "epic:1"), SERVER_STORY, NOTHING).fields == {
        "customfield_10008": hole(uid, "key")
    }


def test_a_sub_task_hangs_under_its_story_on_both() -> None:
    story = ticket("story:1", "SHOP-8")

    for metadata in (CLOUD, SERVER):
        place = family(metadata, story).place(item(Kind.TEST, "story:1"), SUBTASK, NOTHING)
        assert place.fields == {"parent": {"id": "18"}}


@pytest.mark.parametrize(("outward", "end"), [(True, "outwardIssue"), (False, "inwardIssue")])
def test_a_linked_test_case_names_the_other_end_of_its_link(outward: bool, end: str) -> None:
    work = family(CLOUD, ticket("story:1", "SHOP-8"), target="linked", test_link_outward=outward)

    place = work.place(item(Kind.TEST, "story:1"), CLOUD_TEST, NOTHING)

    assert place.links == ({"type": {"id": "7"}, end: {"key": "SHOP-8"}},)
    assert place.words == {"issuelinks": f"{'tests' if outward else 'is tested by'} SHOP-8"}


def test_a_link_that_cannot_stand_in_the_create_is_said_before() -> None:
    work = family(CLOUD, ticket("story:1", "SHOP-8"), target="linked")

    assert code(work.place(item(Kind.TEST, "story:1"), IssueType("3", "Test"), NOTHING)) == "links_not_on_screen"


def test_without_an_epic_or_with_epics_that_stay_here_a_story_stands_alone() -> None:
    assert family(CLOUD).place(item(Kind.STORY, None), CLOUD_STORY, NOTHING) == Place()
    assert family(CLOUD, epic_type_id="").place(item(Kind.STORY, "epic:1"), CLOUD_STORY, NOTHING) == Place()


def test_what_cannot_come_blocks_what_hangs_under_it() -> None:
    work = family(CLOUD)
    work.uids = {"epic:1": uuid.uuid4(), "story:1": uuid.uuid4()}
    work.blocked = {"epic:1", "story:1"}

    assert code(work.place(item(Kind.STORY, "epic:1"), CLOUD_STORY, NOTHING)) == "epic_blocked"
    assert (
        code(work.place(item(Kind.STORY, "epic:2"), CLOUD_STORY, NOTHING)) == "epic_blocked"
    )  # not part of this export
    assert code(work.place(item(Kind.TEST, "story:1"), SUBTASK, NOTHING)) == "story_blocked"


def test_a_parent_that_jira_does_not_show_is_no_parent() -> None:
    asked = Facts(asked_parents=frozenset({"17", "18"}))
    work = family(CLOUD, ticket("epic:1", "SHOP-7"))
    linked = family(CLOUD, ticket("story:1", "SHOP-8"), target="linked")

    assert code(work.place(item(Kind.STORY, "epic:1"), CLOUD_STORY, asked)) == "parent_not_found"
    assert code(linked.place(item(Kind.TEST, "story:1"), CLOUD_TEST, asked)) == "parent_not_found"
    assert code(work.place(item(Kind.STORY, "epic:1"), CLOUD_STORY, NOTHING)) == ""


def test_an_epic_in_another_project_is_refused_only_where_jira_refuses_it() -> None:
    epic, story = ticket("epic:1", "OTHER-7"), ticket("story:1", "OTHER-8")
    parents = {"17": Parent("OTHER-7", "10009", 1), "18": Parent("OTHER-8", "10009", 0)}
    facts = Facts(parents, frozenset(parents))
    classic, team = family(CLOUD, epic, story), family(shop(*CLOUD.issue_types, team_managed=True), epic, story)

    far = classic.place(item(Kind.STORY, "epic:1"), CLOUD_STORY, facts)

    assert (far.fields, code(far)) == ({"parent": {"id": "17"}}, "parent_other_project")  # said, and sent
    for place in (
        team.place(item(Kind.STORY, "epic:1"), CLOUD_STORY, facts),
        classic.place(item(Kind.TEST, "story:1"), SUBTASK, facts),
    ):
        assert place.finding is not None
        assert (place.finding.code, place.finding.blocking, place.fields) == ("parent_other_project", True, {})


def test_without_the_permission_to_link_a_test_case_goes_without_its_link() -> None:
    metadata = shop(*CLOUD.issue_types, permissions={"LINK_ISSUES": False})
    work = family(metadata, ticket("story:1", "SHOP-8"), target="linked")

    place = work.place(item(Kind.TEST, "story:1"), CLOUD_TEST, NOTHING)

    assert (code(place), place.links) == ("no_link_permission", ())


def test_levels_are_compared_where_jira_gives_them() -> None:
    assert one_above(CLOUD_STORY, 1, CLOUD)
    assert not one_above(CLOUD_STORY, 2, CLOUD)
    assert not one_above(SUBTASK, 1, CLOUD)
    assert one_above(SUBTASK, 0, CLOUD)
    assert one_above(SERVER_STORY, 0, SERVER)  # no levels there
    assert one_above(SUBTASK, 0, SERVER)


def test_a_story_type_on_the_wrong_level_is_said_before() -> None:
    wrong = IssueType("2", "Feature", level=1, fields=(PARENT,))
    work = family(shop(CLOUD_EPIC, wrong))
    work.uids["epic:1"] = uuid.uuid4()

    place = work.place(item(Kind.STORY, "epic:1"), wrong, NOTHING)

    assert code(place) == "parent_wrong_level"
    assert place.finding is not None
    assert place.finding.values == {"issue_type": "Feature", "parent_type": "Epic"}
