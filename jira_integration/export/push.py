"""Carry out a run: yields saved items and knows nothing of Celery, sockets or HTML.

Safe to run twice: what the ledger holds as done is passed over, what it holds as in doubt is looked up first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async

from jira_integration.export.creates import create_level, loading_ahead
from jira_integration.export.lookup import highest_number, settle_unknown, unknown_batches
from jira_integration.export.readback import confirm
from jira_integration.export.statuses import learn_start, move_all
from jira_integration.export.updates import update_all
from jira_integration.export.ways import known_ways
from jira_integration.export.work import RunMustWait, RunStops, Work
from jira_integration.mapping.metadata import keep, reread, stored
from jira_integration.models import ExportRun, RunItem
from jira_integration.setup.connect import answered, jira_client

LEVELS = (0, 1, 2)  # epics, stories, sub-tasks: a parent's id must exist before its children are sent


async def push(run: ExportRun, token: str) -> AsyncIterator[RunItem]:
    """Send what the plan holds, under the lease `token`; yields every item whose state changed.

    Raises RunStops before the first write when the mapping or Jira's fields changed since the preview, RunMustWait
    when an answer is missing and the request may still be working, LeaseLost, and what the client raises when it
    concerns the whole run.
    """
    async with jira_client(run.connection) as jira:
        mapping = run.plan.mapping
        known = await sync_to_async(stored)(run.connection, mapping.jira_project_id)
        if known is None:
            raise RunStops("metadata_changed_since_preview")
        ways = await sync_to_async(known_ways)(mapping)
        work = Work(run, token, jira, mapping, known[0], ways)
        async with work.heartbeat():
            try:
                # One request alone before several at once: a refused login is tried once, not in parallel.
                work.floor = await highest_number(work)
                await _check(work)
                await sync_to_async(answered)(run.connection)
                queued = -1
                while True:
                    async for item in _once(work):
                        yield item
                    # An answer went missing just now: look at once, most lost answers are found that way. Or an epic
                    # in doubt was settled meanwhile, by a worker that slept, and its stories can go.
                    before, queued = queued, len(await work.item_ids(RunItem.State.QUEUED))
                    in_doubt = await sync_to_async(unknown_batches)(run.pk)
                    if not in_doubt and (queued in (0, before) or not await work.may_send()):
                        return
            finally:
                await work.count_requests()


async def _once(work: Work) -> AsyncIterator[RunItem]:
    """Everything that can be done now, in order. What waits for an answer does not hold up the rest."""
    waits: RunMustWait | None = None
    try:
        async for item in settle_unknown(work):
            yield item
    except RunMustWait as later:
        waits = later
    for level in LEVELS:
        async for item in learn_start(work, level):
            yield item
        async for item in create_level(work, level):
            yield item
        async with loading_ahead(work, level + 1):
            async for item in confirm(work, level):
                yield item
        async for item in move_all(work, level):
            yield item
    async for item in update_all(work):
        yield item
    for level in LEVELS:
        async for item in confirm(work, level):
            yield item
        async for item in move_all(work, level):
            yield item
    if waits is not None:
        raise waits


async def _check(work: Work) -> None:
    """Before the first write: is the mapping still the one of the preview, and are Jira's fields? At most 3 requests.

    A run that has begun goes on: its bodies are frozen and Jira judges each.
    """
    plan = work.run.plan
    if await work.items(RunItem.State.CREATED, RunItem.State.UPDATED, RunItem.State.SENDING):
        return
    if plan.mapping.version != plan.mapping_version:
        raise RunStops("mapping_changed_since_preview")
    fresh = await reread(work.jira, work.metadata)
    if fresh.fingerprint() != plan.fingerprint:
        await sync_to_async(keep)(work.run.connection, fresh)
        raise RunStops("metadata_changed_since_preview")
