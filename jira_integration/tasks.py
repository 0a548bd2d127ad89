"""Celery's door: load, call, publish. Every task takes ids, may run twice, and is started with `delay_on_commit`."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import timedelta

from asgiref.sync import async_to_sync, sync_to_async
from celery import shared_task
from django.db import DatabaseError, InterfaceError
from django.db.models import F, Q
from django.utils import timezone

from jira_integration import halts, ledger, progress
from jira_integration.catalogue import from_error
from jira_integration.client.exceptions import JiraError, JiraLoginError, JiraRateLimited, JiraUnavailable
from jira_integration.comments.tasks import take_in_comments
from jira_integration.conf import conf
from jira_integration.export import automatic
from jira_integration.export import plan as planning
from jira_integration.export.building import left_alone
from jira_integration.export.line import next_runs
from jira_integration.export.push import push
from jira_integration.export.undo import undo
from jira_integration.export.work import RunMustWait, RunStops
from jira_integration.intake import read_again, take_in
from jira_integration.models import (
    ExportedTicket,
    ExportPlan,
    ExportRun,
    JiraConnection,
    ProjectMapping,
    Pulse,
    SecretUnreadable,
    WebhookDelivery,
)
from jira_integration.setup.connect import NoLogin, answered, jira_client
from jira_integration.setup.doctor.here import SCHEDULE
from jira_integration.signals import run_finished
from jira_integration.starting import start
from jira_integration.sync import inbox
from jira_integration.sync.changes import IssueNews
from jira_integration.sync.poll import SweepNotBelieved, count_repairs, doubted, poll, sweep
from jira_integration.sync.reconcile import Counts, in_hands_of_a_run
from jira_integration.upkeep import count_days as count_days  # Celery looks for tasks in this module alone
from jira_integration.upkeep import remove_old as remove_old

log = logging.getLogger(__name__)
TELL_SECONDS = 0.2
MOST_ATTEMPTS = 10  # at one webhook delivery
UNAVAILABLE_PAUSE = timedelta(seconds=60)  # Jira does not answer: once a minute, for conf.GIVE_UP_SECONDS


@shared_task(acks_late=True)
def build_plan(plan_id: int) -> None:
    """Fill a plan; a plan that is ready already is left as it is."""
    async_to_sync(planning.build_plan)(plan_id, progress.publish_plan)
    progress.publish_plan(ExportPlan.objects.get(pk=plan_id))


@shared_task
def send_changes() -> None:
    """What goes out by itself: one task for each automatic mapping that may send now. Beat calls it."""
    for mapping_id in automatic.automatic_mappings():
        send_mapping.delay(mapping_id)


@shared_task
def send_mapping(mapping_id: int) -> None:
    """Plan and send what changed in one backlog and is quiet now."""
    mapping = ProjectMapping.objects.get(pk=mapping_id)
    refs = automatic.due(mapping)
    if refs:
        plan = planning.new_plan(mapping, refs, None, with_tests=False)
        run = automatic.send(async_to_sync(planning.build_plan)(plan.pk))
        if run is not None:
            export_run.delay(run.pk)


@shared_task(acks_late=True)
def export_run(run_id: int) -> None:
    """Safe to run twice: what the ledger holds as done is passed over, what it holds as in doubt is looked up."""
    run = async_to_sync(carry_out)(run_id)
    if run.state == ExportRun.State.WAITING and run.not_before is not None:
        # A new task, not a sleeping worker. Should it be lost, sweep_runs finds the run.
        start(export_run, run_id, at=run.not_before)
    if not run.active:
        start_waiting(run.connection_id, but=run_id)


def start_waiting(connection_id: int, but: int = 0) -> None:
    """Start every run of this connection whose turn it is: the first in line of each Jira project that is free."""
    for run_id in next_runs(connection_id):
        if run_id != but:
            start(export_run, run_id)


async def carry_out(run_id: int) -> ExportRun:
    """Drive a run as far as it goes now and return it. Does nothing when another worker holds its lease."""
    token = await sync_to_async(ledger.acquire)(run_id)
    run = await ExportRun.objects.select_related("connection", "plan__mapping", "plan__undoes").aget(pk=run_id)
    if token is None:
        return run
    await sync_to_async(progress.publish_turn)(run)
    try:
        await _drive(run, token)
    except ledger.LeaseLost:
        log.warning("Run %s is driven by another worker now.", run_id)
    except BaseException:
        # Nobody foresaw this: the run says at once that it was interrupted, and the reason goes to the log. Without
        # a database the end of the lease says so.
        with suppress(DatabaseError, InterfaceError):
            await sync_to_async(halts.broke_off)(run_id, token)
        raise
    await run.arefresh_from_db()
    await sync_to_async(progress.publish_turn)(run)
    if run.state in ExportRun.ENDED:
        await sync_to_async(run_finished.send_robust)(ExportRun, run=run)
    return run


async def _drive(run: ExportRun, token: str) -> None:
    """Push, and put down in the ledger what stopped it. Raises LeaseLost."""
    try:
        told = 0.0
        carry = undo if run.plan.undoes_id else push
        async for item in carry(run, token):
            # A message says "look again from number n": a few a second are enough, and the last word is the run's.
            if time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                await sync_to_async(progress.publish_item)(item)
        await sync_to_async(halts.finish)(run.pk, token)
    except RunMustWait as later:
        await sync_to_async(halts.wait)(run.pk, token, later.code, {}, later.not_before)
    except RunStops as stops:
        await sync_to_async(halts.fail)(run.pk, token, stops.code, stops.values)
    except (NoLogin, SecretUnreadable) as locked:
        code = "no_login" if isinstance(locked, NoLogin) else "secret_unreadable"
        await sync_to_async(halts.wait)(run.pk, token, code, {}, None)
    except JiraError as trouble:
        await sync_to_async(_put_off)(run, token, trouble)


def _put_off(run: ExportRun, token: str, trouble: JiraError) -> None:
    """What concerns the whole run: wait as long as Jira says, a minute when it is down, for a person when they must
    act; a refusal that nothing will change ends it."""
    code, values = from_error(trouble, run.connection)
    run.refresh_from_db()
    now = timezone.now()
    out_of_time = run.waiting_since is not None and now - run.waiting_since > timedelta(seconds=conf.GIVE_UP_SECONDS)
    match trouble:
        case JiraRateLimited():
            halts.wait(run.pk, token, code, values, now + timedelta(seconds=max(1.0, trouble.retry_after)))
        case JiraUnavailable():
            pause = max(UNAVAILABLE_PAUSE, timedelta(seconds=trouble.retry_after or 0))
            if out_of_time:
                halts.give_up(run.pk, token, code, values)
            else:
                halts.wait(run.pk, token, code, values, now + pause)
        case JiraLoginError():
            halts.wait(run.pk, token, code, values, None)
        case _:
            halts.stop_all(run.pk, token, code, values)


@shared_task
def sweep_runs() -> None:
    """Mark runs whose worker died, and start what is due: waiting runs, the first in line of each Jira project that is
    free, runs that stand interrupted for a while, plans that nobody builds. Never a paused run. Beat calls it; the
    broker's own redelivery is not relied upon."""
    Pulse.felt(SCHEDULE)
    for run_id in halts.interrupted():
        progress.publish_run(ExportRun.objects.get(pk=run_id))
    State, now = ExportRun.State, timezone.now()
    stale = now - timedelta(seconds=conf.TAKE_OVER_SECONDS)
    due = ExportRun.objects.filter(
        Q(state=State.WAITING, not_before__lte=now)
        | Q(pk__in=next_runs())
        | Q(state__in=ExportRun.ENDING, lease_until__lt=now)
        | Q(state=State.INTERRUPTED, lease_until__lt=stale)
    )
    for run_id in due.order_by("pk").values_list("pk", flat=True):
        export_run.delay(run_id)
    for plan_id in left_alone():
        build_plan.delay(plan_id)


