"""What Data Center tells of itself, its projects, users and create screens, where it differs from Cloud."""

from __future__ import annotations

from starlette.responses import Response

from jira_integration.sandbox.beans import Json
from jira_integration.sandbox.call import Call, answer
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.metadata import create_field, project_bean
from jira_integration.sandbox.model import Project, User
from jira_integration.sandbox.people import permission_beans
from jira_integration.sandbox.rights import create_screen

_CREATEMETA_LIMIT = 200
_PATCH = {(8, 20): 30, (9, 12): 8, (10, 3): 5}


def server_info(call: Call) -> Response:
    """Answers anybody. `baseUrl` has the context path."""
    major, minor = call.jira.settings.version
    patch = _PATCH[major, minor]
    return answer(
        {
            "baseUrl": call.beans.base,
            "version": f"{major}.{minor}.{patch}",
            "versionNumbers": [major, minor, patch],
            "deploymentType": "Server",
            "buildNumber": major * 100_000 + minor * 1000 + patch,
            "buildDate": call.beans.time(1_793_000_000_000),
            "databaseBuildNumber": major * 100_000 + minor * 1000 + patch,
            "serverTime": call.beans.time(call.now),
            "scmInfo": "5f0c1a7be8d4c30071b2",
            "serverTitle": call.site.title,
        }
    )


def myself(call: Call) -> Response:
    call.must_be_somebody()
    return answer({**call.beans.user(call.site.users[call.user]), "deleted": False, "locale": "en_GB"})


def projects(call: Call) -> Response:
    """A bare array, not paged; archived ones with `includeArchived=true`."""
    found = [p for p in call.site.projects.values() if call.sees(p)]
    found = [p for p in found if not p.archived or call.flag("includeArchived")]
    with_types = "issueTypes" in call.listed("expand")
    return answer([project_bean(call, p, with_types) for p in sorted(found, key=lambda p: p.key)])


def create_issue_types(call: Call) -> Response:
    project = _creating_in(call, call.path["project"])
    return answer(_page(call, [call.beans.issue_type(call.site.types[t]) for t in project.type_ids]))


def create_fields(call: Call) -> Response:
    """Under `values`, with `isLast`; fields have no `key`."""
    project = _creating_in(call, call.path["project"])
    type_id = call.path["type"]
    if type_id not in project.type_ids:
        raise JiraProblem(404, [f"Issue type with id '{type_id}' does not exist in the project."])
    return answer(_page(call, list(_fields(call, project, type_id).values())))


def _fields(call: Call, project: Project, type_id: str) -> dict[str, Json]:
    kind = call.site.types[type_id]
    beans = {}
    for place in create_screen(call, project, type_id):
        bean = create_field(call, project, kind, place)
        del bean["key"]
        beans[place.field_id] = bean
    return beans


def _creating_in(call: Call, named: str) -> Project:
    project = call.site.project_named(named)
    if project is None or not call.may(project, "CREATE_ISSUES"):
        raise JiraProblem(400, [f"The project '{named}' does not exist or you cannot create issues in it."])
    return project


def _page(call: Call, values: list[Json]) -> Json:
    start, size = call.number("startAt", 0), min(call.number("maxResults", 50), _CREATEMETA_LIMIT)
    shown = values[start : start + size]
    last = start + len(shown) >= len(values)
    return {"maxResults": size, "startAt": start, "total": len(values), "isLast": last, "values": shown}


def old_createmeta(call: Call) -> Response:
    """`GET issue/createmeta`, up to 8.x; fields only with `expand=projects.issuetypes.fields`. 9.0 has it no more."""
    keys, ids = call.listed("projectKeys"), call.listed("projectIds")
    kinds, names = call.listed("issuetypeIds"), call.listed("issuetypeNames")
    with_fields = "projects.issuetypes.fields" in call.listed("expand")
    found = [p for p in call.site.projects.values() if call.may(p, "CREATE_ISSUES")]
    if keys or ids:
        found = [p for p in found if p.key in keys or p.id in ids]
    beans = []
    for project in found:
        types = [call.site.types[t] for t in project.type_ids]
        if kinds or names:
            types = [t for t in types if t.id in kinds or t.name in names]
        listed = []
        for kind in types:
            bean = call.beans.issue_type(kind)
            listed.append(
                bean | {"expand": "fields", "fields": _fields(call, project, kind.id)} if with_fields else bean
            )
        whole = call.beans.project(project)
        beans.append({k: whole[k] for k in ("self", "id", "key", "name", "avatarUrls")} | {"issuetypes": listed})
    return answer({"expand": "projects", "projects": beans})


def my_permissions(call: Call) -> Response:
    """All there are: nothing needs to be named."""
    return answer({"permissions": permission_beans(call)})


def _matching(call: Call, text: str, *, inactive: bool) -> list[User]:
    text = text.lower()
    users = [u for u in call.site.users.values() if u.active or inactive]
    if text == ".":
        return users
    return [u for u in users if any(text in part.lower() for part in (u.login, u.name, u.email))]


def search_users(call: Call) -> Response:
    """`username=` is part of a name, a user name or an address; nobody in particular sees nobody."""
    if "username" not in call.query:
        raise JiraProblem(400, ["The username query parameter was not provided"])
    users = _matching(call, call.query["username"], inactive=call.flag("includeInactive")) if call.user else []
    return _users(call, users)


def assignable_users(call: Call) -> Response:
    if not (call.query.get("project") or call.query.get("issueKey")):
        raise JiraProblem(400, ["Either 'project' or 'issueKey' must be given."])
    if named := call.query.get("project"):
        project = call.project(named)
    else:
        project = call.site.projects[call.issue(call.query["issueKey"]).project_id]
    users = _matching(call, call.query.get("username", ""), inactive=False) if call.user else []
    return _users(call, [u for u in users if not project.members or u.account_id in project.members])


def _users(call: Call, users: list[User]) -> Response:
    start, size = call.number("startAt", 0), min(call.number("maxResults", 50), 100)
    return answer([call.beans.user(u) for u in users[start : start + size]])


def get_user(call: Call) -> Response:
    call.must_be_somebody()
    wanted = call.query
    for user in call.site.users.values():
        if user.login == wanted.get("username") or user.key == wanted.get("key"):
            return answer(call.beans.user(user))
    named = wanted.get("username") or wanted.get("key") or ""
    raise JiraProblem(404, [f"The user named '{named}' does not exist"])
