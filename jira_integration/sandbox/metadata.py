"""What an integration reads before it writes: the site, the projects, the fields of a create screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from jira_integration.sandbox.beans import Json
from jira_integration.sandbox.call import Call, answer
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.model import FieldDef, IssueType, OnScreen, Option, Project
from jira_integration.sandbox.rights import create_screen
from jira_integration.sandbox.seed import CATEGORIES

_CREATEMETA_LIMIT = 200
_LIST_OPERATIONS = ["add", "set", "remove"]


def page(call: Call, values: Sequence[Any], *, default: int = 50, limit: int = 100) -> Json:
    """Jira's page bean; a size past the limit is cut without a word."""
    start, size = max(call.number("startAt", 0), 0), min(call.number("maxResults", default), limit)
    shown = list(values[start : start + size])
    bean: Json = {
        "self": f"{call.beans.base}/",
        "maxResults": size,
        "startAt": start,
        "total": len(values),
        "isLast": start + len(shown) >= len(values),
        "values": shown,
    }
    return bean


def server_info(call: Call) -> Response:
    """Answers anybody: it proves nothing about a login."""
    own = call.jira.beans(call.site_base or call.base).base
    return answer(
        {
            "baseUrl": own,
            "displayUrl": own,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100_290,
            "buildDate": call.beans.time(1_793_000_000_000),
            "serverTime": call.beans.time(call.now),
            "serverTitle": call.site.title,
            "serverTimeZone": call.jira.settings.site_zone,
        }
    )


def myself(call: Call) -> Response:
    call.must_be_somebody()
    return answer({**call.beans.user(call.site.users[call.user]), "locale": "en_GB"})


def search_projects(call: Call) -> Response:
    """`action=create` leaves out what the caller may only read; archived ones come on request."""
    wanted = call.listed("status") or ["live"]
    found = [p for p in call.site.projects.values() if call.sees(p)]
    found = [p for p in found if ("archived" if p.archived else "live") in wanted]
    if call.query.get("action") in {"create", "edit"}:
        needed = "CREATE_ISSUES" if call.query["action"] == "create" else "EDIT_ISSUES"
        found = [p for p in found if call.may(p, needed)]
    if keys := call.listed("keys"):
        found = [p for p in found if p.key in keys]
    if ids := call.listed("id"):
        found = [p for p in found if p.id in ids]
    if text := call.query.get("query", "").lower():
        found = [p for p in found if text in p.key.lower() or text in p.name.lower()]
    found.sort(key=lambda p: p.key)
    return answer(page(call, [project_bean(call, p, "issueTypes" in call.listed("expand")) for p in found]))


def project_bean(call: Call, project: Project, with_types: bool) -> Json:
    bean = call.beans.project(project, full=True)
    if with_types:
        bean["issueTypes"] = [call.beans.issue_type(call.site.types[t]) for t in project.type_ids]
    return bean


def get_project(call: Call) -> Response:
    project = call.project(call.path["project"])
    options = {"component": project.components, "version": project.versions}
    beans = {kind: [call.beans.named(kind, o) for o in options[kind]] for kind in options}
    return answer(
        {
            **project_bean(call, project, with_types=True),
            "description": project.description,
            "lead": call.beans.user_by_id(project.lead),
            "components": beans["component"],
            "versions": beans["version"],
            "assigneeType": "UNASSIGNED",
        }
    )


def project_statuses(call: Call) -> Response:
    project = call.project(call.path["project"])
    statuses = [call.beans.status(call.site.statuses[s]) for s in project.workflow.statuses]
    beans = []
    for type_id in project.type_ids:
        kind = call.beans.issue_type(call.site.types[type_id])
        beans.append({**{k: kind[k] for k in ("self", "id", "name", "subtask")}, "statuses": statuses})
    return answer(beans)


def statuses(call: Call) -> Response:
    return answer([call.beans.status(s) for s in call.site.statuses.values()] if call.user else [])


def status_categories(call: Call) -> Response:
    return answer(
        [
            {
                "self": call.beans.link("statuscategory", c.id),
                "id": c.id,
                "key": c.key,
                "colorName": c.color,
                "name": c.name,
            }
            for c in CATEGORIES.values()
        ]
    )


def issue_types(call: Call) -> Response:
    return answer([call.beans.issue_type(t) for t in call.site.types.values()] if call.user else [])


