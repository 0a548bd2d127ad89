"""Make ours agree with what Jira told us. May run twice, ignores older news, and cannot tell a webhook from a poll.

Statuses follow by the mapping; a status changed on both sides becomes a conflict for a person. Other fields that
changed in Jira are kept on the ticket and shown as "Changed in Jira"; nothing here is overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from jira_integration import audit
from jira_integration.agreement import next_live_seq
from jira_integration.conf import story_source
from jira_integration.contracts import StoryChanged, StorySnapshot
from jira_integration.mapping.jira_form import reduced
from jira_integration.models import AuditEntry, ExportedTicket, ExportRun, JiraConnection, RunItem, StatusMapping
from jira_integration.sync.changes import IssueChange, IssueGone

Sync = ExportedTicket.Sync
CHUNK = 100
TAKEN_IN = (
    "issue_key",
    "jira_updated_at",
    "theirs",
    "checked_at",
    "sync",
    "status_id",
    "status_name",
    "base_status",
    "story_version",
)


@dataclass
class Counts:
    """What a round of news came to."""

    requests: int = 0
    changed: int = 0
    applied: int = 0
    conflicts: int = 0
    missing: int = 0
    held: int = 0  # not looked at yet: a run is at work on them; whoever brought the news brings it again


@dataclass
class StatusRules:
    """Jira's statuses → ours, for one mapping: by id first, by category when the id is unknown."""

    by_id: dict[str, str] = field(default_factory=dict)
    goes_to: dict[str, str] = field(default_factory=dict)  # our status → the Jira status it goes to
    categories: dict[str, str] = field(default_factory=dict)  # our status → the category of that

    @classmethod
    def of(cls, mapping_id: int | None) -> StatusRules:
        rules = cls()
        for row in StatusMapping.objects.filter(mapping_id=mapping_id).order_by("-incoming", "pk"):
            rules.by_id.setdefault(row.jira_status_id, row.status)
            if not row.incoming:
                rules.goes_to.setdefault(row.status, row.jira_status_id)
                rules.categories.setdefault(row.status, row.category)
        return rules

    def ours(self, change: IssueChange, current: str) -> str | None:
        """Our status for Jira's. A status nobody mapped falls back to its category, and keeps ours when that is of
        the category already. None: unknown, ours stays."""
        if self.goes_to.get(current) == change.status_id:  # several of ours may go to one of Jira's
            return current
        if change.status_id in self.by_id:
            return self.by_id[change.status_id]
        if self.categories.get(current) == change.category:
            return current
        return next((status for status, category in self.categories.items() if category == change.category), None)


def reconcile(
    connection: JiraConnection, changes: Sequence[IssueChange | IssueGone], counts: Counts
) -> Iterator[ExportedTicket]:
    """Take news in; yields each ticket that changed, saved. Issues that are not ours are passed over."""
    for start in range(0, len(changes), CHUNK):
        chunk = {change.issue_id: change for change in changes[start : start + CHUNK]}
        known = ExportedTicket.objects.filter(connection=connection, issue_id__in=chunk, unlinked_at=None)
        busy = in_hands_of_a_run(known)
        counts.held += len(busy)
        tickets = list(known.exclude(pk__in=busy).select_related("connection"))
        snapshots = _snapshots(tickets)
        rules = {mapping_id: StatusRules.of(mapping_id) for mapping_id in {ticket.mapping_id for ticket in tickets}}
        for ticket in tickets:
            change = chunk[ticket.issue_id]
            try:
                if isinstance(change, IssueGone):
                    saved = _gone(ticket, change, counts)
                else:
                    saved = _take_in(ticket, change, snapshots.get(ticket.story_ref), rules[ticket.mapping_id], counts)
            except Overtaken:
                counts.held += 1
                continue
            if saved is not None:
                yield saved
        unchanged = [ticket.pk for ticket in tickets]
        ExportedTicket.objects.filter(pk__in=unchanged).update(checked_at=timezone.now())


def in_hands_of_a_run(tickets: QuerySet[ExportedTicket]) -> list[int]:
    """Those whose issue a run is writing: what Jira shows of them now is half of what the run does.

    From "sending" until the read-back, and on until the issue has reached the status it is moved to: judged in between,
    a step on the way ("In Progress", bound for "Done") would be taken for somebody's wish.
    """
    State = RunItem.State
    items = RunItem.objects.filter(
        ticket__in=tickets, run__state__in=ExportRun.ACTIVE, state__in=[State.SENDING, State.CREATED, State.UPDATED]
    ).exclude(events__code__in=["status_refused", "status_not_reached"])
    return [
        ticket
        for ticket, state, confirmed, status_to, status in items.values_list(
            "ticket", "state", "confirmed", "planned__status_to", "ticket__status_id"
        )
        if state == State.SENDING or not confirmed or (status_to and status_to["id"] != status)
    ]


class Overtaken(Exception):
    """Somebody else wrote the ticket since it was read here; nothing was saved."""


