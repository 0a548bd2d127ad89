"""Decides, item by item, what an export would do. One `Drafting` is the making of one plan."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from jira_integration.agreement import agree_on_versions
from jira_integration.client.schemas import Issue
from jira_integration.conf import conf, story_source
from jira_integration.contracts import Kind, StorySnapshot
from jira_integration.export import building
from jira_integration.export.builders import builders_for
from jira_integration.export.difference import compare
from jira_integration.export.estimate import Estimate
from jira_integration.export.hierarchy import Family, Place, parent_field
from jira_integration.export.pace import expected_seconds
from jira_integration.export.selection import chunks, select
from jira_integration.export.status_plan import StatusPlan
from jira_integration.export.template import canonical, digest, edit_body
from jira_integration.mapping import preflight
from jira_integration.mapping.findings import Finding
from jira_integration.mapping.jira_form import reduced
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.mapping.payload import Builder, Payload
from jira_integration.mapping.questions import watchers
from jira_integration.mapping.rendered import Rendered
from jira_integration.models import ExportedTicket, ExportPlan, PlannedTicket, RunItem
from jira_integration.models.rows import insert_each

Action = PlannedTicket.Action
LEVELS = {Kind.EPIC: 0, Kind.STORY: 1, Kind.TEST: 2}


def type_gone(kind: Kind) -> Finding:
    """The issue type chosen for this kind is not in the Jira project any more, or may not be created."""
    words = {Kind.EPIC: _("that epics become"), Kind.STORY: _("that stories become")}
    code = "test_type_gone" if kind is Kind.TEST else "issue_type_gone"
    return Finding(code, {"kind": kind.value, "issue_type": words.get(kind, "")}, blocking=True)


@dataclass
class Drafting:
    """The making of one plan: what was read once, and what has been decided so far."""

    plan: ExportPlan
    metadata: ProjectMetadata
    refs: list[str]
    added: frozenset[str]
    tickets: dict[str, ExportedTicket]
    builders: dict[Kind, Builder]
    in_doubt: frozenset[int]
    statuses: StatusPlan
    estimate: Estimate
    family: Family
    rendered: Rendered
    position: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    agreed: dict[int, tuple[int, str]] = field(default_factory=dict)  # ticket → version and status that say the same
    bodies: dict[int, bytes] = field(default_factory=dict)  # position → template as JSON, of the present chunk
    facts: preflight.Facts = field(default_factory=preflight.Facts)  # what was asked about the present chunk
    watched: int = 0  # how often a watcher may get a mail about an update
    not_looked: int = 0  # stories whose summary was not looked for in Jira
    checks: list[dict[str, Any]] = field(default_factory=list)  # more findings about the whole plan

    @classmethod
    def begin(cls, plan: ExportPlan, metadata: ProjectMetadata) -> Drafting:
        """Start over: items of an earlier attempt are dropped. Raises TakenOver, as all that stores something does."""
        mapping = plan.mapping
        chosen = select(plan)
        building.claim(plan, len(chosen.refs))
        in_doubt = RunItem.objects.filter(
            ticket__connection=mapping.connection, state__in=[RunItem.State.SENDING, RunItem.State.UNCONFIRMED]
        )
        statuses = StatusPlan.of(mapping, metadata)
        rendered = Rendered()
        return cls(
            plan,
            metadata,
            chosen.refs,
            chosen.added,
            chosen.tickets,
            builders_for(mapping, metadata, rendered),
            frozenset(in_doubt.values_list("ticket_id", flat=True)),
            statuses,
            Estimate(statuses.ways, statuses.of_type),
            Family(mapping, metadata, chosen.tickets),
            rendered,
        )

    @property
    def compared_fields(self) -> list[str]:
        mapped = {one.jira_field for builder in self.builders.values() for one in builder.mappings}
        return sorted(mapped | {found.id for one in self.builders.values() if (found := parent_field(one.issue_type))})

    def chunks(self) -> Iterator[list[str]]:
        return chunks(self.refs)

    def snapshots(self, refs: Iterable[str]) -> list[StorySnapshot]:
        return list(story_source().snapshots(self.plan.project_ref, refs))

    def draft(self, snapshot: StorySnapshot, issues: Mapping[str, Issue]) -> PlannedTicket:
        """Decide what would happen to one item."""
        ticket = self.tickets.get(snapshot.ref)
        if snapshot.kind != Kind.TEST:
            self.family.names[snapshot.ref] = f"{snapshot.key} {snapshot.title}"
        uid = self.family.uids.setdefault(snapshot.ref, ticket.uid if ticket else uuid.uuid4())
        row = PlannedTicket(
            plan=self.plan,
            position=self.position,
            level=LEVELS[snapshot.kind],
            kind=snapshot.kind,
            story_ref=snapshot.ref,
            story_key=snapshot.key,
            title=snapshot.title,
            story_version=snapshot.version,
            story_status=str(snapshot.values.get("status") or ""),
            uid=uid,
            added=snapshot.ref in self.added,
            issue_id=ticket.issue_id if ticket else "",
            issue_key=ticket.issue_key if ticket else "",
        )
        self.position += 1
        builder = self.builders.get(snapshot.kind)
        if builder is None:
            return self._blocked(row, type_gone(snapshot.kind))
        if snapshot.sync_off:
            return self._blocked(row, Finding("sync_off", {}, blocking=True))
        creates = ticket is None or not ticket.issue_id
        if creates and (closed := preflight.project_closed(self.metadata, self.account)):
            return self._blocked(row, closed)
        payload = builder.build(snapshot, self.family.called(snapshot.parent_ref or ""))
        place = self.family.place(snapshot, builder.issue_type, self.facts, self.account)
        row.parent_uid = place.uid
        findings = [*payload.findings, *([place.finding] if place.finding else [])]
        if ticket is not None and ticket.issue_id:
            self._update(row, payload, place, ticket, issues.get(ticket.issue_id), findings)
        else:
            self._create(row, payload, place, ticket, builder, findings)
        self._permitted(row, findings)
        row.findings = [finding.as_json() for finding in findings]
        if any(finding.blocking for finding in findings):
            row.action = Action.BLOCKED
        if row.action == Action.BLOCKED:
            self.family.blocked.add(snapshot.ref)
        return self._counted(row)

    @property
    def account(self) -> str:
        connection = self.plan.mapping.connection
        return connection.account_name or connection.user_name

    def _permitted(self, row: PlannedTicket, findings: list[Finding]) -> None:
        """What the account may not do with an item that is otherwise ready."""
        if row.action == Action.UPDATE and (no_edit := preflight.may_not(self.metadata, "EDIT_ISSUES", self.account)):
            findings.append(no_edit)
        if row.status_to and (stays := preflight.may_not(self.metadata, "TRANSITION_ISSUES", self.account)):
            findings.append(stays)
            row.status_to = {}
            row.template.pop("transition", None)
            row.changes = [one for one in row.changes if one["field"] != "status"]

    def _blocked(self, row: PlannedTicket, finding: Finding) -> PlannedTicket:
        row.action, row.findings = Action.BLOCKED, [finding.as_json()]
        self.family.blocked.add(row.story_ref)
        return self._counted(row)

    def _counted(self, row: PlannedTicket) -> PlannedTicket:
        self.counts[row.action] = self.counts.get(row.action, 0) + 1
        type_id = self.plan.mapping.type_id(row.kind)
        if row.action == Action.CREATE:
            self.estimate.add_create(row.level, type_id, row.status_to)
        elif row.action == Action.UPDATE:
            ticket = self.tickets[row.story_ref]
            self.estimate.add_update(type_id, ticket.status_id, row.status_to, edits=bool(row.template))
        if row.template:
            text = self.bodies[row.position] = canonical(row.template)
            row.template_hash, row.body_bytes = digest(text), len(text)
        return row

    def _create(
        self,
        row: PlannedTicket,
        payload: Payload,
        place: Place,
        ticket: ExportedTicket | None,
        builder: Builder,
        findings: list[Finding],
    ) -> None:
        if ticket is not None and ticket.pk in self.in_doubt:
            findings.append(Finding("unconfirmed_before", {}, blocking=True))
        said = place.finding is not None and place.finding.blocking
        if not said and (alone := preflight.needs_parent(builder.issue_type, bool(place.fields))):
            findings.append(alone)
        if found := preflight.same_summary(str(payload.fields.get("summary", "")), self.facts):
            findings.append(found)
        row.action = Action.CREATE
        row.template = {
            "fields": {
                "project": {"id": self.metadata.project_id},
                "issuetype": {"id": builder.issue_type.id},
                **payload.fields,
                **place.fields,
            },
            "properties": [{"key": conf.PROPERTY_KEY, "value": {"uid": str(row.uid)}}],
        }
        if place.links:
            row.template["update"] = {"issuelinks": [{"add": dict(link)} for link in place.links]}
        words, names = {**payload.words, **place.words}, {**payload.labels, **place.labels}
        row.changes = [
            {"field": name, "label": names[name], "before": "", "after": word} for name, word in words.items()
        ]
        self.statuses.create(row, builder.issue_type.id)

    def _update(
        self,
        row: PlannedTicket,
        payload: Payload,
        place: Place,
        ticket: ExportedTicket,
        issue: Issue | None,
        findings: list[Finding],
    ) -> None:
        if issue is None:
            row.action = Action.BLOCKED
            findings.append(Finding("missing_in_jira", {"key": ticket.issue_key}, blocking=True))
            return
        wanted = {**payload.fields, **place.fields}
        wanted |= self._emptied(row, ticket, wanted)
        words, names = {**payload.words, **place.words}, {**payload.labels, **place.labels}
        builder = self.builders[Kind(row.kind)]
        rules = {one.jira_field: (one.direction, one.policy) for one in builder.mappings}
        found = compare(wanted, ticket.base_sent, ticket.base_jira, issue.fields, rules)
        row.issue_key = issue.key
        row.seen = {name: reduced(issue.fields.get(name)) for name in found.ours}
        row.seen_updated_at = issue.updated
        row.same_fields = len(wanted) - len(found.ours) - len(found.both)
        row.changes = [
            {
                "field": name,
                "label": names.get(name) or self.metadata.field_name(name),
                "before": found.words_now[name],
                "after": words.get(name, ""),
            }
            for name in [*found.ours, *found.both]
        ]
        type_id = self.plan.mapping.type_id(row.kind)
        status_in_conflict = self.statuses.update(row, type_id, ticket, issue.status)
        if found.both or status_in_conflict:
            row.action, row.status_to = Action.CONFLICT, {}
            said = [names.get(name) or self.metadata.field_name(name) for name in found.both]
            said += [_("Status")] if status_in_conflict else []
            findings.append(Finding("conflict_fields", {"fields": ", ".join(said)}))
        elif found.ours or row.status_to:
            row.action = Action.UPDATE
            self.watched += watchers([issue])
            row.template = edit_body({name: wanted[name] for name in found.ours}, row.seen)
        else:
            row.action = Action.UNCHANGED
            self.agreed[ticket.pk] = (row.story_version, row.story_status)

    def _emptied(self, row: PlannedTicket, ticket: ExportedTicket, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """What we sent once and have no value for any more: it is emptied in Jira too."""
        builder = self.builders[Kind(row.kind)]
        parent = parent_field(builder.issue_type)
        ours = {one.jira_field for one in builder.mappings} | {parent.id if parent else "parent"}
        return {
            name: [] if isinstance(base, list) else None
            for name, base in ticket.base_sent.items()
            if base is not None and name in ours and name not in wanted and builder.issue_type.field(name)
        }

    def keep(self, snapshots: Iterable[StorySnapshot], issues: Mapping[str, Issue]) -> None:
        """Decide and store a chunk; outside the event loop, since turning texts into documents takes its time."""
        snapshots = list(snapshots)
        builders = ((self.builders.get(one.kind), one) for one in snapshots)
        self.rendered.load([key for builder, one in builders if builder for key in builder.document_keys(one)])
        rows = [self.draft(snapshot, issues) for snapshot in snapshots]
        self.rendered.store()
        try:
            ready = {"template": [self.bodies.get(row.position, b"{}").decode() for row in rows]}
        except UnicodeDecodeError:  # half an emoji, which only an escape can hold
            ready = {}
        self.bodies.clear()
        with transaction.atomic():
            building.store(self.plan, progress=self.position)
            insert_each(rows, ready)
            agree_on_versions(self.agreed)
        self.agreed.clear()

    def freeze(self) -> None:
        """The plan is ready: from here on it only changes by being made anew."""
        plan = self.plan
        types = sum(bool(one.fields) for one in self.metadata.issue_types)
        requests = self.estimate.requests(types)
        seconds, measured = expected_seconds(plan.mapping.connection_id, requests)
        building.store(
            plan,
            state=ExportPlan.State.READY,
            error_code="",
            error_values={},
            mapping_version=plan.mapping.version,
            fingerprint=self.metadata.fingerprint(),
            jira_read_at=timezone.now(),
            counts={action.value: self.counts.get(action.value, 0) for action in PlannedTicket.EXPORTS},
            checks=[*preflight.checks(self.watched, self.not_looked), *self.checks],
            requests_expected=requests,
            seconds_expected=seconds,
            measured_runs=measured,
        )
