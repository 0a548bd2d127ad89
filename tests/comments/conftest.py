"""A story in a sandbox Jira whose comments go both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction

from jira_integration.comments import tasks
from jira_integration.comments.sending import send_waiting
from jira_integration.models import ExportedTicket, ProjectMapping
from jira_integration.tasks import look
from stories_qa import comments
from stories_qa.models import Comment, Story
from tests.jira_rows import a_backlog, a_person, a_story
from tests.jira_site import connect, export
from tests.sandbox_server import RunningSandbox, running_sandbox


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def mapping(transactional_db: None, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> ProjectMapping:
    """US-1 is in Jira; comments go both ways; tasks are run by the tests themselves."""
    monkeypatch.setattr(tasks.send_comments, "delay", lambda ticket_id: None)
    backlog = a_backlog()
    mapping = connect(backlog, sandbox)
    mapping.comments = ProjectMapping.Comments.BOTH
    mapping.save()
    a_story(backlog)
    export(mapping)
    sandbox.clear_log()
    return mapping


@pytest.fixture
def story(mapping: ProjectMapping) -> Story:
    return Story.objects.get()


@pytest.fixture
def ticket(story: Story) -> ExportedTicket:
    return ExportedTicket.objects.get(story_ref=story.ref)


@pytest.fixture
def mira(story: Story) -> Any:
    return a_person("mira", story.project, first_name="Mira", last_name="Kovač")


def says(story: Story, person: Any, body: str) -> Comment:
    """What the page does."""
    with transaction.atomic():
        comment = comments.write(story, person, body)
        tasks.comment_saved(story.ref, comment.ref)
    return comment


def says_now(comment: Comment, body: str) -> None:
    with transaction.atomic():
        comments.edit(comment, body)
        tasks.comment_saved(comment.story.ref, comment.ref)


def takes_back(comment: Comment) -> None:
    with transaction.atomic():
        comments.take_back(comment)
        tasks.comment_saved(comment.story.ref, comment.ref)


def send(ticket: ExportedTicket) -> int:
    """What the task does."""
    return async_to_sync(send_waiting)(ticket.pk)


def poll(ticket: ExportedTicket) -> Any:
    return async_to_sync(look)(ticket.connection_id)


def paragraph(text: str) -> dict[str, Any]:
    return {
        "body": {
            "type": "doc",
            "version": 1,
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
        }
    }


def in_jira(sandbox: RunningSandbox, ticket: ExportedTicket) -> list[dict[str, Any]]:
    page = sandbox.call("GET", f"issue/{ticket.issue_id}/comment", params={"expand": "properties"}).json()
    return list(page["comments"])


def written_in_jira(sandbox: RunningSandbox, ticket: ExportedTicket, text: str) -> str:
    answer = sandbox.call("POST", f"issue/{ticket.issue_id}/comment", json=paragraph(text))
    return str(answer.json()["id"])


def here(story: Story) -> list[str]:
    """What the readers of the story see, in its order."""
    return list(Comment.objects.filter(story=story, deleted_at=None).values_list("body", flat=True))
