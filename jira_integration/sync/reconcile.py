"""Make ours agree with what Jira told us. May run twice, ignores older news, and cannot tell a webhook from a poll.

Field by field: what only Jira's people changed is taken in, what both changed is merged or becomes a conflict for a
person, what only we changed waits for the next export. The story and its ticket are written in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from jira_integration.merge import Verdict
from jira_integration.models import AuditEntry, Conflict, ExportedTicket, ExportRun, JiraConnection, RunItem
from jira_integration.sync.changes import IssueChange, IssueGone, IssueHidden, IssueNews
from jira_integration.sync.conflicts import Open, conflict_of, keep, ours_by_choice
from jira_integration.sync.fields import news_of
from jira_integration.sync.identity import Standing, standing_of, take_standing
from jira_integration.sync.news import Looking, News
from jira_integration.sync.policy import Epics, MappingRules
from jira_integration.sync.statuses import StatusNews, judge_status, status_conflict
from jira_integration.sync.telling import tell

Sync = ExportedTicket.Sync
CHUNK = 100
TAKEN_IN = (
    "base_sent",
    "base_jira",
    "issue_key",
    "jira_updated_at",
    "theirs",
    "checked_at",
    "sync",
    "status_id",
    "status_name",
    "base_status",
    "story_version",
    "standing",
    "standing_words",
)
# A value that waits for somebody: the field's base stays where it is, so that the next look judges it again.
WAITING = frozenset({Verdict.SHOWN, Verdict.CONFLICT})
AGREES = frozenset({Verdict.THEIRS, Verdict.MERGED, Verdict.EQUAL})
OURS_TO_SEND = frozenset({Verdict.OURS, Verdict.MERGED})


@dataclass
class Counts:
    """What a round of news came to."""

    requests: int = 0
    changed: int = 0
    applied: int = 0
    conflicts: int = 0
    missing: int = 0
    news: list[IssueChange] = field(default_factory=list)  # what was not known before
    held: int = 0  # not looked at yet: a run is at work on them; whoever brought the news brings it again


@dataclass(frozen=True)
class Round:
    """What a chunk of news is judged with, read once: no ticket asks the database for itself."""

    snapshots: Mapping[str, StorySnapshot]
    rules: Mapping[int | None, MappingRules]
    epics: Epics
    conflicts: Open

    @classmethod
    def of(
        cls,
        connection: JiraConnection,
        tickets: Sequence[ExportedTicket],
        changes: Iterable[IssueNews],
        rules: dict[int | None, MappingRules],
    ) -> Round:
        snapshots = _snapshots(tickets)
        for ticket in tickets:
            if ticket.mapping_id not in rules:
                rules[ticket.mapping_id] = MappingRules.of(connection, ticket.mapping)
        parents = {parent_id(one.fields.get("parent")) for one in changes if isinstance(one, IssueChange)}
        parents |= {parent_id(ticket.base_sent.get("parent")) for ticket in tickets}
        epics = Epics.of(connection, parents - {""}, snapshots.values())
        return cls(snapshots, rules, epics, Open.of(tickets))


def parent_id(value: Any) -> str:
    return str(value.get("id") or "") if isinstance(value, Mapping) else ""


def reconcile(connection: JiraConnection, changes: Sequence[IssueNews], counts: Counts) -> Iterator[ExportedTicket]:
    """Take news in; yields each ticket that changed, saved. Issues that are not ours are passed over."""
    rules: dict[int | None, MappingRules] = {}
    for start in range(0, len(changes), CHUNK):
        chunk = {change.issue_id: change for change in changes[start : start + CHUNK]}
        known = ExportedTicket.objects.filter(connection=connection, issue_id__in=chunk, unlinked_at=None)
        busy = in_hands_of_a_run(known)
        counts.held += len(busy)
        tickets = list(known.exclude(pk__in=busy).select_related("connection", "mapping__connection"))
        knows = Round.of(connection, tickets, chunk.values(), rules)
        for ticket in tickets:
            change = chunk[ticket.issue_id]
            try:
                match change:
                    case IssueGone():
                        saved = _gone(ticket, change, counts)
                    case IssueHidden():
                        saved = _hidden(ticket, counts)
                    case _:
                        saved = _take_in(ticket, change, knows, counts)
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


def _take_in(ticket: ExportedTicket, change: IssueChange, knows: Round, counts: Counts) -> ExportedTicket | None:
    if ticket.jira_updated_at and change.updated_at and change.updated_at < ticket.jira_updated_at:
        return None  # older news, out of order
    snapshot = knows.snapshots.get(ticket.story_ref)
    if snapshot is None or snapshot.sync_off:
        return None
    if ticket.moved_at and change.asked_at and change.asked_at < ticket.moved_at:
        raise Overtaken  # read before we moved the issue: what it shows is where it stood then
    rules, before = knows.rules[ticket.mapping_id], _state_of(ticket)
    looking = Looking.of(ticket, snapshot, rules, knows.epics, change.fields)
    news = [ours_by_choice(one, ticket, knows.conflicts) for one in (news_of(looking) if looking else ())]
    status = judge_status(ticket, change, snapshot, rules.statuses)
    if (
        not news
        and status.verdict is Verdict.SAME
        and (ticket.sync, ticket.theirs) == (Sync.IN_SYNC, {})
        and (ticket.issue_key, ticket.status_id) == (change.key, change.status_id)
        and (ticket.standing, ticket.standing_words) == standing_of(ticket, change.fields)
        and ticket.pk not in knows.conflicts.rows
    ):
        return None  # the echo of our own write, or nothing of ours: not even a transaction
    values = {one.key: one.value for one in news if one.verdict in (Verdict.THEIRS, Verdict.MERGED)}
    values |= {"status": status.ours} if status.verdict is Verdict.THEIRS else {}
    with transaction.atomic():
        version = _write(ticket, snapshot, values, change) if values else snapshot.version
        after = looking.after(values) if looking else None
        take_standing(ticket, change)
        _move_bases(ticket, change, news, status, after)
        judged = {status.verdict, *(one.verdict for one in news)}
        if judged & AGREES and (snapshot.version == ticket.story_version or (after is not None and not after.waits())):
            ticket.story_version = version
        snapshot = replace(snapshot, version=version)  # what ours says in a conflict is still what it says now
        found = [conflict_of(one, ticket, change, snapshot) for one in news if one.verdict is Verdict.CONFLICT]
        if status.verdict is Verdict.CONFLICT:
            found.append(status_conflict(status, ticket, change, snapshot))
        new = keep(ticket, found, knows.conflicts.rows[ticket.pk], [*change.fields, "status"])
        _name_state(ticket, change, found)
        if _state_of(ticket) == before and not new:
            return None
        _save(ticket, *TAKEN_IN)
        tell(ticket, change, news, status, new)
    counts.changed += 1
    if values or new:
        counts.news.append(change)
    counts.applied += bool(values)
    counts.conflicts += bool(new)
    return ticket


def _write(ticket: ExportedTicket, snapshot: StorySnapshot, values: Mapping[str, Any], change: IssueChange) -> int:
    """Write Jira's values into the story, unless somebody saves it this very moment: then the next look judges anew."""
    try:
        return (
            story_source()
            .apply(ticket.story_ref, values, expected_version=snapshot.version, actor=change.actor or _("Jira"))
            .version
        )
    except (StoryChanged, LookupError) as changed:
        raise Overtaken from changed


