"""The states of a run and its items: every transition is one committed, compare-and-set update.

Nothing here talks to Jira and nothing is awaited; `export` calls these functions through one border. A run is driven by
whoever holds its lease: a random token, renewed while work goes on, judged by the database's clock. Row locks are not
used (SQLite has none), so each function says in its WHERE what must still be true and tells whether it was.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from jira_integration.agreement import next_live_seq
from jira_integration.conf import conf
from jira_integration.models import ExportedTicket, ExportRun, RunBatch, RunEvent, RunItem
from jira_integration.models.rows import write_each

CREATED_COLUMNS = ("state", "seq", "ended_at", "error_code", "error_values", "jira_said", "issue_id", "issue_key")
SENT_COLUMNS = ("sent_hash", "state", "batch", "attempt", "sent_at", "seq")
Item = RunItem.State
Run = ExportRun.State


class LeaseLost(Exception):
    """Another worker drives this run now, or someone ended it: stop, and send nothing more."""


def _until() -> Any:
    return Now() + timedelta(seconds=conf.LEASE_SECONDS)


def acquire(run_id: int) -> str | None:
    """Take the run's lease and set it running; the token, or None when someone else holds it or it may not run.

    The database allows one active run per connection and Jira project: the others stay queued, in order.
    """
    token = secrets.token_hex(16)
    first = Q(state=Run.QUEUED) & ~Exists(_before())
    free = Q(lease_token="") | Q(lease_until=None) | Q(lease_until__lt=Now())
    startable = first | Q(state__in=[Run.RUNNING, Run.INTERRUPTED]) | Q(state=Run.WAITING, not_before__lte=Now())
    try:
        with transaction.atomic():
            before = ExportRun.objects.filter(pk=run_id).values_list("lease_until", flat=True).first()
            taken = ExportRun.objects.filter(startable & free, pk=run_id).update(
                state=Run.RUNNING, lease_token=token, lease_until=_until(), not_before=None
            )
            if not taken:  # one that was being stopped or paused when its worker died is only tidied up
                taken = ExportRun.objects.filter(free, pk=run_id, state__in=ExportRun.ENDING).update(
                    lease_token=token, lease_until=_until()
                )
            if not taken:
                return None
            ExportRun.objects.filter(pk=run_id, started_at=None).update(started_at=Now())
            # What the last worker had in flight is in doubt. After its lease nothing of it can have left.
            doubt(RunBatch.objects.filter(run_id=run_id), before)
    except IntegrityError:
        return None
    return token


def _before() -> QuerySet[ExportRun]:
    """Queued runs that stand before the outer query's run in line for the same Jira project."""
    same = {name: OuterRef(name) for name in ("connection_id", "jira_project_id")}
    earlier = Q(place__lt=OuterRef("place")) | Q(place=OuterRef("place"), pk__lt=OuterRef("pk"))
    return ExportRun.objects.filter(earlier, state=Run.QUEUED, **same)


def keep(run_id: int, token: str) -> None:
    """The first statement of what only the holder may do: raises LeaseLost, and holds off everybody else until the
    transaction ends."""
    if not _driven(run_id, token).update(lease_until=_until()):
        raise LeaseLost(run_id)


def renew(run_id: int, token: str) -> bool:
    """Push the lease's end away; False when the lease is no longer ours."""
    return bool(_driven(run_id, token).update(lease_until=_until()))


def may_send(run_id: int, token: str) -> bool:
    """Asked right before something is sent: False when somebody stops or pauses the run. Raises LeaseLost when
    the lease is not ours or over."""
    held = _driven(run_id, token).filter(lease_until__gt=Now())
    state = held.values_list("state", flat=True).first()
    if state is None:
        raise LeaseLost(run_id)
    return state not in ExportRun.ENDING


def _driven(run_id: int, token: str) -> QuerySet[ExportRun]:
    """The run while this lease drives it: not when it was marked interrupted, or somebody stopped it meanwhile."""
    return ExportRun.objects.filter(pk=run_id, lease_token=token, state__in=ExportRun.DRIVEN)


def next_seq(run_id: int) -> int:
    """A number for a change that pages are told of; call it in the transaction of that change."""
    ExportRun.objects.filter(pk=run_id).update(seq=F("seq") + 1)
    return ExportRun.objects.values_list("seq", flat=True).get(pk=run_id)


def note(run_id: int, code: str, values: Mapping[str, Any] | None = None, item: RunItem | None = None) -> RunEvent:
    """A line of the run's activity, or of one item's attempts."""
    return RunEvent.objects.create(run_id=run_id, item=item, code=code, values=dict(values or {}))


