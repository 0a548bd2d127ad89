"""Step 3: which Jira project, and what our stories, epics and test cases become there."""

from __future__ import annotations

from dataclasses import dataclass

from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.utils.translation import gettext as _

from jira_integration.catalogue import Explained, explain
from jira_integration.catalogue.recognise import about
from jira_integration.client.exceptions import JiraNotFound
from jira_integration.client.schemas import JiraProject
from jira_integration.contracts import Kind
from jira_integration.forms.types import TypesForm
from jira_integration.mapping.case_target import CaseTarget
from jira_integration.mapping.metadata import ProjectMetadata, current, read_metadata, stored
from jira_integration.mapping.suggest import suggest_types
from jira_integration.models import JiraConnection, ProjectMapping
from jira_integration.setup.connect import jira_client
from jira_integration.setup.discover import PERSON_WAITS_SECONDS
from jira_integration.views.setup_frame import Problem, Wizard

SHOWN = 12  # projects in the list; above, the search narrows


@dataclass(frozen=True)
class Permission:
    label: str
    held: bool
    without: str = ""


@dataclass(frozen=True)
class Looked:
    """What one visit reads: projects that match the search, and the chosen one."""

    projects: tuple[JiraProject, ...] = ()
    more: bool = False
    chosen: ProjectMetadata | None = None
    gone: str = ""


def step(wizard: Wizard) -> HttpResponse:
    request = wizard.request
    if request.method == "POST":
        return save(wizard)
    query = request.GET.get("q", "").strip()[:100]
    mapped = wizard.mapping.jira_project_id if wizard.mapping else ""
    chosen_id = request.GET.get("jira_project", mapped)
    while_typing = getattr(request, "htmx", False)  # only the list is exchanged then
    looked = async_to_sync(look)(wizard.site, query, "" if while_typing else chosen_id, list_too=True)
    form = (
        None
        if looked.chosen is None
        else TypesForm(
            looked.chosen,
            chosen_types(wizard.mapping, looked.chosen),
            cases=chosen_cases(wizard.mapping, looked.chosen),
        )
    )
    return show(wizard, looked, form, query=query, chosen_id=chosen_id)


async def look(connection: JiraConnection, query: str, project_id: str, *, list_too: bool) -> Looked:
    """Ask Jira for projects in which the account may create issues, and for everything about the chosen one."""
    found: list[JiraProject] = []
    async with jira_client(connection, seconds=PERSON_WAITS_SECONDS / 2, tries=1) as jira:
        if list_too:
            async for project in jira.projects(query):
                found.append(project)
                if len(found) > SHOWN:
                    break
        chosen, gone = None, ""
        if project_id:
            try:
                chosen = await read_metadata(jira, project_id, ())
            except JiraNotFound:
                gone = project_id
    return Looked(tuple(found[:SHOWN]), len(found) > SHOWN, chosen, gone)


def chosen_types(mapping: ProjectMapping | None, metadata: ProjectMetadata) -> dict[Kind, str]:
    """The saved types while they still exist in this project, else the suggested ones."""
    if mapping is None or mapping.jira_project_id != metadata.project_id or not mapping.story_type_id:
        return suggest_types(metadata)
    return {
        kind: mapping.type_id(kind)
        for kind in Kind
        if not mapping.type_id(kind) or metadata.type(mapping.type_id(kind))
    }


def chosen_cases(mapping: ProjectMapping | None, metadata: ProjectMetadata) -> CaseTarget | None:
    """Where test cases go, as it was saved for this project; None where nothing was."""
    if mapping is None or mapping.jira_project_id != metadata.project_id or not mapping.story_type_id:
        return None
    return CaseTarget.of(mapping)


def save(wizard: Wizard) -> HttpResponse:
    project_id = wizard.request.POST.get("jira_project", "")
    looked = async_to_sync(look)(wizard.site, "", project_id, list_too=False)
    if looked.chosen is None:
        text = _("Choose a Jira project.")
        looked = async_to_sync(look)(wizard.site, "", "", list_too=True)
        return show(wizard, looked, None, problems=[Problem(text, "id_q")])
    metadata = looked.chosen
    cases = chosen_cases(wizard.mapping, metadata)
    form = TypesForm(metadata, chosen_types(wizard.mapping, metadata), wizard.request.POST, cases)
    blocked = blocking(wizard, metadata)
    if not form.is_valid() or blocked is not None:
        problems = [Problem(str(error), f"id_{name}") for name, errors in form.errors.items() for error in errors]
        if blocked is not None:
            problems.insert(0, Problem(str(blocked), "permissions"))
        return show(wizard, looked, form, problems=problems)
    if overtaken := wizard.overtaken():
        return show(wizard, looked, form, overtaken=overtaken)
    types = form.types()
    metadata = async_to_sync(read_fields)(wizard.site, metadata, types)
    with wizard.changing():
        keep(wizard, metadata, types, form.cases())
    return wizard.onward("project")


