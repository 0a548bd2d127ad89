"""After an unknown outcome: look whether the issues are there before anything is sent again.

Every create carries the ticket's uid in an entity property. First the keys after the highest one known before the
request (no search index is involved); then, once the request cannot still be working, the index. What is in neither is
proven absent and goes back into the queue.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db.models.functions import Now
from django.utils import timezone

from jira_integration import ledger
from jira_integration.client.schemas import Issue
from jira_integration.conf import conf
from jira_integration.export.template import IssueIds
from jira_integration.export.work import READ_AT_ONCE, RunMustWait, Work, number_in, uid_of
from jira_integration.models import RunBatch, RunItem

MOST_ATTEMPTS = 5  # without an answer; then a person looks what goes on


async def highest_number(work: Work) -> int:
    """The number of the newest issue the index knows. Too low does no harm: the look-up then reads a page more."""
    jql = f"project = {work.mapping.jira_project_id} ORDER BY created DESC"
    async for page in work.jira.search(jql, page_size=1):
        return max((number_in(issue.key) for issue in page.issues), default=0)
    return 0


async def settle_unknown(work: Work) -> AsyncIterator[RunItem]:
    """Find out about every batch without an answer; yields the items that turn out to be created.

    Raises RunMustWait when something is missing that may still be on its way.
    """
    batches = await sync_to_async(unknown_batches)(work.run.pk)
    again = None
    for batch in batches:
        items = await work.items(RunItem.State.SENDING, batch_id=batch.pk)
        if batch.action == RunBatch.Action.UPDATE:  # an edit may be sent again; it looks before it writes
            await sync_to_async(ledger.put_back)(batch, [item.pk for item in items], refused=False)
            continue
        missing = {str(item.planned.uid): item for item in items}
        left = await sync_to_async(_may_still_work)(batch)
        found = await _by_key(work, batch, missing)
        for item in await sync_to_async(ledger.created)(_taken(missing, found)):
            yield item
        if missing and left > timedelta():
            at = timezone.now() + left
            again = max(again or at, at)
            continue
        if missing:
            found = await _by_index(work, batch, missing)
            for item in await sync_to_async(ledger.created)(_taken(missing, found)):
                yield item
        if missing:
            await sync_to_async(_absent)(batch, list(missing.values()))
        await sync_to_async(ledger.close_batch)(batch.pk)
        after = f"{work.mapping.jira_project_key}-{batch.key_floor}"
        values = {"found": len(items) - len(missing), "missing": len(missing), "batch": batch.number, "after": after}
        await sync_to_async(ledger.note)(work.run.pk, "looked_up", values)
        await work.count_requests()
    if again is not None:
        raise RunMustWait("no_answer", again)


def _taken(missing: dict[str, RunItem], found: Mapping[str, IssueIds]) -> list[tuple[RunItem, str, str]]:
    """What was found, taken out of what is missing."""
    return [(missing.pop(uid), issue.id, issue.key) for uid, issue in found.items()]


def _absent(batch: RunBatch, items: list[RunItem]) -> None:
    """Proven absent: they may be sent again. Those that were lost so often already are for a person."""
    often = [item for item in items if item.attempt >= MOST_ATTEMPTS]
    for item in often:
        ledger.end(item.pk, RunItem.State.UNCONFIRMED, "no_answer", batch_id=batch.pk)
    ledger.put_back(batch, [item.pk for item in items if item not in often], refused=False)


def _may_still_work(batch: RunBatch) -> timedelta:
    """How long Jira may still be at work on it, by the database's clock; asked before a look, since an absence that
    was seen earlier than that proves nothing."""
    since, now = RunBatch.objects.filter(pk=batch.pk).annotate(now=Now()).values_list("in_doubt_since", "now").get()
    return (since or now) + timedelta(seconds=conf.UNKNOWN_WAIT_SECONDS) - now


def unknown_batches(run_id: int) -> list[RunBatch]:
    return list(RunBatch.objects.filter(run_id=run_id, state=RunBatch.State.UNKNOWN).order_by("number"))


async def _by_key(work: Work, batch: RunBatch, wanted: Mapping[str, RunItem]) -> dict[str, IssueIds]:
    """Read the keys after the batch's floor, a hundred at a time, until a whole hundred is empty."""
    found: dict[str, IssueIds] = {}
    start = batch.key_floor + 1
    while len(found) < len(wanted):
        keys = [f"{work.mapping.jira_project_key}-{number}" for number in range(start, start + READ_AT_ONCE)]
        issues = await work.jira.bulk_fetch(keys, fields=["summary"], properties=[conf.PROPERTY_KEY])
        found |= _ours(issues, wanted)
        if not issues:
            break
        start += READ_AT_ONCE
    return found


async def _by_index(work: Work, batch: RunBatch, wanted: Mapping[str, RunItem]) -> dict[str, IssueIds]:
    """Ask the index what this account created here since the batch left, in minutes before now: no time zone bends
    a relative time. https://support.atlassian.com/jira-software-cloud/docs/jql-functions/"""
    age = timezone.now() - (batch.sent_at or timezone.now())
    minutes = int(age.total_seconds() // 60) + 5
    jql = (
        f'project = {work.mapping.jira_project_id} AND creator = currentUser() AND created >= "-{minutes}m" ORDER BY id'
    )
    found: dict[str, IssueIds] = {}
    async for page in work.jira.search(jql, fields=["summary"], properties=[conf.PROPERTY_KEY]):
        found |= _ours(page.issues, wanted)
    return found


def _ours(issues: list[Issue], wanted: Mapping[str, RunItem]) -> dict[str, IssueIds]:
    return {uid: IssueIds(issue.id, issue.key) for issue in issues if (uid := uid_of(issue)) in wanted}
