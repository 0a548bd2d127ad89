"""Delete what a run created and nobody touched.

Jira has no conditional delete. So each issue is read again, and the request that deletes it leaves at most FRESH
seconds after that reading was asked for, or not at all: the transport asks right before the first byte. What somebody
writes in those seconds is lost with the issue. On Cloud, where the account may make bulk changes, few issues go in one
task (a task works on after its request); elsewhere one by one.
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-bulk-operations/#api-rest-api-3-bulk-issues-delete-post
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager

from asgiref.sync import sync_to_async

from jira_integration import halts, ledger
from jira_integration.catalogue import from_error
from jira_integration.client import CloudClient
from jira_integration.client.exceptions import JiraError, JiraForbidden, JiraNotFound, JiraRejected
from jira_integration.client.schemas import BulkTask
from jira_integration.export.undo_plan import DELETES_AT_ONCE
from jira_integration.export.undo_work import Undoing, missing, new_traces
from jira_integration.models import RunBatch, RunItem

State = RunItem.State
FRESH_SECONDS = 2.0
LOOK_SECONDS = (0.1, 0.2, 0.5, 1.0)  # between two looks at a bulk task; the last one goes on
FOLLOW_SECONDS = 120.0
ATTEMPTS = 4  # at one issue before the run waits a minute


async def delete_level(undoing: Undoing, level: int) -> AsyncIterator[RunItem]:
    """Delete the queued items of one level; yields each that came to an end."""
    while True:
        size, left = DELETES_AT_ONCE if undoing.bulk else 1, 0
        async for chunk in undoing.due("delete", size, planned__level=level):
            async for item in _delete(undoing, chunk):
                if item.state == State.QUEUED:
                    left += 1
                else:
                    yield item
        if not left:
            return


async def _delete(undoing: Undoing, chunk: list[RunItem]) -> AsyncIterator[RunItem]:
    """Look, and delete what is as it was. Items whose request got no answer come back queued."""
    asked_at = time.monotonic()
    going: list[RunItem] = []
    for item, looked in await undoing.look(chunk, alone=len(chunk) == 1):
        if looked.issue is None and item.sent_at is not None:
            yield await undoing.gone(item)  # we asked for it, and the answer was lost
        elif looked.issue is None:
            yield await undoing.stays(item, missing(item))
        elif found := new_traces(item, looked):
            yield await undoing.stays(item, found[0])
        else:
            going.append(item)
    if not going:
        return
    # A Jira that takes its time with the reading gets as long again; else nothing could ever be deleted there.
    deadline = max(asked_at + FRESH_SECONDS, time.monotonic() + FRESH_SECONDS / 2)
    batch = await undoing.write_down(going, RunBatch.Action.DELETE)
    try:
        with _leaves_before(undoing, deadline):
            ended = await (_at_once(undoing, batch, going) if len(going) > 1 else _one(undoing, batch, going[0]))
    except JiraError as trouble:
        again = trouble.outcome_unknown or time.monotonic() >= deadline
        await sync_to_async(ledger.put_back)(batch, [item.pk for item in going], refused=not again)
        again = again and max(item.attempt for item in going) < ATTEMPTS
        if not again:
            raise
        ended = await undoing.load([item.pk for item in going])
    for item in ended:
        yield item


@contextmanager
def _leaves_before(undoing: Undoing, deadline: float) -> Iterator[None]:
    """Nothing that writes may leave after `deadline` (monotonic seconds): what was read is too old then."""
    transport, work = undoing.work.jira.transport, undoing.work
    transport.may_leave = lambda: work.may_leave() and time.monotonic() < deadline
    try:
        yield
    finally:
        transport.may_leave = work.may_leave


async def _one(undoing: Undoing, batch: RunBatch, item: RunItem) -> list[RunItem]:
    try:
        await undoing.work.jira.delete_issue(item.issue_id)
    except (JiraRejected, JiraForbidden) as refused:
        code, values = from_error(refused, undoing.work.run.connection)
        ended = await sync_to_async(ledger.end)(
            item.pk, State.FAILED, code, values, refused.jira_messages, batch_id=batch.pk
        )
        await sync_to_async(ledger.close_batch)(batch.pk)
        return [ended]
    except JiraNotFound:
        pass  # deleted between our look and now, by whomever: it is gone, as it was to be
    return await _done(undoing, batch, [item])


async def _done(undoing: Undoing, batch: RunBatch, items: Sequence[RunItem]) -> list[RunItem]:
    ended = [await undoing.gone(item) for item in items]
    await sync_to_async(ledger.close_batch)(batch.pk)
    await sync_to_async(halts.going_well)(undoing.work.run.pk)
    return ended


async def _at_once(undoing: Undoing, batch: RunBatch, items: Sequence[RunItem]) -> list[RunItem]:
    """One bulk task. When Jira takes none (no permission, five running already), all go one by one."""
    jira = undoing.work.jira
    assert isinstance(jira, CloudClient)
    try:
        task_id = await jira.bulk_delete([item.issue_id for item in items])
    except (JiraRejected, JiraForbidden, JiraNotFound):
        return await _singly(undoing, batch, items)
    await sync_to_async(RunBatch.objects.filter(pk=batch.pk).update)(task=task_id)
    task = await follow(undoing, task_id)
    if task is None or task.status != "COMPLETE":  # broke off: what is there still goes one by one
        there = {issue.id for issue in await jira.bulk_fetch([item.issue_id for item in items])}
        done = [await undoing.gone(item) for item in items if item.issue_id not in there]
        return done + await _singly(undoing, batch, [item for item in items if item.issue_id in there])
    failed = [item for item in items if item.issue_id in task.failed]
    ended = [
        await sync_to_async(ledger.end)(
            item.pk,
            State.FAILED,
            "undo_delete_refused",
            {"key": item.issue_key},
            task.failed[item.issue_id],
            batch_id=batch.pk,
        )
        for item in failed
    ]
    return ended + await _done(undoing, batch, [item for item in items if item not in failed])


async def _singly(undoing: Undoing, batch: RunBatch, items: Sequence[RunItem]) -> list[RunItem]:
    undoing.bulk = False
    await sync_to_async(ledger.put_back)(batch, [item.pk for item in items], refused=True)
    return await undoing.load([item.pk for item in items])


async def follow(undoing: Undoing, task_id: str) -> BulkTask | None:
    """Wait for the end of a bulk task. None when Jira does not tell of it, or not in time."""
    jira = undoing.work.jira
    assert isinstance(jira, CloudClient)
    deadline, looks = time.monotonic() + FOLLOW_SECONDS, 0
    while time.monotonic() < deadline:
        try:
            task = await jira.bulk_progress(task_id)
        except (JiraRejected, JiraNotFound, JiraForbidden):
            return None
        if task.ended:
            return task
        await asyncio.sleep(LOOK_SECONDS[min(looks, len(LOOK_SECONDS) - 1)])
        looks += 1
    return None
