"""Carry out an undo: what `push` is to an export. Yields saved items and knows nothing of Celery, sockets or HTML.

Everything an undo does may be done again after a look: a value that is put back already is not written, an issue that
is gone after we asked for it is deleted. So what a worker left in doubt goes back into the queue and is looked at.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async

from jira_integration import halts
from jira_integration.client import CloudClient
from jira_integration.export.undo_close import close_all
from jira_integration.export.undo_delete import delete_level, follow
from jira_integration.export.undo_judge import Judge
from jira_integration.export.undo_plan import BULK
from jira_integration.export.undo_restore import restore_all
from jira_integration.export.undo_work import Undoing, gone_ids, take_up, unknown_tasks
from jira_integration.export.ways import known_ways
from jira_integration.export.work import RunStops, Work
from jira_integration.mapping.metadata import stored
from jira_integration.models import ExportRun, RunItem
from jira_integration.setup.connect import answered, jira_client

LEVELS = (2, 1, 0)  # children go before their parents


async def undo(run: ExportRun, token: str) -> AsyncIterator[RunItem]:
    """Take back what the plan says, under the lease `token`; yields every item whose state changed.

    Raises what `push` raises.
    """
    assert run.plan.undoes_id is not None
    async with jira_client(run.connection) as jira:
        mapping = run.plan.mapping
        known = await sync_to_async(stored)(run.connection, mapping.jira_project_id)
        if known is None:
            raise RunStops("metadata_changed_since_preview")
        metadata, ways = known[0], await sync_to_async(known_ways)(mapping)
        work = Work(run, token, jira, mapping, metadata, ways)
        first = await ExportRun.objects.select_related("plan__mapping", "connection").aget(pk=run.plan.undoes_id)
        async with work.heartbeat():
            try:
                # One request alone: a refused login is tried once.
                myself = await jira.myself()
                held = await jira.permissions(metadata.key, [BULK])
                await sync_to_async(answered)(run.connection)
                account = myself.account_id or myself.name
                judge = Judge(first, mapping, metadata, jira, account, await sync_to_async(gone_ids)(run))
                undoing = Undoing(work, judge, bulk=isinstance(jira, CloudClient) and held[BULK])
                for task in await sync_to_async(unknown_tasks)(run.pk):
                    await follow(undoing, task)
                await sync_to_async(take_up)(run.pk)
                async for item in restore_all(undoing):
                    yield item
                async for item in close_all(undoing):
                    yield item
                for level in LEVELS:
                    async for item in delete_level(undoing, level):
                        yield item
            finally:
                await work.count_requests()
                await sync_to_async(halts.name_undone)(first.pk)
