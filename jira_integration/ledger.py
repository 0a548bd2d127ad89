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

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from jira_integration.agreement import next_live_seq
from jira_integration.conf import conf
from jira_integration.models import ExportedTicket, ExportRun, RunBatch, RunEvent, RunItem

Item = RunItem.State
Run = ExportRun.State


class LeaseLost(Exception):
    """Another worker drives this run now, or someone ended it: stop, and send nothing more."""


def _until() -> Any:
    return Now() + timedelta(seconds=conf.LEASE_SECONDS)


def acquire(run_id: int) -> str | None:
    """Take the run's lease and set it running; the token, or None when someone else holds it or it may not run.

    The database allows one active run per connection and Jira project: a second one stays queued.
    """
    token = secrets.token_hex(16)
    free = Q(lease_token="") | Q(lease_until=None) | Q(lease_until__lt=Now())
    startable = Q(state__in=[Run.QUEUED, Run.RUNNING, Run.INTERRUPTED]) | Q(state=Run.WAITING, not_before__lte=Now())
    try:
        with transaction.atomic():
            taken = ExportRun.objects.filter(startable & free, pk=run_id).update(
                state=Run.RUNNING, lease_token=token, lease_until=_until(), not_before=None
            )
            if not taken:  # a run that was being stopped when its worker died is only tidied up
                taken = ExportRun.objects.filter(free, pk=run_id, state=Run.STOPPING).update(
                    lease_token=token, lease_until=_until()
                )
            if not taken:
                return None
            ExportRun.objects.filter(pk=run_id, started_at=None).update(started_at=Now())
            # What the last worker had in flight is in doubt now.
            RunBatch.objects.filter(run_id=run_id, state=RunBatch.State.SENDING).update(state=RunBatch.State.UNKNOWN)
    except IntegrityError:
        return None
    return token


def renew(run_id: int, token: str) -> bool:
    """Push the lease's end away; False when the lease is no longer ours."""
    return bool(ExportRun.objects.filter(pk=run_id, lease_token=token).update(lease_until=_until()))


def holds(run_id: int, token: str) -> bool:
    """Whether the lease is ours and not over, asked right before something is sent."""
    return ExportRun.objects.filter(pk=run_id, lease_token=token, lease_until__gt=Now()).exists()


def stopping(run_id: int) -> bool:
    return ExportRun.objects.filter(pk=run_id, state=Run.STOPPING).exists()


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
        if not ExportRun.objects.filter(pk=run_id, lease_token=token, lease_until__gt=Now()).update(
            lease_until=_until()
        ):
            raise LeaseLost(run_id)
        now = timezone.now()
        batch = RunBatch.objects.create(
            run_id=run_id,
            number=RunBatch.objects.filter(run_id=run_id).count() + 1,
            level=level,
            action=action,
            state=RunBatch.State.SENDING,
            lease_token=token,
            sent_at=now,
            key_floor=floor,
        )
        for item in items:
            item.sent_hash = hashes[item.pk]
        RunItem.objects.bulk_update(items, ["sent_hash"])
        RunItem.objects.filter(pk__in=[item.pk for item in items], state=Item.QUEUED).update(
            state=Item.SENDING, batch=batch, attempt=F("attempt") + 1, sent_at=now, seq=next_seq(run_id)
        )
    return batch


def created(made: Sequence[tuple[RunItem, str, str]]) -> list[RunItem]:
    """Jira has these items, each under an id and a key: link their tickets. True whoever finds it out, so it needs
    no lease. The items that were given come back as they are stored now."""
    if not made:
        return []
    run_id = made[0][0].run_id
    with transaction.atomic():
        now, seq = timezone.now(), next_seq(run_id)
        items, tickets = [], []
        for item, issue_id, issue_key in made:
            item.state, item.issue_id, item.issue_key, item.ended_at, item.seq = (
                Item.CREATED,
                issue_id,
                issue_key,
                now,
                seq,
            )
            item.error_code, item.error_values, item.jira_said = "", {}, []
            items.append(item)
            if item.ticket is not None:
                item.ticket.issue_id, item.ticket.issue_key = issue_id, issue_key
                tickets.append(item.ticket)
        RunItem.objects.bulk_update(items, ["issue_id", "issue_key"])
        RunItem.objects.filter(pk__in=[item.pk for item in items]).update(
            state=Item.CREATED, ended_at=now, error_code="", error_values={}, jira_said=[], seq=seq
        )
        ExportedTicket.objects.bulk_update(tickets, ["issue_id", "issue_key"])
    return items


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


def confirm(items: Sequence[RunItem]) -> list[RunItem]:
    """Read back from Jira: the items are what and where they should be. They come back as they are stored now."""
    if not items:
        return []
    with transaction.atomic():
        seq = next_seq(items[0].run_id)
        RunItem.objects.filter(pk__in=[item.pk for item in items]).update(confirmed=True, seq=seq)
    for item in items:
        item.confirmed, item.seq = True, seq
    return list(items)


def end(
    item_id: int,
    state: str,
    code: str = "",
    values: Mapping[str, Any] | None = None,
    said: Iterable[str] = (),
) -> RunItem:
    """Give an item its end state with the reason. A failed item's ticket says so until the next success."""
    with transaction.atomic():
        item = RunItem.objects.select_related("ticket").get(pk=item_id)
        RunItem.objects.filter(pk=item_id).update(
            state=state,
            error_code=code,
            error_values=dict(values or {}),
            jira_said=list(said),
            ended_at=timezone.now(),
            seq=next_seq(item.run_id),
        )
        if item.ticket is not None and state in (Item.FAILED, Item.UNCONFIRMED):
            ExportedTicket.objects.filter(pk=item.ticket.pk).update(
                sync=ExportedTicket.Sync.FAILED, error_code=code, seq=next_live_seq(item.ticket.project_ref)
            )
    return RunItem.objects.select_related("ticket").get(pk=item_id)


