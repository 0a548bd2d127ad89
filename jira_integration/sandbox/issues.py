"""Creating, changing and deleting issues: the rules, apart from HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jira_integration.sandbox.adf import without_ids
from jira_integration.sandbox.call import Call
from jira_integration.sandbox.comments import write_comment
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.history import Item, change_item, record
from jira_integration.sandbox.issue_input import Input, find_project, find_type, issue_update, read_input
from jira_integration.sandbox.links import write_link
from jira_integration.sandbox.model import IssueType, Project
from jira_integration.sandbox.properties import write_property
from jira_integration.sandbox.rights import create_screen, must_change
from jira_integration.sandbox.rules import obey
from jira_integration.sandbox.shape import shaped
from jira_integration.sandbox.store import Issue
from jira_integration.sandbox.webhooks import announce
from jira_integration.sandbox.workflow import carry_out

_CREATE_ONLY_WITH_PARENT = "Issue type is a sub-task but parent issue key or id not specified."


@dataclass
class Created:
    """A new issue; `transition` is Jira's report on the transition asked for inside the create, None without one."""

    issue: Issue
    transition: dict[str, Any] | None


def create(call: Call, body: Any) -> Created:
    """Create one issue from an IssueUpdateDetails; all of it or nothing (the caller holds a savepoint).

    Raises JiraProblem with the refusals by field. A failed transition does not fail the create.
    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-post
    """
    call.must_be_somebody()
    body = issue_update(body)
    fields = body["fields"]
    project = find_project(call, fields)
    kind = find_type(call, project, fields)
    screen = {place.field_id for place in create_screen(call, project, kind.id)}
    given = read_input(call, project, kind, body, screen=screen)
    _complete(call, project, kind, given)
    if given.errors:
        raise JiraProblem(400, fields=given.errors)
    obey(call, project, kind, given)
    issue = _insert(call, project, kind, given)
    for prop in body.get("properties") or []:
        write_property(call, issue, prop.get("key"), prop.get("value"))
    _add_links_and_comments(call, issue, given)
    announce(call, "jira:issue_created", issue)
    return Created(issue, _nested_transition(call, issue, body.get("transition")))


def _complete(call: Call, project: Project, kind: IssueType, given: Input) -> None:
    """Fill defaults and name what is missing."""
    for place in project.screens[kind.id]:
        field_id = place.field_id
        if field_id in {"project", "issuetype"} or field_id in given.errors:
            continue
        if given.values.get(field_id) is None and place.default is not None and field_id not in given.values:
            given.values[field_id] = call.user if place.default == "creator" else place.default
        if place.required and given.values.get(field_id) in (None, []):
            name = call.site.fields[field_id].name
            missing = "You must specify a summary of the issue." if field_id == "summary" else f"{name} is required."
            given.errors[field_id] = missing
    if kind.subtask and not given.parent and "parent" not in given.errors and "parentId" not in given.errors:
        given.errors["issuetype"] = _CREATE_ONLY_WITH_PARENT


def _insert(call: Call, project: Project, kind: IssueType, given: Input) -> Issue:
    gap = call.jira.settings.key_gap
    number = call.store.next_number(f"key:{project.id}", 1 + gap, 1 + gap)
    now = call.now
    issue = Issue(
        id=call.store.next_number("issue", 10_001),
        project_id=project.id,
        number=number,
        key=f"{project.key}-{number}",
        type_id=kind.id,
        status_id=project.workflow.initial,
        parent_id=given.parent or None,
        creator=call.user,
        created=now,
        updated=now,
        moved=now,
        resolved=None,
        doc={k: v for k, v in given.values.items() if v is not None},
    )
    call.store.save(issue)
    return issue


def _nested_transition(call: Call, issue: Issue, wanted: Any) -> dict[str, Any] | None:
    if not isinstance(wanted, dict) or not wanted.get("id"):
        return None
    try:
        carry_out(call, issue, str(wanted["id"]), {})
    except JiraProblem as problem:
        return {"status": problem.status, "errorCollection": problem.body}
    return {"status": 200, "errorCollection": {"errorMessages": [], "errors": {}}}


