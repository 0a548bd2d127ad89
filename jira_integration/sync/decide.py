"""A person decides about the conflicts of stories: what they saw is checked against what is there, then each choice
is made. What is ours to send afterwards goes the ordinary way, by a plan and a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from jira_integration.conf import story_source
from jira_integration.contracts import Kind, StoryChanged, StoryField, StorySnapshot
from jira_integration.export.plan import new_plan
from jira_integration.mapping.jira_form import in_words
from jira_integration.models import Conflict, ExportedTicket, ExportPlan, PlannedTicket
from jira_integration.sync.conflicts import CannotChoose, resolve
from jira_integration.sync.news import Looking
from jira_integration.sync.policy import MappingRules
from jira_integration.sync.reconcile import Round

Action = PlannedTicket.Action


@dataclass(frozen=True)
class Decision:
    """One field's choice (`Conflict.Choice`); `merged` is a value of ours as JSON."""

    choice: str
    merged: Any = None


@dataclass(frozen=True)
class Outgoing:
    """A change of ours without conflict, that goes to Jira along with what is decided."""

    field: str
    label: str
    before: str
    after: str


@dataclass
class Case:
    """One story with open conflicts, and the rest of what it differs in."""

    ticket: ExportedTicket
    snapshot: StorySnapshot
    rows: list[Conflict]
    fields: Mapping[str, StoryField]
    goes: list[Outgoing] = field(default_factory=list)
    names: Mapping[str, str] = field(default_factory=dict)  # epics by their ref

    def seen(self) -> dict[str, str]:
        """What a page shows of each field, as a short print: the next save compares it with what is there then."""
        return {row.field: print_of([row.ours, row.theirs_jira]) for row in self.rows}

    def seen_going(self) -> str:
        return print_of([[one.field, one.after] for one in self.goes])


def print_of(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cases_of(tickets: Iterable[ExportedTicket]) -> list[Case]:
    """The cases of these tickets of one backlog, in the given order; those without an open conflict are left out."""
    listed = list(tickets)
    if not listed:
        return []
    rows: dict[int, list[Conflict]] = {}
    for row in Conflict.objects.filter(ticket__in=listed, resolved_at=None).select_related("ticket"):
        rows.setdefault(row.ticket_id, []).append(row)
    rules: dict[int | None, MappingRules] = {}
    known = Round.of(listed[0].connection, listed, [], rules)
    source = story_source()
    fields = {kind: {one.key: one for one in source.fields(listed[0].project_ref, kind)} for kind in Kind}
    epics = {value for found in rows.values() for row in found if row.field == "parent" for value in _refs(row)}
    epics |= {one.parent_ref for one in known.snapshots.values() if one.parent_ref}
    names = {one.ref: f"{one.key} {one.title}" for one in source.snapshots(listed[0].project_ref, epics)}
    made = []
    for ticket in listed:
        snapshot = known.snapshots.get(ticket.story_ref)
        if snapshot is None or ticket.pk not in rows:
            continue
        case = Case(ticket, snapshot, rows[ticket.pk], fields[snapshot.kind], names=names)
        looking = Looking.of(ticket, snapshot, known.rules[ticket.mapping_id], known.epics)
        case.goes = _going(case, looking) if looking else []
        made.append(case)
    return made


def _refs(row: Conflict) -> list[str]:
    return [value for value in (row.base, row.ours, row.theirs) if value]


def _going(case: Case, looking: Looking) -> list[Outgoing]:
    asked = {row.jira_field for row in case.rows}
    found = []
    for name in looking.to_send():
        if name in asked:
            continue
        if name == "status":
            choices = case.fields["status"].choices
            labels = {choice.value: str(choice.label) for choice in choices}
            status = str(case.snapshot.values.get("status", ""))
            found.append(Outgoing(name, _("Status"), case.ticket.status_name, labels.get(status, status)))
            continue
        jira_field = looking.builder.issue_type.field(name)
        label = jira_field.name if jira_field else _("Parent") if name == "parent" else name
        before, after = (in_words(value) for value in (case.ticket.base_sent.get(name), looking.wanted(name)))
        if name == "parent":
            after = case.names.get(case.snapshot.parent_ref or "", "")
        after = looking.payload.words.get(name) or after
        found.append(Outgoing(name, label, before, after))
    return found


def decide(case: Case, decisions: Mapping[str, Decision], user: Any) -> ExportedTicket:
    """Make these choices, all or none. Whoever calls has read the issue again and compared what was seen.

    Raises CannotChoose and StoryChanged: somebody was faster.
    """
    ticket = case.ticket
    shown = case.seen()
    with transaction.atomic():
        for name, decision in decisions.items():
            row = (
                Conflict.objects.select_for_update(of=["self"])
                .filter(ticket=ticket, field=name, resolved_at=None)
                .first()
            )
            if row is None:
                raise CannotChoose("conflict_settled")
            if print_of([row.ours, row.theirs_jira]) != shown[name]:
                raise StoryChanged(ticket.story_ref)
            ticket = resolve(row, decision.choice, user, decision.merged)
    return ticket


def plan_for(tickets: Sequence[ExportedTicket], user: Any) -> ExportPlan | None:
    """A plan, not built yet, of those stories that hold something for Jira now; None when there are none."""
    if not tickets or tickets[0].mapping is None:
        return None
    versions = story_source().versions(tickets[0].project_ref, [ticket.story_ref for ticket in tickets])
    refs = [one.story_ref for one in tickets if versions.get(one.story_ref, 0) > one.story_version]
    return new_plan(tickets[0].mapping, refs, user, with_tests=False) if refs else None


def confirmed_already(plan: ExportPlan) -> bool:
    """Whether a person has seen all that this plan would do: only updates of the stories they decided about. An epic
    that must be made first, or a story that is blocked, is shown in the ordinary preview."""
    others = plan.items.exclude(action=Action.UNCHANGED).exclude(action=Action.UPDATE, story_ref__in=plan.story_refs)
    return plan.state == ExportPlan.State.READY and not others.exists()


def open_tickets(project_ref: str) -> list[ExportedTicket]:
    """Tickets with an open conflict, the one that waits longest first."""
    rows = Conflict.objects.filter(
        ticket__project_ref=project_ref, ticket__unlinked_at=None, resolved_at=None
    ).order_by("opened_at", "pk")
    order = list(dict.fromkeys(rows.values_list("ticket_id", flat=True)))
    known = ExportedTicket.objects.select_related("connection", "mapping__connection").in_bulk(order)
    return [known[pk] for pk in order]