def put_back_in_queue(run_id: int, item_ids: Sequence[int]) -> int:
    """After a definite refusal or a proven absence only: these were not carried out and may be sent again."""
    return RunItem.objects.filter(pk__in=item_ids, run_id=run_id, state=Item.SENDING).update(
        state=Item.QUEUED, batch=None, seq=next_seq(run_id)
    )


def close_batch(batch_id: int, state: str = RunBatch.State.DONE) -> None:
    RunBatch.objects.filter(pk=batch_id).update(state=state)


def wait(run_id: int, token: str, code: str, values: Mapping[str, Any], not_before: datetime | None) -> None:
    """Give the lease back and wait: until `not_before`, or for a person when there is none."""
    with transaction.atomic():
        ExportRun.objects.filter(pk=run_id, waiting_since=None).update(waiting_since=timezone.now())
        ExportRun.objects.filter(pk=run_id, lease_token=token).exclude(state=Run.STOPPING).update(
            state=Run.WAITING,
            reason_code=code,
            reason_values=dict(values),
            not_before=not_before,
            lease_token="",
            lease_until=None,
            seq=F("seq") + 1,
        )
        note(run_id, "waiting", {"code": code, **values})


def give_up(run_id: int) -> int:
    """After the last try: what nobody could ask Jira about is for a person ("Check Jira"); never sent again unasked."""
    return RunItem.objects.filter(run_id=run_id, state=Item.SENDING).update(
        state=Item.UNCONFIRMED, error_code="no_answer", seq=next_seq(run_id)
    )


def going_well(run_id: int) -> None:
    """Jira answered: what made the run wait is over."""
    ExportRun.objects.filter(pk=run_id).exclude(waiting_since=None).update(
        waiting_since=None, reason_code="", reason_values={}
    )


def finish(run_id: int, token: str) -> ExportRun:
    """End the run by what its items came to. Items still queued were stopped before they were sent."""
    with transaction.atomic():
        run = ExportRun.objects.get(pk=run_id)
        if run.lease_token != token:
            raise LeaseLost(run_id)
        stopped = run.state == Run.STOPPING
        RunItem.objects.filter(run_id=run_id, state=Item.QUEUED).update(
            state=Item.NOT_SENT, error_code="run_stopped", seq=next_seq(run_id)
        )
        states = set(RunItem.objects.filter(run_id=run_id).values_list("state", flat=True))
        well = states & set(RunItem.WELL)
        badly = states - set(RunItem.WELL) - {Item.SKIPPED}
        if stopped and Item.NOT_SENT in states:
            state = Run.STOPPED
        elif not badly:
            state = Run.DONE
        else:
            state = Run.PARTLY_DONE if well else Run.FAILED
        ExportRun.objects.filter(pk=run_id).update(
            state=state,
            lease_token="",
            lease_until=None,
            not_before=None,
            waiting_since=None,
            reason_code="",
            reason_values={},
            finished_at=timezone.now(),
            seq=F("seq") + 1,
        )
        note(run_id, "ended", {"state": str(state)})
    run.refresh_from_db()
    return run


def fail(run_id: int, token: str, code: str, values: Mapping[str, Any]) -> ExportRun:
    """Stop before the first write: nothing was sent, and the reason concerns the whole run."""
    with transaction.atomic():
        if not ExportRun.objects.filter(pk=run_id, lease_token=token).update(
            state=Run.FAILED,
            reason_code=code,
            reason_values=dict(values),
            lease_token="",
            lease_until=None,
            finished_at=timezone.now(),
            seq=F("seq") + 1,
        ):
            raise LeaseLost(run_id)
        RunItem.objects.filter(run_id=run_id, state=Item.QUEUED).update(
            state=Item.NOT_SENT, error_code=code, error_values=dict(values), seq=next_seq(run_id)
        )
        note(run_id, "ended", {"state": Run.FAILED.value})
    return ExportRun.objects.get(pk=run_id)


def stop_all(run_id: int, token: str, code: str, values: Mapping[str, Any]) -> ExportRun:
    """Jira refused something that concerns the whole run: what is left is not sent; what was done stays done."""
    with transaction.atomic():
        RunItem.objects.filter(run_id=run_id, state=Item.QUEUED).update(
            state=Item.NOT_SENT, error_code=code, error_values=dict(values), seq=next_seq(run_id)
        )
        RunItem.objects.filter(run_id=run_id, state=Item.SENDING).update(
            state=Item.UNCONFIRMED, error_code="no_answer", seq=next_seq(run_id)
        )
        return finish(run_id, token)


def count_requests(run_id: int, requests: int, writes: int) -> None:
    """Add what was sent since the last count."""
    ExportRun.objects.filter(pk=run_id).update(requests=F("requests") + requests, writes=F("writes") + writes)


def interrupted() -> list[int]:
    """Mark runs whose worker stopped renewing the lease, and return their ids. What was in flight is in doubt."""
    over = ExportRun.objects.filter(state=Run.RUNNING, lease_until__lt=Now())
    ids = list(over.values_list("pk", flat=True))
    marked = []
    for run_id in ids:
        if ExportRun.objects.filter(pk=run_id, state=Run.RUNNING, lease_until__lt=Now()).update(
            state=Run.INTERRUPTED, reason_code="worker_lost", seq=F("seq") + 1
        ):
            note(run_id, "worker_lost")
            marked.append(run_id)
    return marked
