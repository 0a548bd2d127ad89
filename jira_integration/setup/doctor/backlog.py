"""What one backlog needs of its Jira project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jira_integration.client.api import JiraClient
from jira_integration.client.exceptions import JiraError
from jira_integration.conf import story_source
from jira_integration.contracts import Kind
from jira_integration.mapping.metadata import ProjectMetadata, read_metadata
from jira_integration.models import ProjectMapping
from jira_integration.setup.apply import gaps_in
from jira_integration.setup.doctor.report import Report

# Without the first nothing can be exported; without the others something is left undone.
NEEDED = {
    "CREATE_ISSUES": gettext_lazy("create issues"),
    "EDIT_ISSUES": gettext_lazy("edit issues"),
    "TRANSITION_ISSUES": gettext_lazy("move issues"),
    "DELETE_ISSUES": gettext_lazy("delete issues"),
}
FOR_UNDO = "DELETE_ISSUES"


async def check(report: Report, jira: JiraClient, mapping: ProjectMapping) -> None:
    """Read the project as the set-up would, and compare it with the mapping."""
    about = mapping.jira_project_key
    wanted = [type_id for kind in Kind if (type_id := mapping.type_id(kind))]
    try:
        found = await read_metadata(jira, mapping.jira_project_id, wanted)
    except JiraError as trouble:
        report.trouble("project", trouble, about)
        return
    if found.archived:
        todo = _("Ask a Jira admin to restore it, or choose another project.")
        report.fail(
            "project", _("%(key)s is archived: nothing can be changed in it.") % {"key": found.key}, todo, about
        )
        return
    report.ok("project", f"{found.name} ({found.key})", about)
    if _permissions(report, found, about) and _types(report, mapping, found, about):
        await sync_to_async(_required)(report, mapping, found, about)
        await sync_to_async(_statuses)(report, mapping, found, about)


def _permissions(report: Report, found: ProjectMetadata, about: str) -> bool:
    """True when issues can be created, which is when Jira shows their fields."""
    lacking = [name for name in NEEDED if found.permissions.get(name) is False]
    words = ", ".join(str(NEEDED[name]) for name in lacking)
    todo = _("Ask a Jira admin to grant it to this account in %(key)s.") % {"key": found.key}
    if not lacking:
        report.ok("permissions", _("Create, edit, move and delete issues."), about)
    elif lacking == [FOR_UNDO]:
        report.warn("permissions", _("May not delete issues: an undo closes them instead."), todo, about)
    else:
        report.fail("permissions", _("May not %(what)s.") % {"what": words}, todo, about)
    return "CREATE_ISSUES" not in lacking


def _types(report: Report, mapping: ProjectMapping, found: ProjectMetadata, about: str) -> bool:
    gone = [kind for kind in Kind if (type_id := mapping.type_id(kind)) and found.type(type_id) is None]
    if gone:
        values: Mapping[str, Any] = {"jira_project": found.key, "issue_type": gone[0].value}
        report.because("types", "issue_type_gone", values, about)
        return False
    names = (found.type(mapping.type_id(kind)) for kind in Kind if mapping.type_id(kind))
    report.ok("types", ", ".join(one.name for one in names if one is not None), about)
    return True


def _required(report: Report, mapping: ProjectMapping, found: ProjectMetadata, about: str) -> None:
    source = story_source()
    for kind in Kind:
        issue_type = found.type(mapping.type_id(kind))
        if issue_type is None:
            continue
        rows = list(mapping.fields.filter(kind=kind.value))
        gaps = gaps_in(rows, source.fields(mapping.project_ref, kind), issue_type, found.key)
        if gaps:
            project = source.project_by_ref(mapping.project_ref)
            values = {**gaps[0].values, "project_key": project.key if project else ""}
            report.because("required", gaps[0].code, values, about)
            return
    report.ok("required", _("Each is filled."), about)


def _statuses(report: Report, mapping: ProjectMapping, found: ProjectMetadata, about: str) -> None:
    there = {one.id for one in found.statuses_of([mapping.story_type_id])}
    gone = [row for row in mapping.statuses.filter(incoming=False) if row.jira_status_id not in there]
    if gone:
        names = ", ".join(sorted({row.jira_status_name for row in gone}))
        todo = _("Choose others in the set-up's status step.")
        report.fail("statuses", _("The workflow has no %(names)s any more.") % {"names": names}, todo, about)
        return
    report.ok("statuses", _("Every status we map is in the workflow."), about)
