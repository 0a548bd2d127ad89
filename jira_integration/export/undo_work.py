"""What the parts of an undo share: which items are due, whether they may go still, and what is put down of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction

from jira_integration import ledger
from jira_integration.export.template import canonical, digest
from jira_integration.export.traces import Trace, key_of
from jira_integration.export.undo_judge import Judge, Looked
from jira_integration.export.unlink import forget
from jira_integration.export.work import Work, ids_of_items, load_items
from jira_integration.models import ExportRun, RunBatch, RunItem

State = RunItem.State


@dataclass
class Undoing:
    """One worker's hold on one undo. `bulk`: whether issues may be deleted many at once."""

    work: Work
    judge: Judge
    bulk: bool

    async def due(self, action: str, size: int, **conditions: Any) -> AsyncIterator[list[RunItem]]:
        """Queued items of one kind, so many at a time, for as long as the run may send."""
        find = sync_to_async(ids_of_items)
        ids = await find(self.work.run.pk, [State.QUEUED], action=action, **conditions)
        for start in range(0, len(ids), size):
            if not await self.work.may_send():
                return
            yield await self.load(ids[start : start + size])
            await self.work.count_requests()

    async def load(self, ids: Sequence[int]) -> list[RunItem]:
        return await sync_to_async(load_items)(ids, without=())

    async def look(self, items: Sequence[RunItem], *, alone: bool = False) -> list[tuple[RunItem, Looked]]:
        """Each item with what stands in Jira now of the item it takes back."""
        firsts = await sync_to_async(_firsts)(self.judge.run.pk, items)
        known = [(item, firsts[item.story_ref]) for item in items if item.story_ref in firsts]
        looked = await self.judge.look([first for _item, first in known], alone=alone)
        return [(item, one) for (item, _first), one in zip(known, looked, strict=True)]

    async def write_down(self, items: Sequence[RunItem], action: str) -> RunBatch:
        """The intent, before the request."""
        work = self.work
        hashes = {item.pk: digest(canonical([action, item.issue_id, item.planned.template])) for item in items}
        batch = await sync_to_async(ledger.form_batch)(
            work.run.pk, work.token, items, hashes, level=items[0].planned.level, action=action, floor=0
        )
        work.counted = (work.counted[0] + 1, work.counted[1] + 1)  # form_batch did
        return batch

    async def gone(self, item: RunItem) -> RunItem:
        """The issue is deleted or closed: the story forgets it."""
        done = await sync_to_async(_gone)(item, self.judge.run.pk)
        self.judge = replace(self.judge, going=self.judge.going | {item.issue_id})
        return done

    async def stays(self, item: RunItem, trace: Trace) -> RunItem:
        """Somebody did something after the preview: the item is left alone, and says what it was."""
        code, values = trace["code"], trace["values"]
        return await sync_to_async(ledger.end)(item.pk, State.MOVED_ON, code, values, was=[State.QUEUED])


def new_traces(item: RunItem, looked: Looked) -> list[Trace]:
    """What people did that the preview did not show, or nobody said "anyway" to. Where our own move was cut short,
    the status says nothing."""
    accepted = {key_of(one) for one in item.planned.findings}
    begun = item.sent_at is not None and (item.action == "close" or bool(item.planned.status_to))
    return [
        one
        for one in looked.found
        if key_of(one) not in accepted and not (begun and one["values"].get("field") == "status")
    ]


def missing(item: RunItem) -> Trace:
    return {"code": "missing_in_jira", "values": {"key": item.issue_key}}


def gone_ids(run: ExportRun) -> frozenset[str]:
    """Issues that this undo has deleted or closed."""
    done = run.items.filter(state=State.UNDONE, action__in=["delete", "close"])
    return frozenset(done.values_list("issue_id", flat=True))


def unknown_tasks(run_id: int) -> list[str]:
    """Bulk deletes of which nobody knows how they ended."""
    batches = RunBatch.objects.filter(run_id=run_id, state=RunBatch.State.UNKNOWN).exclude(task="")
    return list(batches.values_list("task", flat=True))


def take_up(run_id: int) -> None:
    """What the last worker had in flight is queued again, to be looked at before anything is sent; what an undo of
    the same run took back meanwhile is left out."""
    for batch in RunBatch.objects.filter(run_id=run_id, state=RunBatch.State.UNKNOWN):
        ids = list(batch.items.filter(state=State.SENDING).values_list("pk", flat=True))
        ledger.put_back(batch, ids, refused=False)
    run = ExportRun.objects.select_related("plan").get(pk=run_id)
    undone = RunItem.objects.filter(run=run.plan.undoes_id, state=State.UNDONE)
    again = run.items.filter(state=State.QUEUED, story_ref__in=undone.values("story_ref"))
    for pk in list(again.values_list("pk", flat=True)):
        ledger.end(pk, State.UNCHANGED)


def _firsts(run_id: int, items: Sequence[RunItem]) -> dict[str, RunItem]:
    rows = RunItem.objects.filter(run_id=run_id, story_ref__in=[item.story_ref for item in items])
    ids = list(rows.order_by("position").values_list("pk", flat=True))
    return {item.story_ref: item for item in load_items(ids, without=())}


def _gone(item: RunItem, first_run: int) -> RunItem:
    with transaction.atomic():
        done = ledger.undone(item.pk, first_run)
        if done.ticket is not None:
            forget([done.ticket])
    return done
