"""Which issues a plan moves to another status, and what of the way rides in the create."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from jira_integration.client.schemas import StatusInfo
from jira_integration.export.template import step_hole
from jira_integration.export.ways import Ways, known_ways
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.models import ExportedTicket, PlannedTicket, ProjectMapping


@dataclass(frozen=True)
class StatusPlan:
    """Our statuses → Jira's, the statuses each issue type has, the ways between them as far as they are known."""

    goes_to: dict[str, dict[str, str]]
    of_type: dict[str, tuple[StatusInfo, ...]]
    ways: Ways

    @classmethod
    def of(cls, mapping: ProjectMapping, metadata: ProjectMetadata) -> StatusPlan:
        goes_to = {
            row.status: {"id": row.jira_status_id, "name": row.jira_status_name, "category": row.category}
            for row in mapping.statuses.filter(incoming=False)
        }
        of_type = {
            type_id: tuple(StatusInfo(id=one.id, name=one.name, category=one.category) for one in found)
            for type_id, found in metadata.statuses.items()
        }
        return cls(goes_to, of_type, known_ways(mapping))

    def target(self, type_id: str, status: str) -> dict[str, str]:
        """The Jira status for ours, or {} where none is mapped or this issue type has no such status."""
        wanted = self.goes_to.get(status, {})
        return wanted if wanted.get("id") in {one.id for one in self.of_type.get(type_id, ())} else {}

    def create(self, row: PlannedTicket, type_id: str) -> None:
        """A new issue starts where the workflow starts. The first step to its status rides in the create: as an id
        that is frozen here, or as a hole while nobody has seen an issue of this type."""
        row.status_to = self.target(type_id, row.story_status)
        if not row.status_to:
            return
        row.changes.append(status_change("", row.status_to["name"]))
        if self.ways.knows_start(type_id):
            if step := self.ways.first(type_id, row.status_to):
                row.template["transition"] = {"id": step.id}
        elif row.status_to["category"] != "new":
            row.template["transition"] = step_hole(type_id, row.status_to)

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
