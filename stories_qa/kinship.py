"""How a backlog hangs together, read without its texts: which version each item has, and what is under what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from stories_qa import models
from stories_qa.writing import Item

MODELS: dict[str, type[Item]] = {"epic": models.Epic, "story": models.Story, "test": models.TestCase}
PARENTS = {"story": "epic__ref", "test": "story__ref"}


def versions(project_ref: str, refs: Iterable[str]) -> dict[str, int]:
    """Ref → version; unknown refs are left out."""
    return {
        ref: version
        for _kind, rows in _by_kind(project_ref, refs)
        for ref, version in rows.values_list("ref", "version")
    }


def hanging(project_ref: str, refs: Iterable[str]) -> Iterator[tuple[str, str, str | None, tuple[str, ...]]]:
    """Ref, kind, the ref it is under, and of a story its test cases; in the given order, unknown refs left out. A query
    for each kind, and one for test cases."""
    asked = list(refs)
    tests: dict[str, list[str]] = defaultdict(list)
    found: dict[str, tuple[str, str | None]] = {}
    for kind, rows in _by_kind(project_ref, asked):
        parents: dict[str, str] = dict(rows.values_list("ref", PARENTS[kind])) if kind in PARENTS else {}
        found |= {ref: (kind, parents.get(ref)) for ref in parents or rows.values_list("ref", flat=True)}
        if kind == "story":
            cases = models.TestCase.objects.filter(project__ref=project_ref, story__ref__in=list(parents))
            for story, case in cases.order_by("position", "pk").values_list("story__ref", "ref"):
                tests[story].append(case)
    yield from ((ref, *found[ref], tuple(tests[ref])) for ref in asked if ref in found)


def _by_kind(project_ref: str, refs: Iterable[str]) -> Iterator[tuple[str, QuerySet[Any]]]:
    wanted: dict[str, list[str]] = defaultdict(list)
    for ref in refs:
        wanted[ref.partition(":")[0]].append(ref)
    for kind, model in MODELS.items():
        if kind in wanted:
            yield kind, model._default_manager.filter(project__ref=project_ref, ref__in=wanted[kind]).order_by()
