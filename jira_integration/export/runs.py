"""What people do to runs: confirm a plan, stop, pause, go on, retry."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from jira_integration import audit, halts, ledger
from jira_integration.conf import conf
from jira_integration.export.expiry import hold_bodies
from jira_integration.export.line import CannotDo, last_place
from jira_integration.export.undo_plan import may_undo
from jira_integration.models import ExportedTicket, ExportPlan, ExportRun, PlannedTicket, RunBatch, RunItem, Trial
from jira_integration.models.rows import insert_each

Action = PlannedTicket.Action
Item = RunItem.State
ROWS = 500
# What only a person can mend at the sign-in step.
LOGIN_CODES = (
    "bad_login",
    "bad_pat",
    "bad_password",
    "basic_off",
    "captcha",
    "login_expired",
    "no_login",
    "oauth_app",
    "pat_expired",
    "reconnect",
    "scope",
    "scope_grant",
    "secret_unreadable",
    "sso_page",
)


def confirm(plan: ExportPlan, user: Any) -> ExportRun:
    """Turn a ready plan into a run with a ledger row per item; the same plan again gives the same run.

    Tickets are written here, before any request: their uid is what an issue is recognised by. Raises CannotDo when
    the plan is not ready, holds nothing to send, or its mapping is not turned on (a trial runs before that).
    """
    with transaction.atomic():
        claimed = ExportPlan.objects.filter(pk=plan.pk, state=ExportPlan.State.READY).update(
            state=ExportPlan.State.EXPORTED
        )
        plan = ExportPlan.objects.select_related("mapping__connection").get(pk=plan.pk)
        if not claimed:
            existing = ExportRun.objects.filter(plan=plan).first()
            if existing is None:
                raise CannotDo("plan_not_ready")
            return existing
        if not plan.sendable:
            raise CannotDo("empty_plan")
        if plan.undoes is not None and (code := may_undo(plan.undoes)):
            raise CannotDo(code, {"run": plan.undoes_id, "days": conf.UNDO_DAYS})
        if plan.undoes is None and not plan.mapping.live and not Trial.objects.filter(plan=plan).exists():
            raise CannotDo("not_live")
        run = ExportRun(
            plan=plan,
            connection=plan.mapping.connection,
            project_ref=plan.project_ref,
            jira_project_id=plan.mapping.jira_project_id,
            started_by=user,
        )
        run.place = last_place(run)
        run.save()
        _write_items(run, plan)
        ledger.note(run.pk, "run_begun", {"count": plan.sendable})
        counted = {name: plan.counts.get(name, 0) for name in Action.values}
        code, undone = ("undo_started", {"undone": plan.undoes_id}) if plan.undoes else ("run_started", {})
        audit.record(code, {"run": run.pk, **counted, **undone}, user=user, project_ref=plan.project_ref)
    return run


def _write_items(run: ExportRun, plan: ExportPlan) -> None:
    # Bodies stay in the database: ten thousand of them would not fit into a request's memory.
    planned = plan.items.order_by("position").defer("template", "changes", "seen")
    tickets = {
        ticket.story_ref: ticket
        for ticket in ExportedTicket.objects.filter(
            connection=run.connection, unlinked_at=None, story_ref__in=planned.values("story_ref")
        ).defer("base_sent", "base_jira", "theirs")
    }
    stored = planned.iterator(ROWS)
    while chunk := list(islice(stored, ROWS)):
        new = [
            ExportedTicket(
                uid=item.uid,
                connection=run.connection,
                mapping=plan.mapping,
                project_ref=plan.project_ref,
                story_ref=item.story_ref,
                story_key=item.story_key,
                kind=item.kind,
            )
            for item in chunk
            if item.action == Action.CREATE and item.story_ref not in tickets
        ]
        insert_each(new)
        ids = dict(ExportedTicket.objects.filter(uid__in=[one.uid for one in new]).values_list("uid", "pk"))
        for ticket in new:
            ticket.pk = ids[ticket.uid]
        known = tickets | {ticket.story_ref: ticket for ticket in new}
        insert_each([_item(run, item, known.get(item.story_ref)) for item in chunk])


def _item(run: ExportRun, planned: PlannedTicket, ticket: ExportedTicket | None) -> RunItem:
    item = RunItem(
        run=run,
        planned=planned,
        ticket=ticket,
        position=planned.position,
        kind=planned.kind,
        story_ref=planned.story_ref,
        story_key=planned.story_key,
        title=planned.title,
        action=planned.action,
        issue_id=planned.issue_id,
        issue_key=planned.issue_key,
    )
    match planned.action:
        case Action.UNCHANGED:
            item.state, item.ended_at = Item.UNCHANGED, timezone.now()
        case Action.BLOCKED | Action.CONFLICT | Action.LEAVE:
            blocking = next((one for one in planned.findings if one["blocking"]), planned.findings[0])
            item.state, item.error_code, item.error_values = Item.SKIPPED, blocking["code"], blocking["values"]
            item.ended_at = timezone.now()
        case Action.CREATE if ticket is not None and (ticket.issue_id or ticket.uid != planned.uid):
            # Another run took this story to Jira after the preview was made.
            item.state, item.error_code, item.ended_at = Item.MOVED_ON, "already_exported", timezone.now()
            item.issue_id, item.issue_key = ticket.issue_id, ticket.issue_key
    return item


def stop(run: ExportRun, user: Any) -> ExportRun:
    """Stop: what is being sent is finished first, the rest is not sent. A run that waits in line is cancelled."""
    State = ExportRun.State
    with transaction.atomic():
        begun = run.started_at is not None
        driven = ExportRun.objects.filter(pk=run.pk, state__in=[State.RUNNING, State.PAUSING])
        resting = ExportRun.objects.filter(
            pk=run.pk, state__in=[State.QUEUED, State.PAUSED, State.WAITING, State.INTERRUPTED]
        )
        if driven.update(state=State.STOPPING, seq=F("seq") + 1):
            pass  # its worker ends it after what is in flight
        elif resting.update(
            state=State.STOPPED,
            finished_at=timezone.now(),
            lease_token="",
            lease_until=None,
            not_before=None,
            reason_code="",
            seq=F("seq") + 1,
        ):
            RunItem.objects.filter(run=run, state=Item.QUEUED).update(
                state=Item.NOT_SENT, error_code="run_stopped", seq=ledger.next_seq(run.pk)
            )
            RunItem.objects.filter(run=run, state=Item.SENDING).update(
                state=Item.UNCONFIRMED, error_code="no_answer", seq=ledger.next_seq(run.pk)
            )
        else:
            raise CannotDo("run_not_running")
        ledger.note(run.pk, "stopped_by_person" if begun else "cancelled_by_person")
        code = "run_stopped_by" if begun else "run_cancelled_by"
        audit.record(code, {"run": run.pk}, user=user, project_ref=run.project_ref)
    run.refresh_from_db()
    return run


def pause(run: ExportRun, user: Any) -> ExportRun:
    """Pause: what is in flight is finished, nothing more is sent, and the run keeps its place in line. Neither beat
    nor a new login takes it up again: `resume` does, by a person."""
    State = ExportRun.State
    with transaction.atomic():
        if ExportRun.objects.filter(pk=run.pk, state=State.RUNNING).update(state=State.PAUSING, seq=F("seq") + 1):
            pass  # its worker lets it rest after what is in flight
        elif not halts.rest(
            ExportRun.objects.filter(pk=run.pk, state__in=[State.QUEUED, State.WAITING, State.INTERRUPTED])
        ):
            raise CannotDo("nothing_to_pause")
        ledger.note(run.pk, "paused_by_person")
        audit.record("run_paused_by", {"run": run.pk}, user=user, project_ref=run.project_ref)
    run.refresh_from_db()
    return run


def resume(run: ExportRun, user: Any) -> ExportRun:
    """Continue with the rest: a stopped, paused or interrupted run, or one that waits, is queued to be driven. A
    stopped one stands last in line, the others keep their place.

    What was in flight when it broke off is looked up before anything is sent again.
    """
    State = ExportRun.State
    with transaction.atomic():
        hold_bodies(run)
        run.refresh_from_db()
        if run.shown_state not in (State.STOPPED, State.PAUSED, State.INTERRUPTED, State.WAITING):
            raise CannotDo("nothing_to_continue")
        seen = {"state": run.state, "lease_token": run.lease_token, "lease_until": run.lease_until}
        queued = ExportRun.objects.filter(pk=run.pk, **seen).update(
            state=State.QUEUED,
            place=last_place(run) if run.state == State.STOPPED else run.place,
            lease_token="",
            lease_until=None,
            not_before=None,
            waiting_since=None,
            reason_code="",
            finished_at=None,
            seq=F("seq") + 1,
        )
        if not queued:  # a worker took it up in the same moment
            raise CannotDo("nothing_to_continue")
        ledger.doubt(RunBatch.objects.filter(run=run), run.lease_until)
        _queue_again(run, RunItem.objects.filter(run=run, state=Item.NOT_SENT))
        _look_again(run, RunItem.objects.filter(run=run, state=Item.UNCONFIRMED))
        ledger.note(run.pk, "continued_by_person")
        audit.record("run_continued", {"run": run.pk}, user=user, project_ref=run.project_ref)
    run.refresh_from_db()
    return run


def login_renewed(connection_id: int) -> list[int]:
    """Queue the runs that waited for a login, now that there is one; returns their ids, to be started."""
    waiting = ExportRun.objects.filter(
        connection_id=connection_id, state=ExportRun.State.WAITING, not_before=None, reason_code__in=LOGIN_CODES
    )
    ids = list(waiting.values_list("pk", flat=True))
    waiting.update(state=ExportRun.State.QUEUED, reason_code="", reason_values={}, waiting_since=None, seq=F("seq") + 1)
    return ids


def retry(run: ExportRun, user: Any, item: RunItem | None = None, cause: str = "") -> int:
    """Queue failed items again (one, those of one cause, or all), look unconfirmed ones up again; returns how many.
    The run goes on."""
    State = ExportRun.State
    with transaction.atomic():
        hold_bodies(run)
        run.refresh_from_db()
        if run.state not in ExportRun.ENDED:
            raise CannotDo("run_still_active")
        items = RunItem.objects.filter(run=run, **({"pk": item.pk} if item else {}))
        items = items.filter(error_code=cause) if cause else items
        again = items.filter(Q(state=Item.FAILED) | Q(state=Item.NOT_SENT))
        # What waits for a parent that is tried again goes with it, whichever way that was chosen: stories wait for
        # their epic, test cases for their story.
        parents = items.filter(state__in=[Item.FAILED, Item.NOT_SENT, Item.UNCONFIRMED])
        waiting = RunItem.objects.filter(run=run, state=Item.NOT_SENT, error_code__in=["epic_failed", "story_failed"])
        for _level in ("stories", "test cases"):
            parents = waiting.filter(planned__parent_uid__in=parents.values("planned__uid"))
            again = again | parents
        count = _queue_again(run, again)
        count += _look_again(run, items.filter(state=Item.UNCONFIRMED))
        if not count:
            raise CannotDo("nothing_to_retry")
        if not ExportRun.objects.filter(pk=run.pk, state__in=ExportRun.ENDED).update(
            state=State.QUEUED, place=last_place(run), finished_at=None, reason_code="", seq=F("seq") + 1
        ):
            raise CannotDo("run_still_active")
        audit.record("retried", {"run": run.pk, "count": count}, user=user, project_ref=run.project_ref)
    run.refresh_from_db()
    return count


def _queue_again(run: ExportRun, items: Any) -> int:
    ids = list(items.values_list("pk", flat=True))
    return RunItem.objects.filter(pk__in=ids).update(
        state=Item.QUEUED, error_code="", error_values={}, jira_said=[], ended_at=None, seq=ledger.next_seq(run.pk)
    )


def _look_again(run: ExportRun, items: Any) -> int:
    """Items in doubt: the push looks them up before anything is sent. What Jira named an id for is only read back; it
    is never made anew, not even when it is gone."""
    found = list(items.values_list("pk", "action", "issue_id", "error_code", "batch_id"))
    read = [row for row in found if row[2] and (row[1] == Action.CREATE or row[3] == "not_read_back")]
    for action, state in ((Action.CREATE, Item.CREATED), (Action.UPDATE, Item.UPDATED)):
        ids = [row[0] for row in read if row[1] == action]
        RunItem.objects.filter(pk__in=ids).update(state=state, confirmed=False, seq=ledger.next_seq(run.pk))
    doubtful = [row for row in found if row not in read]
    batches = RunBatch.objects.filter(pk__in={row[4] for row in doubtful if row[4]})
    batches.filter(in_doubt_since=None).update(in_doubt_since=Now())
    batches.update(state=RunBatch.State.UNKNOWN)
    RunItem.objects.filter(pk__in=[row[0] for row in doubtful]).update(
        state=Item.SENDING, attempt=0, seq=ledger.next_seq(run.pk)
    )
    return len(found)
