"""Permissions of the caller, and users to choose from."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from jira_integration.sandbox.beans import Json
from jira_integration.sandbox.call import Call, answer
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.model import Project, User

# Key: (id, name, global, needs the right to write)
_PERMISSIONS = {
    "ADMINISTER": ("0", "Administer Jira", True),
    "BULK_CHANGE": ("33", "Make bulk changes", True),
    "USER_PICKER": ("27", "Browse users and groups", True),
    "BROWSE_PROJECTS": ("10", "Browse Projects", False),
    "CREATE_ISSUES": ("11", "Create Issues", False),
    "EDIT_ISSUES": ("12", "Edit Issues", False),
    "ASSIGN_ISSUES": ("13", "Assign Issues", False),
    "RESOLVE_ISSUES": ("14", "Resolve Issues", False),
    "ADD_COMMENTS": ("15", "Add Comments", False),
    "DELETE_ISSUES": ("16", "Delete Issues", False),
    "ASSIGNABLE_USER": ("17", "Assignable User", False),
    "CLOSE_ISSUES": ("18", "Close Issues", False),
    "LINK_ISSUES": ("21", "Link Issues", False),
    "ADMINISTER_PROJECTS": ("23", "Administer Projects", False),
    "MOVE_ISSUES": ("25", "Move Issues", False),
    "SCHEDULE_ISSUES": ("28", "Schedule Issues", False),
    "MODIFY_REPORTER": ("30", "Modify Reporter", False),
    "TRANSITION_ISSUES": ("46", "Transition Issues", False),
    "EDIT_ALL_COMMENTS": ("34", "Edit All Comments", False),
    "DELETE_OWN_COMMENTS": ("37", "Delete Own Comments", False),
    "EDIT_OWN_COMMENTS": ("35", "Edit Own Comments", False),
    "CREATE_ATTACHMENTS": ("19", "Create Attachments", False),
    "WORK_ON_ISSUES": ("20", "Work On Issues", False),
    "DELETE_ALL_COMMENTS": ("36", "Delete All Comments", False),
}

PROJECT_PERMISSIONS = frozenset(key for key, (_, _, everywhere) in _PERMISSIONS.items() if not everywhere)


def my_permissions(call: Call) -> Response:
    """Only what `permissions=` names; the parameter is required since 2019."""
    wanted = call.listed("permissions")
    if not wanted:
        raise JiraProblem(400, ["The 'permissions' query parameter is required."])
    if unknown := [key for key in wanted if key not in _PERMISSIONS]:
        raise JiraProblem(400, [f"Unrecognized permission(s): {', '.join(unknown)}"])
    return answer({"permissions": permission_beans(call, wanted)})


def permission_beans(call: Call, wanted: Iterable[str] = tuple(_PERMISSIONS)) -> Json:
    project = _project(call)
    beans: Json = {}
    for key in wanted:
        id_, name, everywhere = _PERMISSIONS[key]
        beans[key] = {
            "id": id_,
            "key": key,
            "name": name,
            "type": "GLOBAL" if everywhere else "PROJECT",
            "description": "",
            "havePermission": _has(call, key, everywhere, project),
        }
    return beans


def _project(call: Call) -> Project | None:
    if named := call.query.get("projectKey") or call.query.get("projectId"):
        return call.project(named)
    if issue := call.query.get("issueKey") or call.query.get("issueId"):
        return call.site.projects[call.issue(issue).project_id]
    return None


def _has(call: Call, key: str, everywhere: bool, project: Project | None) -> bool:
    if not call.user:
        return False
    if key == "BULK_CHANGE":
        return call.may_bulk_change()
    if everywhere:
        return key == "USER_PICKER" or call.is_admin()
    projects = [project] if project else list(call.site.projects.values())
    if key == "BROWSE_PROJECTS":
        return any(call.sees(p) for p in projects)
    return any(call.may(p, key) for p in projects)


def _matching(call: Call, *, active_only: bool) -> list[User]:
    text, account = call.query.get("query", "").lower(), call.query.get("accountId", "")
    users = [u for u in call.site.users.values() if u.active or not active_only]
    if account:
        return [u for u in users if u.account_id == account]
    return [u for u in users if text in u.name.lower() or (u.email and u.email.lower().startswith(text))]


def assignable_users(call: Call) -> Response:
    """A bare array; who cannot see users gets an empty one, not a refusal."""
    if not (call.query.get("project") or call.query.get("issueKey") or call.query.get("issueId")):
        raise JiraProblem(400, ["Either the project or the issueKey parameter is required."])
    project = _project_to_assign(call)
    start, size = call.number("startAt", 0), min(call.number("maxResults", 50), 1000)
    users = _matching(call, active_only=True) if call.user else []
    users = [u for u in users if not project.members or u.account_id in project.members]
    return answer([call.beans.user(u) for u in users[start : start + size]])


def _project_to_assign(call: Call) -> Project:
    if call.query.get("project"):
        return call.project(call.query["project"])
    issue = call.issue(call.query.get("issueKey") or call.query["issueId"])
    return call.site.projects[issue.project_id]


def search_users(call: Call) -> Response:
    start, size = call.number("startAt", 0), min(call.number("maxResults", 50), 1000)
    users = _matching(call, active_only=False) if call.user else []
    return answer([call.beans.user(u) for u in users[start : start + size]])


def get_user(call: Call) -> Response:
    call.must_be_somebody()
    user = call.site.users.get(call.query.get("accountId", ""))
    if user is None:
        raise JiraProblem(404, ["Specified user does not exist or you do not have required permissions"])
    return answer(call.beans.user(user))
