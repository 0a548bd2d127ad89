"""Creates: batches of 50, several in flight, each written down before it leaves.

A create is sent once. When nobody can say what became of it the batch is *unknown* and `lookup` finds out; only a
definite refusal puts items back into the queue or ends them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async

from jira_integration import halts, ledger
from jira_integration.catalogue import from_error, from_field_errors
from jira_integration.client.created import BulkAnswer, BulkError
from jira_integration.client.exceptions import JiraError, JiraForbidden, JiraLoginError, JiraNotFound, JiraRejected
from jira_integration.conf import conf, story_source
from jira_integration.export.template import IssueIds, digest, fill, put_back
from jira_integration.export.work import Work, parents_of
from jira_integration.models import RunBatch, RunItem

State = RunItem.State


async def create_level(work: Work, level: int) -> AsyncIterator[RunItem]:
    """Send every queued create of one level; yields items as they end. Raises the first trouble that concerns the
    whole run, after what was in flight has come back."""
    in_flight: set[asyncio.Task[list[RunItem]]] = set()
    trouble: JiraError | ledger.LeaseLost | None = None
    queue, orphans = await _with_parents(work, await sync_to_async(_waiting)(work.run.pk, level))
    for item in orphans:
        yield item
    batches = _split(queue)
    try:
        while batches or in_flight:
            while batches and trouble is None and len(in_flight) < conf.REQUESTS_IN_FLIGHT:
                if not await work.may_send():
                    batches = []
                    break
                batch, moved = await _begin(work, await work.load(batches.pop(0)), level)
                for item in moved:
                    yield item
                if batch is not None:
                    in_flight.add(asyncio.create_task(_send(work, *batch)))
            if not in_flight:
                break
            done, in_flight = await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                try:
                    ended = task.result()
                except (JiraError, ledger.LeaseLost) as met:
                    trouble = trouble or met
                    continue
                for item in ended:
                    yield item
            await work.count_requests()
            if trouble is not None:
                batches = []
    finally:
        if in_flight:  # an answer to a create is heard, whatever made us stop
            await asyncio.wait(in_flight)
    if trouble is not None:
        raise trouble


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued create without its body."""

    pk: int
    parent_uid: UUID | None
    body_bytes: int


def _waiting(run_id: int, level: int) -> list[Waiting]:
    rows = RunItem.objects.filter(run_id=run_id, state=State.QUEUED, action="create", planned__level=level)
    found = rows.order_by("position").values_list("pk", "planned__parent_uid", "planned__body_bytes")
    return [Waiting(*row) for row in found]


async def _with_parents(work: Work, items: list[Waiting]) -> tuple[list[Waiting], list[RunItem]]:
    """Those whose parent is in Jira, and those ended because their epic will not come. Items whose epic is in doubt
    stay queued."""
    parents = {item.parent_uid for item in items if item.parent_uid}
    known = await work.ids_of(parents)
    missing = {uid for uid in parents if str(uid) not in known}
    if not missing:
        return items, []
    undecided = await sync_to_async(_undecided)(work.run.pk, missing)
    ready, ended = [], []
    for item in items:
        if item.parent_uid not in missing:
            ready.append(item)
        elif item.parent_uid not in undecided:
            ended.append(await sync_to_async(ledger.end)(item.pk, State.NOT_SENT, "epic_failed", was=[State.QUEUED]))
    return ready, ended


def _undecided(run_id: int, uids: set[UUID]) -> set[UUID]:
    """Parents that may still come: waiting for their turn, or in doubt."""
    rows = RunItem.objects.filter(run_id=run_id, state__in=RunItem.OPEN, planned__uid__in=uids)
    return set(rows.values_list("planned__uid", flat=True))


def _split(items: Sequence[Waiting]) -> list[list[int]]:
    """Batches of at most 50 issues and a body of bounded size."""
    batches: list[list[int]] = []
    size = 0
    for item in items:
        if not batches or len(batches[-1]) >= conf.BATCH_SIZE or size + item.body_bytes > conf.BATCH_MAX_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(item.pk)
        size += item.body_bytes
    return batches


async def _begin(
    work: Work, items: list[RunItem], level: int
) -> tuple[tuple[RunBatch, list[RunItem], list[Any]] | None, list[RunItem]]:
    """Drop items whose story changed since the preview, fill the holes, write the batch down."""
    moved: list[RunItem] = []
    versions = await sync_to_async(story_source().versions)(work.run.project_ref, [item.story_ref for item in items])
    kept = []
    for item in items:
        version = versions.get(item.story_ref)
        if version == item.planned.story_version:
            kept.append(item)
            continue
        code = "story_gone" if version is None else "story_changed_since_preview"
        moved.append(await sync_to_async(ledger.end)(item.pk, State.MOVED_ON, code, was=[State.QUEUED]))
    if not kept:
        return None, moved
    issues = await work.ids_of(parents_of(kept))
    bodies = [fill(item.planned.template, issues) for item in kept]
    batch = await sync_to_async(_write_down)(work, kept, bodies, level)
    return (batch, kept, bodies), moved


