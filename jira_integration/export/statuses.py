"""Statuses to Jira: an issue is moved along its workflow, transition by transition.

Jira sets no status by an edit, and it shows only the transitions that are possible now. What one issue of a type showed
in one status is taken to hold for the next, and asked again when Jira refuses.
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-transitions-post
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from asgiref.sync import sync_to_async

from jira_integration import ledger
from jira_integration.agreement import moved
from jira_integration.client.exceptions import JiraForbidden, JiraNotFound, JiraRejected
from jira_integration.client.schemas import StatusInfo, Transition
from jira_integration.conf import conf
from jira_integration.export.work import READ_AT_ONCE, Work
from jira_integration.models import RunItem

State = RunItem.State
MOST_HOPS = 6
ORDER = {"new": 0, "indeterminate": 1, "done": 2}


@dataclass
class Workflow:
    """What was learned of the ways from status to status, per kind of item."""

    steps: dict[tuple[str, str], list[Transition]] = field(default_factory=dict)

    async def ways(self, work: Work, item: RunItem, status: StatusInfo, *, anew: bool = False) -> list[Transition]:
        known = (item.kind, status.id)
        if anew or known not in self.steps:
            self.steps[known] = await work.jira.transitions(item.issue_id)
        return self.steps[known]


async def move_all(work: Work, level: int) -> AsyncIterator[RunItem]:
    """Move what the plan wants moved; yields each item that was. An issue without a way stays where it is, and the
    run's activity says so."""
    ids = await sync_to_async(ledger.to_move)(work.run.pk, planned__level=level)
    workflow = Workflow()
    for start in range(0, len(ids), READ_AT_ONCE):
        chunk = await work.load(ids[start : start + READ_AT_ONCE])
        # Read afresh: an earlier try may have moved some and lost the answer.
        issues = {
            issue.id: issue
            for issue in await work.jira.bulk_fetch([item.issue_id for item in chunk], fields=["status", "updated"])
        }
        for first in range(0, len(chunk), conf.REQUESTS_IN_FLIGHT):
            if not await work.may_send():
                return
            group = [item for item in chunk[first : first + conf.REQUESTS_IN_FLIGHT] if item.issue_id in issues]
            done = await asyncio.gather(
                *(_move(work, item, issues[item.issue_id].status, workflow) for item in group), return_exceptions=True
            )
            for outcome in done:
                if isinstance(outcome, BaseException):
                    raise outcome
            reached = [item for item, outcome in zip(group, done, strict=True) if outcome]
            for item in await sync_to_async(ledger.confirm)(reached):
                yield item
        await work.count_requests()


async def _move(work: Work, item: RunItem, status: StatusInfo | None, workflow: Workflow) -> bool:
    """Step by step to the wanted status. False, with a line in the run's activity, when there is no way."""
    wanted = item.planned.status_to
    been: set[str] = set()
    for _hop in range(MOST_HOPS):
        if status is None:
            break
        if status.id == wanted["id"]:
            assert item.ticket_id is not None
            await sync_to_async(moved)(item.ticket_id, (status.id, status.name), item.planned.story_status)
            return True
        been.add(status.id)
        try:
            step = _next(await workflow.ways(work, item, status), wanted, status, been)
            if step is None:  # what another issue showed may not hold for this one
                step = _next(await workflow.ways(work, item, status, anew=True), wanted, status, been)
            if step is None:
                break
            await work.jira.transition_issue(item.issue_id, step.id)
            status = step.to
        except (JiraRejected, JiraForbidden, JiraNotFound) as refused:
            values = {
                "story": item.story_key,
                "status": wanted["name"],
                "now": status.name,
                "said": list(refused.jira_messages),
            }
            await sync_to_async(ledger.note)(work.run.pk, "status_refused", values, item)
            return False
    values = {"story": item.story_key, "status": wanted["name"], "now": status.name if status else ""}
    await sync_to_async(ledger.note)(work.run.pk, "status_not_reached", values, item)
    return False


def _next(steps: list[Transition], wanted: dict[str, str], now: StatusInfo, been: set[str]) -> Transition | None:
    """The step to the wanted status; else one towards its category that does not lead back."""
    for step in steps:
        if step.to.id == wanted["id"]:
            return step
    goal, here = ORDER.get(wanted.get("category", ""), 1), ORDER.get(now.category, 1)
    nearer = [
        step
        for step in steps
        if step.to.id not in been
        and min(goal, here) <= ORDER.get(step.to.category, 1) <= max(goal, here)
        # A closed issue may refuse to be opened again: never pass through "done" on the way elsewhere.
        and step.to.category != "done"
    ]
    return min(nearer, key=lambda step: abs(goal - ORDER.get(step.to.category, 1)), default=None)