def connections_to_poll() -> list[int]:
    """Connections in use: those with a mapping that is turned on, unless a person paused them or must act first."""
    return list(
        JiraConnection.objects.filter(mappings__live=True)
        .exclude(state__in=[JiraConnection.State.PAUSED, JiraConnection.State.AUTH, JiraConnection.State.SETUP])
        .distinct()
        .values_list("pk", flat=True)
    )


async def look(connection_id: int, *, full: bool = False) -> Counts:
    """Poll a connection (or sweep all its issues) and take the news in, page by page; tells open pages.

    What a page brought stays taken in when a later page fails. Raises what the client raises, NoLogin,
    SecretUnreadable, and SweepNotBelieved.
    """
    connection = await JiraConnection.objects.aget(pk=connection_id)
    counts = Counts()
    async with jira_client(connection) as jira:
        pages: AsyncIterator[Sequence[IssueNews]] = sweep(jira, connection) if full else poll(jira, connection)
        async for page in pages:
            await sync_to_async(take_in)(connection, page, counts)
            await take_in_comments(jira, connection, page, counts)
        if not full:
            await sync_to_async(count_repairs)(connection, counts)
        if counts.held:  # to be seen again by the next look
            await JiraConnection.objects.filter(pk=connection_id).aupdate(polled_until=connection.polled_until)
        counts.requests = jira.transport.sent.total
    await sync_to_async(answered)(connection)
    return counts


