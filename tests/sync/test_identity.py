"""What became of an issue as a whole: followed, named, never undone or made again by itself."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import Client

from jira_integration.intake import look_for
from jira_integration.models import AuditEntry, ExportedTicket, ProjectMapping
from jira_integration.tasks import sweep_connection, sweep_connections
from stories_qa.models import Project, Story
from tests.export.test_difference import in_jira
from tests.jira_rows import a_person, a_story
from tests.jira_site import export
from tests.sandbox_server import RunningSandbox
from tests.sync.test_poll import key_of, news, state_of


@pytest.fixture
def story(mapping: ProjectMapping) -> Story:
    return Story.objects.get(key="US-1")


def ticket_of(story: Story) -> ExportedTicket:
    return ExportedTicket.objects.select_related("connection", "mapping").get(story_ref=story.ref)


def told(story: Story) -> list[str]:
    return list(AuditEntry.objects.filter(object_ref=story.ref).order_by("pk").values_list("code", flat=True))


def test_a_moved_issue_is_followed_to_its_new_key_and_says_where_it_is(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    before = key_of(story)
    sandbox.control("move", {"issue": before, "project": "MOB"})

    news(mapping, full=True)

    ticket = ticket_of(story)
    assert ticket.issue_key.startswith("MOB-")
    assert (ticket.standing, ticket.standing_words) == ("moved", "Mobile app (MOB)")
    assert state_of(story) != "missing"
    assert {"issue_key_changed", "issue_moved_there"} <= set(told(story))
    assert news(mapping, full=True)["changed"] == 0


def test_an_archived_issue_is_no_missing_one_and_comes_back_when_it_is_restored(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    sandbox.control("archive", {"issue": key_of(story), "archived": True})
    assert news(mapping, full=True)["missing"] == 0
    assert ticket_of(story).standing == "archived"

    sandbox.control("archive", {"issue": key_of(story), "archived": False})
    news(mapping, full=True)

    assert (ticket_of(story).standing, state_of(story)) == ("", "in_sync")
    assert told(story)[-2:] == ["issue_archived_there", "issue_back"]


def test_an_issue_of_another_type_says_so(mapping: ProjectMapping, sandbox: RunningSandbox, story: Story) -> None:
    types = sandbox.call("GET", f"issue/createmeta/{mapping.jira_project_key}/issuetypes").json()["issueTypes"]
    other = next(one for one in types if one["name"] in ("Task", "Bug"))
    in_jira(sandbox, story, issuetype={"id": other["id"]})

    news(mapping)

    assert (ticket_of(story).standing, ticket_of(story).standing_words) == ("retyped", other["name"])


def test_a_project_out_of_sight_makes_no_issue_missing_and_clears_when_it_is_seen_again(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    sandbox.control("project", {"project": "SHOP", "denied": ["BROWSE_PROJECTS"]})

    assert news(mapping, full=True)["missing"] == 0
    assert set(ExportedTicket.objects.values_list("standing", "sync")) == {("hidden", "in_sync")}

    sandbox.control("project", {"project": "SHOP", "denied": []})
    news(mapping, full=True)
    assert set(ExportedTicket.objects.values_list("standing", flat=True)) == {""}


def test_looking_for_one_deleted_issue_finds_it_missing_and_a_hidden_one_not(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    second = Story.objects.get(key="US-2")
    sandbox.call("DELETE", f"issue/{key_of(story)}")
    sandbox.control("project", {"project": "SHOP", "denied": ["BROWSE_PROJECTS"]})
    async_to_sync(look_for)(ticket_of(second))
    assert (ticket_of(second).standing, state_of(second)) == ("hidden", "in_sync")

    sandbox.control("project", {"project": "SHOP", "denied": []})
    async_to_sync(look_for)(ticket_of(story))
    async_to_sync(look_for)(ticket_of(second))

    assert (state_of(story), state_of(second)) == ("missing", "in_sync")
    assert ticket_of(second).standing == ""


def test_a_sweep_runs_by_the_schedule_and_says_once_a_day_when_it_is_not_believed(
    mapping: ProjectMapping, sandbox: RunningSandbox, backlog: Project, story: Story
) -> None:
    assert settings.CELERY_BEAT_SCHEDULE["jira-sweep"]["task"] == sweep_connections.name
    sandbox.call("DELETE", f"issue/{key_of(story)}")
    sweep_connection(mapping.connection_id)
    assert state_of(story) == "missing"

    for number in range(4, 14):
        a_story(backlog, number)
    export(mapping)
    for ticket in ExportedTicket.objects.exclude(sync="missing"):
        sandbox.call("DELETE", f"issue/{ticket.issue_key}")
    sweep_connection(mapping.connection_id)
    sweep_connection(mapping.connection_id)

    assert AuditEntry.objects.filter(code="sweep_not_believed").count() == 1
    assert ExportedTicket.objects.filter(sync="missing").count() == 1


class TestOnThePages:
    @pytest.fixture
    def person(self, client: Client, backlog: Project) -> Client:
        client.force_login(a_person("mira", backlog))
        return client

    def test_the_story_and_the_overview_say_what_became_of_it(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        sandbox.control("archive", {"issue": key_of(story), "archived": True})
        news(mapping, full=True)

        for page in ("/p/SHOP/stories/US-1/", "/p/SHOP/jira/"):
            assert f"{key_of(story)} is archived in Jira." in person.get(page).content.decode()

    def test_a_missing_one_can_be_looked_for_and_unlinked(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        sandbox.call("DELETE", f"issue/{key_of(story)}")
        ticket = ticket_of(story)

        person.post(f"/p/SHOP/jira/tickets/{ticket.pk}/look/")
        assert state_of(story) == "missing"
        page = person.get("/p/SHOP/stories/US-1/").content.decode()
        assert "Look again" in page and "Create it again" in page
        person.post(f"/p/SHOP/jira/tickets/{ticket.pk}/unlink/")

        assert state_of(story) == "not_exported"
        assert "unlinked" in told(story)

    def test_who_may_only_look_may_do_none_of_it(
        self, mapping: ProjectMapping, story: Story, backlog: Project, client: Client
    ) -> None:
        client.force_login(a_person("vic", backlog, "viewer"))

        for act in ("look", "again", "unlink"):
            assert client.post(f"/p/SHOP/jira/tickets/{ticket_of(story).pk}/{act}/").status_code == 403
