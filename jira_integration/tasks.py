"""Celery's door: load, call, publish. Every task takes ids, may run twice, and is started with `delay_on_commit`."""

from __future__ import annotations

import logging
from datetime import timedelta

from asgiref.sync import async_to_sync, sync_to_async
from celery import shared_task
from django.db.models import Q
from django.utils import timezone

from jira_integration import ledger, progress
from jira_integration.catalogue import from_error
from jira_integration.client.exceptions import JiraError, JiraLoginError, JiraRateLimited, JiraUnavailable
from jira_integration.conf import conf
from jira_integration.export import plan as planning
from jira_integration.export.push import push
from jira_integration.export.runs import waiting_runs
from jira_integration.export.work import RunMustWait, RunStops
from jira_integration.models import ExportPlan, ExportRun, JiraConnection, SecretUnreadable
from jira_integration.setup.connect import NoLogin
from jira_integration.signals import run_finished

log = logging.getLogger(__name__)
UNAVAILABLE_PAUSE = timedelta(seconds=60)  # Jira does not answer: once a minute, for conf.GIVE_UP_SECONDS


@shared_task(acks_late=True)
def build_plan(plan_id: int) -> None:
    """Fill a plan; a plan that is ready already is left as it is."""
    async_to_sync(planning.build_plan)(plan_id)
    progress.publish_plan(ExportPlan.objects.get(pk=plan_id))


@shared_task(acks_late=True)
def export_run(run_id: int) -> None:
    """Safe to run twice: what the ledger holds as done is passed over, what it holds as in doubt is looked up."""
    run = async_to_sync(carry_out)(run_id)
    if run.state == ExportRun.State.WAITING and run.not_before is not None:
        # A new task, not a sleeping worker. Should it be lost, sweep_runs finds the run.
        export_run.apply_async(args=(run_id,), eta=run.not_before)
    for waiting in waiting_runs([run.connection_id])[:1] if not run.active else []:
        export_run.delay(waiting)


async def carry_out(run_id: int) -> ExportRun:
    """Drive a run as far as it goes now and return it. Does nothing when another worker holds its lease."""
    token = await sync_to_async(ledger.acquire)(run_id)
    run = await ExportRun.objects.select_related("connection", "plan__mapping").aget(pk=run_id)
    if token is None:
        return run
    await sync_to_async(progress.publish_run)(run)
    try:
        async for item in push(run, token):
            await sync_to_async(progress.publish_item)(item)
        await sync_to_async(ledger.finish)(run_id, token)
    except ledger.LeaseLost:
        log.warning("Run %s is driven by another worker now.", run_id)
    except RunMustWait as later:
        await sync_to_async(ledger.wait)(run_id, token, later.code, {}, later.not_before)
    except RunStops as stops:
        await sync_to_async(ledger.fail)(run_id, token, stops.code, stops.values)
    except (NoLogin, SecretUnreadable) as locked:
        code = "no_login" if isinstance(locked, NoLogin) else "secret_unreadable"
        await sync_to_async(ledger.wait)(run_id, token, code, {}, None)
    except JiraError as trouble:
        await sync_to_async(_put_off)(run, token, trouble)
    await run.arefresh_from_db()
    await sync_to_async(progress.publish_run)(run)
    if run.state in ExportRun.ENDED:
        await sync_to_async(run_finished.send_robust)(ExportRun, run=run)
    return run


def _put_off(run: ExportRun, token: str, trouble: JiraError) -> None:
    """What concerns the whole run: wait as long as Jira says, a minute when it is down, for a person when they must
    act; a refusal that nothing will change ends it."""
    code, values = from_error(trouble, run.connection)
    run.refresh_from_db()
    now = timezone.now()
    out_of_time = run.waiting_since is not None and now - run.waiting_since > timedelta(seconds=conf.GIVE_UP_SECONDS)
    match trouble:
        case JiraRateLimited():
            ledger.wait(run.pk, token, code, values, now + timedelta(seconds=max(1.0, trouble.retry_after)))
        case JiraUnavailable():
            pause = max(UNAVAILABLE_PAUSE, timedelta(seconds=trouble.retry_after or 0))
            ledger.wait(run.pk, token, code, values, None if out_of_time else now + pause)
        case JiraLoginError():
            ledger.wait(run.pk, token, code, values, None)
        case _:
            ledger.stop_all(run.pk, token, code, values)


@shared_task
def sweep_runs() -> None:
    """Mark runs whose worker died, and start what is due: waiting runs, queued ones that nobody drives, runs that
    stand interrupted for a while. Beat calls it; the broker's own redelivery is not relied upon."""
    for run_id in ledger.interrupted():
        progress.publish_run(ExportRun.objects.get(pk=run_id))
    State, now = ExportRun.State, timezone.now()
    stale = now - timedelta(seconds=conf.TAKE_OVER_SECONDS)
    due = ExportRun.objects.filter(
        Q(state=State.WAITING, not_before__lte=now)
        | Q(state=State.QUEUED)
        | Q(state=State.STOPPING, lease_until__lt=now)
        | Q(state=State.INTERRUPTED, lease_until__lt=stale)
    )
    for run_id in due.order_by("pk").values_list("pk", flat=True):
        export_run.delay(run_id)
    lost = now - timedelta(seconds=60)
    for plan_id in ExportPlan.objects.filter(
        state=ExportPlan.State.BUILDING, progress=0, created_at__lt=lost
    ).values_list("pk", flat=True):
        build_plan.delay(plan_id)


def connections_to_poll() -> list[int]:
    """Connections in use: those with a mapping that is turned on, unless a person paused them or must act first."""
    return list(
        JiraConnection.objects.filter(mappings__live=True)
        .exclude(state__in=[JiraConnection.State.PAUSED, JiraConnection.State.AUTH, JiraConnection.State.SETUP])
        .distinct()
        .values_list("pk", flat=True)
    )
