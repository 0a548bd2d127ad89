"""Making and deleting epics, stories and test cases by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from stories_qa.models import Epic, Project, Story, TestCase
from stories_qa.once import forget
from stories_qa.writing import Item, change, touch_story

PREFIXES: dict[type[Item], str] = {Epic: "EP", Story: "US", TestCase: "TC"}


def create(kind: type[Item], project: Project, values: Mapping[str, Any], *, by: str) -> Item:
    """Make one at the end of the project, with the next key; `values` as for `change`."""
    with transaction.atomic():
        rows = kind._default_manager.filter(project=project)
        last = rows.aggregate(last=Max("position"))["last"]
        item = kind(
            project=project,
            key=f"{PREFIXES[kind]}-{project.take_numbers()}",
            title="-",
            position=0 if last is None else last + 1,
            updated_by=by[:150],
        )
        item.save()
        change(item, values, expected_version=None, by=by)
        kind._default_manager.filter(pk=item.pk).update(version=1)  # nobody saw the empty one
        item.refresh_from_db()
    return item


def delete(item: Item, *, by: str) -> None:
    """Delete it for good. A story takes its test cases along; an epic leaves its stories, without an epic.
    What is in Jira stays there."""
    with transaction.atomic():
        forget(item.get_absolute_url())
        if isinstance(item, Epic):
            item.stories.update(version=F("version") + 1, updated_by=by[:150], updated_at=timezone.now())
        if isinstance(item, TestCase) and item.story_id is not None:
            touch_story(item.story_id, by=by)
        item.delete()