@shared_task
def poll_connections() -> None:
    """One task per connection, so that a slow site does not hold up the others."""
    for connection_id in connections_to_poll():
        poll_connection.delay(connection_id)


@shared_task
def poll_connection(connection_id: int) -> None:
    """Look for news. What Jira refuses or a dead line is kept on the connection; the next beat tries again."""
    try:
        async_to_sync(look)(connection_id)
    except (JiraError, NoLogin, SecretUnreadable) as trouble:
        log.warning("Connection %s could not be polled: %s", connection_id, trouble)
    refs = ProjectMapping.objects.filter(connection_id=connection_id).values_list("project_ref", flat=True)
    progress.publish_connection(list(refs))


@shared_task
def sweep_connections() -> None:
    """Now and then every issue is read by its id: searches do not show what was deleted, archived or hidden."""
    for connection_id in connections_to_poll():
        sweep_connection.delay(connection_id)


@shared_task
def sweep_connection(connection_id: int) -> None:
    """A sweep that is not believed changes nothing and says so in the audit trail, once a day."""
    try:
        async_to_sync(look)(connection_id, full=True)
    except SweepNotBelieved as lost:
        doubted(connection_id, lost)
    except (JiraError, NoLogin, SecretUnreadable) as trouble:
        log.warning("Connection %s could not be swept: %s", connection_id, trouble)


def enqueue_delivery(delivery_id: int) -> None:
    """Start the re-read of a stored delivery. When the broker is away the delivery waits for sweep_webhooks."""
    start(handle_delivery, delivery_id)


@shared_task(acks_late=True)
def handle_delivery(delivery_id: int) -> None:
    """Re-read the issue a delivery names and reconcile; safe to run twice."""
    delivery = WebhookDelivery.objects.select_related("connection").get(pk=delivery_id)
    if delivery.state in (WebhookDelivery.State.HANDLED, WebhookDelivery.State.IGNORED):
        return
    event = inbox.read_event(delivery.body)
    reason = inbox.why_ignored(event)
    ours = ExportedTicket.objects.filter(connection=delivery.connection, issue_id=event.issue_id, unlinked_at=None)
    if not reason and in_hands_of_a_run(ours):
        return  # most likely the echo of what that run does; sweep_webhooks brings it again
    WebhookDelivery.objects.filter(pk=delivery_id).update(attempts=F("attempts") + 1)
    if not reason and not ours.exists():
        reason = "the issue is not one of ours"
    if reason:
        inbox.settle(delivery, WebhookDelivery.State.IGNORED, reason)
        return
    try:
        held = async_to_sync(_reread)(delivery.connection, event)
    except (JiraError, NoLogin, SecretUnreadable) as trouble:
        # It stays to be handled: sweep_webhooks tries again, and the poll finds the change anyway.
        log.warning("Delivery %s could not be handled: %s", delivery_id, trouble)
        WebhookDelivery.objects.filter(pk=delivery_id).update(reason=str(trouble)[:200])
        return
    if not held:
        inbox.settle(delivery, WebhookDelivery.State.HANDLED)


async def _reread(connection: JiraConnection, event: inbox.Event) -> int:
    """Read the issue and take it in; how many (0 or 1) could not be judged yet."""
    # Jira said so itself and shows it no more; an absent issue alone would not be believed.
    deleted = event.name == "jira:issue_deleted"
    counts, _absent = await read_again(connection, [event.issue_id], event.actor, absent_is_gone=deleted)
    return counts.held


@shared_task
def sweep_webhooks() -> None:
    """Handle stored deliveries that nobody took up (a lost message, Jira away), purge old ones."""
    now = timezone.now()
    waiting = WebhookDelivery.objects.filter(
        state=WebhookDelivery.State.RECEIVED, received_at__lt=now - timedelta(seconds=30)
    )
    waiting.filter(attempts__gte=MOST_ATTEMPTS).update(state=WebhookDelivery.State.FAILED, handled_at=now)
    for delivery_id in waiting.order_by("pk").values_list("pk", flat=True)[:500]:
        handle_delivery.delay(delivery_id)
    WebhookDelivery.objects.filter(received_at__lt=now - timedelta(days=conf.WEBHOOK_KEEP_DAYS)).exclude(
        state=WebhookDelivery.State.RECEIVED
    ).delete()
