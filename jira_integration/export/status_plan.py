"""Which issues a plan moves to another status; pure but for reading the status mapping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from jira_integration.client.schemas import StatusInfo
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.models import ExportedTicket, PlannedTicket, ProjectMapping


@dataclass(frozen=True)
class StatusPlan:
    """Our statuses → Jira's, and the statuses each issue type has."""

    goes_to: dict[str, dict[str, str]]
    of_type: dict[str, frozenset[str]]

    @classmethod
    def of(cls, mapping: ProjectMapping, metadata: ProjectMetadata) -> StatusPlan:
        goes_to = {
            row.status: {"id": row.jira_status_id, "name": row.jira_status_name, "category": row.category}
            for row in mapping.statuses.filter(incoming=False)
        }
        of_type = {type_id: frozenset(one.id for one in found) for type_id, found in metadata.statuses.items()}
        return cls(goes_to, of_type)

    def target(self, type_id: str, status: str) -> dict[str, str]:
        """The Jira status for ours, or {} where none is mapped or this issue type has no such status."""
        wanted = self.goes_to.get(status, {})
        return wanted if wanted.get("id") in self.of_type.get(type_id, frozenset()) else {}

    def create(self, row: PlannedTicket, type_id: str) -> None:
        """A new issue starts where the workflow starts, and is moved from there."""
        row.status_to = self.target(type_id, row.story_status)
        if row.status_to:
            row.changes.append(status_change("", row.status_to["name"]))

    def update(self, row: PlannedTicket, type_id: str, ticket: ExportedTicket, now: StatusInfo | None) -> bool:
        """Plan the move of an issue whose story changed its status; True when both sides did, to different ones."""
        wanted = self.target(type_id, row.story_status)
        if now is None or not wanted or row.story_status == ticket.base_status or wanted["id"] == now.id:
            return False
        row.changes.append(status_change(now.name, wanted["name"]))
        if now.id != ticket.status_id:
            return True
        row.status_to = wanted
        return False


def status_change(before: str, after: str) -> dict[str, Any]:
    return {"field": "status", "label": _("Status"), "before": before, "after": after}
