"""The line before a Jira project: one run goes at a time, the others wait in an order that people may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet

from jira_integration import audit
from jira_integration.conf import story_source
from jira_integration.contracts import Act
from jira_integration.models import ExportRun

State = ExportRun.State


class CannotDo(Exception):
    """This makes no sense in the run's or plan's state; `code` is worded by the catalogue with `values`."""

    def __init__(self, code: str, values: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.values = dict(values or {})


@dataclass(frozen=True)
class Place:
    """Where a run stands: `number` counts from 1 and leaves paused runs out, `after` is the run right before it."""

    number: int
    after: ExportRun | None


def line(run: ExportRun) -> QuerySet[ExportRun]:
    """The runs that wait for the same Jira project, paused ones among them, in order."""
    return same_project(run).filter(state__in=ExportRun.IN_LINE).order_by("place", "pk")


def same_project(run: ExportRun) -> QuerySet[ExportRun]:
    return ExportRun.objects.filter(connection_id=run.connection_id, jira_project_id=run.jira_project_id)


def last_place(run: ExportRun) -> int:
    """The place behind everybody who waits now."""
    return int(line(run).exclude(pk=run.pk).aggregate(last=Max("place"))["last"] or 0) + 1


def place_of(run: ExportRun) -> Place:
    """Where a run stands that waits. Nobody before it: after the one that is going on, if any."""
    earlier = Q(place__lt=run.place) | Q(place=run.place, pk__lt=run.pk)
    before = list(line(run).filter(earlier, state=State.QUEUED))
    after = before[-1] if before else same_project(run).filter(state__in=ExportRun.ACTIVE).first()
    return Place(len(before) + 1, after)


def move(run: ExportRun, user: Any, *, to_front: bool) -> None:
    """Let a run that waits go before the one ahead of it, or before all. The runs it passes may belong to another
    backlog: that takes the right to export there, too. Raises CannotDo."""
    with transaction.atomic():
        line(run).update(seq=F("seq") + 1)  # also locks them where rows can be locked
        waiting = list(line(run))
        here = next((place for place, one in enumerate(waiting) if one.pk == run.pk), None)
        if here is None:
            raise CannotDo("not_in_line")
        ahead = [place for place, one in enumerate(waiting[:here]) if one.state == State.QUEUED]
        if not ahead:
            raise CannotDo("first_in_line")
        there = 0 if to_front else ahead[-1]
        others = {one.project_ref for one in waiting[there:here]} - {run.project_ref}
        if not all(story_source().may(user, ref, Act.EXPORT) for ref in others):
            raise CannotDo("line_of_others")
        waiting.insert(there, waiting.pop(here))
        for place, one in enumerate(waiting, 1):
            one.place = place
        ExportRun.objects.bulk_update(waiting, ["place"])
        audit.record("run_moved_up", {"run": run.pk, "place": there + 1}, user=user, project_ref=run.project_ref)


def next_runs(connection_id: int | None = None) -> list[int]:
    """The runs that may start now: the first in line of every Jira project in which none is active."""
    projects = ("connection_id", "jira_project_id")
    active = set(ExportRun.objects.filter(state__in=ExportRun.ACTIVE).values_list(*projects))
    queued = ExportRun.objects.filter(state=State.QUEUED).order_by("place", "pk")
    if connection_id is not None:
        queued = queued.filter(connection_id=connection_id)
    first: dict[tuple[int, str], int] = {}
    for pk, connection, project in queued.values_list("pk", *projects):
        first.setdefault((connection, project), pk)
    return [pk for project, pk in first.items() if project not in active]
