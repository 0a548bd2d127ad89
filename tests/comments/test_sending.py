"""Comments written here: in Jira once, edits and deletions follow, refusals stay to be seen."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from jira_integration.comments.tasks import comment_saved
from jira_integration.models import ExportedComment, ExportedTicket, ProjectMapping
from jira_integration.richtext import adf_to_markdown
from stories_qa.models import Comment, Story
from tests.comments.conftest import here, in_jira, paragraph, poll, says, says_now, send, takes_back
from tests.sandbox_server import RunningSandbox

pytestmark = pytest.mark.both_databases
State = ExportedComment.State


def text_of(comment: dict[str, Any]) -> str:
    return adf_to_markdown(comment["body"]).value.strip()


def test_a_comment_is_written_in_jira_once_and_names_who_wrote_it(
    story: Story, ticket: ExportedTicket, mira: Any, sandbox: RunningSandbox
) -> None:
    says(story, mira, "Does this hold for **guests**?")

    send(ticket)
    send(ticket)

    [made] = in_jira(sandbox, ticket)
    assert text_of(made) == "*Mira Kovač (Stories & QA):*\n\nDoes this hold for **guests**?"
    row = ExportedComment.objects.get()
    assert (row.state, row.remote_id, row.in_doubt) == (State.AGREED, made["id"], False)
    assert made["properties"][0]["value"] == {"uid": str(row.uid)}


def test_our_own_comment_comes_back_as_nothing_new(
    story: Story, ticket: ExportedTicket, mira: Any, sandbox: RunningSandbox
) -> None:
    says(story, mira, "- one\n- two\n\n`code` & <b>")
    send(ticket)
    sandbox.clear_log()

    poll(ticket)
    send(ticket)

    assert here(story) == ["- one\n- two\n\n`code` & <b>"]
    assert sandbox.write_requests() == []
    assert ExportedComment.objects.count() == 1


def test_an_edit_and_a_deletion_follow(
    story: Story, ticket: ExportedTicket, mira: Any, sandbox: RunningSandbox
) -> None:
    comment = says(story, mira, "Frist")
    send(ticket)

    says_now(comment, "First")
    send(ticket)

    assert [text_of(one).rpartition("\n")[2] for one in in_jira(sandbox, ticket)] == ["First"]
    comment.refresh_from_db()
    takes_back(comment)
    send(ticket)
    poll(ticket)
    assert in_jira(sandbox, ticket) == []
    assert here(story) == []


def test_after_a_lost_answer_the_comment_is_looked_for_and_not_sent_again(
    story: Story, ticket: ExportedTicket, mira: Any, sandbox: RunningSandbox
) -> None:
    says(story, mira, "Only once")
    sandbox.faults({"kind": "close_after_write", "method": "POST", "path": ".*/comment", "nth": 1})
    send(ticket)
    row = ExportedComment.objects.get()
    assert (row.state, row.in_doubt) == (State.WAITING, True)
    assert row.not_before is not None and row.not_before > timezone.now()
    assert send(ticket) == 0, "it must wait until the request cannot be at work any more"

    assert poll(ticket).held == 1, "a comment of ours that nobody has recognised yet must not come in as new"
    ExportedComment.objects.update(not_before=timezone.now())
    send(ticket)
    poll(ticket)

    assert len(in_jira(sandbox, ticket)) == 1
    assert here(story) == ["Only once"]
    assert ExportedComment.objects.get().state == State.AGREED


def test_a_request_that_never_arrived_is_sent_again(
    story: Story, ticket: ExportedTicket, mira: Any, sandbox: RunningSandbox
) -> None:
    says(story, mira, "At last")
    sandbox.faults({"kind": "close_before_write", "method": "POST", "path": ".*/comment", "nth": 1})
    send(ticket)
    ExportedComment.objects.update(not_before=timezone.now())

    send(ticket)

    assert len(in_jira(sandbox, ticket)) == 1
    assert ExportedComment.objects.get().state == State.AGREED


def test_a_worker_that_died_in_the_middle_leaves_a_comment_that_is_looked_for(
    story: Story, ticket: ExportedTicket, mira: Any, sandbox: RunningSandbox
) -> None:
    says(story, mira, "Once")
    send(ticket)
    ExportedComment.objects.update(
        state=State.SENDING, in_doubt=True, remote_id="", lease_token="dead", lease_until=timezone.now()
    )

    send(ticket)

    assert len(in_jira(sandbox, ticket)) == 1
    assert ExportedComment.objects.get().state == State.AGREED


def test_a_missing_permission_is_said_by_its_name_and_can_be_tried_again(
    story: Story, ticket: ExportedTicket, mira: Any, sandbox: RunningSandbox
) -> None:
    sandbox.control("project", {"project": "SHOP", "denied": ["ADD_COMMENTS"]})
    comment = says(story, mira, "May I?")
    send(ticket)
    row = ExportedComment.objects.get()
    assert (row.state, row.error_code, row.in_doubt) == (State.FAILED, "comment_not_allowed", False)

    sandbox.control("project", {"project": "SHOP", "denied": []})
    assert comment_saved(story.ref, comment.ref, asked=True)
    send(ticket)

    assert len(in_jira(sandbox, ticket)) == 1
    row.refresh_from_db()
    assert (row.state, row.error_code) == (State.AGREED, "")


@pytest.mark.parametrize("way", ["from_jira", "none"])
def test_a_mapping_that_does_not_send_comments_keeps_them_here(
    way: str, story: Story, ticket: ExportedTicket, mapping: ProjectMapping, mira: Any, sandbox: RunningSandbox
) -> None:
    ProjectMapping.objects.update(comments=way)

    says(story, mira, "Between us")
    send(ticket)

    assert here(story) == ["Between us"]
    assert in_jira(sandbox, ticket) == []
    assert not ExportedComment.objects.exists()


def test_edited_on_both_sides_neither_text_is_lost(
    story: Story, ticket: ExportedTicket, mira: Any, sandbox: RunningSandbox
) -> None:
    comment = says(story, mira, "Base")
    send(ticket)
    row = ExportedComment.objects.get()
    sandbox.call("PUT", f"issue/{ticket.issue_id}/comment/{row.remote_id}", json=paragraph("Theirs"))
    says_now(comment, "Ours")

    send(ticket)
    poll(ticket)

    row.refresh_from_db()
    assert (row.state, row.theirs, row.error_code) == (State.CONFLICT, "Theirs", "comment_conflict")
    assert here(story) == ["Ours"]
    assert text_of(in_jira(sandbox, ticket)[0]) == "Theirs"


def test_deleted_in_jira_while_it_was_edited_here_stays_here(
    story: Story, ticket: ExportedTicket, mira: Any, sandbox: RunningSandbox
) -> None:
    comment = says(story, mira, "Base")
    send(ticket)
    row = ExportedComment.objects.get()
    sandbox.call("DELETE", f"issue/{ticket.issue_id}/comment/{row.remote_id}")
    says_now(comment, "Still true")

    send(ticket)

    row.refresh_from_db()
    assert (row.state, row.error_code) == (State.FAILED, "comment_gone_there")
    assert here(story) == ["Still true"]
    comment_saved(story.ref, comment.ref, asked=True)
    send(ticket)
    assert len(in_jira(sandbox, ticket)) == 1


def test_comments_from_before_the_export_stay_here_until_somebody_sends_them(
    story: Story, ticket: ExportedTicket, mira: Any, sandbox: RunningSandbox
) -> None:
    early = Comment.objects.create(
        story=story, author=mira, author_name="Mira", body="Early", written_at=timezone.now()
    )

    send(ticket)
    assert in_jira(sandbox, ticket) == []

    comment_saved(story.ref, early.ref, asked=True)
    send(ticket)
    assert len(in_jira(sandbox, ticket)) == 1
