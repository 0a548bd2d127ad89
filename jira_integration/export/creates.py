"""Creates: batches of 50, several in flight, each written down before it leaves.

A create is sent once. When nobody can say what became of it the batch is *unknown* and `lookup` finds out; only a
definite refusal puts items back into the queue or ends them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import transaction

from jira_integration import halts, ledger
from jira_integration.catalogue import from_error, from_field_errors
from jira_integration.client.created import BulkAnswer, BulkError
from jira_integration.client.exceptions import JiraError, JiraForbidden, JiraLoginError, JiraNotFound, JiraRejected
from jira_integration.conf import conf, story_source
from jira_integration.export.flight import Flight
from jira_integration.export.readback import MadeBatches, confirm_answer, fetch, mapped_fields
from jira_integration.export.template import canonical, digest, fill_create, put_back
from jira_integration.export.ways import keep_ways
from jira_integration.export.work import FOR_CREATES, Work, load_items, number_in
from jira_integration.models import RunBatch, RunItem

State = RunItem.State
PARENT_FAILED = {0: "", 1: "epic_failed", 2: "story_failed"}  # by level: why an item was not sent
MOST_FORBIDDEN = 3  # creates in a row, a whole and its halves: then no item is the reason, but the account's permission


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch that is ready to be written down and sent."""

    items: list[RunItem]
    bodies: list[Any]
    hashes: dict[int, str]


