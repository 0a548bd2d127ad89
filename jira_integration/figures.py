"""Figures day by day and hour by hour, read for the overview's charts and written by beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from jira_integration.conf import story_source
from jira_integration.models import AuditEntry, ProjectMapping, RequestHour, StoryDay

DAYS = 14
HOURS = 24
KEEP_DAYS = 400


@dataclass(frozen=True)
class DayOfRuns:
    """What the runs of a day came to, each counted by its last end."""

    created: int = 0
    updated: int = 0
    failed: int = 0


@dataclass(frozen=True)
class HourOfRequests:
    hour: datetime
    requests: int = 0
    limited: int = 0


@dataclass(frozen=True)
class HeadRoom:
    """Requests of the last 24 hours; `percent` of its limit is left as Jira said this hour, None when it did not."""

    hours: tuple[HourOfRequests, ...]
    percent: int | None

    @property
    def this_hour(self) -> int:
        return self.hours[-1].requests

    @property
    def limited(self) -> int:
        return sum(one.limited for one in self.hours)


def count_stories() -> None:
    """Put down today's standing of every backlog that is connected; one row a day, written over."""
    source, today = story_source(), _today()
    for ref in ProjectMapping.objects.filter(live=True).values_list("project_ref", flat=True):
        StoryDay.objects.update_or_create(
            project_ref=ref, day=today, defaults={"counts": dict(source.sync_counts(ref))}
        )
    StoryDay.objects.filter(day__lt=today - timedelta(days=KEEP_DAYS)).delete()


def days() -> list[date]:
    today = _today()
    return [today - timedelta(days=ago) for ago in reversed(range(DAYS))]


def stories_by_day(project_ref: str, now: Mapping[str, int]) -> dict[date, Mapping[str, int]]:
    """The last days that were counted; today is `now`."""
    wanted = days()
    rows = StoryDay.objects.filter(project_ref=project_ref, day__gte=wanted[0]).values_list("day", "counts")
    found: dict[date, Mapping[str, int]] = dict(rows)
    found[wanted[-1]] = now
    return {day: found.get(day, {}) for day in wanted}


def runs_by_day(project_ref: str) -> dict[date, DayOfRuns]:
    wanted = days()
    since = timezone.now() - timedelta(days=DAYS)
    rows = AuditEntry.objects.filter(project_ref=project_ref, code="run_finished", at__gte=since).order_by("pk")
    last = {values.get("run"): (at.date(), values) for at, values in rows.values_list("at", "values")}
    sums = {day: DayOfRuns() for day in wanted}
    for day, values in last.values():
        if day in sums:
            had = sums[day]
            sums[day] = DayOfRuns(
                had.created + int(values.get("created", 0)),
                had.updated + int(values.get("updated", 0)),
                had.failed + int(values.get("failed", 0)),
            )
    return sums


def head_room(connection_id: int) -> HeadRoom:
    this = timezone.now().replace(minute=0, second=0, microsecond=0)
    wanted = [this - timedelta(hours=ago) for ago in reversed(range(HOURS))]
    rows = {row.hour: row for row in RequestHour.objects.filter(connection_id=connection_id, hour__gte=wanted[0])}
    hours = tuple(
        HourOfRequests(hour, rows[hour].requests, rows[hour].limited) if hour in rows else HourOfRequests(hour)
        for hour in wanted
    )
    now = rows.get(this)
    percent = round(100 * now.left / now.allowed) if now and now.allowed and now.left is not None else None
    return HeadRoom(hours, percent)


def _today() -> date:
    return timezone.now().date()
