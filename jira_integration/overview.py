"""The figures of the overview: how many stories stand how, and how old our knowledge is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from jira_integration.badges import SYNC, Badge
from jira_integration.charts import Chart, Series
from jira_integration.conf import story_source
from jira_integration.contracts import ProjectInfo
from jira_integration.figures import HeadRoom, runs_by_day, stories_by_day
from jira_integration.models import JiraConnection

STALE_AFTER = timedelta(minutes=30)
ORDER = (
    "in_sync",
    "changed_here",
    "changed_in_jira",
    "conflict",
    "failed",
    "missing",
    "unchecked",
    "not_exported",
    "off",
)
BARS = {
    "in_sync": "f-ok",
    "changed_here": "f-run",
    "changed_in_jira": "f-pur",
    "conflict": "f-warn",
    "failed": "f-bad",
    "missing": "f-bad",
    "unchecked": "f-idle",
    "not_exported": "f-idle",
    "off": "f-idle",
}


@dataclass(frozen=True)
class StateCount:
    """One state: how many stories, where the list of them is, its piece of the bar in percent."""

    badge: Badge
    count: int
    url: str
    css: str
    start: str
    width: str


@dataclass(frozen=True)
class Check:
    """The last look at Jira; `stale` when it is older than half an hour."""

    at: datetime | None
    stale: bool


def last_check(connection: JiraConnection) -> Check:
    at = connection.checked_at
    return Check(at, at is None or timezone.now() - at > STALE_AFTER)


def charts_of(project_ref: str, states: Sequence[StateCount], room: HeadRoom) -> list[Chart]:
    """Stories by sync state, what runs did, and requests: the first two by day, the last by hour."""
    now = {one.badge.code: one.count for one in states}
    stories, runs = stories_by_day(project_ref, now), list(runs_by_day(project_ref).values())
    days = [date_format(day, "j M") for day in stories]
    matching, total = now.get("in_sync", 0), sum(now.values())
    made, failed = sum(one.created + one.updated for one in runs), sum(one.failed for one in runs)
    return [
        Chart(
            "chart-stories",
            _("Stories by state"),
            _("%(n)d of %(total)d stories match Jira today.") % {"n": matching, "total": total},
            days,
            [
                Series(str(SYNC[code].word), BARS[code], [counts.get(code, 0) for counts in stories.values()])
                for code in ORDER
                if any(counts.get(code) for counts in stories.values())
            ],
        ),
        Chart(
            "chart-runs",
            _("Exported by day"),
            _("%(n)d created or updated in two weeks, %(failed)d failed.") % {"n": made, "failed": failed},
            days,
            [
                Series(_("Created"), "f-ok", [one.created for one in runs]),
                Series(_("Updated"), "f-run", [one.updated for one in runs]),
                Series(_("Failed"), "f-bad", [one.failed for one in runs]),
            ],
        ),
        Chart(
            "chart-requests",
            _("Requests by hour"),
            _("%(n)d requests in 24 hours. Jira asked us to slow down %(limited)d times.")
            % {"n": sum(one.requests for one in room.hours), "limited": room.limited},
            [date_format(timezone.localtime(one.hour), "H:i") for one in room.hours],
            [
                Series(_("Answered"), "f-run", [one.requests - one.limited for one in room.hours]),
                Series(_("Asked to slow down"), "f-warn", [one.limited for one in room.hours]),
            ],
        ),
    ]


def states_of(project: ProjectInfo) -> list[StateCount]:
    """Counts of the stories by sync state, states that do not occur left out."""
    source = story_source()
    counts = source.sync_counts(project.ref)
    total, start, made = sum(counts.values()) or 1, 0.0, []
    stories = source.project_url(project.ref)
    for code in ORDER:
        if not counts.get(code):
            continue
        width = 100 * counts[code] / total
        url = f"{stories}?{urlencode({'jira': code})}"
        made.append(StateCount(SYNC[code], counts[code], url, BARS[code], f"{start:.2f}%", f"{width:.2f}%"))
        start += width
    return made
