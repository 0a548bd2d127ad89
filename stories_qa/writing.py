"""One way to change an epic, story or test case: only if nobody was faster, and with its version raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from stories_qa.models import AcceptanceCriterion, Epic, LastResult, Priority, Status, Story, TestCase, TestStep

Item = Epic | Story | TestCase
CHOICES: dict[str, tuple[type[Status | Priority | LastResult], str]] = {
    "status": (Status, Status.BACKLOG),
    "priority": (Priority, Priority.MEDIUM),
    "last_result": (LastResult, LastResult.NOT_RUN),
}
WRITABLE: dict[type[Item], frozenset[str]] = {
    Epic: frozenset({"title", "description", "status", "labels"}),
    Story: frozenset(
        {
            "title",
            "description",
            "status",
            "labels",
            "priority",
            "points",
            "assignee",
            "assignee_name",
            "epic",
            "criteria",
        }
    ),
    TestCase: frozenset({"title", "preconditions", "last_result", "story", "steps"}),
}
CRITERION_PARTS = ("text", "given", "when", "then")


class VersionMoved(Exception):
    """Somebody changed the item since it was read; nothing was written."""


def change(
    item: Item, values: Mapping[str, Any], *, expected_version: int | None, by: str
) -> tuple[int, tuple[str, ...]]:
    """Write `values` and return (the version now, the names of what really changed).

    Values are keyed by column; "criteria" is a sequence of mappings with text/given/when/then, and replaces them all;
    so does "steps" with action/expected.
    `item` must be freshly read; on return its attributes are not refreshed. Nothing different: nothing is written and
    the version stays. `by` is the name of who did it. Raises VersionMoved when `expected_version` is given and is not
    the stored one, LookupError when the item is gone, ValueError for a value the column cannot hold.
    """
    kind = type(item)
    unknown = set(values) - WRITABLE[kind]
    if unknown:
        raise ValueError(f"{kind.__name__} cannot be given {', '.join(sorted(unknown))}")
    with transaction.atomic():
        # no_key: the rows of criteria and steps may still be read against it; SQLite ignores row locks, but there
        # the transaction has taken the write lock at its start.
        current = kind._default_manager.select_for_update(no_key=True).filter(pk=item.pk).first()
        if current is None:
            raise LookupError(item.ref)
        if expected_version is not None and current.version != expected_version:
            raise VersionMoved(item.ref)
        columns = {name: clean(name, value) for name, value in values.items() if name not in {"criteria", "steps"}}
        changed = [name for name, value in columns.items() if getattr(current, name) != value]
        if isinstance(current, Story) and "criteria" in values and _replace_criteria(current, values["criteria"]):
            changed.append("criteria")
        if isinstance(current, TestCase) and "steps" in values and _replace_steps(current, values["steps"]):
            changed.append("steps")
        if not changed:
            return current.version, ()
        written = {name: value for name, value in columns.items() if name in changed}
        kind._default_manager.filter(pk=current.pk, version=current.version).update(
            **written, version=current.version + 1, updated_by=by[:150], updated_at=timezone.now()
        )
        if isinstance(current, TestCase):
            moved_to = written.get("story")
            for story_id in {current.story_id, None if moved_to is None else moved_to.pk}:
                if story_id is not None:
                    touch_story(story_id, by=by)
        return current.version + 1, tuple(changed)


def touch_story(story_id: int, *, by: str) -> None:
    """Raise a story's version because something below it changed: its test cases are part of what is exported."""
    Story.objects.filter(pk=story_id).update(version=F("version") + 1, updated_by=by[:150], updated_at=timezone.now())


def clean(name: str, value: Any) -> Any:
    """A value in the shape its column stores, or ValueError. None means the default where a column has one."""
    if name in CHOICES:
        choices, default = CHOICES[name]
        return choices(default if value is None else value).value
    if name == "title":
        return " ".join(str(value or "").split())[:2000]
    if name == "labels":
        return [str(label) for label in value or []]
    if name == "points":
        return None if value is None else Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    if name in {"description", "preconditions", "assignee_name"}:
        return str(value or "")
    return value


def _replace_criteria(story: Story, wanted: Sequence[Mapping[str, str]]) -> bool:
    """Make the story's criteria these; False when they already are."""
    parts = [tuple(str(one.get(part, "")) for part in CRITERION_PARTS) for one in wanted]
    parts = [one for one in parts if any(one)]
    stored = list(story.criteria.order_by("position", "pk").values_list(*CRITERION_PARTS))
    if stored == parts:
        return False
    story.criteria.all().delete()
    AcceptanceCriterion.objects.bulk_create(
        AcceptanceCriterion(story=story, position=position, **dict(zip(CRITERION_PARTS, one, strict=True)))
        for position, one in enumerate(parts)
    )
    return True


def _replace_steps(case: TestCase, wanted: Sequence[Mapping[str, str]]) -> bool:
    """Make the test case's steps these; False when they already are."""
    steps = [(str(one.get("action", "")), str(one.get("expected", ""))) for one in wanted]
    steps = [one for one in steps if any(one)]
    if list(case.steps.order_by("position", "pk").values_list("action", "expected")) == steps:
        return False
    case.steps.all().delete()
    TestStep.objects.bulk_create(
        TestStep(test_case=case, position=position, action=action, expected=expected)
        for position, (action, expected) in enumerate(steps)
    )
    return True
