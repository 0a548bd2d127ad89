"""Comments written, changed and taken back by people here, and those that come from elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from stories_qa.models import Comment, Story
from stories_qa.templatetags.people import person_name


def write(story: Story, user: Any, body: str) -> Comment:
    return Comment.objects.create(
        story=story, body=body, author=user, author_name=person_name(user)[:200], written_at=timezone.now()
    )


def edit(comment: Comment, body: str) -> bool:
    """Whether anything changed."""
    if comment.body == body:
        return False
    return bool(Comment.objects.filter(pk=comment.pk, deleted_at=None).update(body=body, edited_at=timezone.now()))


def take_back(comment: Comment) -> None:
    """Delete it for the readers; the row stays until its deletion has followed everywhere."""
    Comment.objects.filter(pk=comment.pk).update(deleted_at=timezone.now())


class BodyMoved(Exception):
    """The comment says something else by now; nothing was written."""


def keep(
    story_ref: str,
    ref: str,
    body: str,
    *,
    author: str,
    written_at: datetime,
    edited_at: datetime | None,
    place: str,
    deleted: bool,
    expected: str | None,
) -> str:
    """A comment as it is elsewhere: a new one without `ref`. Raises LookupError without its story, BodyMoved when
    `expected` is given and is not what it says."""
    values = {"body": body, "author_name": author[:200], "written_at": written_at, "edited_at": edited_at}
    values["deleted_at"] = timezone.now() if deleted else None
    with transaction.atomic():
        if not ref:
            story = Story.objects.filter(ref=story_ref).first()
            if story is None:
                raise LookupError(story_ref)
            return Comment.objects.create(story=story, place=place, **values).ref
        rows = Comment.objects.filter(ref=ref)
        if not (rows if expected is None else rows.filter(body=expected)).update(**values):
            raise BodyMoved(ref)
    return ref
