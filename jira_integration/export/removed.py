"""Test cases that were removed here and still have an open issue in Jira: a plan offers to close it.

Nothing is deleted. The issue goes to a status that means done, by the steps of its workflow like any other move; a
person may leave it open, and the next preview asks again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from jira_integration.client.schemas import Issue, StatusInfo
from jira_integration.conf import story_source
from jira_integration.contracts import Kind
from jira_integration.export import building
from jira_integration.export.changed import created_under
from jira_integration.export.draft import LEVELS, Drafting
from jira_integration.export.status_plan import status_change
from jira_integration.mapping import preflight
from jira_integration.mapping.findings import Finding
from jira_integration.models import ExportedTicket, ExportPlan, PlannedTicket
from jira_integration.models.rows import insert_each
from jira_integration.untrusted import one_line

NAMED = 5  # issues that a check names
READ = ("summary", "status", "updated")
TITLE_MOST = 2000


def removed_cases(work: Drafting) -> list[ExportedTicket]:
    """Tickets of test cases that are gone here and, as far as we know, open in Jira."""
    plan = work.plan
    if not plan.mapping.exports_tests or not plan.with_tests:
        return []
    tickets = ExportedTicket.objects.filter(
        connection=plan.mapping.connection, project_ref=plan.project_ref, kind=Kind.TEST.value, unlinked_at=None
    ).exclude(issue_id="")
    refs = dict(tickets.order_by("pk").values_list("pk", "story_ref"))
    known = story_source().versions(plan.project_ref, list(refs.values()))
    gone = ExportedTicket.objects.in_bulk([pk for pk, ref in refs.items() if ref not in known])
    closed = {one.id for one in _statuses(work) if one.category == "done"}
    return [ticket for _pk, ticket in sorted(gone.items()) if ticket.status_id not in closed]


def to_close(work: Drafting, removed: Sequence[ExportedTicket]) -> list[ExportedTicket]:
    """Those of the stories that the plan is about, but for what a person leaves open."""
    if not _done(work):
        return []
    stories = {ticket.uid for ticket in work.tickets.values()}
    of_story = created_under([one.uid for one in removed])
    left_open = set(work.plan.left_open)
    return [one for one in removed if of_story.get(one.uid) in stories and one.story_ref not in left_open]


def keep_closes(work: Drafting, tickets: Iterable[ExportedTicket], issues: Mapping[str, Issue]) -> list[str]:
    """Store an item for each issue that is there and open; returns their refs."""
    wanted = _done(work)
    rows = []
    for ticket in tickets:
        issue = issues.get(ticket.issue_id)
        if issue is not None and issue.status is not None and issue.status.category != "done":
            rows.append(_item(work, ticket, issue, issue.status, wanted))
    with transaction.atomic():
        building.store(work.plan)
        insert_each(rows)
    return [row.story_ref for row in rows]


def _item(
    work: Drafting, ticket: ExportedTicket, issue: Issue, now: StatusInfo, wanted: Mapping[str, str]
) -> PlannedTicket:
    row = PlannedTicket(
        plan=work.plan,
        position=work.position,
        level=LEVELS[Kind.TEST],
        kind=Kind.TEST.value,
        story_ref=ticket.story_ref,
        story_key=ticket.story_key,
        title=one_line(str(issue.fields.get("summary") or ""))[:TITLE_MOST],
        story_version=0,  # there is none any more
        uid=ticket.uid,
        action=PlannedTicket.Action.CLOSE,
        issue_id=ticket.issue_id,
        issue_key=issue.key,
        status_to=dict(wanted),
        changes=[status_change(now.name, wanted["name"])],
        findings=[Finding("test_removed", {"issue": issue.key}).as_json()],
        seen_updated_at=issue.updated,
    )
    work.position += 1
    type_id = work.plan.mapping.type_id(Kind.TEST)
    if stays := preflight.may_not(work.metadata, "TRANSITION_ISSUES", work.account):
        row.action, row.status_to, row.changes = PlannedTicket.Action.BLOCKED, {}, []
        row.findings = [{**stays.as_json(), "blocking": True}]
    else:
        work.estimate.add_update(type_id, now.id, row.status_to, edits=False)
    work.counts[row.action] = work.counts.get(row.action, 0) + 1
    return row


def still_open(removed: Sequence[ExportedTicket], closing: Collection[str]) -> list[dict[str, Any]]:
    """A check of the plan that names the issues it does not close. [] where there is none."""
    keys = [one.issue_key for one in removed if one.story_ref not in closing]
    if not keys:
        return []
    named = [*keys[:NAMED], *(["…"] if len(keys) > NAMED else [])]
    return [{"state": "warn", "code": "tests_removed", "values": {"keys": keys, "named": named, "count": len(keys)}}]


def _statuses(work: Drafting) -> Sequence[StatusInfo]:
    return work.statuses.of_type.get(work.plan.mapping.type_id(Kind.TEST), ())


def _done(work: Drafting) -> dict[str, str]:
    """The status that closes: one that stories of ours go to where test cases know it, too; {} where there is none."""
    there = {one.id: one for one in _statuses(work) if one.category == "done"}
    mapped = [goes["id"] for goes in work.statuses.goes_to.values() if goes["id"] in there]
    found = there.get(next(iter([*mapped, *there]), ""))
    return {"id": found.id, "name": found.name, "category": found.category} if found else {}


def left_open(plan: ExportPlan, offered: Collection[str], chosen: Collection[str]) -> list[str]:
    """Refs of what stays open, once a person ticked the `chosen` of what was `offered`."""
    return sorted((set(plan.left_open) | set(offered)) - set(chosen))