def _move_bases(
    ticket: ExportedTicket, change: IssueChange, news: Sequence[News], status: StatusNews, after: Looking | None
) -> None:
    """Both sides agree on what was taken in, or was the same already; what is ours to send differs from Jira's now."""
    names = {one.jira_field for one in news}
    settled = names - {one.jira_field for one in news if one.verdict in WAITING}
    to_send = {one.jira_field for one in news if one.verdict in OURS_TO_SEND}
    assert after is not None or not news
    ticket.base_jira = ticket.base_jira | {name: reduced(change.fields.get(name)) for name in settled}
    ticket.base_sent = ticket.base_sent | {
        name: change.fields.get(name) if name in to_send else after.wanted(name)
        for name in settled
        if after is not None
    }
    if status.verdict not in WAITING:
        ticket.status_id, ticket.status_name = change.status_id, change.status_name
    if status.verdict in (Verdict.THEIRS, Verdict.EQUAL):
        ticket.base_status = status.ours or ""
    ticket.issue_key = change.key
    ticket.jira_updated_at = change.updated_at or ticket.jira_updated_at
    ticket.checked_at = timezone.now()
    kept = {name: value for name, value in ticket.theirs.items() if name not in change.fields}
    shown = [one for one in news if one.verdict is Verdict.SHOWN]
    ticket.theirs = kept | {one.jira_field: change.fields.get(one.jira_field) for one in shown}


def _name_state(ticket: ExportedTicket, change: IssueChange, found: Sequence[Conflict]) -> None:
    if found:
        ticket.sync = Sync.CONFLICT
    else:
        ticket.sync = Sync.CHANGED_IN_JIRA if ticket.theirs else Sync.IN_SYNC


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


def _hidden(ticket: ExportedTicket, counts: Counts) -> ExportedTicket | None:
    """The account may not browse its project any more: nothing is known of the issue, and nothing is called gone."""
    if ticket.standing == Standing.HIDDEN:
        return None
    with transaction.atomic():
        ticket.standing, ticket.standing_words = Standing.HIDDEN, ""
        _save(ticket, "standing", "standing_words")
    counts.changed += 1
    return ticket


def _state_of(ticket: ExportedTicket) -> tuple[object, ...]:
    return (
        ticket.issue_key,
        ticket.status_id,
        ticket.base_status,
        ticket.sync,
        ticket.story_version,
        ticket.standing,
        ticket.standing_words,
        str(ticket.theirs),
        str(ticket.base_jira),
        str(ticket.base_sent),
    )