def _add_links_and_comments(call: Call, issue: Issue, given: Input) -> None:
    for link in given.links:
        if not isinstance(link, Mapping):
            raise JiraProblem(400, fields={"issuelinks": "data was not an object"})
        end = "outwardIssue" if "outwardIssue" in link else "inwardIssue"
        ends = {"outwardIssue": {"id": str(issue.id)}, "inwardIssue": {"id": str(issue.id)}, end: link.get(end)}
        try:
            write_link(call, {"type": link.get("type"), **ends})
        except JiraProblem as problem:
            raise JiraProblem(400, fields={"issuelinks": " ".join(problem.messages)}) from problem
    for comment in given.comments:
        write_comment(call, issue, shaped(comment, properties=[dict]))


def edit(call: Call, issue: Issue, body: Mapping[str, Any], *, screen: set[str] | None = None) -> list[Item]:
    """Change fields; the changelog's items, none when nothing differs.

    Without a `screen` none is asked (Cloud dropped that for edits); a `transition` is passed over without a word.
    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-put
    """
    project = call.site.projects[issue.project_id]
    must_change(call, issue, "EDIT_ISSUES")
    kind = call.site.types[issue.type_id]
    body = issue_update(body)
    fields = body["fields"]
    if "issuetype" in fields:
        kind = find_type(call, project, fields)
        if kind.level != call.site.types[issue.type_id].level:
            raise JiraProblem(400, fields={"issuetype": "The issue type selected is invalid."})
    given = read_input(call, project, kind, body, screen=screen, before=issue)
    for place in project.screens[kind.id]:
        if place.required and place.field_id in given.values and given.values[place.field_id] in (None, []):
            given.errors.setdefault(place.field_id, f"{call.site.fields[place.field_id].name} is required.")
    if given.errors:
        raise JiraProblem(400, fields=given.errors)
    items = _changes(call, project, issue, given)
    if kind.id != issue.type_id:
        items.append(change_item(call, project, call.site.fields["issuetype"], issue.type_id, kind.id))
        issue.type_id = kind.id
    save_change(call, issue, items)
    _add_links_and_comments(call, issue, given)
    for prop in body.get("properties") or []:
        write_property(call, issue, prop.get("key"), prop.get("value"))
    return items


def _changes(call: Call, project: Project, issue: Issue, given: Input) -> list[Item]:
    items = []
    for field_id, new in given.values.items():
        old = issue.doc.get(field_id)
        if without_ids(old or None) == without_ids(new or None) and bool(old) == bool(new):
            continue
        items.append(change_item(call, project, call.site.fields[field_id], old, new))
        if new is None:
            issue.doc.pop(field_id, None)
        else:
            issue.doc[field_id] = new
    if given.parent is not None and (given.parent or None) != issue.parent_id:
        new_parent = given.parent or None
        items.append(change_item(call, project, call.site.fields["parent"], issue.parent_id, new_parent))
        issue.parent_id = new_parent
    return items


def save_change(call: Call, issue: Issue, items: list[Item]) -> None:
    """Store a changed issue with its history entry, and tell the webhooks; nothing happens without items."""
    if not items:
        return
    issue.updated = max(call.now, issue.updated)
    call.store.save(issue)
    entry = record(call, issue, items)
    announce(call, "jira:issue_updated", issue, changelog={"id": str(entry), "items": items})


def delete(call: Call, issue: Issue, *, with_subtasks: bool) -> None:
    """Delete an issue; an epic's children stay and lose their parent.

    Raises JiraProblem 400 when there are sub-tasks and nobody said what to do with them.
    """
    must_change(call, issue, "DELETE_ISSUES")
    children = call.beans.children(issue)
    subtasks = [c for c in children if call.site.types[c.type_id].subtask]
    if subtasks and not with_subtasks:
        message = (
            f"The issue '{issue.key}' has subtasks.  You must specify the 'deleteSubtasks' parameter "
            "to delete this issue and all its subtasks."
        )
        raise JiraProblem(400, [message])
    for child in children:
        if child in subtasks:
            delete(call, child, with_subtasks=True)
        else:
            child.parent_id = None
            call.store.save(child)
    announce(call, "jira:issue_deleted", issue)
    call.store.remove(issue.id)