def _save(ticket: ExportedTicket, *columns: str) -> None:
    """Compare-and-set by the number every writer raises: a run's read-back must not be undone by an older copy."""
    seen, ticket.seq = ticket.seq, next_live_seq(ticket.project_ref)
    values = {column: getattr(ticket, column) for column in (*columns, "seq")}
    if not ExportedTicket.objects.filter(pk=ticket.pk, seq=seen).update(**values):
        raise Overtaken


def _snapshots(tickets: Iterable[ExportedTicket]) -> dict[str, StorySnapshot]:
    by_project: dict[str, list[str]] = {}
    for ticket in tickets:
        by_project.setdefault(ticket.project_ref, []).append(ticket.story_ref)
    source = story_source()
    return {one.ref: one for ref, refs in by_project.items() for one in source.snapshots(ref, refs)}


def _take_in(
    ticket: ExportedTicket,
    change: IssueChange,
    snapshot: StorySnapshot | None,
    rules: StatusRules,
    counts: Counts,
) -> ExportedTicket | None:
    if ticket.jira_updated_at and change.updated_at and change.updated_at < ticket.jira_updated_at:
        return None  # older news, out of order
    if snapshot is None or snapshot.sync_off:
        return None
    if ticket.moved_at and change.asked_at and change.asked_at < ticket.moved_at:
        raise Overtaken  # read before we moved the issue: what it shows is where it stood then
    before = _state_of(ticket)
    theirs = {
        name: change.fields.get(name)
        for name, base in ticket.base_jira.items()
        if name in change.fields and reduced(change.fields.get(name)) != base
    }
    theirs |= {name: kept for name, kept in ticket.theirs.items() if name == "status"}
    with transaction.atomic():
        theirs = _status(ticket, change, snapshot, rules, theirs, counts)
        ticket.issue_key = change.key
        ticket.jira_updated_at = change.updated_at or ticket.jira_updated_at
        ticket.theirs = theirs
        ticket.checked_at = timezone.now()
        if "status" in theirs:
            ticket.sync = Sync.CONFLICT
        else:
            ticket.sync = Sync.CHANGED_IN_JIRA if theirs else Sync.IN_SYNC
        if _state_of(ticket) == before:
            return None
        _save(ticket, *TAKEN_IN)
    counts.changed += 1
    return ticket


def _status(
    ticket: ExportedTicket,
    change: IssueChange,
    snapshot: StorySnapshot,
    rules: StatusRules,
    theirs: dict[str, Any],
    counts: Counts,
) -> dict[str, Any]:
    """Judge the status on its base, and let ours follow when only Jira's moved."""
    in_conflict = "status" in theirs
    if "status" not in snapshot.values:  # test cases have none: Jira's is shown, nothing follows
        ticket.status_id, ticket.status_name = change.status_id, change.status_name
        return theirs
    if change.status_id == ticket.status_id and not in_conflict:
        return theirs
    current = str(snapshot.values.get("status") or "")
    ours = rules.ours(change, current)
    ticket.status_id, ticket.status_name = change.status_id, change.status_name
    rest = {name: value for name, value in theirs.items() if name != "status"}
    if ours is None:
        return rest
    if ours == current:  # equal edits are no conflict
        ticket.base_status = current
        return rest
    if current == ticket.base_status and not in_conflict:
        actor = change.actor or _("Jira")
        try:
            applied = story_source().apply(
                ticket.story_ref, {"status": ours}, expected_version=snapshot.version, actor=actor
            )
        except (StoryChanged, LookupError):
            # Somebody saved the story this very moment; the next look judges what they wrote.
            ticket.status_id = ""
            return rest
        if snapshot.version == ticket.story_version:
            ticket.story_version = applied.version
        ticket.base_status = ours
        counts.applied += 1
        audit.record(
            "status_from_jira",
            {"story": ticket.story_key, "key": change.key, "status": change.status_name},
            actor=AuditEntry.Actor.JIRA,
            actor_name=actor,
            project_ref=ticket.project_ref,
            object_ref=ticket.story_ref,
        )
        return rest
    if not in_conflict:
        counts.conflicts += 1
    return {**rest, "status": {"id": change.status_id, "name": change.status_name, "ours": ours}}


def _gone(ticket: ExportedTicket, gone: IssueGone, counts: Counts) -> ExportedTicket | None:
    if ticket.sync == Sync.MISSING:
        counts.missing += 1
        return None
    with transaction.atomic():
        ticket.sync = Sync.MISSING
        ticket.checked_at = timezone.now()
        _save(ticket, "sync", "checked_at")
        audit.record(
            "missing_in_jira",
            {"story": ticket.story_key, "key": ticket.issue_key},
            actor=AuditEntry.Actor.JIRA,
            actor_name=gone.actor or _("Jira"),
            project_ref=ticket.project_ref,
            object_ref=ticket.story_ref,
        )
    counts.missing += 1
    counts.changed += 1
    return ticket


def _state_of(ticket: ExportedTicket) -> tuple[object, ...]:
    return (
        ticket.issue_key,
        ticket.status_id,
        ticket.base_status,
        ticket.sync,
        ticket.story_version,
        str(ticket.theirs),
    )
