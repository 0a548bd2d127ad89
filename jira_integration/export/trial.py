"""One story sent to see that a mapping works: through the ordinary plan and run, and back out of Jira if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from jira_integration import audit, ledger
from jira_integration.agreement import next_live_seq
from jira_integration.client import JiraClient
from jira_integration.client.exceptions import JiraForbidden, JiraNotFound
from jira_integration.client.schemas import Issue
from jira_integration.contracts import StorySnapshot
from jira_integration.export.line import CannotDo
from jira_integration.export.plan import new_plan
from jira_integration.export.undo_close import close
from jira_integration.mapping.jira_form import reduced
from jira_integration.models import ExportedTicket, ProjectMapping, RunItem, Trial

MADE = (RunItem.State.CREATED,)
DELETED, CLOSED, GONE = "deleted", "closed", "gone"


def begin(mapping: ProjectMapping, ref: str, story_key: str, user: Any) -> Trial:
    """A plan of one story, marked as a trial. `tasks.build_plan` fills it."""
    with transaction.atomic():
        return Trial.objects.create(plan=new_plan(mapping, [ref], user), story_key=story_key)


def suggested(snapshots: Sequence[StorySnapshot], mapping: ProjectMapping) -> StorySnapshot | None:
    """The story that shows most of the mapping: most mapped fields have a value. The first of several."""
    mapped = set(mapping.fields.filter(kind="story").exclude(story_field="").values_list("story_field", flat=True))

    def filled(snapshot: StorySnapshot) -> int:
        return sum(snapshot.values.get(name) not in (None, "", [], ()) for name in mapped)

    return max(snapshots, key=filled, default=None)


def made_by(trial: Trial) -> list[RunItem]:
    """What the trial created and is still linked: the last made comes first, so that stories go before their epic."""
    items = RunItem.objects.filter(run__plan_id=trial.plan_id, state__in=MADE, ticket__unlinked_at=None)
    return list(items.exclude(issue_id="").select_related("ticket__connection").order_by("-position"))


@dataclass(frozen=True)
class Touched:
    """An issue that somebody changed since: it is not taken back. `what` names the fields, or "comment"."""

    key: str
    what: tuple[str, ...]


async def take_back(trial: Trial, jira: JiraClient, user: Any) -> list[Touched]:
    """Delete what the trial made, or close it where the account may not delete, and unlink the stories.

    Everything is read again right before. Should somebody have changed any of it, nothing is done, and what was
    changed is returned. Raises CannotDo when there is nothing to take back, and what a request may raise; what was
    taken back until then is put down.
    """
    items = await sync_to_async(made_by)(trial)
    if not items:
        raise CannotDo("nothing_to_take_back")
    names = {name for item in items if item.ticket for name in item.ticket.base_jira}
    found = await jira.bulk_fetch([item.issue_id for item in items], fields=sorted(names | {"status", "comment"}))
    issues = {issue.id: issue for issue in found}
    touched = [Touched(item.issue_key, what) for item in items if (what := changed(item, issues.get(item.issue_id)))]
    if touched:
        return touched
    for item in items:
        how = await remove(jira, item.issue_id) if item.issue_id in issues else GONE
        await sync_to_async(put_down)(trial, item, how)
    await sync_to_async(end)(trial, Trial.Ended.TAKEN_BACK, user)
    return []


def changed(item: RunItem, issue: Issue | None) -> tuple[str, ...]:
    """What somebody did to an issue since its read-back; nothing for one that is gone."""
    ticket = item.ticket
    if issue is None or ticket is None:
        return ()
    found = [name for name, value in ticket.base_jira.items() if reduced(issue.fields.get(name)) != value]
    if issue.status is not None and ticket.status_id and issue.status.id != ticket.status_id:
        found.append("status")
    comments = issue.fields.get("comment")
    if isinstance(comments, dict) and comments.get("total"):
        found.append("comment")
    return tuple(found)


async def remove(jira: JiraClient, issue_id: str) -> str:
    """Delete an issue, or close it where the account may not. Raises JiraForbidden when it may do neither."""
    try:
        await jira.delete_issue(issue_id)
        return DELETED
    except JiraNotFound:
        return GONE
    except JiraForbidden as refused:
        if not await close(jira, issue_id):
            raise refused
        return CLOSED


def put_down(trial: Trial, item: RunItem, how: str) -> None:
    """The story is not in Jira any more as far as we are concerned."""
    with transaction.atomic():
        RunItem.objects.filter(pk=item.pk).update(state=RunItem.State.UNDONE, seq=ledger.next_seq(item.run_id))
        if item.ticket is not None:
            ticket = item.ticket
            ticket.unlinked_at = timezone.now()
            ticket.sync = ExportedTicket.Sync.NOT_EXPORTED
            ticket.seq = next_live_seq(ticket.project_ref)
            ticket.save(update_fields=["unlinked_at", "sync", "seq"])
        trial.outcome = [*trial.outcome, {"key": item.issue_key, "how": how}]
        trial.save(update_fields=["outcome"])


def keep(trial: Trial, user: Any) -> None:
    """What was made stays, and is the story's issue from now on."""
    end(trial, Trial.Ended.KEPT, user)


def end(trial: Trial, how: Trial.Ended, user: Any) -> None:
    """Ends it once; the second of two who do does nothing."""
    with transaction.atomic():
        if not Trial.objects.filter(pk=trial.pk, ended="").update(ended=how, ended_at=timezone.now()):
            return
        trial.refresh_from_db()
        items = RunItem.objects.filter(run__plan_id=trial.plan_id).exclude(issue_key="")
        values = {"story": trial.story_key, "issues": list(items.values_list("issue_key", flat=True))}
        audit.record(f"trial_{how}", values, user=user, project_ref=trial.plan.project_ref)
