"""Close what a run created, where the account may not delete it: "Won't do", or what comes nearest to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from asgiref.sync import sync_to_async

from jira_integration import halts, ledger
from jira_integration.catalogue import from_error
from jira_integration.client import JiraClient
from jira_integration.client.exceptions import JiraError, JiraForbidden, JiraNotFound, JiraRejected
from jira_integration.client.schemas import StatusInfo, Transition
from jira_integration.export.estimate import MOST_HOPS
from jira_integration.export.undo_work import Undoing, missing, new_traces
from jira_integration.models import RunBatch, RunItem

State = RunItem.State
NEARER = {"done": 0, "indeterminate": 1}  # categories on the way to a closed issue
# Names of statuses and resolutions, as Jira ships them and as people translate "not done"; without one any will do.
WONT_DO = ("won't do", "won't fix", "wont do", "cancelled", "canceled", "rejected", "declined", "abandoned")


async def close_all(undoing: Undoing) -> AsyncIterator[RunItem]:
    """Close the queued items one by one, each read right before."""
    async for chunk in undoing.due("close", 1):
        for item, looked in await undoing.look(chunk, alone=True):
            if looked.issue is None:
                yield await undoing.stays(item, missing(item))
            elif found := new_traces(item, looked):
                yield await undoing.stays(item, found[0])
            else:
                yield await _close(undoing, item, looked.issue.status)


async def _close(undoing: Undoing, item: RunItem, status: StatusInfo | None) -> RunItem:
    batch = await undoing.write_down([item], RunBatch.Action.CLOSE)
    end = sync_to_async(ledger.end)
    try:
        closed = (status is not None and status.category == "done") or await close(undoing.work.jira, item.issue_id)
    except (JiraRejected, JiraForbidden, JiraNotFound) as refused:
        code, values = from_error(refused, undoing.work.run.connection)
        ended = await end(item.pk, State.FAILED, code, values, refused.jira_messages, batch_id=batch.pk)
    except JiraError as trouble:
        await sync_to_async(ledger.put_back)(batch, [item.pk], refused=not trouble.outcome_unknown)
        raise
    else:
        if closed:
            ended = await undoing.gone(item)
            await sync_to_async(halts.going_well)(undoing.work.run.pk)
        else:
            ended = await end(item.pk, State.FAILED, "undo_no_way", {"key": item.issue_key}, batch_id=batch.pk)
    await sync_to_async(ledger.close_batch)(batch.pk)
    return ended


async def close(jira: JiraClient, issue_id: str) -> bool:
    """Step by step to a status of the category done; False where the workflow shows no way there."""
    been: set[str] = set()
    for _step in range(MOST_HOPS):
        offered = [one for one in await jira.transitions(issue_id, with_fields=True) if one.to.id not in been]
        ways = sorted((one for one in offered if one.to.category in NEARER), key=_rank)
        if not ways:
            return False
        await jira.transition_issue(issue_id, ways[0].id, fields=_resolution(ways[0].fields))
        been.add(ways[0].to.id)
        if ways[0].to.category == "done":
            return True
    return False


def _rank(one: Transition) -> tuple[int, bool]:
    return NEARER[one.to.category], one.to.name.casefold().replace("\u2019", "'") not in WONT_DO


def _resolution(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the step's screen asks for, if it asks for a resolution."""
    allowed = (fields.get("resolution") or {}).get("allowedValues") or []
    if not allowed:
        return None
    named = {str(one.get("name", "")).casefold().replace("\u2019", "'"): one for one in reversed(allowed)}
    chosen = next((named[name] for name in WONT_DO if name in named), allowed[0])
    return {"resolution": {"id": str(chosen["id"])}}
