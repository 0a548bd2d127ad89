"""Statuses to Jira: an issue is moved along its workflow, transition by transition.

Jira sets no status by an edit. The first step of a new issue rides in its create; what is left is taken here.
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-transitions-post
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import transaction

from jira_integration import ledger
from jira_integration.agreement import moved
from jira_integration.client.exceptions import JiraError, JiraForbidden, JiraNotFound, JiraRejected
from jira_integration.client.schemas import StatusInfo
from jira_integration.conf import conf
from jira_integration.export.creates import create_level
from jira_integration.export.estimate import MOST_HOPS
from jira_integration.export.readback import confirm
from jira_integration.export.sentences import tell_moved
from jira_integration.export.work import READ_AT_ONCE, Work
from jira_integration.models import RunItem

State = RunItem.State


async def learn_start(work: Work, level: int) -> AsyncIterator[RunItem]:
    """Let one issue of a type nobody has seen go ahead, and see where it stands and what can be done there, so that
    the first step of the others rides in their creates."""
    while (item_id := await sync_to_async(_goes_ahead)(work, level)) is not None:
        async for item in create_level(work, level, only=item_id):
            yield item
        async for item in confirm(work, level):
            yield item
        found = await work.load([item_id])
        ticket = found[0].ticket
        if ticket is None or not found[0].confirmed:
            return  # it did not come through; the others do without
        type_id = work.mapping.type_id(found[0].kind)
        work.ways.initial[type_id] = ticket.status_id
        await work.learn(type_id, ticket.status_id, await work.jira.transitions(found[0].issue_id))


def _goes_ahead(work: Work, level: int) -> int | None:
    """A queued create of a type that is not known and has items to be moved; one that stays where it starts, if there
    is one, since nothing can ride in the first."""
    queued = RunItem.objects.filter(run_id=work.run.pk, state=State.QUEUED, action="create", planned__level=level)
    rows = queued.order_by("position").values_list("pk", "kind", "planned__status_to")
    found = [row for row in rows if not work.ways.knows_start(work.mapping.type_id(row[1]))]
    riding = [row for row in found if row[2] and row[2]["category"] != "new"]
    if not riding:
        return None
    staying = (row for row in found if not row[2] or row[2]["category"] == "new")
    return next(staying, riding[0])[0]


async def move_all(work: Work, level: int) -> AsyncIterator[RunItem]:
    """Move what the plan wants moved; yields each item that was. An issue without a way stays where it is, and the
    run's activity says so."""
    ids = await sync_to_async(ledger.to_move)(work.run.pk, planned__level=level)
    for start in range(0, len(ids), READ_AT_ONCE):
        chunk = await work.load(ids[start : start + READ_AT_ONCE])
        now = await _statuses(work, chunk)
        for first in range(0, len(chunk), conf.REQUESTS_IN_FLIGHT):
            if not await work.may_send():
                return
            group = [item for item in chunk[first : first + conf.REQUESTS_IN_FLIGHT] if item.pk in now]
            done = await asyncio.gather(*(move_one(work, item, now[item.pk]) for item in group), return_exceptions=True)
            for outcome in done:
                if isinstance(outcome, BaseException):
                    raise outcome
            reached = [item for item, outcome in zip(group, done, strict=True) if outcome]
            for item in reached:
                item.after = {**item.after, "status": item.planned.status_to["id"]}
            for item in await sync_to_async(_reached)(work, reached):
                yield item
        await work.count_requests()


def _reached(work: Work, items: list[RunItem]) -> list[RunItem]:
    with transaction.atomic():
        tell_moved(work.run, items)
        return ledger.confirm(items)


async def _statuses(work: Work, items: list[RunItem]) -> dict[int, StatusInfo]:
    """Where the items stand: as read back just now, else read afresh, for an earlier try may have moved some and lost
    the answer."""
    now = {item.pk: seen for item in items if (seen := work.seen.pop(item.pk, None))}
    unseen = {item.issue_id: item.pk for item in items if item.pk not in now}
    if unseen:
        issues = await work.jira.bulk_fetch(list(unseen), fields=["status", "updated"])
        now |= {unseen[issue.id]: issue.status for issue in issues if issue.id in unseen and issue.status}
    return now


async def move_one(work: Work, item: RunItem, status: StatusInfo) -> bool:
    """Step by step to the wanted status. False, with a line in the run's activity, when there is no way."""
    wanted, type_id = item.planned.status_to, work.mapping.type_id(item.kind)
    been: set[str] = set()
    refused: JiraError | None = None
    for _hop in range(MOST_HOPS):
        if status.id == wanted["id"]:
            assert item.ticket_id is not None
            await sync_to_async(moved)(item.ticket_id, (status.id, status.name), item.planned.story_status)
            return True
        been.add(status.id)
        known = (type_id, status.id) in work.looked
        try:
            if work.ways.from_status(type_id, status.id) is None:
                await _look(work, item, status)
            step = work.ways.next(type_id, status.id, status.category, wanted, been)
            if step is None and (type_id, status.id) not in work.looked:  # what was remembered may not hold any more
                await _look(work, item, status)
                step = work.ways.next(type_id, status.id, status.category, wanted, been)
            if step is None:
                break
            await work.jira.transition_issue(item.issue_id, step.id)
            status = StatusInfo(id=step.to, name=step.to_name, category=step.category)
        except (JiraRejected, JiraForbidden, JiraNotFound) as trouble:
            if not known:  # chosen from what was remembered; another issue may have had a look meanwhile
                if (type_id, status.id) not in work.looked:
                    work.ways.steps.get(type_id, {}).pop(status.id, None)
                continue
            refused = trouble
            break
    values = {"story": item.story_key, "status": wanted["name"], "now": status.name}
    if refused is not None:
        said = {**values, "said": list(refused.jira_messages)}
        await sync_to_async(ledger.note)(work.run.pk, "status_refused", said, item)
    else:
        await sync_to_async(ledger.note)(work.run.pk, "status_not_reached", values, item)
    return False


async def _look(work: Work, item: RunItem, status: StatusInfo) -> None:
    """One issue for all that stand there, also for those that ask in the same moment."""
    type_id = work.mapping.type_id(item.kind)
    async with work.looking:
        if (type_id, status.id) not in work.looked:
            await work.learn(type_id, status.id, await work.jira.transitions(item.issue_id))
