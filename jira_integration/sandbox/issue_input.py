"""From the `fields` and `update` of a request to stored values, with every refusal Jira would give at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jira_integration.sandbox.call import Call
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.model import IssueType, Project
from jira_integration.sandbox.rights import may_set, must
from jira_integration.sandbox.shape import shaped
from jira_integration.sandbox.store import Issue
from jira_integration.sandbox.values import not_on_screen, read_value

_NO_PARENT = "Could not find issue by id or key."
_WRONG_LEVEL = "Given parent work item does not belong to appropriate hierarchy."
_LISTS = {"labels", "components", "versions", "options"}


@dataclass
class Input:
    """What a request asks for: stored values by field id, the parent (0: none), links and comments to add."""

    values: dict[str, Any] = field(default_factory=dict)
    parent: int | None = None
    links: list[Mapping[str, Any]] = field(default_factory=list)
    comments: list[Any] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


def issue_update(body: Any) -> dict[str, Any]:
    """An IssueUpdateDetails, as far as its outer form goes; `fields` and `update` are there."""
    given = shaped(body, fields=dict, update=dict, properties=[dict], transition=dict)
    return {**given, "fields": given.get("fields") or {}, "update": given.get("update") or {}}


def read_input(
    call: Call,
    project: Project,
    kind: IssueType,
    body: Mapping[str, Any],
    *,
    screen: set[str] | None,
    before: Issue | None = None,
) -> Input:
    """Read `fields` and `update`; `screen` names the fields allowed, None means all of the project's.

    Field trouble is collected in `.errors`; raises JiraProblem where Jira refuses at once.
    """
    fields, update = body["fields"], body["update"]
    if both := sorted(set(fields) & set(update)):
        message = f"Field '{both[0]}' cannot be appended and set in the same request."
        raise JiraProblem(400, fields={both[0]: message})
    result = Input()
    for field_id, value in fields.items():
        if field_id not in {"project", "issuetype"}:
            _read_one(call, project, kind, result, field_id, [{"set": value}], screen, before)
    for field_id, operations in update.items():
        if not isinstance(operations, list) or any(not isinstance(o, dict) or len(o) != 1 for o in operations):
            result.errors[field_id] = "Operations must be a list of objects with one operation each."
        else:
            _read_one(call, project, kind, result, field_id, operations, screen, before)
    return result


def _read_one(
    call: Call,
    project: Project,
    kind: IssueType,
    result: Input,
    field_id: str,
    operations: list[dict[str, Any]],
    screen: set[str] | None,
    before: Issue | None,
) -> None:
    definition = call.site.fields.get(field_id)
    elsewhere = definition is not None and definition.project_id not in {"", project.id}
    free = field_id == "comment" or (field_id == "parent" and kind.subtask)
    if call.site.data_center and field_id == "parent" and not kind.subtask:
        definition = None  # stories hang on an epic by Epic Link
    off_screen = (screen is not None and field_id not in screen and not free) or not may_set(call, project, field_id)
    if definition is None or elsewhere or off_screen:
        result.errors[field_id] = not_on_screen(field_id)
        return
    current = before.doc.get(field_id) if before else None
    try:
        for operation in operations:
            ((verb, value),) = operation.items()
            if definition.kind == "epic_link":
                result.parent = _read_epic_link(call, field_id, value)
            elif field_id == "parent":
                result.parent = _read_parent(call, project, kind, value)
            elif field_id == "issuelinks" and verb == "add":
                result.links.append(value)
            elif field_id == "comment" and verb == "add":
                result.comments.append(value)
            elif verb in {"add", "remove"} and definition.kind in _LISTS:
                given = read_value(call.site, project, definition, [value])
                held = set(current or [])
                current = sorted(held | set(given) if verb == "add" else held - set(given))
            elif verb == "set":
                current = read_value(call.site, project, definition, value)
            else:
                raise ValueError(f"Operation '{verb}' is not supported for field '{field_id}'.")
    except ValueError as trouble:
        result.errors["parentId" if str(trouble) == _WRONG_LEVEL else field_id] = str(trouble)
        return
    if field_id not in {"parent", "issuelinks", "comment"} and definition.kind != "epic_link":
        result.values[field_id] = current


def _read_parent(call: Call, project: Project, kind: IssueType, value: Any) -> int:
    """The parent's id, 0 for "none"."""
    if value is None or (isinstance(value, Mapping) and value.get("none")):
        return 0
    if not isinstance(value, Mapping) or not (value.get("id") or value.get("key")):
        raise ValueError("data was not an object with an 'id' or 'key'")
    parent = call.store.issue(str(value.get("id") or value["key"]))
    if parent is None or not call.sees(call.site.projects[parent.project_id]):
        raise ValueError(_NO_PARENT)
    other = call.site.projects[parent.project_id]
    if other.id != project.id and (kind.subtask or project.team_managed or other.team_managed):
        raise ValueError("The parent and child issues must be in the same project.")
    if call.site.types[parent.type_id].level != kind.level + 1:
        raise ValueError(_WRONG_LEVEL)
    return parent.id


def _read_epic_link(call: Call, field_id: str, value: Any) -> int:
    """Data Center: the epic's key as a text; 0 for none."""
    if value is None or value == "":
        return 0
    if not isinstance(value, str):
        raise ValueError("Operation value must be a string")
    epic = call.store.issue(value)
    if epic is None or not call.sees(call.site.projects[epic.project_id]):
        raise ValueError(f"The issue '{value}' does not exist or you do not have permission to see it.")
    if call.site.types[epic.type_id].level != 1:
        raise ValueError(f"The issue '{value}' is not an Epic.")
    return epic.id


def find_project(call: Call, fields: Mapping[str, Any]) -> Project:
    given = fields.get("project")
    named = given.get("id") or given.get("key") if isinstance(given, Mapping) else None
    project = call.site.project_named(str(named)) if named else None
    if project is None or not call.sees(project):
        raise JiraProblem(400, fields={"project": "Specify a valid project ID or key"})
    must(call, project, "CREATE_ISSUES")
    return project


def find_type(call: Call, project: Project, fields: Mapping[str, Any]) -> IssueType:
    given = fields.get("issuetype")
    if not isinstance(given, Mapping) or not (given.get("id") or given.get("name")):
        raise JiraProblem(400, fields={"issuetype": "Specify an issue type"})
    for type_id in project.type_ids:
        kind = call.site.types[type_id]
        if str(given.get("id", "")) == kind.id or ("id" not in given and given.get("name") == kind.name):
            return kind
    raise JiraProblem(400, fields={"issuetype": "The issue type selected is invalid."})
