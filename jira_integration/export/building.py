"""Who builds a plan: one builder at a time, known by a token, alive as long as it stores what it has planned."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from jira_integration.conf import conf
from jira_integration.models import ExportPlan

State = ExportPlan.State
UNBUILT = (State.BUILDING, State.FAILED)
SILENT = timedelta(seconds=120)  # a hundred items take a second or two, and longer while Jira makes us wait


class TakenOver(Exception):
    """Somebody else builds this plan now, or it was put away: store nothing more of it."""


def claim(plan: ExportPlan, total: int) -> None:
    """Start over: what an earlier builder stored is dropped, and it can store nothing more. Raises TakenOver."""
    news = {"state": State.BUILDING, "builder": secrets.token_hex(16), "progress": 0, "total": total}
    with transaction.atomic():
        if not ExportPlan.objects.filter(pk=plan.pk, state__in=UNBUILT).update(**news, alive_at=Now()):
            raise TakenOver
        plan.items.all().delete()
    for name, value in news.items():
        setattr(plan, name, value)


def store(plan: ExportPlan, **news: Any) -> None:
    """Set columns of a plan that is still ours to build; the first statement of a transaction that adds items to it.
    Raises TakenOver."""
    mine = ExportPlan.objects.filter(pk=plan.pk, state__in=UNBUILT, builder=plan.builder)
    if not mine.update(**news, alive_at=Now()):
        raise TakenOver
    for name, value in news.items():
        setattr(plan, name, value)


def left_alone() -> list[int]:
    """Plans whose builder died or was never started, to be built again. What breaks off for an hour fails."""
    now = timezone.now()
    silent = ExportPlan.objects.annotate(seen=Coalesce("alive_at", "created_at")).filter(
        state=State.BUILDING, seen__lt=now - SILENT
    )
    hopeless = Q(created_at__lt=now - timedelta(seconds=conf.GIVE_UP_SECONDS))
    silent.filter(hopeless).update(state=State.FAILED, error_code="preview_broke_off", error_values={})
    ids = list(silent.values_list("pk", flat=True))
    return [pk for pk in ids if silent.filter(pk=pk).update(alive_at=Now())]
