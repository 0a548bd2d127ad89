"""Comments: `GET|POST issue/{id}/comment`, `GET|PUT|DELETE issue/{id}/comment/{id}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from jira_integration.sandbox.beans import Json
from jira_integration.sandbox.call import Call, answer, nothing
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.model import Site
from jira_integration.sandbox.settings import JONAS_ACCOUNT
from jira_integration.sandbox.shape import as_id
from jira_integration.sandbox.store import Issue
from jira_integration.sandbox.texts import read_text
from jira_integration.sandbox.webhooks import announce_comment

_NOT_FOUND = "Can not find a comment for the id: {}."


def _body(site: Site, value: Any) -> Any:
    """A comment's document. Raises JiraProblem in the shapes the comment resource uses."""
    try:
        document = read_text(site, value)
    except ValueError as trouble:
        raise JiraProblem(400, fields={"comment": str(trouble)}) from None
    if document is None:
        raise JiraProblem(400, ["Comment body can not be empty!"])
    return document


def write_comment(call: Call, issue: Issue, given: Mapping[str, Any]) -> int:
    """Add a comment from `{body, properties?}`; its id."""
    call.must_be_somebody()
    if issue.archived is not None or not call.may(call.site.projects[issue.project_id], "ADD_COMMENTS"):
        raise JiraProblem(400, ["You do not have the permission to comment on this issue."])
    document = _body(call.site, given.get("body"))
    comment_id = call.store.next_number("comment", 30_000)
    call.store.write(
        "INSERT INTO comment VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        comment_id, issue.id, call.user, call.user, json.dumps(document), call.now, call.now,
        json.dumps(given.get("properties") or []),
    )  # fmt: skip
    _touch(call, issue)
    announce_comment(call, "comment_created", issue, _row(call, issue, comment_id))
    return comment_id


def _touch(call: Call, issue: Issue) -> None:
    """A comment makes its issue newer."""
    issue.updated = max(call.now, issue.updated)
    call.store.save(issue)


def _row(call: Call, issue: Issue, comment_id: int | str) -> dict[str, Any]:
    row = call.store.row("SELECT * FROM comment WHERE id = ? AND issue_id = ?", as_id(comment_id), issue.id)
    if row is None:
        raise JiraProblem(404, [_NOT_FOUND.format(comment_id)])
    return dict(row)


def _bean(call: Call, issue: Issue, row: Mapping[str, Any]) -> Json:
    bean = call.beans.comment(issue.id, row, json.loads(row["body"]))
    if "properties" in call.listed("expand"):
        bean["properties"] = json.loads(row["properties"])
    return bean


def get_comments(call: Call) -> Response:
    issue = call.issue(call.path["issue"])
    start, size = call.number("startAt", 0), min(call.number("maxResults", 100), 5000)
    order = "DESC" if call.query.get("orderBy", "").startswith("-") else "ASC"
    rows = call.store.rows(f"SELECT * FROM comment WHERE issue_id = ? ORDER BY id {order}", issue.id)  # noqa: S608
    page = [_bean(call, issue, dict(r)) for r in rows[start : start + size]]
    return answer({"startAt": start, "maxResults": size, "total": len(rows), "comments": page})


def add_comment(call: Call) -> Response:
    issue = call.issue(call.path["issue"])
    comment_id = write_comment(call, issue, call.object(properties=[dict]))
    return answer(_bean(call, issue, _row(call, issue, comment_id)), 201)


def get_comment(call: Call) -> Response:
    issue = call.issue(call.path["issue"])
    return answer(_bean(call, issue, _row(call, issue, call.path["comment"])))


def _own(call: Call, issue: Issue) -> dict[str, Any]:
    """A comment this user may change; lacking permission is 400 here, as on real sites."""
    call.must_be_somebody()
    row = _row(call, issue, call.path["comment"])
    if row["author"] != call.user and call.user != JONAS_ACCOUNT and not call.is_admin():
        raise JiraProblem(400, [f"You do not have permission to edit comment with id: {row['id']}"])
    return row


def update_comment(call: Call) -> Response:
    issue = call.issue(call.path["issue"])
    row, given = _own(call, issue), call.object(properties=[dict])
    change_comment(call, issue, row["id"], _body(call.site, given.get("body")))
    if given.get("properties"):
        call.store.write("UPDATE comment SET properties = ? WHERE id = ?", json.dumps(given["properties"]), row["id"])
    return answer(_bean(call, issue, _row(call, issue, row["id"])))


def change_comment(call: Call, issue: Issue, comment_id: int | str, document: Any) -> None:
    call.store.write(
        "UPDATE comment SET body = ?, editor = ?, updated = ? WHERE id = ?",
        json.dumps(document), call.user, call.now, as_id(comment_id),
    )  # fmt: skip
    _touch(call, issue)
    announce_comment(call, "comment_updated", issue, _row(call, issue, comment_id))


def delete_comment(call: Call) -> Response:
    issue = call.issue(call.path["issue"])
    row = _own(call, issue)
    remove_comment(call, issue, row["id"])
    return nothing()


def remove_comment(call: Call, issue: Issue, comment_id: int | str) -> None:
    row = _row(call, issue, comment_id)
    call.store.write("DELETE FROM comment WHERE id = ?", row["id"])
    _touch(call, issue)
    announce_comment(call, "comment_deleted", issue, row)
