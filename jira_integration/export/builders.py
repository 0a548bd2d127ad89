"""The payload builders of a mapping: one for each kind that the mapping has an issue type for."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from jira_integration.conf import conf, story_source
from jira_integration.contracts import Kind
from jira_integration.mapping.metadata import IssueType, ProjectMetadata
from jira_integration.mapping.payload import Builder
from jira_integration.mapping.people import known_people
from jira_integration.mapping.rendered import Rendered
from jira_integration.models import FieldMapping, JiraConnection, ProjectMapping
from jira_integration.richtext.compose import Labels


def builders_for(
    mapping: ProjectMapping, metadata: ProjectMetadata, rendered: Rendered | None = None
) -> dict[Kind, Builder]:
    """Kinds whose issue type Jira has no more are left out."""
    return {
        kind: builder_for(mapping, kind, issue_type, metadata, list(mapping.fields.filter(kind=kind)), rendered)
        for kind in Kind
        if (issue_type := metadata.type(mapping.type_id(kind))) is not None
    }


def builder_for(
    mapping: ProjectMapping,
    kind: Kind,
    issue_type: IssueType,
    metadata: ProjectMetadata,
    rows: Sequence[FieldMapping],
    rendered: Rendered | None = None,
) -> Builder:
    """The builder of one kind with these rows, which need not be saved: the set-up's example uses it too."""
    source = story_source()
    backlog = source.project_by_ref(mapping.project_ref)
    return Builder(
        kind=kind,
        issue_type=issue_type,
        metadata=metadata,
        mappings=rows,
        story_fields={one.key: one for one in source.fields(mapping.project_ref, kind)},
        absolute=absolute,
        more_text=_("The full text is in Stories & QA"),
        labels=labels(kind),
        people=known_people(mapping.connection, metadata.project_id),
        project=(backlog.key, backlog.name) if backlog else ("", ""),
        data_center=mapping.connection.deployment == JiraConnection.Deployment.DATACENTER,
        test_tables=mapping.test_target == mapping.TestTarget.DESCRIPTION,
        rendered=Rendered() if rendered is None else rendered,
    )


def labels(kind: Kind) -> Labels:
    """The marks of the parts of a description, in the reader's language. A test case's own part are its steps."""
    return Labels(
        criteria=_("Acceptance criteria"),
        tests=_("Steps") if kind is Kind.TEST else _("Test cases"),
        step=_("Step"),
        expected=_("Expected result"),
        precondition=_("Precondition"),
    )


def absolute(path: str) -> str:
    return f"{conf.PUBLIC_URL}{path}" if path.startswith("/") else path
