"""One read-back per 100 issues: it confirms uid and parent and gives the base of the next merge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from functools import partial
from itertools import chain, groupby
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import transaction

from jira_integration import ledger
from jira_integration.agreement import Agreed, agree
from jira_integration.client.schemas import Issue
from jira_integration.conf import conf
from jira_integration.export.flight import Flight
from jira_integration.export.hierarchy import parent_field
from jira_integration.export.keepsake import after
from jira_integration.export.sentences import tell_confirmed
from jira_integration.export.template import IssueIds, fill
from jira_integration.export.work import READ_AT_ONCE, Work, sent_fields, uid_of
from jira_integration.mapping.jira_form import reduced
from jira_integration.models import RunItem

State = RunItem.State
T = TypeVar("T")


class MadeBatches:
    """Answered batches that were not read back yet. They are kept whole: should a bulk answer have come in another
    order than it was asked in, all that changed places is seen at once."""

    def __init__(self) -> None:
        self._batches: list[list[RunItem]] = []

    def add(self, items: list[RunItem]) -> None:
        if items:
            self._batches.append(items)

    def hundred(self) -> list[RunItem]:
        """Batches that fill a request to the last place, taken out; [] while there are none."""
        for chunk in packed([(len(items), items) for items in self._batches]):
            if sum(map(len, chunk)) == READ_AT_ONCE:
                self._batches = [items for items in self._batches if not any(items is one for one in chunk)]
                return [item for items in chunk for item in items]
        return []


def packed(batches: Iterable[tuple[int, T]]) -> list[list[T]]:
    """(size, batch) into as few requests of at most a hundred as the largest-first rule finds."""
    bins: list[tuple[int, list[T]]] = []
    for size, batch in sorted(batches, key=lambda one: -one[0]):
        at = next((at for at, (full, _) in enumerate(bins) if full + size <= READ_AT_ONCE), None)
        if at is None:
            bins.append((size, [batch]))
        else:
            bins[at] = (bins[at][0] + size, [*bins[at][1], batch])
    return [batches for _, batches in bins]


async def confirm(work: Work, level: int) -> AsyncIterator[RunItem]:
    """Read back what was created or updated on one level and was not yet, several requests in flight; yields the
    items once their tickets are in sync. Raises the first trouble, after what was in flight has come back."""
    chunks = await sync_to_async(_chunks)(work.run.pk, level)
    mapped = await sync_to_async(mapped_fields)(work) if chunks else set[str]()
    flight = Flight()
    try:
        while True:
            for item in flight.ended():
                yield item
            if chunks and flight.free:
                items = await work.load(chunks.pop(0))
                flight.start(fetch(work, items, mapped), partial(confirm_answer, work, items, mapped))
            elif flight.busy:
                await flight.wait()
            else:
                break
    finally:
        await flight.settle()
    await work.count_requests()
    if flight.trouble is not None:
        raise flight.trouble


def _chunks(run_id: int, level: int) -> list[list[int]]:
    """Ids of items to read, a hundred at most to a request."""
    rows = RunItem.objects.filter(
        run_id=run_id, state__in=[State.CREATED, State.UPDATED], confirmed=False, planned__level=level
    ).order_by("batch_id", "position")
    found = groupby(rows.values_list("batch_id", "pk"), key=lambda row: row[0] or -row[1])
    batches = [[pk for _, pk in rows] for _, rows in found]
    return [list(chain(*chunk)) for chunk in packed([(len(batch), batch) for batch in batches])]


async def fetch(work: Work, items: list[RunItem], mapped: set[str]) -> list[Issue]:
    sent = {name for item in items for name in sent_fields(item.planned)}
    links = {"issuelinks"} if any(links_of(item) for item in items) else set()
    return await work.jira.bulk_fetch(
        [item.issue_id for item in items],
        fields=sorted(sent | mapped | {"status", "updated", "parent"} | links),
        properties=[conf.PROPERTY_KEY],
    )


async def confirm_answer(work: Work, items: list[RunItem], mapped: set[str], issues: list[Issue]) -> list[RunItem]:
    await work.may_send()  # what was read before a long sleep is no base for anything
    return await sync_to_async(_confirm)(work, items, issues, mapped)


def mapped_fields(work: Work) -> set[str]:
    return set(work.mapping.fields.values_list("jira_field", flat=True)) | {"parent"}


def _confirm(work: Work, items: list[RunItem], issues: list[Issue], mapped: set[str]) -> list[RunItem]:
    parents = work.parents_of(items)
    by_uid = {uid: issue for issue in issues if (uid := uid_of(issue))}
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
        if item.planned.status_to and issue.status is not None:
            work.seen[item.pk] = issue.status
    ledger.created(strayed)
    agreed = [_agreed(item, issue, parents, mapped) for item, issue in shown]
    for (item, issue), one in zip(shown, agreed, strict=True):
        item.after = after(one.jira, issue)
    with transaction.atomic():
        tickets = agree(agreed)
        confirmed = ledger.confirm([item for item, _issue in shown])
        tell_confirmed(work.run, confirmed)
    for (item, issue), one in zip(shown, agreed, strict=True):
        item.ticket = tickets[one.ticket_id]
        _see_place(work, item, issue, one, parents)
    return ended + confirmed


def _agreed(item: RunItem, issue: Issue, parents: dict[str, IssueIds], mapped: set[str]) -> Agreed:
    """A new issue gives the base of every mapped field, also of those that Jira filled by itself, and its status; an
    edit only of what it wrote: what people changed in the others meanwhile is still news."""
    sent = fill(sent_fields(item.planned), parents)
    based_on = {*sent, *(mapped if item.state == State.CREATED else ())}
    status = issue.status
    assert item.ticket_id is not None
    return Agreed(
        item.ticket_id,
        sent=sent,
        jira={name: given(sent.get(name), issue.fields.get(name)) for name in based_on},
        story_version=item.planned.story_version,
        base_status=item.planned.story_status,
        status=((status.id, status.name) if status else ("", "")) if item.state == State.CREATED else None,
        updated_at=issue.updated,
        issue_key=issue.key,
    )


def given(sent: object, read: object) -> Any:
    """What Jira made of a value of ours, reduced. A line, a number or a list of labels Jira keeps as it is: another
    one there is what somebody wrote after us, and stays news."""
    plain = isinstance(sent, int | float) or (isinstance(sent, str) and len(sent) <= 255 and "\n" not in sent)
    if plain or (isinstance(sent, list) and sent and all(isinstance(one, str) for one in sent)):
        return reduced(sent)
    return reduced(read)


def _see_place(work: Work, item: RunItem, issue: Issue, agreed: Agreed, parents: dict[str, IssueIds]) -> None:
    """Jira may accept a parent or a link and not apply it; the issue is there, its place is not."""
    issue_type = work.metadata.type(work.mapping.type_id(item.kind))
    field = parent_field(issue_type) if issue_type is not None else None
    if field is not None:
        asked = agreed.sent.get(field.id)
        if asked is not None and reduced(issue.fields.get(field.id)) != reduced(asked):
            ledger.note(work.run.pk, "parent_not_applied", {"key": issue.key}, item)
    links = fill(links_of(item), parents)
    if not all(_has_link(issue, one["add"]) for one in links):
        ledger.note(work.run.pk, "link_not_applied", {"key": issue.key}, item)


def links_of(item: RunItem) -> list[Any]:
    """The operations on `issuelinks` in a planned body."""
    found: list[Any] = item.planned.template.get("update", {}).get("issuelinks", [])
    return found


def _has_link(issue: Issue, asked: Mapping[str, Any]) -> bool:
    end = "outwardIssue" if "outwardIssue" in asked else "inwardIssue"
    return any(
        str((held.get("type") or {}).get("id")) == asked["type"]["id"]
        and (held.get(end) or {}).get("key") == asked[end]["key"]
        for held in issue.fields.get("issuelinks") or ()
    )
