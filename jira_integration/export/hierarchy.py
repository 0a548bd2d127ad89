"""Where an issue hangs: a story under its epic, a test case under or beside its story. By schema, never by name.

Jira Cloud says `parent` everywhere. Jira Data Center says it for sub-tasks only; a story names its epic's key in the
custom field Epic Link there.
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-post
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from jira_integration.contracts import Kind, StorySnapshot
from jira_integration.export.template import hole
from jira_integration.mapping.findings import Finding
from jira_integration.mapping.metadata import IssueType, JiraField, ProjectMetadata
from jira_integration.mapping.preflight import Facts, level_of_parent, may_not, parent_in_jira, parent_shown
from jira_integration.mapping.shapes import Shape, shape_of
from jira_integration.models import ExportedTicket, ProjectMapping

PARENT = JiraField("parent", "Parent", "issuelink", system="parent")


def parent_field(issue_type: IssueType) -> JiraField | None:
    """The field that names the parent: `parent`, which a sub-task has whatever its screen says, else Epic Link."""
    own = issue_type.field("parent")
    if own is not None or issue_type.subtask:
        return own or PARENT
    return next((one for one in issue_type.fields if shape_of(one) is Shape.EPIC_LINK), None)


@dataclass(frozen=True)
class Place:
    """The part of a body that puts an issue into its place: `fields` (Jira field id → value) and `links` for
    `update.issuelinks`. `words` say it to people, by field; `uid` is the ticket that has to be in Jira before."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    links: tuple[Mapping[str, Any], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    uid: UUID | None = None
    finding: Finding | None = None


NOWHERE = Place()


@dataclass
class Family:
    """The items of one plan as parents. `uids` and `blocked` grow while the plan is drafted, parents first."""

    mapping: ProjectMapping
    metadata: ProjectMetadata
    tickets: Mapping[str, ExportedTicket]
    uids: dict[str, UUID] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)  # ref → what people call it

    def place(self, snapshot: StorySnapshot, issue_type: IssueType, facts: Facts, account: str = "") -> Place:
        """Where this item goes, or the finding that says why it cannot. `account` is who may or may not link."""
        linked = snapshot.kind is Kind.TEST and self.mapping.test_target == ProjectMapping.TestTarget.LINKED
        ref = snapshot.parent_ref
        if ref is None:
            if snapshot.kind is Kind.TEST and not linked:
                return Place(finding=Finding("test_without_story", {}, blocking=True))
            return NOWHERE
        if snapshot.kind is Kind.STORY and not self.mapping.epic_type_id:
            return NOWHERE  # epics stay here
        ticket = self.tickets.get(ref)
        if ticket is None or not ticket.issue_id:
            if ref in self.blocked or ref not in self.uids:
                code = "story_blocked" if snapshot.kind is Kind.TEST else "epic_blocked"
                return Place(finding=Finding(code, {}, blocking=True))
            above = self.metadata.type(self.mapping.type_id(Kind.STORY if snapshot.kind is Kind.TEST else Kind.EPIC))
            found = None if linked else level_of_parent(issue_type, above, self.metadata)
            uid = self.uids[ref]
        elif linked:
            found, uid = parent_shown(ticket.issue_id, ticket.issue_key, facts), ticket.uid
        else:
            found = parent_in_jira(ticket.issue_id, ticket.issue_key, issue_type, self.metadata, facts)
            uid = ticket.uid
        if found is not None and found.blocking:
            return Place(finding=found)
        place = self._link(ref, uid, issue_type, account) if linked else self._under(ref, uid, issue_type)
        return replace(place, finding=place.finding or found)

    def _under(self, ref: str, uid: UUID, issue_type: IssueType) -> Place:
        jira_field = parent_field(issue_type)
        if jira_field is None:
            return Place(
                finding=Finding(
                    "field_not_on_screen", {"field": _("Parent"), "field_id": "parent", "issue_type": issue_type.name}
                )
            )
        if jira_field.id == "parent":
            value: Any = {"id": self._ids(ref, "id")}
            label = _("Parent")
        else:
            value, label = self._ids(ref, "key"), jira_field.name
        return Place(
            {jira_field.id: value}, labels={jira_field.id: label}, words={jira_field.id: self.called(ref)}, uid=uid
        )

    def _link(self, ref: str, uid: UUID, issue_type: IssueType, account: str) -> Place:
        """A link inside the create: "outwardIssue" names the other end where ours reads the outward words."""
        if unlinked := may_not(self.metadata, "LINK_ISSUES", account):
            return Place(finding=unlinked)
        link = self.metadata.link_type(self.mapping.test_link_type_id)
        if link is None:
            values = {"link": self.mapping.test_link_words or _("that was chosen")}
            return Place(finding=Finding("link_type_gone", values, blocking=True))
        if issue_type.field("issuelinks") is None:
            return Place(finding=Finding("links_not_on_screen", {"issue_type": issue_type.name}, blocking=True))
        outward = self.mapping.test_link_outward
        end = "outwardIssue" if outward else "inwardIssue"
        words = f"{link.outward if outward else link.inward} {self.called(ref)}"
        return Place(
            links=({"type": {"id": link.id}, end: {"key": self._ids(ref, "key")}},),
            labels={"issuelinks": _("Linked issue")},
            words={"issuelinks": words},
            uid=uid,
        )

    def _ids(self, ref: str, form: str) -> Any:
        """The parent's id or key, or a hole where this plan creates it."""
        ticket = self.tickets.get(ref)
        if ticket is not None and ticket.issue_id:
            return ticket.issue_key if form == "key" else ticket.issue_id
        return hole(self.uids[ref], form)

    def called(self, ref: str) -> str:
        """The issue's key, or what the item is called here while it has none."""
        ticket = self.tickets.get(ref)
        return (ticket.issue_key if ticket else "") or self.names.get(ref, "")
