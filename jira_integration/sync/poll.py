"""Ask Jira what changed since the last look. The poll is the truth; a webhook is only a hint to look."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from asgiref.sync import sync_to_async
from django.db.models import F, Sum
from django.utils import timezone

from jira_integration import audit
from jira_integration.client import JiraClient
from jira_integration.conf import conf
from jira_integration.models import (
    AuditEntry,
    ExportedTicket,
    JiraConnection,
    PollRepairs,
    ProjectMapping,
    WebhookDelivery,
)
from jira_integration.sync.changes import IssueChange, IssueGone, IssueNews, change_of, watched_fields
from jira_integration.sync.conflicts import edited_since
from jira_integration.sync.identity import judge_absent
from jira_integration.sync.reconcile import Counts

FIRST_LOOK = timedelta(days=1)
READ_AT_ONCE = 100
# A sweep that would lose more than this share of the tickets is not believed: a login can lose its sight of a project.
MOST_MISSING = 0.2
FEW = 5
WEBHOOK_TAKES = timedelta(seconds=30)  # Jira sends the events of people's edits within that


class SweepNotBelieved(Exception):
    """So many issues are out of sight that the account has more likely lost a permission than the team its issues."""

    def __init__(self, missing: int, of: int) -> None:
        super().__init__(f"{missing} of {of} issues are out of sight")
        self.missing, self.of = missing, of


async def poll(jira: JiraClient, connection: JiraConnection) -> AsyncIterator[list[IssueChange]]:
    """Pages of what changed since the watermark minus an overlap; the watermark moves when all pages have come.

    Times in JQL are read in the account's own zone and by the minute, so the question is relative: "-15m". It is
    measured by our clock from one look to the next, which needs no agreement of clocks.
    """
    started = timezone.now()
    projects = await sync_to_async(_projects)(connection)
    if not projects:
        return
    since = connection.polled_until or started - FIRST_LOOK
    minutes = math.ceil((started - since).total_seconds() / 60 + conf.POLL_OVERLAP_SECONDS / 60) + 1
    jql = f'project in ({", ".join(projects)}) AND updated >= "-{minutes}m" ORDER BY updated ASC'
    fields = await sync_to_async(watched_fields)(connection)
    seen: set[tuple[str, datetime | None]] = set()
    async for page in jira.search(jql, fields=fields, properties=[conf.PROPERTY_KEY]):
        fresh = {(issue.id, issue.updated): issue for issue in page.issues}
        yield [change_of(issue, asked_at=started) for known, issue in fresh.items() if known not in seen]
        seen |= fresh.keys()
    # A conflict that an edit of ours ended is no news of Jira's: those are looked at again.
    edited = await sync_to_async(edited_since)(connection)
    for start in range(0, len(edited), READ_AT_ONCE):
        issues = await jira.bulk_fetch(edited[start : start + READ_AT_ONCE], fields=fields)
        yield [change_of(issue, asked_at=started) for issue in issues]
    await sync_to_async(_looked)(connection, started)


async def sweep(jira: JiraClient, connection: JiraConnection) -> AsyncIterator[list[IssueNews]]:
    """Read every issue we know by id, a hundred to a request; finds deletions and lost permissions.

    Raises SweepNotBelieved instead of calling a large share missing.
    """
    started = timezone.now()
    await jira.myself()  # a login that Jira treats as nobody's sees nothing at all
    ids = await sync_to_async(_known_ids)(connection)
    fields = await sync_to_async(watched_fields)(connection)
    gone: list[str] = []
    for start in range(0, len(ids), READ_AT_ONCE):
        chunk = ids[start : start + READ_AT_ONCE]
        issues = await jira.bulk_fetch(chunk, fields=fields)
        yield [change_of(issue, asked_at=started) for issue in issues]
        seen = {issue.id for issue in issues}
        gone += [issue_id for issue_id in chunk if issue_id not in seen]
    judged = await judge_absent(jira, connection, gone)
    missing = [one for one in judged if isinstance(one, IssueGone)]
    if len(missing) > max(FEW, MOST_MISSING * len(ids)):
        raise SweepNotBelieved(len(missing), len(ids))
    if judged:
        yield judged
    await sync_to_async(_looked)(connection, started)


def count_repairs(connection: JiraConnection, counts: Counts) -> None:
    """Count what a webhook should have brought: news older than a webhook takes, of which no delivery waits here."""
    if connection.webhook_secret is None:
        return
    now = timezone.now()
    late = {one.issue_id for one in counts.news if one.updated_at is not None and now - one.updated_at > WEBHOOK_TAKES}
    waiting = WebhookDelivery.objects.filter(
        connection=connection, issue_id__in=late, state=WebhookDelivery.State.RECEIVED
    )
    missed = len(late - set(waiting.values_list("issue_id", flat=True)))
    if missed:
        day, _made = PollRepairs.objects.get_or_create(connection=connection, day=now.date())
        PollRepairs.objects.filter(pk=day.pk).update(count=F("count") + missed)


def repaired(connection: JiraConnection, days: int = 7) -> int:
    """How many changes polls of the last days brought in a webhook's place."""
    since = timezone.now().date() - timedelta(days=days - 1)
    found = PollRepairs.objects.filter(connection=connection, day__gte=since).aggregate(all=Sum("count"))
    return int(found["all"] or 0)


def doubted(connection_id: int, lost: SweepNotBelieved) -> None:
    """Say in the audit trail of each backlog that a sweep was not believed, at most once a day."""
    day = timezone.now() - timedelta(days=1)
    for mapping in ProjectMapping.objects.filter(connection=connection_id, live=True):
        if not AuditEntry.objects.filter(
            project_ref=mapping.project_ref, code="sweep_not_believed", at__gte=day
        ).exists():
            audit.record(
                "sweep_not_believed",
                {"missing": lost.missing, "of": lost.of, "jira_project": mapping.jira_project_key},
                actor=AuditEntry.Actor.SYSTEM,
                project_ref=mapping.project_ref,
            )


def _projects(connection: JiraConnection) -> list[str]:
    """Ids of the mapped Jira projects; numbers, so that nothing needs quoting."""
    rows = ProjectMapping.objects.filter(connection=connection, live=True).exclude(jira_project_id="")
    return sorted({row for row in rows.values_list("jira_project_id", flat=True) if row.isdigit()})


def _known_ids(connection: JiraConnection) -> list[str]:
    tickets = ExportedTicket.objects.filter(connection=connection, unlinked_at=None).exclude(issue_id="")
    return list(tickets.values_list("issue_id", flat=True))


def _looked(connection: JiraConnection, started: datetime) -> None:
    """Move the watermark, never back; and say when Jira last answered."""
    JiraConnection.objects.filter(pk=connection.pk).update(polled_until=started, checked_at=timezone.now())
    ExportedTicket.objects.filter(
        connection=connection, unlinked_at=None, sync__in=[ExportedTicket.Sync.IN_SYNC]
    ).update(checked_at=timezone.now())