async def create_level(work: Work, level: int, *, only: int | None = None) -> AsyncIterator[RunItem]:
    """Send every queued create of one level (or that item alone), and read back a hundred as soon as a hundred are
    there; yields items as they end.

    Raises the first trouble that concerns the whole run, after what was in flight has come back.
    """
    queue, orphans = await _with_parents(work, await sync_to_async(_waiting)(work.run.pk, level, only), level)
    for item in orphans:
        yield item
    batches = deque(_split(queue))
    for ids in work.ahead.keys() - {tuple(ids) for ids in batches}:  # something changed: these are loaded anew
        for item in work.ahead.pop(ids)[1]:
            yield item
    prepared: deque[Prepared] = deque()  # as many as can leave at once, so that no connection waits for the database
    flight, made = Flight(), MadeBatches()
    mapped = await sync_to_async(mapped_fields)(work) if batches else set[str]()
    try:
        while True:
            for item in flight.ended():
                yield item
            flight.hold(bool(prepared) and flight.free)
            if not (flight.free or flight.busy):
                break
            if flight.free and (hundred := made.hundred()):
                flight.start(fetch(work, hundred, mapped), partial(confirm_answer, work, hundred, mapped))
            elif flight.free and prepared:
                batch = await sync_to_async(_write_down)(work, prepared[0], level)
                if batch is None:
                    batches.clear()
                    prepared.clear()
                else:
                    sent = prepared.popleft()
                    flight.start(_send(work, sent.bodies), partial(_heard, work, batch, sent.items, made, batches))
            elif batches and len(prepared) < conf.REQUESTS_IN_FLIGHT and flight.trouble is None:
                ready, moved = await _prepare(work, batches.popleft())
                prepared.extend(ready)
                for item in moved:
                    yield item
            elif flight.busy:
                await flight.wait()
            else:
                break
    finally:
        await flight.settle()
    await work.count_requests()
    if flight.trouble is not None:
        raise flight.trouble


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued create without its body."""

    pk: int
    parent_uid: UUID | None
    body_bytes: int


def _waiting(run_id: int, level: int, only: int | None) -> list[Waiting]:
    rows = RunItem.objects.filter(run_id=run_id, state=State.QUEUED, action="create", planned__level=level)
    rows = rows if only is None else rows.filter(pk=only)
    found = rows.order_by("position").values_list("pk", "planned__parent_uid", "planned__body_bytes")
    return [Waiting(*row) for row in found]


async def _with_parents(work: Work, items: list[Waiting], level: int) -> tuple[list[Waiting], list[RunItem]]:
    """Those whose parent is in Jira, and those ended because theirs will not come. Items whose parent is in doubt
    stay queued."""
    parents = {item.parent_uid for item in items if item.parent_uid}
    known = await work.ids_of(parents)
    work.parents |= known
    missing = {uid for uid in parents if str(uid) not in known}
    if not missing:
        return items, []
    undecided = await sync_to_async(_undecided)(work.run.pk, missing)
    ready, ended = [], []
    code = PARENT_FAILED[level]
    for item in items:
        if item.parent_uid not in missing:
            ready.append(item)
        elif item.parent_uid not in undecided:
            ended.append(await sync_to_async(ledger.end)(item.pk, State.NOT_SENT, code, was=[State.QUEUED]))
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


async def _prepare(work: Work, ids: Sequence[int]) -> tuple[list[Prepared], list[RunItem]]:
    """Load a batch, drop items whose story changed since the preview, fill the holes."""
    loaded = work.ahead.pop(tuple(ids), None)
    items, moved = loaded or await sync_to_async(_load)(work, ids)
    if not items:
        return [], moved
    bodies = [fill_create(item.planned.template, work.parents, work.ways) for item in items]
    hashes = {
        item.pk: digest(canonical(put_back(body, item.planned.template)))
        for item, body in zip(items, bodies, strict=True)
    }
    return [Prepared(items, bodies, hashes)], moved


@asynccontextmanager
async def loading_ahead(work: Work, level: int) -> AsyncIterator[None]:
    """Load the first batches of the next level while this one is read back. Only the parents' ids are left open: those
    are known when they are confirmed."""

    async def load() -> None:
        waiting = await sync_to_async(_waiting)(work.run.pk, level, None)
        for ids in _split(waiting)[: conf.REQUESTS_IN_FLIGHT]:
            work.ahead[tuple(ids)] = await sync_to_async(_load)(work, ids)

    loading = asyncio.create_task(load())
    try:
        yield
    finally:
        await loading


def _load(work: Work, ids: Sequence[int]) -> tuple[list[RunItem], list[RunItem]]:
    items, moved = _not_elsewhere(load_items(ids, only=FOR_CREATES))
    versions = story_source().versions(work.run.project_ref, [item.story_ref for item in items])
    kept = []
    for item in items:
        version = versions.get(item.story_ref)
        if version == item.planned.story_version:
            kept.append(item)
            continue
        code = "story_gone" if version is None else "story_changed_since_preview"
        moved.append(ledger.end(item.pk, State.MOVED_ON, code, was=[State.QUEUED]))
    return kept, moved


def _not_elsewhere(items: list[RunItem]) -> tuple[list[RunItem], list[RunItem]]:
    """Those that only this run would create, and those ended because a run before it has created their issue, or may
    have: the same story can be confirmed twice before the first run begins."""
    in_doubt = RunItem.objects.filter(
        ticket__in=[item.ticket_id for item in items], state__in=[State.SENDING, State.UNCONFIRMED], issue_id=""
    )
    doubtful = set(in_doubt.exclude(run__in={item.run_id for item in items}).values_list("ticket_id", flat=True))
    ours, ended = [], []
    for item in items:
        ticket = item.ticket
        if ticket is not None and ticket.issue_id:
            there = {"issue_id": ticket.issue_id, "issue_key": ticket.issue_key}
            RunItem.objects.filter(pk=item.pk, state=State.QUEUED).update(**there)
            ended.append(ledger.end(item.pk, State.MOVED_ON, "already_exported", was=[State.QUEUED]))
        elif item.ticket_id in doubtful:
            ended.append(ledger.end(item.pk, State.MOVED_ON, "unconfirmed_before", was=[State.QUEUED]))
        else:
            ours.append(item)
    return ours, ended


def _write_down(work: Work, batch: Prepared, level: int) -> RunBatch | None:
    """None when nothing more is to be sent. Raises LeaseLost."""
    if not ledger.may_send(work.run.pk, work.token):
        return None
    written = ledger.form_batch(
        work.run.pk,
        work.token,
        batch.items,
        batch.hashes,
        level=level,
        action=RunBatch.Action.CREATE,
        floor=work.floor,
    )
    work.counted = (work.counted[0] + 1, work.counted[1] + 1)  # form_batch did
    return written


async def _send(work: Work, bodies: list[Any]) -> BulkAnswer | JiraError:
    """One bulk create. Trouble is an answer too: it says something about each item."""
    try:
        return await work.jira.create_issues(bodies)
    except JiraError as trouble:
        return trouble


async def _heard(
    work: Work,
    batch: RunBatch,
    items: list[RunItem],
    made: MadeBatches,
    batches: deque[list[int]],
    answer: BulkAnswer | JiraError,
) -> list[RunItem]:
    """What an answer means for each item. Raises what concerns the whole run."""
    if isinstance(answer, JiraError):
        return await _refused(work, batch, items, answer, batches)
    work.forbidden = 0
    ended = await sync_to_async(_answered)(work, batch, items, answer)
    made.add([item for item in ended if item.state == State.CREATED])
    await work.count_requests()
    return ended


async def _refused(
    work: Work, batch: RunBatch, items: list[RunItem], trouble: JiraError, batches: deque[list[int]]
) -> list[RunItem]:
    ids = [item.pk for item in items]
    if trouble.outcome_unknown:
        await sync_to_async(_no_answer)(batch, len(items), str(trouble.code))
        if isinstance(trouble, JiraLoginError):
            raise trouble  # the first refused login stops everything: more of them bring a CAPTCHA
        return []
    forbidden = isinstance(trouble, JiraForbidden)
    work.forbidden += int(forbidden)
    if work.forbidden >= MOST_FORBIDDEN or not isinstance(trouble, JiraRejected | JiraForbidden | JiraNotFound):
        # Definitely not carried out (a limit, a refused login, nobody there, no permission): may be sent again later.
        await sync_to_async(ledger.put_back)(batch, ids, refused=True)
        raise trouble
    if len(items) > 1:  # refused as a whole: one of them may be the reason, so its neighbours get their own request
        half = len(items) // 2
        await sync_to_async(ledger.put_back)(batch, ids, refused=True)
        if forbidden:  # last, so that both halves are heard before anything smaller is tried
            batches.extend([ids[:half], ids[half:]])
        else:
            batches.extendleft([ids[half:], ids[:half]])
        return []
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
    with transaction.atomic():
        made = [(items[position], issue.id, issue.key) for position, issue in issues.items()]
        ended = ledger.created(made, batch)
        ended += [_failed(work, batch, items[position], error) for position, error in sorted(errors.items())]
        ledger.close_batch(batch.pk)
        ledger.note(work.run.pk, "batch_answered", {"created": len(issues), "failed": len(errors)})
        if not work.going:
            halts.going_well(work.run.pk)
    work.going = True
    work.floor = max([work.floor, *(number_in(issue.key) for issue in issues.values())])
    if refused := {work.mapping.type_id(items[at].kind) for at, issue in issues.items() if issue.transition_refused}:
        for type_id in refused:  # not as remembered: these are moved after a look, and the next run looks again
            work.ways.forget(type_id)
        keep_ways(work.mapping, work.ways)
    return ended


def _failed(work: Work, batch: RunBatch, item: RunItem, error: BulkError) -> RunItem:
    code, values = from_field_errors(error.field_errors, error.messages, work.metadata, item.planned.template)
    said = [*error.messages, *(f"{name}: {text}" for name, text in error.field_errors.items())]
    return ledger.end(item.pk, State.FAILED, code, values, said, batch_id=batch.pk)
