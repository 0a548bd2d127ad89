"""Issues that carry the uid of a ticket which stands for another issue: created again by a person's decision while
nobody knew whether the first one had arrived, and now both are there."""

from __future__ import annotations

from collections.abc import Iterable

from jira_integration import ledger
from jira_integration.models import ExportedTicket, ExportRun, JiraConnection, RunEvent, RunItem
from jira_integration.sync.changes import IssueChange, IssueNews


def note_doubles(connection: JiraConnection, changes: Iterable[IssueNews]) -> list[ExportRun]:
    """Write each double down once, at the item that was created again; returns the runs whose pages show it."""
    stamped = [change for change in changes if isinstance(change, IssueChange) and change.uid]
    tickets = {
        str(ticket.uid): ticket
        for ticket in ExportedTicket.objects.filter(
            connection=connection, uid__in={change.uid for change in stamped}, unlinked_at=None
        ).exclude(issue_id="")
    }
    told = []
    for change in stamped:
        ticket = tickets.get(change.uid)
        if ticket is None or ticket.issue_id == change.issue_id:
            continue
        item = RunItem.objects.filter(ticket=ticket, events__code="created_anyway").order_by("-pk").first()
        if item is None or RunEvent.objects.filter(item=item, code="second_issue", values__other=change.key).exists():
            continue
        ledger.note(item.run_id, "second_issue", {"issue": ticket.issue_key, "other": change.key}, item)
        ledger.next_seq(item.run_id)
        told.append(ExportRun.objects.get(pk=item.run_id))
    return told
