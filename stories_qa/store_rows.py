"""Writing many epics, stories or test cases at once, with their criteria and steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import F, Max
from django.utils import timezone

from stories_qa.models import AcceptanceCriterion, Epic, Project, Story, TestCase, TestStep

Row = Epic | Story | TestCase
Said = dict[str, Any]  # column → value; "criteria" and "steps" are lists of tuples, in the order of PARTS
PREFIX: dict[type[Row], str] = {Epic: "EP", Story: "US", TestCase: "TC"}
CHILDREN = frozenset({"criteria", "steps"})  # kept in tables of their own
PARTS: dict[type[Row], tuple[str, type[Any], str, tuple[str, ...]]] = {
    Story: ("criteria", AcceptanceCriterion, "story", ("text", "given", "when", "then")),
    TestCase: ("steps", TestStep, "test_case", ("action", "expected")),
}
BATCH = 500  # rows to a statement; SQLite takes 32,766 values in one


def children_of(model: type[Row], project: Project) -> dict[int, list[tuple[str, ...]]]:
    """Criteria by story, or steps by test case, of the whole project, in order."""
    found: dict[int, list[tuple[str, ...]]] = defaultdict(list)
    if model in PARTS:
        _name, child, parent, columns = PARTS[model]
        rows = child._default_manager.filter(**{f"{parent}__project": project}).order_by("position", "pk")
        for pk, *parts in rows.values_list(f"{parent}_id", *columns):
            found[pk].append(tuple(parts))
    return found


def create(model: type[Any], project: Project, new: Sequence[tuple[Row, Said]]) -> None:
    """Insert rows; those without a key get the project's next numbers, those without a position come last."""
    if not new:
        return
    unnumbered = [row for row, _said in new if not row.key]
    if unnumbered:
        for number, row in enumerate(unnumbered, project.take_numbers(len(unnumbered))):
            row.key = f"{PREFIX[model]}-{number}"
    last = model._default_manager.filter(project=project).aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    for row, said in new:
        if "position" not in said:
            row.position = position
            position += 1
        for name in ("epic", "story"):
            if said.get(name) is not None:
                setattr(row, name, said[name])  # again: its pk was not known when the row was made
    model._default_manager.bulk_create([row for row, _said in new], batch_size=BATCH)
    _insert_children(model, new)


def update(model: type[Any], changed: Sequence[tuple[Row, Said]], *, by: str) -> None:
    """Write what is different, with one more version; a row without differences only keeps its new content hash."""
    columns = {"content_hash"}
    different = [(row, said) for row, said in changed if said]
    for row, said in different:
        for name in said.keys() - CHILDREN:
            setattr(row, name, said[name])
        columns |= said.keys() - CHILDREN
        row.version += 1
        row.updated_by = by
        row.updated_at = timezone.now()
    if different:
        columns |= {"version", "updated_by", "updated_at"}
    names = [name.removesuffix("_id") if name == "assignee_id" else name for name in sorted(columns)]
    model._default_manager.bulk_update([row for row, _said in changed], names, batch_size=BATCH)
    if model in PARTS:
        name, child, parent, _columns = PARTS[model]
        again = [(row, said) for row, said in different if name in said]
        for start in range(0, len(again), BATCH):
            pks = [row.pk for row, _said in again[start : start + BATCH]]
            child._default_manager.filter(**{f"{parent}__in": pks}).delete()
        _insert_children(model, again)


def touch(stories: Iterable[int], *, by: str) -> None:
    """Raise the versions of stories whose test cases changed: those are part of what is exported."""
    pks = sorted(stories)
    for start in range(0, len(pks), BATCH):
        Story.objects.filter(pk__in=pks[start : start + BATCH]).update(
            version=F("version") + 1, updated_by=by, updated_at=timezone.now()
        )


def _insert_children(model: type[Any], rows: Sequence[tuple[Row, Said]]) -> None:
    if model not in PARTS:
        return
    name, child, parent, columns = PARTS[model]
    child._default_manager.bulk_create(
        (
            child(**{parent: row}, position=position, **dict(zip(columns, parts, strict=True)))
            for row, said in rows
            for position, parts in enumerate(said.get(name, []))
        ),
        batch_size=BATCH,
    )
