"""Bulk deletes and the tasks that carry them out: `bulk/issues/delete`, `bulk/queue/{taskId}`.

A task works by the site's clock, `bulk_ms_per_issue` for each issue, whenever a request comes: what time has done
since the last one is done first. With 0 it is over before its first look.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import Response

from jira_integration.sandbox.call import Call, Jira, answer
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.issues import delete
from jira_integration.sandbox.shape import as_id
from jira_integration.sandbox.store import Issue

_LIMIT = 1000
_AT_ONCE = 5  # tasks, over all users
_KEPT_MS = 14 * 24 * 3600 * 1000
ENDS = ("COMPLETE", "FAILED", "DEAD")


def _no(status: int, message: str) -> JiraProblem:
    """This resource has an error body of its own: a list."""
    return JiraProblem(status, [message], body={"errors": [{"message": message}]})


def delete_issues(call: Call) -> Response:
    """201 `{taskId}`. Sub-tasks that are not named go with their parents.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-bulk-operations/#api-rest-api-3-bulk-issues-delete-post
    """
    if not call.user:
        raise _no(401, "You are not authenticated.")
    if not call.may_bulk_change():
        raise _no(403, "You do not have the Bulk Change permission.")
    names = call.object(selectedIssueIdsOrKeys=[str], sendBulkNotification=bool).get("selectedIssueIdsOrKeys")
    if not names:
        raise _no(400, "selectedIssueIdsOrKeys must name at least one issue.")
    if len(names) > _LIMIT:
        raise _no(400, f"No more than {_LIMIT} issues can be deleted at once.")
    running = call.store.row("SELECT count(*) AS n FROM task WHERE status IN ('ENQUEUED', 'RUNNING')")
    if running is not None and running["n"] >= _AT_ONCE:
        raise _no(400, f"{_AT_ONCE} bulk operations are running already. Wait for one of them to end.")
    found = {issue.id: issue for issue in filter(None, map(call.store.issue, names)) if _seen(call, issue)}
    if not found:
        raise _no(400, "Some of the issues in the issueIdsOrKeys are not valid")
    task = call.store.next_number("task", 10_600)
    call.store.write(
        "INSERT INTO task VALUES (?, ?, ?, 'ENQUEUED', ?, ?, '[]', '{}', ?)",
        task, call.user, call.now, json.dumps(list(found)), len(set(names)) - len(found), call.now,
    )  # fmt: skip
    return answer({"taskId": str(task)}, 201)


def _seen(call: Call, issue: Issue) -> bool:
    return call.sees(call.site.projects[issue.project_id])


def work(jira: Jira) -> None:
    """Carry every running task on to where it would be by now."""
    for row in jira.store.rows("SELECT * FROM task WHERE status IN ('ENQUEUED', 'RUNNING') ORDER BY id"):
        _carry_on(jira, dict(row))


def _carry_on(jira: Jira, row: dict[str, Any]) -> None:
    now, each = jira.clock.now_ms(), jira.settings.bulk_ms_per_issue
    todo, done, failed = json.loads(row["todo"]), json.loads(row["done"]), json.loads(row["failed"])
    due = len(todo) if not each else min(len(todo), (now - row["created"]) // each)
    ends = jira.settings.bulk_ends
    if ends != "COMPLETE":
        due = min(due, len(todo) // 2)
    call = Call(jira, row["user"], jira.settings.base_url or "http://127.0.0.1", {}, QueryParams(""), None)
    for issue_id in todo[len(done) + len(failed) : due]:
        if reason := _delete(call, issue_id):
            failed[str(issue_id)] = [reason]
        else:
            done.append(issue_id)
    over = len(done) + len(failed) >= (len(todo) if ends == "COMPLETE" else len(todo) // 2)
    status = ends if over else "RUNNING" if done or failed else row["status"]
    changed = now if len(done) + len(failed) or over else row["updated"]
    jira.store.write(
        "UPDATE task SET done = ?, failed = ?, status = ?, updated = ? WHERE id = ?",
        json.dumps(done), json.dumps(failed), status, changed, row["id"],
    )  # fmt: skip


def _delete(call: Call, issue_id: int) -> str:
    """Why it could not be deleted, empty when it was; one that is gone with its parent counts as deleted."""
    issue = call.store.issue(issue_id)
    if issue is None:
        return ""
    try:
        delete(call, issue, with_subtasks=True)
    except JiraProblem as problem:
        return " ".join(problem.messages)
    return ""


def get_progress(call: Call) -> Response:
    """How far a task is; for fourteen days, and for the one who began it.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-bulk-operations/#api-rest-api-3-bulk-queue-taskid-get
    """
    if not call.user:
        raise _no(401, "You are not authenticated.")
    row = call.store.row("SELECT * FROM task WHERE id = ? AND user = ?", as_id(call.path["task"]), call.user)
    if row is None or call.now - row["created"] > _KEPT_MS:
        raise _no(400, f"There is no bulk operation with the task id {call.path['task']}.")
    todo, done, failed = json.loads(row["todo"]), json.loads(row["done"]), json.loads(row["failed"])
    bean: dict[str, Any] = {
        "taskId": str(row["id"]),
        "status": row["status"],
        "progressPercent": 100 * (len(done) + len(failed)) // len(todo),
        "submittedBy": {"accountId": row["user"]},
        "created": call.beans.time(row["created"]),
        "updated": call.beans.time(row["updated"]),
        "invalidOrInaccessibleIssueCount": row["absent"],
        "processedAccessibleIssues": done,
        "totalIssueCount": len(todo) + row["absent"],
    }
    if failed:
        bean["failedAccessibleIssues"] = failed
    if row["status"] not in {"ENQUEUED"}:
        bean["started"] = call.beans.time(row["created"])
    return answer(bean)