def fields(call: Call) -> Response:
    beans = []
    for field in call.site.fields.values():
        bean: Json = {
            "id": field.id,
            "key": field.id,
            "name": field.name,
            "custom": field.custom,
            "orderable": field.orderable,
            "navigable": field.navigable,
            "searchable": True,
            "clauseNames": [f"cf[{field.id.removeprefix('customfield_')}]", field.name] if field.custom else [field.id],
            "schema": call.beans.schema(field),
            **call.beans.scope(field.project_id),
        }
        if call.site.data_center:
            del bean["key"]
        beans.append(bean)
    return answer(beans)


def _priority(call: Call, option: Option) -> Json:
    bean = call.beans.priority(option)
    return bean | {
        "description": "",
        "statusColor": "#505f79",
        "isDefault": option.id == call.site.default_priority,
    }


def priorities(call: Call) -> Response:
    return answer([_priority(call, o) for o in call.site.priorities])


def search_priorities(call: Call) -> Response:
    call.must_be_somebody()
    return answer(page(call, [_priority(call, o) for o in call.site.priorities]))


def resolutions(call: Call) -> Response:
    return answer([call.beans.named("resolution", o) for o in call.site.resolutions])


def create_issue_types(call: Call) -> Response:
    """The list is under `issueTypes`, not `values` as elsewhere."""
    project = _createmeta_project(call)
    kinds = [call.beans.issue_type(call.site.types[t]) for t in project.type_ids]
    return answer(_createmeta_page(call, "issueTypes", kinds))


def create_fields(call: Call) -> Response:
    project = _createmeta_project(call)
    type_id = call.path["type"]
    if type_id not in project.type_ids:
        raise JiraProblem(400, fields={"issueTypeId": "The issue type ID is not valid for this project."})
    kind = call.site.types[type_id]
    beans = [create_field(call, project, kind, place) for place in create_screen(call, project, type_id)]
    return answer(_createmeta_page(call, "fields", beans))


def _createmeta_project(call: Call) -> Project:
    project = call.site.project_named(call.path["project"])
    if project is None or not call.may(project, "CREATE_ISSUES"):
        message = (
            f"No project could be found with id or key '{call.path['project']}', or you cannot create issues in it."
        )
        raise JiraProblem(400, [message])
    return project


def _createmeta_page(call: Call, name: str, values: list[Json]) -> Json:
    start, size = call.number("startAt", 0), call.number("maxResults", 50)
    if size > _CREATEMETA_LIMIT:
        message = f"The maxResults parameter must not exceed the limit '{_CREATEMETA_LIMIT}'."
        raise JiraProblem(400, [message])
    return {"maxResults": size, "startAt": start, "total": len(values), name: values[start : start + size]}


def create_field(call: Call, project: Project, kind: IssueType, place: OnScreen) -> Json:
    field = call.site.fields[place.field_id]
    listed = field.schema["type"] == "array"
    bean: Json = {
        "required": place.required or (field.id == "parent" and kind.subtask),
        "schema": call.beans.schema(field),
        "name": field.name,
        "key": field.id,
        "fieldId": field.id,
        "hasDefaultValue": place.default is not None,
        "operations": _LIST_OPERATIONS if listed else ["set"],
    }
    if field.id == "priority":
        default = next(o for o in call.site.priorities if o.id == place.default)
        bean["defaultValue"] = call.beans.priority(default)
    if field.kind == "labels":
        bean["autoCompleteUrl"] = f"{call.beans.base}/rest/api/1.0/labels/suggest?query="
    if field.kind in {"user", "users"}:
        bean["autoCompleteUrl"] = f"{call.beans.link('user', 'search')}?query="
    if field.id == "project":
        bean["allowedValues"] = [call.beans.project(project)]
    elif field.id == "issuetype":
        bean["allowedValues"] = [call.beans.issue_type(kind)]
    elif (values := allowed_values(call, project, field)) is not None:
        bean["allowedValues"] = values
    return bean


def allowed_values(call: Call, project: Project, field: FieldDef) -> list[Json] | None:
    """The closed list of a field, or None where anything goes."""
    match field.kind:
        case "priority":
            chosen = project.priorities
            return [call.beans.priority(o) for o in call.site.priorities if not chosen or o.id in chosen]
        case "resolution":
            return [call.beans.named("resolution", o) for o in call.site.resolutions]
        case "components":
            return [call.beans.named("component", o) for o in project.components]
        case "version" | "versions":
            return [call.beans.named("version", o) for o in project.versions]
        case "security":
            return [call.beans.named("securitylevel", o) for o in project.options_of(field)]
        case "option" | "options" | "cascade":
            return [call.beans.option(o) for o in project.options_of(field)]
        case _:
            return None
