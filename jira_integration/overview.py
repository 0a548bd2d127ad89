"""The figures of the overview: how many stories stand how, and how old our knowledge is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.utils import timezone

from jira_integration.badges import SYNC, Badge, sync_state
from jira_integration.conf import story_source
from jira_integration.contracts import Kind, ProjectInfo
from jira_integration.models import ExportedTicket, JiraConnection

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


def states_of(project: ProjectInfo) -> list[StateCount]:
    """Counts of the stories by sync state, states that do not occur left out."""
    source = story_source()
    refs = source.refs(project.ref, Kind.STORY)
    tickets = {
        ticket.story_ref: ticket
        for ticket in ExportedTicket.objects.filter(project_ref=project.ref, unlinked_at=None, kind=Kind.STORY).only(
            "story_ref", "sync", "story_version", "checked_at"
        )
    }
    counts = dict.fromkeys(ORDER, 0)
    for snapshot in source.snapshots(project.ref, refs):
        code = sync_state(tickets.get(snapshot.ref), version=snapshot.version, sync_off=snapshot.sync_off)
        counts[code] += 1
    total, start, made = sum(counts.values()) or 1, 0.0, []
    stories = source.project_url(project.ref)
    for code in ORDER:
        if not counts[code]:
            continue
        width = 100 * counts[code] / total
        url = f"{stories}?{urlencode({'jira': code})}"
        made.append(StateCount(SYNC[code], counts[code], url, BARS[code], f"{start:.2f}%", f"{width:.2f}%"))
        start += width
    return made
