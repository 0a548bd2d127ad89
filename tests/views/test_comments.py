"""What a person does about a comment that is not on both sides."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from jira_integration.comments import tasks
from jira_integration.models import AuditEntry, ExportedComment, ExportedTicket, JiraConnection, ProjectMapping
from stories_qa.models import Comment, Story
from tests.jira_rows import a_backlog, a_mapping, a_person, a_ticket

pytestmark = pytest.mark.django_db
PAGE = "/p/SHOP/stories/US-1/"


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> ExportedComment:
    """A comment that was edited on both sides."""
    monkeypatch.setattr(tasks.send_comments, "delay", lambda ticket_id: None)
    project = a_backlog(stories=1)
    story = Story.objects.get()
    mapping = a_mapping(project, comments="both")
    a_person("ed", project, "editor")
    a_person("vic", project, "viewer")
    comment = Comment.objects.create(story=story, author_name="Ed", body="Ours", written_at=timezone.now())
    return ExportedComment.objects.create(
        ticket=a_ticket(mapping, story),
        comment_ref=comment.ref,
        remote_id="30001",
        state="conflict",
        error_code="comment_conflict",
        theirs="Theirs <b>",
        theirs_jira="hash-of-theirs",
        agreed_jira="hash-of-base",
    )


def visit(name: str) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(username=name))
    return client


def choose(row: ExportedComment, keep: str, name: str = "ed") -> Any:
    return visit(name).post(f"/p/SHOP/jira/comments/{row.pk}/choose/", {"keep": keep})


def test_both_texts_are_shown_with_the_choice(row: ExportedComment) -> None:
    page = visit("ed").get(PAGE).content.decode()

    assert "This comment was edited here and in Jira." in page
    assert "Theirs &lt;b&gt;" in page
    assert "Keep ours" in page
    assert "Keep ours" not in visit("vic").get(PAGE).content.decode()


def test_keeping_ours_sends_it_over_the_text_that_was_shown(row: ExportedComment) -> None:
    assert choose(row, "ours").status_code == 303

    row.refresh_from_db()
    assert (row.state, row.agreed_jira, row.error_code) == ("waiting", "hash-of-theirs", "")
    assert Comment.objects.get().body == "Ours"
    assert AuditEntry.objects.filter(code="comment_ours").exists()


def test_taking_jira_s_writes_it_here_and_sends_nothing(row: ExportedComment) -> None:
    choose(row, "theirs")
    choose(row, "ours")  # too late: it is settled

    row.refresh_from_db()
    assert row.state == "agreed"
    assert Comment.objects.get().body == "Theirs <b>"


def test_who_may_not_edit_stories_chooses_nothing(row: ExportedComment) -> None:
    assert choose(row, "theirs", "vic").status_code == 403
    assert Comment.objects.get().body == "Ours"


def test_a_refused_comment_says_why_and_is_tried_again(row: ExportedComment) -> None:
    ExportedComment.objects.update(
        state="failed", remote_id="", error_code="comment_not_allowed", error_values={"jira_project": "SHOP"}
    )
    page = visit("ed").get(PAGE).content.decode()
    assert "QA bot may not comment in SHOP." in page
    assert "Send again" in page

    values = {"story": row.ticket.story_ref, "comment": row.comment_ref}
    assert visit("vic").post("/p/SHOP/jira/comments/send/", values).status_code == 403
    assert visit("ed").post("/p/SHOP/jira/comments/send/", values).status_code == 303

    row.refresh_from_db()
    assert (row.state, row.error_code) == ("waiting", "")


def test_a_comment_of_another_story_is_not_sent_by_this_one(row: ExportedComment) -> None:
    other = a_backlog("OTHER", stories=1)
    elsewhere = Comment.objects.create(
        story=Story.objects.get(project=other), author_name="X", body="Secret", written_at=timezone.now()
    )

    visit("ed").post("/p/SHOP/jira/comments/send/", {"story": row.ticket.story_ref, "comment": elsewhere.ref})

    assert ExportedComment.objects.count() == 1
    assert ExportedTicket.objects.count() == 1


def test_the_way_of_comments_is_chosen_by_an_admin_and_leaves_previews_good(row: ExportedComment) -> None:
    mapping = ProjectMapping.objects.get()
    address = f"/jira/connections/{mapping.connection_id}/comments/?project=SHOP"
    assert visit("ed").post(address, {"comments": "none"}).status_code == 403
    a_person("ana", Story.objects.get().project, "admin")
    JiraConnection.objects.update(account_id="1")

    assert visit("ana").post(address, {"comments": "none"}).status_code in (302, 303)
    visit("ana").post(address, {"comments": "everywhere"})

    now = ProjectMapping.objects.get()
    assert (now.comments, now.version) == ("none", mapping.version)
