"""Decides, item by item, what an export would do. One `Drafting` is the making of one plan."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from jira_integration.agreement import agree_on_versions
from jira_integration.client.schemas import Issue
from jira_integration.conf import conf, story_source
from jira_integration.contracts import Kind, StorySnapshot
from jira_integration.export.builders import builders_for
from jira_integration.export.difference import compare
from jira_integration.export.estimate import Estimate
from jira_integration.export.status_plan import StatusPlan
from jira_integration.export.template import canonical, digest, edit_body, hole
from jira_integration.mapping import preflight
from jira_integration.mapping.findings import Finding
from jira_integration.mapping.jira_form import reduced
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.mapping.payload import Builder, Payload
from jira_integration.mapping.questions import watchers
from jira_integration.models import ExportedTicket, ExportPlan, PlannedTicket, RunItem

Action = PlannedTicket.Action
LEVELS = {Kind.EPIC: 0, Kind.STORY: 1, Kind.TEST: 2}
CHUNK = 100  # bulkfetch takes 100 issues; snapshots and rows follow it


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
    position: int = 0
    uids: dict[str, uuid.UUID] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    agreed: dict[int, tuple[int, str]] = field(default_factory=dict)  # ticket → version and status that say the same
    epics: dict[str, str] = field(default_factory=dict)  # ref of an epic → what people call it
    facts: preflight.Facts = field(default_factory=preflight.Facts)  # what was asked about the present chunk
    watched: int = 0  # how often a watcher may get a mail about an update
    not_looked: int = 0  # stories whose summary was not looked for in Jira

    @classmethod
    def begin(cls, plan: ExportPlan, metadata: ProjectMetadata) -> Drafting:
        """Start over: items of an earlier attempt are dropped; epics that chosen stories need come first."""
        plan.items.all().delete()
        source, mapping = story_source(), plan.mapping
        chosen = list(plan.story_refs)
        epics: dict[str, None] = {}
        stories: list[str] = []
        for start in range(0, len(chosen), CHUNK):
            for snapshot in source.snapshots(plan.project_ref, chosen[start : start + CHUNK]):
                if snapshot.kind == Kind.EPIC:
                    epics[snapshot.ref] = None
                elif snapshot.kind == Kind.STORY:
                    stories.append(snapshot.ref)
                    if snapshot.parent_ref:
                        epics.setdefault(snapshot.parent_ref)
        refs = [*epics, *stories]
        tickets = {
            ticket.story_ref: ticket
            for start in range(0, len(refs), CHUNK)
            for ticket in ExportedTicket.objects.filter(
                connection=mapping.connection, story_ref__in=refs[start : start + CHUNK], unlinked_at=None
            )
        }
        in_doubt = RunItem.objects.filter(
            ticket__connection=mapping.connection, state__in=[RunItem.State.SENDING, RunItem.State.UNCONFIRMED]
        )
        picked = set(chosen)
        # An epic nobody chose is only taken along when it is not in Jira yet.
        refs = [ref for ref in refs if ref in picked or not (ref in tickets and tickets[ref].issue_id)]
        statuses = StatusPlan.of(mapping, metadata)
        return cls(
            plan,
            metadata,
            refs,
            frozenset(refs) - picked,
            tickets,
            builders_for(plan, metadata),
            frozenset(in_doubt.values_list("ticket_id", flat=True)),
            statuses,
            Estimate(statuses.ways, statuses.of_type),
        )

    @property
    def compared_fields(self) -> list[str]:
        return sorted({one.jira_field for builder in self.builders.values() for one in builder.mappings} | {"parent"})

    def chunks(self) -> Iterator[list[str]]:
        for start in range(0, len(self.refs), CHUNK):
            yield self.refs[start : start + CHUNK]

    def snapshots(self, refs: Iterable[str]) -> list[StorySnapshot]:
        return list(story_source().snapshots(self.plan.project_ref, refs))

    def draft(self, snapshot: StorySnapshot, issues: Mapping[str, Issue]) -> PlannedTicket:
        """Decide what would happen to one item."""
        ticket = self.tickets.get(snapshot.ref)
        if snapshot.kind == Kind.EPIC:
            self.epics[snapshot.ref] = f"{snapshot.key} {snapshot.title}"
        uid = self.uids.setdefault(snapshot.ref, ticket.uid if ticket else uuid.uuid4())
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
            return self._blocked(row, Finding("issue_type_gone", {"kind": snapshot.kind.value}, blocking=True))
        if snapshot.sync_off:
            return self._blocked(row, Finding("sync_off", {}, blocking=True))
        creates = ticket is None or not ticket.issue_id
        if creates and (closed := preflight.project_closed(self.metadata, self.account)):
            return self._blocked(row, closed)
        payload = builder.build(snapshot, self._epic_in_words(snapshot))
        parent, parent_finding = self._parent(row, snapshot, builder)
        findings = [*payload.findings, *([parent_finding] if parent_finding else [])]
        if parent is not None:
            payload.words["parent"], payload.labels["parent"] = self._epic_in_words(snapshot), _("Parent")
        if ticket is not None and ticket.issue_id:
            self._update(row, payload, parent, ticket, issues.get(ticket.issue_id), findings)
        else:
            self._create(row, payload, parent, ticket, builder, findings)
        self._permitted(row, findings)
        row.findings = [finding.as_json() for finding in findings]
        if any(finding.blocking for finding in findings):
            row.action = Action.BLOCKED
        if row.action == Action.BLOCKED:
            self.blocked.add(snapshot.ref)
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
            row.changes = [one for one in row.changes if one["field"] != "status"]

    def _blocked(self, row: PlannedTicket, finding: Finding) -> PlannedTicket:
        row.action, row.findings = Action.BLOCKED, [finding.as_json()]
        self.blocked.add(row.story_ref)
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
            text = canonical(row.template)
            row.template_hash, row.body_bytes = digest(text), len(text)
        return row

    def _parent(self, row: PlannedTicket, snapshot: StorySnapshot, builder: Builder) -> tuple[Any, Finding | None]:
        """The epic's place in the body: its id, or a hole when this plan creates it."""
        ref = snapshot.parent_ref
        if ref is None:
            return None, None
        if builder.issue_type.field("parent") is None:
            return None, Finding("field_not_on_screen", {"field": _("Parent")})
        ticket = self.tickets.get(ref)
        if ticket is not None and ticket.issue_id:
            row.parent_uid = ticket.uid
            found = preflight.parent_in_jira(
                ticket.issue_id, ticket.issue_key, builder.issue_type, self.metadata, self.facts
            )
            return {"id": ticket.issue_id}, found
        if ref in self.blocked or ref not in self.uids:
            return None, Finding("epic_blocked", {}, blocking=True)
        row.parent_uid = self.uids[ref]
        epic = self.builders.get(Kind.EPIC)
        found = preflight.level_of_parent(builder.issue_type, epic.issue_type if epic else None)
        return {"id": hole(self.uids[ref])}, found

    def _epic_in_words(self, snapshot: StorySnapshot) -> str:
        ref = snapshot.parent_ref or ""
        ticket = self.tickets.get(ref)
        return (ticket.issue_key if ticket else "") or self.epics.get(ref, "")

    def _create(
        self,
        row: PlannedTicket,
        payload: Payload,
        parent: Any,
        ticket: ExportedTicket | None,
        builder: Builder,
        findings: list[Finding],
    ) -> None:
        if ticket is not None and ticket.pk in self.in_doubt:
            findings.append(Finding("unconfirmed_before", {}, blocking=True))
        fields = dict(payload.fields)
        if alone := preflight.needs_parent(builder.issue_type, parent is not None):
            findings.append(alone)
        if found := preflight.same_summary(str(fields.get("summary", "")), self.facts):
            findings.append(found)
        if parent is not None:
            fields["parent"] = parent
        row.action = Action.CREATE
        row.template = {
            "fields": {
                "project": {"id": self.metadata.project_id},
                "issuetype": {"id": builder.issue_type.id},
                **fields,
            },
            "properties": [{"key": conf.PROPERTY_KEY, "value": {"uid": str(row.uid)}}],
        }
        row.changes = [
            {"field": name, "label": payload.labels[name], "before": "", "after": payload.words[name]}
            for name in payload.words
        ]
        self.statuses.create(row, builder.issue_type.id)

    def _update(
        self,
        row: PlannedTicket,
        payload: Payload,
        parent: Any,
        ticket: ExportedTicket,
        issue: Issue | None,
        findings: list[Finding],
    ) -> None:
        if issue is None:
            row.action = Action.BLOCKED
            findings.append(Finding("missing_in_jira", {"key": ticket.issue_key}, blocking=True))
            return
        wanted = dict(payload.fields) | ({"parent": parent} if parent is not None else {})
        wanted |= self._emptied(row, ticket, wanted)
        found = compare(wanted, ticket.base_sent, ticket.base_jira, issue.fields)
        row.issue_key = issue.key
        row.seen = {name: reduced(issue.fields.get(name)) for name in found.ours}
        row.seen_updated_at = issue.updated
        row.same_fields = len(wanted) - len(found.ours) - len(found.both)
        row.changes = [
            {
                "field": name,
                "label": payload.labels.get(name) or self.metadata.field_name(name),
                "before": found.words_now[name],
                "after": payload.words.get(name, ""),
            }
            for name in [*found.ours, *found.both]
        ]
        type_id = self.plan.mapping.type_id(row.kind)
        status_in_conflict = self.statuses.update(row, type_id, ticket, issue.status)
        if found.both or status_in_conflict:
            row.action, row.status_to = Action.CONFLICT, {}
            names = [payload.labels.get(name) or self.metadata.field_name(name) for name in found.both]
            names += [_("Status")] if status_in_conflict else []
            findings.append(Finding("conflict_fields", {"fields": ", ".join(names)}))
        elif found.ours or row.status_to:
            row.action = Action.UPDATE
            self.watched += watchers([issue])
            row.template = edit_body({name: wanted[name] for name in found.ours})
        else:
            row.action = Action.UNCHANGED
            self.agreed[ticket.pk] = (row.story_version, row.story_status)

    def _emptied(self, row: PlannedTicket, ticket: ExportedTicket, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """What we sent once and have no value for any more: it is emptied in Jira too."""
        builder = self.builders[Kind(row.kind)]
        ours = {one.jira_field for one in builder.mappings} | {"parent"}
        return {
            name: [] if isinstance(base, list) else None
            for name, base in ticket.base_sent.items()
            if base is not None and name in ours and name not in wanted and builder.issue_type.field(name)
        }

    def keep(self, snapshots: Iterable[StorySnapshot], issues: Mapping[str, Issue]) -> None:
        """Decide and store a chunk; outside the event loop, since turning texts into documents takes its time."""
        rows = [self.draft(snapshot, issues) for snapshot in snapshots]
        PlannedTicket.objects.bulk_create(rows)
        agree_on_versions(self.agreed)
        self.agreed.clear()
        self.plan.progress = self.position
        ExportPlan.objects.filter(pk=self.plan.pk).update(progress=self.position)

    def freeze(self) -> None:
        """The plan is ready: from here on it only changes by being made anew."""
        plan = self.plan
        plan.state = ExportPlan.State.READY
        plan.error_code, plan.error_values = "", {}
        plan.mapping_version = plan.mapping.version
        plan.fingerprint = self.metadata.fingerprint()
        plan.jira_read_at = timezone.now()
        plan.counts = {action.value: self.counts.get(action.value, 0) for action in Action}
        plan.checks = preflight.checks(self.watched, self.not_looked)
        types = sum(bool(one.fields) for one in self.metadata.issue_types)
        plan.requests_expected = self.estimate.requests(types)
        plan.save()
