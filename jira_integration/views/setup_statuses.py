"""Step 5: our statuses and Jira's, by Jira's status id."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from jira_integration.conf import story_source
from jira_integration.contracts import Choice, FieldKind, Kind
from jira_integration.forms.statuses_table import StatusesTable
from jira_integration.mapping.metadata import ProjectMetadata, Status
from jira_integration.mapping.suggest import suggest_statuses
from jira_integration.models import ProjectMapping, StatusMapping
from jira_integration.views.setup_frame import Problem, Wizard
from jira_integration.views.setup_project import metadata_of


def step(wizard: Wizard) -> HttpResponse:
    metadata = metadata_of(wizard)
    choices = our_statuses(wizard.project.ref)
    statuses = jira_statuses(wizard.map, metadata)
    saved = list(wizard.map.statuses.all()) or suggest_statuses(choices, statuses)
    data = wizard.request.POST if wizard.request.method == "POST" else None
    table = StatusesTable(choices, statuses, saved, data)
    if data is None:
        return show(wizard, table)
    if table.errors:
        return show(wizard, table, problems=[Problem(row.error, row.control) for row in table.errors])
    if overtaken := wizard.overtaken():
        return show(wizard, table, overtaken=overtaken)
    with wizard.changing():
        keep(wizard.map, table.mappings())
        wizard.save_step("statuses")
        wizard.record("mapping_saved", part=_("status"), jira_project=wizard.map.jira_project_key)
    return wizard.onward("statuses")


def our_statuses(project_ref: str) -> tuple[Choice, ...]:
    """The statuses a story can have."""
    fields = story_source().fields(project_ref, Kind.STORY)
    return next((one.choices for one in fields if one.kind is FieldKind.STATUS), ())


def jira_statuses(mapping: ProjectMapping, metadata: ProjectMetadata) -> tuple[Status, ...]:
    """Those of the issue types that stories and epics become; stories' first."""
    return metadata.statuses_of(one for one in (mapping.story_type_id, mapping.epic_type_id) if one)


def keep(mapping: ProjectMapping, rows: list[StatusMapping]) -> None:
    mapping.statuses.all().delete()
    for row in rows:
        row.mapping = mapping
    StatusMapping.objects.bulk_create(rows)


def show(
    wizard: Wizard, table: StatusesTable, *, problems: list[Problem] | None = None, overtaken: str = ""
) -> HttpResponse:
    context = {"table": table, "overtaken": overtaken}
    return wizard.render("statuses", context, problems=problems or (), status=409 if overtaken else None)