async def read_fields(connection: JiraConnection, metadata: ProjectMetadata, types: dict[Kind, str]) -> ProjectMetadata:
    async with jira_client(connection, seconds=PERSON_WAITS_SECONDS / 2, tries=1) as jira:
        return await current(jira, connection, metadata.project_id, [one for one in types.values() if one])


def keep(wizard: Wizard, metadata: ProjectMetadata, types: dict[Kind, str], cases: CaseTarget) -> None:
    """Save project and types. Another project than before takes fields and statuses with it: theirs are others."""
    mapping = wizard.mapping_row()
    other = bool(mapping.jira_project_id) and mapping.jira_project_id != metadata.project_id
    changed = other or any(mapping.type_id(kind) != type_id for kind, type_id in types.items()) or not mapping.pk
    changed = changed or CaseTarget.of(mapping) != cases
    if other:
        mapping.fields.all().delete()
        mapping.statuses.all().delete()
        mapping.live = False
        mapping.steps_done = [one for one in mapping.steps_done if one in ("site", "sign-in", "webhook")]
    elif mapping.pk:
        for kind, type_id in types.items():
            if mapping.type_id(kind) != type_id:
                mapping.fields.filter(kind=kind.value).delete()
                mapping.steps_done = [one for one in mapping.steps_done if one != "fields"]
    mapping.jira_project_id = metadata.project_id
    mapping.jira_project_key, mapping.jira_project_name = metadata.key, metadata.name
    mapping.team_managed = metadata.team_managed
    cases.keep_on(mapping)
    mapping.epic_type_id, mapping.story_type_id = types[Kind.EPIC], types[Kind.STORY]
    wizard.save_step("project", changed=changed)
    if changed:
        wizard.record("project_chosen", jira_project=metadata.key)


def blocking(wizard: Wizard, metadata: ProjectMetadata) -> Explained | None:
    """What makes a project useless for an export."""
    values = {**about(wizard.site), "jira_project": metadata.key, "project_key": wizard.project.key}
    if metadata.archived:
        return explain("project_archived", values)
    if not metadata.permissions.get("CREATE_ISSUES"):
        return explain("no_create_permission", values)
    return None


def permissions(metadata: ProjectMetadata) -> list[Permission]:
    held = metadata.permissions
    return [
        Permission(_("create"), held.get("CREATE_ISSUES", False), _("nothing can be exported")),
        Permission(_("edit"), held.get("EDIT_ISSUES", False), _("changes here stay here")),
        Permission(
            _("move between statuses"), held.get("TRANSITION_ISSUES", False), _("issues keep Jira's first status")
        ),
        Permission(_("delete"), held.get("DELETE_ISSUES", False), _("undo will close issues instead")),
    ]


def show(
    wizard: Wizard,
    looked: Looked,
    form: TypesForm | None,
    *,
    query: str = "",
    chosen_id: str = "",
    problems: list[Problem] | None = None,
    overtaken: str = "",
) -> HttpResponse:
    chosen = looked.chosen
    explained = None
    if looked.gone and not problems:
        named = (wizard.mapping.jira_project_key if wizard.mapping else "") or looked.gone
        values = {**about(wizard.site), "jira_project": named, "project_key": wizard.project.key}
        explained = explain("project_gone", values)
    elif chosen is not None and not problems:
        explained = blocking(wizard, chosen)
    context = {
        "looked": looked,
        "chosen": chosen,
        "chosen_id": chosen.project_id if chosen else chosen_id,
        "form": form,
        "q": query,
        "permissions": permissions(chosen) if chosen else [],
        "elsewhere": _elsewhere(wizard, chosen),
        "overtaken": overtaken,
        "may_save": chosen is not None,
    }
    return wizard.render(
        "project", context, problems=problems or (), explained=explained, status=409 if overtaken else None
    )


def _elsewhere(wizard: Wizard, chosen: ProjectMetadata | None) -> str:
    """Names of other backlogs that already go to this Jira project; allowed, but worth knowing."""
    if chosen is None:
        return ""
    others = ProjectMapping.objects.filter(connection=wizard.site, jira_project_id=chosen.project_id)
    return (
        _("Another backlog goes to this project too.")
        if others.exclude(project_ref=wizard.project.ref).exists()
        else ""
    )


def metadata_of(wizard: Wizard) -> ProjectMetadata:
    """What is stored of the mapped project, read now when nothing is, or when a chosen type's fields are not."""
    mapping = wizard.map
    wanted = [type_id for kind in Kind if (type_id := mapping.type_id(kind))]
    known = stored(wizard.site, mapping.jira_project_id)
    if known is not None and all((one := known[0].type(type_id)) and one.fields for type_id in wanted):
        return known[0]

    async def read() -> ProjectMetadata:
        async with jira_client(wizard.site, seconds=PERSON_WAITS_SECONDS / 2, tries=1) as jira:
            return await current(jira, wizard.site, mapping.jira_project_id, wanted)

    return async_to_sync(read)()
