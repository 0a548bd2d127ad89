"""Bodies are not kept for ever: what old runs and previews hold of stories is emptied, what became of each item stays.

Emptied are the bodies and values of a plan's items and Jira's own words about the items of its run. A run keeps them
while it goes on, while an item of it is unconfirmed (a look-up may have to send it), while it can be undone, and
`JIRA_BODIES_KEEP_DAYS` after its end; a plan that was never sent keeps them that long after it was made.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from jira_integration.conf import conf
from jira_integration.export.line import CannotDo
from jira_integration.models import ExportPlan, ExportRun, PlannedTicket, RunItem

MOST_AT_ONCE = 500  # plans in one round; the next round takes the others
Plan = ExportPlan.State


def empty_old() -> int:
    """Empty what is older than the setting says; returns how many plans. Safe to run twice, and beside people who
    retry old runs: whoever comes first has the run's row, and the other sees what they did."""
    if not conf.BODIES_KEEP_DAYS:
        return 0
    last = timezone.now() - timedelta(days=kept_days())
    ended = _ended(last).filter(plan__emptied_at=None).order_by("pk").values_list("pk", flat=True)
    emptied = sum(_empty_run(run_id, last) for run_id in list(ended[:MOST_AT_ONCE]))
    unsent = ExportPlan.objects.filter(run=None, emptied_at=None, created_at__lt=last).order_by("pk")
    return emptied + sum(_empty_unsent(plan_id) for plan_id in list(unsent.values_list("pk", flat=True)[:MOST_AT_ONCE]))


def kept_days() -> int:
    """For how long; never shorter than a run can be undone."""
    return max(conf.BODIES_KEEP_DAYS, conf.UNDO_DAYS)


def hold_bodies(run: ExportRun) -> None:
    """The first statement of a transaction that sends items of an ended run again: nobody empties it meanwhile. Raises
    CannotDo when that has happened."""
    ExportRun.objects.filter(pk=run.pk).update(seq=F("seq") + 1)
    if ExportPlan.objects.filter(run=run).exclude(emptied_at=None).exists():
        raise CannotDo("run_emptied", {"days": kept_days()})


def _ended(last: datetime) -> QuerySet[ExportRun]:
    unconfirmed = RunItem.objects.filter(run=OuterRef("pk"), state=RunItem.State.UNCONFIRMED)
    return ExportRun.objects.filter(~Exists(unconfirmed), state__in=ExportRun.ENDED, finished_at__lt=last)


def _empty_run(run_id: int, last: datetime) -> bool:
    with transaction.atomic():
        # Takes the row first: one that somebody has queued again in the same moment has not ended any more.
        if not ExportRun.objects.filter(pk=run_id, state__in=ExportRun.ENDED).update(seq=F("seq") + 1):
            return False
        run = _ended(last).filter(pk=run_id, plan__emptied_at=None).first()
        if run is None:
            return False
        ExportPlan.objects.filter(pk=run.plan_id).update(emptied_at=timezone.now())
        _empty_items(run.plan_id)
        RunItem.objects.filter(run=run).exclude(jira_said=[]).update(jira_said=[])
    return True


def _empty_unsent(plan_id: int) -> bool:
    """A preview nobody sent; one that could still be sent is put away by this."""
    with transaction.atomic():
        plan = ExportPlan.objects.filter(pk=plan_id, emptied_at=None).exclude(state=Plan.EXPORTED)
        if not plan.update(emptied_at=timezone.now(), state=Plan.DISCARDED):
            return False
        _empty_items(plan_id)
    return True


def _empty_items(plan_id: int) -> None:
    PlannedTicket.objects.filter(plan_id=plan_id).update(template={}, changes=[], seen={})
