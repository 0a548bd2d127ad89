"""Where an issue is: moved to another project, archived, restored."""

from __future__ import annotations

from starlette.responses import Response

from jira_integration.sandbox.beans import Json
from jira_integration.sandbox.call import Call, answer
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.history import Item
from jira_integration.sandbox.issues import save_change
from jira_integration.sandbox.model import Project
from jira_integration.sandbox.rights import must, must_change
from jira_integration.sandbox.store import Issue
from jira_integration.sandbox.webhooks import announce

_ARCHIVE_LIMIT = 1000


def move(call: Call, issue: Issue, project: Project) -> None:
    """Move to another project with its sub-tasks: new keys, the old ones still lead here.

    A parent is kept where both projects are company-managed, and lost otherwise; type and status become the likeliest.
    """
    must_change(call, issue, "MOVE_ISSUES")
    must(call, project, "CREATE_ISSUES")
    if project.id == issue.project_id:
        return
    subtasks = call.beans.children(issue, subtasks_only=True)
    old_key, old_project = issue.key, call.site.projects[issue.project_id]
    here, there = call.site.types[issue.type_id], [call.site.types[t] for t in project.type_ids]
    kind = next((t for t in there if t.name == here.name), next(t for t in there if t.level == here.level))
    status = call.site.statuses[issue.status_id]
    targets = [call.site.statuses[s] for s in project.workflow.statuses]
    issue.number = call.store.next_number(f"key:{project.id}", 1)
    issue.project_id, issue.key, issue.type_id = project.id, f"{project.key}-{issue.number}", kind.id
    issue.status_id = next(s.id for s in targets if s.category == status.category)
    if not kind.subtask and (project.team_managed or old_project.team_managed):
        issue.parent_id = None
    call.store.write("INSERT OR REPLACE INTO old_key VALUES (?, ?)", old_key, issue.id)
    items: list[Item] = [
        {"field": "project", "fieldtype": "jira", "fieldId": "project", "from": old_project.id,
         "fromString": old_project.name, "to": project.id, "toString": project.name},
        {"field": "Key", "fieldtype": "jira", "from": None, "fromString": old_key, "to": None, "toString": issue.key},
    ]  # fmt: skip
    save_change(call, issue, items)
    for subtask in subtasks:
        move(call, subtask, project)


def set_archived(call: Call, issue: Issue, *, archived: bool) -> int:
    """Archive or restore an issue with its sub-tasks; how many that changed. Children of an epic stay as they are."""
    changed = 0
    for one in (issue, *call.beans.children(issue, subtasks_only=True)):
        if (one.archived is not None) != archived:
            one.archived = call.now if archived else None
            one.doc["archivedby"] = call.user if archived else None
            call.store.save(one)
            announce(call, "jira:issue_updated", one)
            changed += 1
    return changed


def archive(call: Call) -> Response:
    return _bulk(call, archived=True)


def unarchive(call: Call) -> Response:
    return _bulk(call, archived=False)


def _bulk(call: Call, *, archived: bool) -> Response:
    """`{issueIdsOrKeys}`, at most 1000: 200 with a count and the refusals, 400 when nothing could be done.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-archive-put
    """
    call.must_be_somebody()
    if not call.is_admin():
        raise JiraProblem(403, ["Only admins can archive or unarchive issues. Access denied."])
    names = call.object(issueIdsOrKeys=[str]).get("issueIdsOrKeys") or []
    refused: dict[str, list[str]] = {}
    changed = 0
    for name in names[:_ARCHIVE_LIMIT]:
        issue = call.store.issue(name)
        if issue is None or not call.sees(call.site.projects[issue.project_id]):
            refused.setdefault("issuesNotFound", []).append(name)
        elif call.site.projects[issue.project_id].archived:
            refused.setdefault("issuesInArchivedProjects", []).append(name)
        elif call.site.types[issue.type_id].subtask:
            refused.setdefault("issueIsSubtask", []).append(name)
        else:
            changed += set_archived(call, issue, archived=archived)
    if not changed:
        raise JiraProblem(400, ["No valid issue to archive or unarchive. Bad request."])
    return answer({"errors": {kind: _error(kind, keys) for kind, keys in refused.items()},
                   "numberOfIssuesUpdated": changed})  # fmt: skip


_WORDS = {
    "issuesNotFound": "Issue not found.",
    "issuesInArchivedProjects": "Issue exists in archived project.",
    "issueIsSubtask": "Issue is subtask.",
}


def _error(kind: str, keys: list[str]) -> Json:
    return {"count": len(keys), "issueIdsOrKeys": sorted(set(keys)), "message": _WORDS[kind]}
