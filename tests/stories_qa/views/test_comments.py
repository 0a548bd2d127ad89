"""Comments on a story's page: who may write, change and delete them, and what others' text may not do."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from jira_integration.models import ExportedTicket
from stories_qa.models import Comment, Project, Story
from tests.stories_qa.views.conftest import Visitor

pytestmark = pytest.mark.django_db
PAGE = "/p/SHOP/stories/US-2/"
WRITE = f"{PAGE}comments/"


def test_a_comment_is_shown_with_its_author_and_where_it_was_written(shop: Project, visit: Visitor) -> None:
    answer = visit("editor").post(WRITE, {"new-body": "Is **this** enough?"})

    comment = Comment.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"{PAGE}#comment-{comment.pk}"
    page = visit("viewer").get(PAGE).content.decode()
    assert "Editor Person" in page
    assert "written here" in page
    assert "<strong>this</strong>" in page


def test_the_same_form_sent_twice_makes_one_comment(shop: Project, visit: Visitor) -> None:
    person = visit("editor")
    for _time in range(2):
        person.post(WRITE, {"new-body": "Once", "once": "a-token"})

    assert Comment.objects.count() == 1


def test_an_empty_comment_is_refused_and_a_long_one_keeps_its_text(shop: Project, visit: Visitor) -> None:
    empty = visit("editor").post(WRITE, {"new-body": " "})
    long = visit("editor").post(WRITE, {"new-body": "x" * 20_001})

    assert (empty.status_code, long.status_code) == (422, 422)
    assert "Write something first." in empty.content.decode()
    assert "x" * 20_001 in long.content.decode()
    assert not Comment.objects.exists()


def test_viewers_read_and_do_not_write(shop: Project, visit: Visitor) -> None:
    assert "new-body" not in visit("viewer").get(PAGE).content.decode()
    assert visit("viewer").post(WRITE, {"new-body": "Hello"}).status_code == 403
    assert visit("stranger").post(WRITE, {"new-body": "Hello"}).status_code == 404
    assert not Comment.objects.exists()


def a_comment(by: str, place: str = "", body: str = "Said") -> Comment:
    person = get_user_model().objects.get(username=by) if not place else None
    return Comment.objects.create(
        story=Story.objects.get(key="US-2"),
        author=person,
        author_name="Jonas Ortiz" if place else "Editor Person",
        place=place,
        body=body,
        written_at=timezone.now(),
    )


def test_only_its_author_edits_a_comment_and_an_admin_may_delete_it(shop: Project, visit: Visitor) -> None:
    address = f"{WRITE}{a_comment('editor').pk}/"

    assert visit("admin").post(address, {"body": "Changed"}).status_code == 404
    assert visit("exporter").post(f"{address}delete/").status_code == 404
    assert visit("editor").post(address, {"body": "Mended"}).status_code == 303
    assert Comment.objects.get().body == "Mended"
    assert Comment.objects.get().edited_at is not None
    assert "Delete this comment" in visit("admin").get(f"{address}delete/").content.decode()
    assert visit("admin").post(f"{address}delete/").status_code == 303
    assert "Mended" not in visit("viewer").get(PAGE).content.decode()


def test_a_comment_from_jira_is_changed_there_only_and_its_text_cannot_act(shop: Project, visit: Visitor) -> None:
    hostile = '<script>alert(1)</script> [x](javascript:alert(1)) <img src="https://tracker.example.test/p.png">'
    address = f"{WRITE}{a_comment('editor', 'Jira', hostile).pk}/"

    page = visit("editor").get(PAGE).content.decode()

    assert "Jonas Ortiz" in page
    assert "written in Jira" in page
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page
    assert "<img" not in page
    assert visit("editor").post(address, {"body": "Mine now"}).status_code == 404
    assert visit("admin").post(f"{address}delete/").status_code == 404


def test_a_comment_that_stands_here_only_can_be_sent_when_the_mapping_sends(
    shop: Project, exported: ExportedTicket, visit: Visitor
) -> None:
    a_comment("editor")
    assert "takes comments from Jira only" in visit("editor").get(PAGE).content.decode()
    assert "Send to Jira" not in visit("editor").get(PAGE).content.decode()

    exported.mapping.comments = "both"
    exported.mapping.save()

    page = visit("editor").get(PAGE).content.decode()
    assert "Send to Jira" in page
    assert "Comment here and in Jira" in page
    assert "Goes to SHOP-318 with your name." in page
    assert "Send to Jira" not in visit("viewer").get(PAGE).content.decode()
