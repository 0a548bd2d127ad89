"""One read-back per 100 issues: it confirms uid and parent and gives the base of the next merge."""

from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async

from jira_integration import ledger
from jira_integration.agreement import agree
from jira_integration.client.schemas import Issue
from jira_integration.conf import conf
from jira_integration.export.lookup import uid_of
from jira_integration.export.template import IssueIds, fill
from jira_integration.export.work import READ_AT_ONCE, Work, parents_of, sent_fields
from jira_integration.mapping.jira_form import reduced
from jira_integration.models import RunItem

State = RunItem.State


async def confirm(work: Work, level: int) -> AsyncIterator[RunItem]:
    """Read back what was created or updated on one level; yields the items once their tickets are in sync."""
    items = await work.items(State.CREATED, State.UPDATED, confirmed=False, planned__level=level)
    for start in range(0, len(items), READ_AT_ONCE):
        chunk = items[start : start + READ_AT_ONCE]
        mapped = await sync_to_async(_mapped_fields)(work)
        fields = sorted(
            {name for item in chunk for name in sent_fields(item.planned)} | mapped | {"status", "updated", "parent"}
        )
        issues = await work.jira.bulk_fetch(
            [item.issue_id for item in chunk], fields=fields, properties=[conf.PROPERTY_KEY]
        )
        parents = await work.ids_of(parents_of(chunk))
        for item in await sync_to_async(_confirm)(work, chunk, issues, parents, mapped):
            yield item
        await work.count_requests()


def _mapped_fields(work: Work) -> set[str]:
    return set(work.mapping.fields.values_list("jira_field", flat=True)) | {"parent"}


def _confirm(
    work: Work, items: list[RunItem], issues: list[Issue], parents: dict[str, IssueIds], mapped: set[str]
) -> list[RunItem]:
    by_uid = {uid_of(issue): issue for issue in issues if uid_of(issue)}
    by_id = {issue.id: issue for issue in issues}
    confirmed = []
    for item in items:
        # The property decides: the order of a bulk answer is experience, not a promise of Jira's.
        issue = by_uid.get(str(item.planned.uid)) or (by_id.get(item.issue_id) if item.state == State.UPDATED else None)
        if issue is None:
            ledger.end(item.pk, State.UNCONFIRMED, "not_read_back", {"key": item.issue_key})
            confirmed.append(item)
            continue
        if issue.id != item.issue_id:
            ledger.created(item.pk, issue.id, issue.key)
        confirmed.append(_agree(work, item, issue, parents, mapped))
    return confirmed


def _agree(work: Work, item: RunItem, issue: Issue, parents: dict[str, IssueIds], mapped: set[str]) -> RunItem:
    """A new issue gives the base of every mapped field, also of those that Jira filled by itself; an edit only of
    what it wrote: what people changed in the others meanwhile is still news."""
    sent = fill(sent_fields(item.planned), parents)
    based_on = {*sent, *(mapped if item.state == State.CREATED else ())}
    status = issue.status
    assert item.ticket_id is not None
    agree(
        item.ticket_id,
        sent=sent,
        jira={name: reduced(issue.fields.get(name)) for name in based_on},
        story_version=item.planned.story_version,
        base_status=item.planned.story_status,
        status=(status.id, status.name) if status else ("", ""),
        updated_at=issue.updated,
        issue_key=issue.key,
    )
    values = {}
    asked = sent.get("parent")
    if asked is not None and reduced(issue.fields.get("parent")) != reduced(asked):
        # Jira may accept a parent and not apply it; the story is there, its place is not.
        values = {"key": issue.key}
        ledger.note(work.run.pk, "parent_not_applied", values, item)
    return ledger.confirm(item.pk)
