"""The mapping of another backlog taken over: first what would come along and what could not, then the copy."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from jira_integration.contracts import ProjectInfo
from jira_integration.mapping.copying import Copied, copy
from jira_integration.mapping.metadata import stored
from jira_integration.models import FieldMapping, ProjectMapping, StatusMapping
from jira_integration.views.access import admin_projects, for_connections
from jira_integration.views.setup import answer
from jira_integration.views.setup_frame import Problem, Wizard
from jira_integration.views.setup_open import opened
from jira_integration.views.setup_project import metadata_of


@require_http_methods(["GET", "POST"])
@for_connections
def mapping_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """`?source=KEY` shows what a copy would bring; a POST makes it."""
    wizard = opened(request, pk, "fields")
    return wizard if isinstance(wizard, HttpResponse) else answer(wizard, step)


def others(wizard: Wizard) -> dict[str, tuple[ProjectInfo, ProjectMapping]]:
    """Key → backlog and mapping of the other backlogs this person may set up and that have fields mapped."""
    mine = {one.ref: one for one in admin_projects(wizard.request.user)}
    found = ProjectMapping.objects.exclude(project_ref=wizard.project.ref).filter(
        project_ref__in=mine, fields__isnull=False
    )
    return {mine[one.project_ref].key: (mine[one.project_ref], one) for one in found.distinct()}


def step(wizard: Wizard) -> HttpResponse:
    choices = others(wizard)
    asked = wizard.request.POST.get("source") or wizard.request.GET.get("source", "")
    if asked not in choices:
        problems = [Problem(_("Choose a backlog to copy from."), "source")] if wizard.request.method == "POST" else []
        return show(wizard, choices, "", None, problems=problems)
    source, former = choices[asked]
    known = stored(former.connection, former.jira_project_id)
    copied = copy(former, known[0] if known is not None else None, wizard.map, metadata_of(wizard))
    if wizard.request.method != "POST":
        return show(wizard, choices, asked, copied)
    if overtaken := wizard.overtaken():
        return show(wizard, choices, asked, copied, overtaken=overtaken)
    with wizard.changing():
        keep(wizard, copied)
        wizard.map.steps_done = [one for one in wizard.map.steps_done if one not in ("fields", "statuses")]
        wizard.save_step("project")
        wizard.record("mapping_copied", source=source.key, jira_project=wizard.map.jira_project_key)
    count = len(copied.fields)
    text = ngettext("%(count)d field was copied from %(name)s.", "%(count)d fields were copied from %(name)s.", count)
    messages.success(wizard.request, text % {"count": count, "name": source.name} + " " + _("Look them over and save."))
    return wizard.go("fields")


def keep(wizard: Wizard, copied: Copied) -> None:
    wizard.map.fields.all().delete()
    wizard.map.statuses.all().delete()
    for row in copied.fields:
        row.mapping = wizard.map
    for status in copied.statuses:
        status.mapping = wizard.map
    FieldMapping.objects.bulk_create(copied.fields)
    StatusMapping.objects.bulk_create(copied.statuses)


def show(
    wizard: Wizard,
    choices: dict[str, tuple[ProjectInfo, ProjectMapping]],
    chosen: str,
    copied: Copied | None,
    *,
    problems: list[Problem] | None = None,
    overtaken: str = "",
) -> HttpResponse:
    context = {
        "choices": [(key, project.name, mapping.jira_project_key) for key, (project, mapping) in choices.items()],
        "chosen": chosen,
        "copied": copied,
        "replaces": wizard.map.fields.count(),
        "overtaken": overtaken,
    }
    return wizard.render("copy", context, problems=problems or (), status=409 if overtaken else None)
