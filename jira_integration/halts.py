"""When a run does not go on: it has done its work, waits for a time or a person, breaks off, ends before its time.

Like the ledger: each function is one committed step that says in its WHERE whose lease must still hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from jira_integration import audit, ledger
from jira_integration.conf import conf
from jira_integration.models import AuditEntry, ExportRun, RunEvent, RunItem

Item = RunItem.State
Run = ExportRun.State
MOST_BREAKS = 5  # in a row, with nothing achieved between: a worker that dies of this very run would die for ever
ACHIEVED = ("batch_answered", "looked_up", "continued_by_person", "run_begun")


def wait(run_id: int, token: str, code: str, values: Mapping[str, Any], not_before: datetime | None) -> None:
    """Give the lease back and wait: until `not_before`, or for a person when there is none.

    A run that is being stopped or paused waits only for answers that come soon; else it ends, and what is in doubt
    stays unconfirmed, or it rests as it is. Raises LeaseLost.
    """
    with transaction.atomic():
        ending = ExportRun.objects.filter(pk=run_id, lease_token=token, state__in=ExportRun.ENDING).first()
        if ending is not None:
            _end_soon(ending, token, not_before)
            return
        waits = ExportRun.objects.filter(pk=run_id, lease_token=token, state=Run.RUNNING).update(
            state=Run.WAITING,
            reason_code=code,
            reason_values=dict(values),
            not_before=not_before,
            lease_token="",
            lease_until=None,
            seq=F("seq") + 1,
        )
        if not waits:
            raise ledger.LeaseLost(run_id)
        ExportRun.objects.filter(pk=run_id, waiting_since=None).update(waiting_since=timezone.now())
        ledger.note(run_id, "waiting", {"code": code, **values})


def _end_soon(run: ExportRun, token: str, not_before: datetime | None) -> None:
    in_doubt = RunItem.objects.filter(run=run, state=Item.SENDING).exists()
    soon = timezone.now() + timedelta(seconds=2 * conf.UNKNOWN_WAIT_SECONDS)
    if in_doubt and not_before is not None and not_before <= soon:
        # Nobody may take it up before: the sweep does when the lease is over.
        ExportRun.objects.filter(pk=run.pk, lease_token=token).update(lease_until=not_before, seq=F("seq") + 1)
        return
    if run.state == Run.STOPPING:
        _not_read_back(run.pk)
    finish(run.pk, token)


def give_up(run_id: int, token: str, code: str, values: Mapping[str, Any]) -> None:
    """After the last try a person decides; what is in doubt is never sent again unasked."""
    with transaction.atomic():
        wait(run_id, token, code, values, None)
        _in_doubt(run_id)


def going_well(run_id: int) -> None:
    """Jira answered: what made the run wait is over."""
    ExportRun.objects.filter(pk=run_id).exclude(waiting_since=None).update(
        waiting_since=None, reason_code="", reason_values={}
    )


def finish(run_id: int, token: str) -> ExportRun:
    """End the run by what its items came to. Items still queued were stopped before they were sent; what was sent
    without an answer stays unconfirmed. A run that somebody pauses rests instead, when something is left of it."""
    with transaction.atomic():
        ledger.keep(run_id, token)
        run = ExportRun.objects.get(pk=run_id)
        if run.state == Run.PAUSING and something_left(run_id):
            rest(ExportRun.objects.filter(pk=run_id))
            ledger.note(run_id, "paused")
            run.refresh_from_db()
            return run
        stopped = run.state == Run.STOPPING
        unmoved = stopped and bool(ledger.to_move(run_id))
        RunItem.objects.filter(run_id=run_id, state=Item.QUEUED).update(
            state=Item.NOT_SENT, error_code="run_stopped", seq=ledger.next_seq(run_id)
        )
        _in_doubt(run_id)
        rows = RunItem.objects.filter(run_id=run_id).order_by().values_list("state").annotate(n=Count("pk"))
        counts: dict[str, int] = dict(rows)
        states = set(counts)
        well = states & set(RunItem.WELL)
        badly = states - set(RunItem.WELL) - {Item.SKIPPED}
        if stopped and (unmoved or Item.NOT_SENT in states):
            state = Run.STOPPED
        elif Item.UNDONE in states and run.plan.undoes_id is None:
            state = _undone(states)
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
        ledger.note(run_id, "ended", {"state": str(state)})
        said = {name: counts.get(name, 0) for name in (Item.CREATED, Item.UPDATED)}
        failed = sum(counts.get(name, 0) for name in (Item.FAILED, Item.UNCONFIRMED, Item.MOVED_ON))
        values = {"run": run_id, "failed": failed, **{str(name): count for name, count in said.items()}}
        audit.record("run_finished", values, actor=AuditEntry.Actor.SYSTEM, project_ref=run.project_ref)
    run.refresh_from_db()
    return run


def _undone(states: set[str]) -> Run:
    return Run.PARTLY_UNDONE if states & {Item.CREATED, Item.UPDATED} else Run.UNDONE


def name_undone(run_id: int) -> None:
    """Tell of a run that ended how much of it was taken back since."""
    with transaction.atomic():
        states = set(RunItem.objects.filter(run_id=run_id).values_list("state", flat=True))
        if Item.UNDONE in states:
            ended = ExportRun.objects.filter(pk=run_id, state__in=ExportRun.ENDED)
            ended.exclude(state=_undone(states)).update(state=_undone(states), seq=F("seq") + 1)


def something_left(run_id: int) -> bool:
    """Whether anything is still to be sent, looked up, read back or moved."""
    items = RunItem.objects.filter(run_id=run_id)
    unread = Q(state__in=[Item.CREATED, Item.UPDATED], confirmed=False)
    return items.filter(Q(state__in=RunItem.OPEN) | unread).exists() or bool(ledger.to_move(run_id))


def rest(runs: QuerySet[ExportRun]) -> int:
    """Set these to paused, as they are: nothing takes them up but a person. Since when batches are in doubt is told by
    the lease's end, which stays."""
    return runs.update(
        state=Run.PAUSED,
        lease_token="",
        not_before=None,
        waiting_since=None,
        reason_code="",
        reason_values={},
        seq=F("seq") + 1,
    )