def form_batch(
    run_id: int, token: str, items: Sequence[RunItem], hashes: Mapping[int, str], *, level: int, action: str, floor: int
) -> RunBatch:
    """Write the intent before the request: these items are being sent, in this batch, by this lease; `hashes` are
    the digests of the bodies about to leave, their holes put back, by item.

    Raises LeaseLost when the lease is over. Items that are no longer queued are left out by the caller's re-read.
    """
    with transaction.atomic():
        held = _driven(run_id, token).filter(lease_until__gt=Now())
        # The request is counted before it leaves: a worker that is killed meanwhile counts nothing any more.
        counted = {"requests": F("requests") + 1, "writes": F("writes") + 1}
        if not held.update(lease_until=_until(), seq=F("seq") + 1, **counted):
            raise LeaseLost(run_id)
        if connection.vendor == "postgresql":
            # Else a server that crashes may forget what it has committed, and the items would be sent again.
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit TO on")
        now = timezone.now()
        seq, batches = ExportRun.objects.filter(pk=run_id).values_list("seq", Count("batches")).get()
        batch = RunBatch.objects.create(
            run_id=run_id,
            number=batches + 1,
            level=level,
            action=action,
            state=RunBatch.State.SENDING,
            lease_token=token,
            sent_at=now,
            key_floor=floor,
        )
        for item in items:
            item.sent_hash, item.state, item.batch = hashes[item.pk], Item.SENDING, batch
            item.attempt, item.sent_at, item.seq = item.attempt + 1, now, seq
        write_each(items, SENT_COLUMNS, still={"state": Item.QUEUED})
    return batch


def created(made: Sequence[tuple[RunItem, str, str]], answered: RunBatch | None = None) -> list[RunItem]:
    """Jira has these items, each under an id and a key: link their tickets. Found by its uid an item is what it is,
    whoever finds it; by the order of a bulk answer (`answered`) only while it is still in that batch, for then
    nobody has found it meanwhile. The linked items come back as they are stored now."""
    if not made:
        return []
    run_id = made[0][0].run_id
    with transaction.atomic(savepoint=False):
        now, seq = timezone.now(), next_seq(run_id)
        for item, issue_id, issue_key in made:
            item.state, item.issue_id, item.issue_key = Item.CREATED, issue_id, issue_key
            item.ended_at, item.seq = now, seq
            item.error_code, item.error_values, item.jira_said = "", {}, []
        items = [item for item, _, _ in made]
        still = {"batch": answered.pk, "state": Item.SENDING} if answered is not None else {}
        if write_each(items, CREATED_COLUMNS, still=still) < len(items):
            written = RunItem.objects.filter(pk__in=[item.pk for item in items], seq=seq, state=Item.CREATED)
            mine = set(written.values_list("pk", flat=True))
            made = [one for one in made if one[0].pk in mine]
            items = [item for item, _, _ in made]
        tickets = []
        for item, issue_id, issue_key in made:
            if item.ticket is not None:
                item.ticket.issue_id, item.ticket.issue_key = issue_id, issue_key
                tickets.append(item.ticket)
        try:
            with transaction.atomic():
                write_each(tickets, ["issue_id", "issue_key"])
        except IntegrityError:  # another ticket holds one of these ids
            _let_go(tickets, items)
            write_each(tickets, ["issue_id", "issue_key"])
    return items


def _let_go(tickets: Sequence[ExportedTicket], items: Sequence[RunItem]) -> None:
    """Take ids from tickets that hold them wrongly: a bulk answer may come in another order than it was asked in, and
    two tickets that change places would meet in the middle."""
    wrong = ExportedTicket.objects.filter(
        connection_id__in={ticket.connection_id for ticket in tickets},
        issue_id__in=[ticket.issue_id for ticket in tickets],
        unlinked_at=None,
    )
    own = {ticket.pk: ticket.issue_id for ticket in tickets}
    strayed = [pk for pk, issue_id in wrong.values_list("pk", "issue_id") if own.get(pk) != issue_id]
    if strayed:
        ExportedTicket.objects.filter(pk__in=strayed).update(
            issue_id="", issue_key="", sync=ExportedTicket.Sync.NOT_EXPORTED
        )
        others = RunItem.objects.filter(ticket__in=strayed, action="create").exclude(pk__in=[item.pk for item in items])
        others.update(issue_id="", issue_key="")


def updated(item_id: int) -> RunItem:
    """Jira holds the new values of this item."""
    with transaction.atomic():
        item = RunItem.objects.get(pk=item_id)
        RunItem.objects.filter(pk=item_id).update(
            state=Item.UPDATED,
            ended_at=timezone.now(),
            error_code="",
            error_values={},
            jira_said=[],
            seq=next_seq(item.run_id),
        )
    return RunItem.objects.select_related("ticket").get(pk=item_id)


