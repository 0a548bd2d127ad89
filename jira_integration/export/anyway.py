"""Create anyway: what got no answer and could not be found out is sent once more, because a person says so."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import F, QuerySet

from jira_integration import audit, ledger
from jira_integration.export.expiry import hold_bodies
from jira_integration.export.line import CannotDo, last_place
from jira_integration.models import ExportRun, RunItem

Item = RunItem.State
TITLE_CHARS = 80  # of a summary, in a search


def unconfirmed(run: ExportRun) -> QuerySet[RunItem]:
    """Creates of a run that has ended, of which nobody knows whether they reached Jira. Not those that Jira named an
    id for: they are there, or were deleted there."""
    return RunItem.objects.filter(
        run=run, run__state__in=ExportRun.ENDED, action="create", state=Item.UNCONFIRMED, issue_id=""
    ).order_by("position")


def create_anyway(run: ExportRun, user: Any, item: RunItem | None = None) -> int:
    """Queue one of them, or all, to be created once more under the same uid; returns how many. What is not
    unconfirmed any more is left alone, so that a second click makes nothing. Raises CannotDo."""
    with transaction.atomic():
        hold_bodies(run)
        chosen = unconfirmed(run).filter(**({"pk": item.pk} if item else {}))
        found = list(chosen)
        values = {"story": item.story_key} if item else {}
        again = chosen.filter(pk__in=[one.pk for one in found]).update(
            state=Item.QUEUED,
            batch=None,
            error_code="",
            error_values={},
            jira_said=[],
            ended_at=None,
            seq=ledger.next_seq(run.pk),
        )
        if not again or again != len(found):
            raise CannotDo("not_unconfirmed", values)
        if not ExportRun.objects.filter(pk=run.pk, state__in=ExportRun.ENDED).update(
            state=ExportRun.State.QUEUED, place=last_place(run), finished_at=None, reason_code="", seq=F("seq") + 1
        ):
            raise CannotDo("run_still_active")
        for one in found:
            ledger.note(run.pk, "created_anyway", item=one)
            said = {"run": run.pk, "story": one.story_key}
            audit.record("created_anyway", said, user=user, project_ref=run.project_ref, object_ref=one.story_ref)
    return again


def search_url(item: RunItem) -> str:
    """Where a person can look in Jira: issues of that project with these words in their summary."""
    words = "".join(one if one.isalnum() else " " for one in item.title[:TITLE_CHARS])
    text = " ".join(words.split())
    jql = f"project = {item.run.jira_project_id}" + (f' AND summary ~ "{text}"' if text else "")
    return f"{item.run.connection.site_url}/issues/?{urlencode({'jql': f'{jql} ORDER BY created DESC'})}"