def _in_doubt(run_id: int) -> None:
    """What nobody could ask Jira about is for a person ("Check Jira"); never sent again unasked."""
    RunItem.objects.filter(run_id=run_id, state=Item.SENDING).update(
        state=Item.UNCONFIRMED, error_code="no_answer", seq=ledger.next_seq(run_id)
    )


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
            raise ledger.LeaseLost(run_id)
        _not_sent(run_id, code, values)
        ledger.note(run_id, "ended", {"state": Run.FAILED.value})
    return ExportRun.objects.get(pk=run_id)


def stop_all(run_id: int, token: str, code: str, values: Mapping[str, Any]) -> ExportRun:
    """Jira refused something that concerns the whole run: what is left is not sent; what was done stays done."""
    with transaction.atomic():
        _not_sent(run_id, code, values)
        _not_read_back(run_id)
        return finish(run_id, token)


def _not_read_back(run_id: int) -> None:
    """The run ends before Jira has shown these: "Check Jira" reads them."""
    RunItem.objects.filter(run_id=run_id, state__in=[Item.CREATED, Item.UPDATED], confirmed=False).update(
        state=Item.UNCONFIRMED, error_code="not_read_back", seq=ledger.next_seq(run_id)
    )


def _not_sent(run_id: int, code: str, values: Mapping[str, Any]) -> None:
    RunItem.objects.filter(run_id=run_id, state=Item.QUEUED).update(
        state=Item.NOT_SENT, error_code=code, error_values=dict(values), seq=ledger.next_seq(run_id)
    )


def interrupted() -> list[int]:
    """Mark runs whose worker stopped renewing the lease, and return their ids. What was in flight is in doubt."""
    over = ExportRun.objects.filter(state=Run.RUNNING, lease_until__lt=Now())
    return [run_id for run_id in over.values_list("pk", flat=True) if _interrupt(run_id, lease_until__lt=Now())]


def broke_off(run_id: int, token: str) -> bool:
    """The worker itself says that it cannot go on, for a reason nobody foresaw. Nothing of it leaves any more."""
    return _interrupt(run_id, lease_token=token)


def _interrupt(run_id: int, **lease: Any) -> bool:
    """Interrupted until the sweep takes the run up, or until a person does when that has helped nothing."""
    with transaction.atomic():
        run = ExportRun.objects.filter(pk=run_id, state=Run.RUNNING, **lease)
        # The token goes: a worker that wakes late drives nothing any more. The lease's end stays: what was in flight
        # left before it.
        if not run.update(state=Run.INTERRUPTED, reason_code="worker_lost", lease_token="", seq=F("seq") + 1):
            return False
        ledger.note(run_id, "worker_lost")
        if _breaks_in_a_row(run_id) >= MOST_BREAKS:
            ExportRun.objects.filter(pk=run_id).update(state=Run.WAITING, not_before=None)
    return True


def _breaks_in_a_row(run_id: int) -> int:
    events = RunEvent.objects.filter(run_id=run_id)
    achieved = events.filter(code__in=ACHIEVED).order_by("-pk").values_list("pk", flat=True).first() or 0
    return events.filter(code="worker_lost", pk__gt=achieved).count()
