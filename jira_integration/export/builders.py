"""The payload builders of a plan: one for each kind that the mapping has an issue type for."""

from __future__ import annotations

from django.utils.translation import gettext as _

from jira_integration.conf import conf, story_source
from jira_integration.contracts import Kind
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.mapping.payload import Builder
from jira_integration.mapping.people import known_people
from jira_integration.models import ExportPlan
from jira_integration.richtext.compose import Labels


def builders_for(plan: ExportPlan, metadata: ProjectMetadata) -> dict[Kind, Builder]:
    """Kinds whose issue type Jira has no more are left out."""
    source, mapping = story_source(), plan.mapping
    backlog = source.project_by_ref(plan.project_ref)
    people = known_people(mapping.connection, metadata.project_id)
    return {
        kind: Builder(
            kind=kind,
            issue_type=issue_type,
            metadata=metadata,
            mappings=list(mapping.fields.filter(kind=kind)),
            story_fields={one.key: one for one in source.fields(plan.project_ref, kind)},
            absolute=absolute,
            more_text=_("The full text is in Stories & QA"),
            labels=Labels(criteria=_("Acceptance criteria")),
            people=people,
            project=(backlog.key, backlog.name) if backlog else ("", ""),
        )
        for kind in (Kind.EPIC, Kind.STORY)
        if (issue_type := metadata.type(mapping.type_id(kind))) is not None
    }


def absolute(path: str) -> str:
    return f"{conf.PUBLIC_URL}{path}" if path.startswith("/") else path