def _write_down(work: Work, items: list[RunItem], bodies: list[Any], level: int) -> RunBatch:
    hashes = {item.pk: digest(put_back(body, item.planned.template)) for item, body in zip(items, bodies, strict=True)}
    return ledger.form_batch(
        work.run.pk, work.token, items, hashes, level=level, action=RunBatch.Action.CREATE, floor=work.floor
    )


async def _send(work: Work, batch: RunBatch, items: list[RunItem], bodies: list[Any]) -> list[RunItem]:
    """One bulk create, and what its answer means for each item. Raises what concerns the whole run."""
    try:
        answer = await work.jira.create_issues(bodies)
    except JiraError as trouble:
        return await _refused(work, batch, items, trouble)
    return await sync_to_async(_answered)(work, batch, items, answer)


async def _refused(work: Work, batch: RunBatch, items: list[RunItem], trouble: JiraError) -> list[RunItem]:
    ids = [item.pk for item in items]
    if trouble.outcome_unknown:
        await sync_to_async(_no_answer)(batch, len(items), str(trouble.code))
        if isinstance(trouble, JiraLoginError):
            raise trouble  # the first refused login stops everything: more of them bring a CAPTCHA
        return []
    if not isinstance(trouble, JiraRejected | JiraForbidden | JiraNotFound):
        # Definitely not carried out (a limit, a refused login, nobody there): they may be sent again later.
        await sync_to_async(ledger.put_back)(batch, ids, refused=True)
        raise trouble
    if len(items) > 1:  # refused as a whole: one of them may be the reason, so its neighbours get their own request
        half = len(items) // 2
        await sync_to_async(ledger.put_back)(batch, ids, refused=True)
        ended: list[RunItem] = []
        for part in (items[:half], items[half:]):
            if await work.may_send():
                again, moved = await _begin(work, part, batch.level)
                ended += moved
                ended += await _send(work, *again) if again else []
        return ended
    code, values = from_error(trouble, work.run.connection)
    if trouble.field_errors:
        code, values = from_field_errors(
            trouble.field_errors, trouble.jira_messages, work.metadata, items[0].planned.template
        )
    said = [*trouble.jira_messages, *(f"{name}: {text}" for name, text in trouble.field_errors.items())]
    refused = await sync_to_async(ledger.end)(items[0].pk, State.FAILED, code, values, said, batch_id=batch.pk)
    await sync_to_async(ledger.close_batch)(batch.pk)
    return [refused]


def _no_answer(batch: RunBatch, count: int, code: str) -> None:
    ledger.doubt(RunBatch.objects.filter(pk=batch.pk))
    ledger.note(batch.run_id, "no_answer", {"count": count, "code": code})


def _answered(work: Work, batch: RunBatch, items: list[RunItem], answer: BulkAnswer) -> list[RunItem]:
    """Successes by position once the failed ones are taken out; when the counts do not add up, look them up."""
    issues = answer.by_position(len(items))
    if issues is None:
        _no_answer(batch, len(items), "unreadable")
        return []
    errors = {error.failed_element_number: error for error in answer.errors}
    ended = ledger.created([(items[position], issue.id, issue.key) for position, issue in issues.items()], batch)
    ended += [_failed(work, batch, items[position], error) for position, error in sorted(errors.items())]
    work.floor = max([work.floor, *(number_in(issue.key) for issue in issues.values())])
    ledger.close_batch(batch.pk)
    ledger.note(work.run.pk, "batch_answered", {"created": len(issues), "failed": len(errors)})
    halts.going_well(work.run.pk)
    return ended


def _failed(work: Work, batch: RunBatch, item: RunItem, error: BulkError) -> RunItem:
    code, values = from_field_errors(error.field_errors, error.messages, work.metadata, item.planned.template)
    said = [*error.messages, *(f"{name}: {text}" for name, text in error.field_errors.items())]
    return ledger.end(item.pk, State.FAILED, code, values, said, batch_id=batch.pk)


def number_in(key: str) -> int:
    """SHOP-318 → 318."""
    tail = key.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0


__all__ = ["IssueIds", "create_level", "number_in"]
