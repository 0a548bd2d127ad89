"""Permissions of a project: what the caller may do there, and what a screen shows somebody without them.

The lead holds all; from everybody else the control page can take single ones (`denied`).
"""

from __future__ import annotations

from jira_integration.sandbox.call import Call
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.model import OnScreen, Project
from jira_integration.sandbox.store import Issue

ARCHIVED_PROJECT = "Issues cannot be created or changed in an archived project."
ARCHIVED_ISSUE = "You can't edit this issue because it is archived. Restore it first."
_DOING = {
    "CREATE_ISSUES": "create issues",
    "EDIT_ISSUES": "edit issues",
    "DELETE_ISSUES": "delete issues",
    "MOVE_ISSUES": "move issues",
    "WORK_ON_ISSUES": "log work",
    "CREATE_ATTACHMENTS": "create attachments",
}
# A field that stands on nobody's screen but theirs who hold this.
_FIELD_NEEDS = {"assignee": "ASSIGN_ISSUES", "reporter": "MODIFY_REPORTER", "issuelinks": "LINK_ISSUES"}


def must(call: Call, project: Project, permission: str) -> None:
    """Raises JiraProblem: 401 for nobody, 400 for an archived project, 403 without the permission."""
    call.must_be_somebody()
    if project.archived:
        raise JiraProblem(400, [ARCHIVED_PROJECT])
    if not call.may(project, permission):
        raise JiraProblem(403, [f"You do not have permission to {_DOING[permission]} in this project."])


def must_change(call: Call, issue: Issue, permission: str) -> None:
    """The same for something that is done to one issue; an archived one is only for reading."""
    must(call, call.site.projects[issue.project_id], permission)
    must_be_live(issue)


def must_be_live(issue: Issue) -> None:
    if issue.archived is not None:
        raise JiraProblem(400, [ARCHIVED_ISSUE])


def may_set(call: Call, project: Project, field_id: str) -> bool:
    return field_id not in _FIELD_NEEDS or call.may(project, _FIELD_NEEDS[field_id])


def create_screen(call: Call, project: Project, type_id: str) -> tuple[OnScreen, ...]:
    """The fields of a create screen that the caller is shown."""
    return tuple(place for place in project.screens[type_id] if may_set(call, project, place.field_id))
