"""A backlog connected to a running sandbox, mapped as the suggestions would, for tests of the two rivers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asgiref.sync import async_to_sync

from jira_integration.conf import story_source
from jira_integration.contracts import Kind
from jira_integration.export.plan import build_plan, new_plan
from jira_integration.export.runs import confirm
from jira_integration.mapping.case_target import CaseTarget, target_for
from jira_integration.mapping.metadata import keep, read_metadata, stored
from jira_integration.mapping.suggest import suggest_fields, suggest_statuses, suggest_types
from jira_integration.models import ExportPlan, ExportRun, JiraConnection, ProjectMapping
from jira_integration.sandbox.settings import Flavour
from jira_integration.setup.connect import jira_client
from jira_integration.tasks import carry_out
from stories_qa.models import Project
from tests.sandbox_server import RunningSandbox


def connect(
    project: Project, sandbox: RunningSandbox, jira_key: str = "SHOP", connection: JiraConnection | None = None
) -> ProjectMapping:
    """What the wizard does, without its pages: a connection, a mapping by the suggestions, turned on."""
    connection = connection or connection_to(sandbox)
    metadata = async_to_sync(_metadata)(connection, jira_key)
    keep(connection, metadata)
    types = suggest_types(metadata)
    mapping = ProjectMapping.objects.create(
        connection=connection,
        project_ref=project.ref,
        jira_project_id=metadata.project_id,
        jira_project_key=metadata.key,
        jira_project_name=metadata.name,
        team_managed=metadata.team_managed,
        epic_type_id=types.get(Kind.EPIC, ""),
        story_type_id=types.get(Kind.STORY, ""),
        live=True,
    )
    source = story_source()
    for kind in (Kind.EPIC, Kind.STORY):
        issue_type = metadata.type(mapping.type_id(kind))
        assert issue_type is not None
        for field in suggest_fields(source.fields(project.ref, kind), issue_type, kind):
            field.mapping = mapping
            field.save()
    statuses = metadata.statuses_of([mapping.story_type_id])
    choices = next(one.choices for one in source.fields(project.ref, Kind.STORY) if one.key == "status")
    for status in suggest_statuses(choices, statuses):
        status.mapping = mapping
        status.save()
    return mapping


def connection_to(sandbox: RunningSandbox) -> JiraConnection:
    connection = JiraConnection(name="Sandbox", site_url=sandbox.url, deployment="cloud", user_name=sandbox.user)
    if sandbox.flavour is Flavour.DATACENTER:
        connection.deployment, connection.login = "datacenter", JiraConnection.Login.PAT
    connection.keep_secret(sandbox.token)
    connection.state = JiraConnection.State.OK
    connection.save()
    return connection


def send_tests(mapping: ProjectMapping, type_id: str = "", target: str = "") -> ProjectMapping:
    """Test cases become issues of this type (the sandbox's 10014 is Test, 10015 Sub-task), mapped as suggested; or go
    where `target` says."""
    known = stored(mapping.connection, mapping.jira_project_id)
    assert known is not None
    chosen = CaseTarget(ProjectMapping.TestTarget(target)) if target else target_for(known[0], type_id)
    chosen.keep_on(mapping)
    mapping.version += 1
    mapping.save()
    mapping.fields.filter(kind="test").delete()
    if mapping.exports_tests:
        types = [mapping.type_id(kind) for kind in Kind]
        metadata = async_to_sync(_metadata)(mapping.connection, mapping.jira_project_id, types)
        keep(mapping.connection, metadata)
        issue_type = metadata.type(type_id)
        for field in suggest_fields(story_source().fields(mapping.project_ref, Kind.TEST), issue_type, Kind.TEST):
            field.mapping = mapping
            field.save()
    return mapping


async def _metadata(connection: JiraConnection, jira_key: str, type_ids: Iterable[str] = ()) -> Any:
    async with jira_client(connection) as jira:
        types = await read_metadata(jira, jira_key, [])
        return await read_metadata(jira, types.project_id, list(type_ids) or list(suggest_types(types).values()))


def plan(mapping: ProjectMapping, refs: Iterable[str] | None = None, user: Any = None) -> ExportPlan:
    """A stored, built plan of these refs, or of everything."""
    chosen = list(refs) if refs is not None else list(story_source().refs(mapping.project_ref))
    return built(new_plan(mapping, chosen, user))


def built(made: ExportPlan) -> ExportPlan:
    return async_to_sync(build_plan)(made.pk)


def export(mapping: ProjectMapping, refs: Iterable[str] | None = None) -> ExportRun:
    """Plan, confirm and carry out in this process."""
    return drive(confirm(plan(mapping, refs), None))


def drive(run: ExportRun) -> ExportRun:
    """Carry a run out once, as a worker's task would."""
    return async_to_sync(carry_out)(run.pk)
