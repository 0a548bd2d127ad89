"""Link a story to an issue that is in Jira already: both sides are shown, one is chosen, and nothing is made twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from jira_integration.models import AuditEntry, ExportedTicket, ProjectMapping
from stories_qa.models import Comment, Role, Story
from tests.jira_rows import a_backlog, a_person, a_story
from tests.jira_site import connect, export, plan
from tests.sandbox_server import RunningSandbox, running_sandbox
from tests.sync.test_poll import move, news, state_of

pytestmark = pytest.mark.both_databases
PAGE = "/p/SHOP/jira/link/"


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def mapping(transactional_db: None, sandbox: RunningSandbox) -> ProjectMapping:
    """US-1 "Pay by card" is not in Jira; somebody there wrote an issue of the same name."""
    backlog = a_backlog()
    a_person("exa", backlog, Role.EXPORTER)
    a_person("vic", backlog, Role.EDITOR)
    mapping = connect(backlog, sandbox)
    a_story(backlog, 1, title="Pay by card", description="Ours", priority="low", status="done")
    return mapping


@pytest.fixture
def issue(mapping: ProjectMapping, sandbox: RunningSandbox) -> dict[str, Any]:
    text = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Theirs"}]}],
    }
    fields = {
        "project": {"id": mapping.jira_project_id},
        "issuetype": {"id": mapping.story_type_id},
        "summary": "pay by  card",
        "description": text,
    }
    made: dict[str, Any] = sandbox.call("POST", "issue", json={"fields": fields}).json()
    sandbox.call("POST", f"issue/{made['id']}/comment", json={"body": text})
    return made


def visit(name: str = "exa") -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(username=name))
    return client


def look(issue: str, story: str = "US-1", name: str = "exa") -> Any:
    return visit(name).get(PAGE, {"story": story, "issue": issue})


def join(shown: Any, keep: str) -> Any:
    values = {"story": "US-1", "issue": shown.context["issue"].key, "seen": shown.context["seen"], "keep": keep}
    return visit().post(PAGE, values)


def test_both_sides_are_shown_and_nothing_is_joined_by_looking(mapping: ProjectMapping, issue: dict[str, Any]) -> None:
    shown = look(f"https://acme.atlassian.net/browse/{issue['key'].lower()}")

    page = shown.content.decode()
    assert shown.status_code == 200
    assert f"Link US-1 to {issue['key']}" in page
    for words in ("Ours", "Theirs", "Done", "To Do", "Differs", "Same"):
        assert words in page
    assert not ExportedTicket.objects.exists()


def test_jira_s_word_is_taken_over_here(
    mapping: ProjectMapping, issue: dict[str, Any], sandbox: RunningSandbox
) -> None:
    answer = join(look(issue["key"]), "jira")

    story = Story.objects.get()
    ticket = ExportedTicket.objects.get()
    assert answer.status_code == 303
    assert (ticket.issue_id, ticket.story_ref) == (issue["id"], story.ref)
    assert (story.title, story.description.strip(), story.status) == ("pay by card", "Theirs", "backlog")
    assert state_of(story) == "in_sync"
    there = next(one for one in sandbox.issues() if one["id"] == issue["id"])
    assert there["properties"]["stories-qa.item"] == {"uid": str(ticket.uid)}
    assert Comment.objects.get().body == "Theirs", "the comments of the issue come along"
    assert AuditEntry.objects.filter(code="linked", object_ref=story.ref).exists()


def test_our_word_goes_to_jira_with_the_next_export(
    mapping: ProjectMapping, issue: dict[str, Any], sandbox: RunningSandbox
) -> None:
    join(look(issue["key"]), "ours")
    story = Story.objects.get()
    assert (story.description, story.status) == ("Ours", "done")
    assert state_of(story) == "changed_here"
    [planned] = plan(mapping).items.all()
    assert planned.action == "update", "never a second issue"

    export(mapping)

    there = next(one for one in sandbox.issues() if one["id"] == issue["id"])
    assert there["fields"]["summary"] == "Pay by card"
    assert there["fields"]["status"]["name"] == "Done"
    assert state_of(story) == "in_sync"


def test_what_changes_in_jira_afterwards_comes_in(
    mapping: ProjectMapping, issue: dict[str, Any], sandbox: RunningSandbox
) -> None:
    join(look(issue["key"]), "jira")
    move(sandbox, issue["key"], "In Progress")

    news(mapping)

    assert Story.objects.get().status == "in_progress"


def test_an_issue_that_changed_since_it_was_shown_is_not_joined(
    mapping: ProjectMapping, issue: dict[str, Any], sandbox: RunningSandbox
) -> None:
    shown = look(issue["key"])
    Story.objects.update(version=7)

    answer = join(shown, "ours")

    assert answer.status_code == 409
    assert "changed since you looked" in answer.content.decode()
    assert not ExportedTicket.objects.exists()
    assert join(answer, "ours").status_code == 303


def test_one_issue_stands_for_one_story_and_one_story_has_one_issue(
    mapping: ProjectMapping, issue: dict[str, Any], sandbox: RunningSandbox
) -> None:
    join(look(issue["key"]), "jira")
    a_story(Story.objects.get().project, 2, title="Another")

    taken = look(issue["key"], "US-2")
    assert taken.status_code == 422
    assert f"{issue['key']} stands for US-1 already." in taken.content.decode()

    export(mapping, [Story.objects.get(key="US-2").ref])
    other = ExportedTicket.objects.get(story_key="US-2").issue_key
    page = look(other, "US-1").content.decode()
    assert f"{other} stands for US-2 already." in page
    assert ExportedTicket.objects.count() == 2


def test_issues_that_cannot_stand_for_the_story_say_why(
    mapping: ProjectMapping, issue: dict[str, Any], sandbox: RunningSandbox
) -> None:
    fields = {"project": {"id": mapping.jira_project_id}, "issuetype": {"id": mapping.epic_type_id}, "summary": "Epic"}
    epic = sandbox.call("POST", "issue", json={"fields": fields}).json()["key"]

    assert f"{epic} is of the type Epic." in look(epic).content.decode()
    assert "Jira shows no issue SHOP-9999." in look("SHOP-9999").content.decode()
    assert "Jira shows no issue .." in look("..").content.decode()
    assert not ExportedTicket.objects.exists()


def test_who_may_not_export_links_nothing(mapping: ProjectMapping, issue: dict[str, Any]) -> None:
    shown = look(issue["key"])

    assert look(issue["key"], name="vic").status_code == 403
    values = {"story": "US-1", "issue": issue["key"], "seen": shown.context["seen"]}
    assert visit("vic").post(PAGE, values).status_code == 403
    assert not ExportedTicket.objects.exists()


def test_the_preview_leads_to_the_link_when_titles_are_the_same(mapping: ProjectMapping, issue: dict[str, Any]) -> None:
    made = plan(mapping)

    page = visit().get(f"/p/SHOP/jira/plans/{made.pk}/").content.decode()

    assert f"/p/SHOP/jira/link/?story=US-1&amp;issue={issue['key']}" in page
