"""One read-back per 100 issues: it confirms uid and parent and gives the base of the next merge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import groupby

from asgiref.sync import sync_to_async

from jira_integration import ledger
from jira_integration.agreement import Agreed, agree
from jira_integration.client.exceptions import JiraError
from jira_integration.client.schemas import Issue
from jira_integration.conf import conf
from jira_integration.export.lookup import uid_of
from jira_integration.export.template import IssueIds, fill
from jira_integration.export.work import READ_AT_ONCE, Work, parents_of, sent_fields
from jira_integration.mapping.jira_form import reduced
from jira_integration.models import RunItem

State = RunItem.State


async def confirm(work: Work, level: int) -> AsyncIterator[RunItem]:
    """Read back what was created or updated on one level, several requests in flight; yields the items once their
    tickets are in sync. Raises the first trouble, after what was in flight has come back."""
    chunks = await sync_to_async(_chunks)(work.run.pk, level)
    mapped = await sync_to_async(_mapped_fields)(work) if chunks else set[str]()
    in_flight: set[asyncio.Task[list[RunItem]]] = set()
    trouble: JiraError | ledger.LeaseLost | None = None
    while chunks or in_flight:
        while chunks and trouble is None and len(in_flight) < conf.REQUESTS_IN_FLIGHT:
            in_flight.add(asyncio.create_task(_read_back(work, chunks.pop(0), mapped)))
        if not in_flight:
            break
        done, in_flight = await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            try:
                confirmed = task.result()
            except (JiraError, ledger.LeaseLost) as met:
                trouble = trouble or met
                continue
            for item in confirmed:
                yield item
        await work.count_requests()
    if trouble is not None:
        raise trouble


def _chunks(run_id: int, level: int) -> list[list[int]]:
    """Items to read, a hundred at most to a request and batches kept whole: should a bulk answer have come in another
    order than it was asked in, all that changed places is seen at once."""
    rows = RunItem.objects.filter(
        run_id=run_id, state__in=[State.CREATED, State.UPDATED], confirmed=False, planned__level=level
    ).order_by("batch_id", "position")
    chunks: list[list[int]] = []
    for _batch, found in groupby(rows.values_list("batch_id", "pk"), key=lambda row: row[0] or -row[1]):
        ids = [pk for _, pk in found]
        if not chunks or len(chunks[-1]) + len(ids) > READ_AT_ONCE:
            chunks.append([])
        chunks[-1] += ids
    return chunks


async def _read_back(work: Work, ids: list[int], mapped: set[str]) -> list[RunItem]:
    chunk = await work.load(ids)
    sent = {name for item in chunk for name in sent_fields(item.planned)}
    issues = await work.jira.bulk_fetch(
        [item.issue_id for item in chunk],
        fields=sorted(sent | mapped | {"status", "updated", "parent"}),
        properties=[conf.PROPERTY_KEY],
    )
    parents = await work.ids_of(parents_of(chunk))
    await work.may_send()  # what was read before a long sleep is no base for anything
    return await sync_to_async(_confirm)(work, chunk, issues, parents, mapped)


def _mapped_fields(work: Work) -> set[str]:
    return set(work.mapping.fields.values_list("jira_field", flat=True)) | {"parent"}


def _confirm(
    work: Work, items: list[RunItem], issues: list[Issue], parents: dict[str, IssueIds], mapped: set[str]
) -> list[RunItem]:
    by_uid = {uid_of(issue): issue for issue in issues if uid_of(issue)}
    by_id = {issue.id: issue for issue in issues}
    shown: list[tuple[RunItem, Issue]] = []
    strayed: list[tuple[RunItem, str, str]] = []
    ended = []
    for item in items:
        # The property decides: the order of a bulk answer is experience, not a promise of Jira's.
        issue = by_uid.get(str(item.planned.uid)) or (by_id.get(item.issue_id) if item.state == State.UPDATED else None)
        if issue is None:
            made = [State.CREATED, State.UPDATED]
            ended.append(ledger.end(item.pk, State.UNCONFIRMED, "not_read_back", {"key": item.issue_key}, was=made))
            continue
        if issue.id != item.issue_id:
            strayed.append((item, issue.id, issue.key))
        shown.append((item, issue))
    ledger.created(strayed)
    tickets = agree([_agreed(item, issue, parents, mapped) for item, issue in shown])
    for item, issue in shown:
        item.ticket = tickets[item.ticket_id or 0]
        _see_parent(work, item, issue, parents)
    return ended + ledger.confirm([item for item, _issue in shown])


def _agreed(item: RunItem, issue: Issue, parents: dict[str, IssueIds], mapped: set[str]) -> Agreed:
    """A new issue gives the base of every mapped field, also of those that Jira filled by itself; an edit only of
    what it wrote: what people changed in the others meanwhile is still news."""
    sent = fill(sent_fields(item.planned), parents)
    based_on = {*sent, *(mapped if item.state == State.CREATED else ())}
    status = issue.status
    assert item.ticket_id is not None
    return Agreed(
        item.ticket_id,
        sent=sent,
        jira={name: reduced(issue.fields.get(name)) for name in based_on},
        story_version=item.planned.story_version,
        base_status=item.planned.story_status,
        status=(status.id, status.name) if status else ("", ""),
        updated_at=issue.updated,
        issue_key=issue.key,
    )


def _see_parent(work: Work, item: RunItem, issue: Issue, parents: dict[str, IssueIds]) -> None:
    """Jira may accept a parent and not apply it; the story is there, its place is not."""
    asked = fill(sent_fields(item.planned), parents).get("parent")
    if asked is not None and reduced(issue.fields.get("parent")) != reduced(asked):
        ledger.note(work.run.pk, "parent_not_applied", {"key": issue.key}, item)
