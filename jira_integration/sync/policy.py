"""What one mapping says about news: which of Jira's fields and statuses are ours, which way they go, who wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from jira_integration.contracts import Kind, StorySnapshot
from jira_integration.export.builders import builders_for
from jira_integration.mapping.metadata import stored
from jira_integration.mapping.payload import Builder
from jira_integration.models import ExportedTicket, JiraConnection, ProjectMapping, StatusMapping
from jira_integration.sync.changes import IssueChange


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


@dataclass(frozen=True)
class MappingRules:
    """One mapping, read once for a round of news. Without metadata of Jira's fields only statuses can be judged."""

    statuses: StatusRules
    builders: Mapping[Kind, Builder] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: JiraConnection, mapping: ProjectMapping | None) -> MappingRules:
        if mapping is None:
            return cls(StatusRules())
        known = stored(connection, mapping.jira_project_id)
        return cls(StatusRules.of(mapping.pk), builders_for(mapping, known[0]) if known else {})


@dataclass(frozen=True)
class Epics:
    """The epics that a chunk of news and its stories name, on both sides."""

    ref_of: Mapping[str, str] = field(default_factory=dict)  # Jira's id → our ref
    issue_of: Mapping[str, str] = field(default_factory=dict)  # our ref → Jira's id

    @classmethod
    def of(cls, connection: JiraConnection, parents: Iterable[str], snapshots: Iterable[StorySnapshot]) -> Epics:
        rows = ExportedTicket.objects.filter(connection=connection, unlinked_at=None, kind=Kind.EPIC)
        wanted = {one.parent_ref for one in snapshots if one.parent_ref}
        found = {
            *rows.filter(issue_id__in=set(parents)).values_list("issue_id", "story_ref"),
            *rows.filter(story_ref__in=wanted).exclude(issue_id="").values_list("issue_id", "story_ref"),
        }
        return cls(dict(found), {ref: issue_id for issue_id, ref in found})