def undone(item_id: int, first_run: int, after: Mapping[str, Any] | None = None) -> RunItem:
    """This item of an undo is done, and with it the item of `first_run` that it takes back. `after`: what Jira holds
    of it now, where the issue is there still."""
    with transaction.atomic():
        item = RunItem.objects.get(pk=item_id)
        news = {"error_code": "", "error_values": {}, "jira_said": []}
        RunItem.objects.filter(pk=item_id, state__in=RunItem.OPEN).update(
            state=Item.UNDONE, ended_at=timezone.now(), after=dict(after or {}), seq=next_seq(item.run_id), **news
        )
        RunItem.objects.filter(run_id=first_run, story_ref=item.story_ref).update(
            state=Item.UNDONE, undone_by=item.run_id, seq=next_seq(first_run), **news
        )
    return RunItem.objects.select_related("ticket").get(pk=item_id)


def confirm(items: Sequence[RunItem]) -> list[RunItem]:
    """Read back from Jira: the items are what and where they should be. They come back as they are stored now."""
    if not items:
        return []
    with transaction.atomic(savepoint=False):
        seq = next_seq(items[0].run_id)
        for item in items:
            item.confirmed, item.seq = True, seq
        write_each(items, ["confirmed", "after", "seq"])
    return list(items)


def end(
    item_id: int,
    state: str,
    code: str = "",
    values: Mapping[str, Any] | None = None,
    said: Iterable[str] = (),
    *,
    batch_id: int | None = None,
    was: Sequence[str] = RunItem.OPEN,
) -> RunItem:
    """Give an item its end state with the reason. A failed item's ticket says so until the next success.

    Only an item that `was` in one of these states, and with `batch_id` only one that is still in that batch: what a
    worker thinks that slept through its lease says nothing about what others did since.
    """
    with transaction.atomic():
        item = RunItem.objects.select_related("ticket").get(pk=item_id)
        still = Q(batch_id=batch_id, state=Item.SENDING) if batch_id else Q(state__in=was)
        ended = RunItem.objects.filter(still, pk=item_id).update(
            state=state,
            error_code=code,
            error_values=dict(values or {}),
            jira_said=list(said),
            ended_at=timezone.now(),
            seq=next_seq(item.run_id),
        )
        if ended and item.ticket is not None and state in (Item.FAILED, Item.UNCONFIRMED):
            ExportedTicket.objects.filter(pk=item.ticket.pk).update(
                sync=ExportedTicket.Sync.FAILED, error_code=code, seq=next_live_seq(item.ticket.project_ref)
            )
    return RunItem.objects.select_related("ticket").get(pk=item_id)


def put_back(batch: RunBatch, item_ids: Sequence[int], *, refused: bool) -> None:
    """Close a batch: these of its items were not carried out and may be sent again. After a proven absence, or
    `refused` by a definite answer: that does not count as an attempt."""
    with transaction.atomic():
        RunItem.objects.filter(pk__in=item_ids, batch=batch, state=Item.SENDING).update(
            state=Item.QUEUED, batch=None, attempt=F("attempt") - int(refused), seq=next_seq(batch.run_id)
        )
        close_batch(batch.pk)


def close_batch(batch_id: int) -> None:
    """Everybody in it is accounted for: to be written after the items' own states."""
    RunBatch.objects.filter(pk=batch_id).update(state=RunBatch.State.DONE)


def doubt(batches: QuerySet[RunBatch], since: datetime | None = None) -> None:
    """Nobody knows what became of these batches, if they are still on their way. `since`: nothing of them left later
    than that, now if not given."""
    batches.filter(state=RunBatch.State.SENDING).update(
        state=RunBatch.State.UNKNOWN, in_doubt_since=Now() if since is None else since
    )


def to_move(run_id: int, **conditions: Any) -> list[int]:
    """Items that stand in another status than the plan wants, but for those the run said it cannot move."""
    rows = RunItem.objects.filter(run_id=run_id, state__in=[Item.CREATED, Item.UPDATED], confirmed=True, **conditions)
    rows = rows.exclude(planned__status_to={}).order_by("position")
    told = RunItem.objects.filter(run_id=run_id, events__code__in=["status_refused", "status_not_reached"])
    found = rows.exclude(pk__in=told.values("pk")).values_list("pk", "planned__status_to", "ticket__status_id")
    return [pk for pk, wanted, status in found if wanted["id"] != status]


def count_requests(run_id: int, requests: int, writes: int) -> None:
    """Add what was sent since the last count."""
    ExportRun.objects.filter(pk=run_id).update(requests=F("requests") + requests, writes=F("writes") + writes)
