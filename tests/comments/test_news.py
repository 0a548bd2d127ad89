"""Comments written in Jira: here with their author, followed in their edits and deletions, and only once."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from jira_integration.client.schemas import Comment as There
from jira_integration.client.schemas import jira_time
from jira_integration.comments.news import take_in
from jira_integration.export.unlink import forget
from jira_integration.models import ExportedComment, ExportedTicket, ProjectMapping
from stories_qa.models import Comment, Story
from tests.comments.conftest import here, in_jira, paragraph, poll, says, send, written_in_jira
from tests.jira_rows import a_story
from tests.jira_site import export
from tests.sandbox_server import RunningSandbox

pytestmark = pytest.mark.both_databases


def test_a_comment_from_jira_says_who_wrote_it_when_and_where(
    story: Story, ticket: ExportedTicket, sandbox: RunningSandbox
) -> None:
    written_in_jira(sandbox, ticket, "Works on my machine")

    poll(ticket)
    poll(ticket)

    comment = Comment.objects.get()
    [there] = in_jira(sandbox, ticket)
    assert (comment.body, comment.place) == ("Works on my machine", "Jira")
    assert comment.author_name == there["author"]["displayName"]
    assert comment.written_at == jira_time(there["created"])
    assert ExportedComment.objects.get().from_jira


def test_edits_and_deletions_in_jira_follow(story: Story, ticket: ExportedTicket, sandbox: RunningSandbox) -> None:
    number = written_in_jira(sandbox, ticket, "Frist")
    poll(ticket)
    sandbox.call("PUT", f"issue/{ticket.issue_id}/comment/{number}", json=paragraph("First"))
    poll(ticket)
    assert here(story) == ["First"]

    sandbox.call("DELETE", f"issue/{ticket.issue_id}/comment/{number}")
    poll(ticket)

    assert here(story) == []
    assert Comment.objects.get().body == "", "what others wrote is not kept beyond its deletion"


def test_an_edit_in_jira_of_a_comment_of_ours_follows_without_the_line_that_names_us(
    story: Story, ticket: ExportedTicket, mira: Any, sandbox: RunningSandbox
) -> None:
    says(story, mira, "Ours")
    send(ticket)
    [there] = in_jira(sandbox, ticket)
    there["body"]["content"][1]["content"][0]["text"] = "Ours, mended in Jira"
    sandbox.call("PUT", f"issue/{ticket.issue_id}/comment/{there['id']}", json={"body": there["body"]})

    poll(ticket)
    sandbox.clear_log()
    send(ticket)

    assert here(story) == ["Ours, mended in Jira"]
    assert Comment.objects.get().author == mira
    assert sandbox.write_requests() == []


def test_a_comment_for_a_few_people_never_comes_in_and_leaves_when_it_becomes_one(
    story: Story, ticket: ExportedTicket, sandbox: RunningSandbox
) -> None:
    number = written_in_jira(sandbox, ticket, "For all")
    poll(ticket)
    assert here(story) == ["For all"]
    restricted = There.model_validate(
        {"id": number, "body": "For all", "visibility": {"type": "role", "value": "Administrators"}}
    )
    internal = There.model_validate({"id": "77", "body": "Not for customers", "jsdPublic": False})

    list(take_in(ticket.connection, {ticket.issue_id: [restricted, internal]}, timezone.now()))

    assert here(story) == []


def test_many_comments_cost_requests_only_for_the_issue_that_has_them(
    story: Story, ticket: ExportedTicket, mapping: ProjectMapping, sandbox: RunningSandbox
) -> None:
    for number in range(2, 12):
        a_story(story.project, number)
    export(mapping)
    for one in ExportedTicket.objects.all():
        written_in_jira(sandbox, one, f"About {one.story_key}")
    sandbox.clear_log()

    poll(ticket)

    assert Comment.objects.count() == 11
    assert len(sandbox.log()) == 1, "eleven issues and their comments come with one request"


def test_a_story_linked_again_gets_no_comment_twice(
    story: Story, ticket: ExportedTicket, sandbox: RunningSandbox
) -> None:
    written_in_jira(sandbox, ticket, "Once")
    poll(ticket)
    columns = {"mapping": ticket.mapping, "project_ref": ticket.project_ref, "story_ref": ticket.story_ref}
    forget([ticket])
    ExportedTicket.objects.create(
        connection=ticket.connection,
        issue_id=ticket.issue_id,
        issue_key=ticket.issue_key,
        kind="story",
        sync="in_sync",
        **columns,
    )

    poll(ticket)

    assert here(story) == ["Once"]


def test_comments_stay_in_jira_when_the_mapping_says_so(
    story: Story, ticket: ExportedTicket, mapping: ProjectMapping, sandbox: RunningSandbox
) -> None:
    written_in_jira(sandbox, ticket, "There")
    ProjectMapping.objects.update(comments="none")
    poll(ticket)
    assert here(story) == []

    ProjectMapping.objects.update(comments="from_jira")
    poll(ticket)
    assert here(story) == ["There"]


def test_a_story_that_is_kept_out_of_sync_gets_no_comments(
    story: Story, ticket: ExportedTicket, sandbox: RunningSandbox
) -> None:
    Story.objects.update(sync_off=True)
    written_in_jira(sandbox, ticket, "There")

    poll(ticket)

    assert here(story) == []
