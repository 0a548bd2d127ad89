"""Links between issues, and remote links to things elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from jira_integration.sandbox.beans import Json
from jira_integration.sandbox.call import Call, answer, nothing
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.history import Item, record
from jira_integration.sandbox.rights import must_be_live
from jira_integration.sandbox.shape import as_id, shaped
from jira_integration.sandbox.store import Issue
from jira_integration.sandbox.webhooks import announce_link

_GLOBAL_ID_LIMIT = 255


def write_link(call: Call, given: Mapping[str, Any]) -> None:
    """`{type, inwardIssue, outwardIssue}`: the inward issue is the source ("A blocks B": A inward, B outward).

    A link that is there already is no error and makes no second one.
    """
    call.must_be_somebody()
    kind = call.site.link_type(given["type"]) if isinstance(given.get("type"), Mapping) else None
    if kind is None:
        raise JiraProblem(404, ["No issue link type with the given id or name found."])
    source, target = _end(call, given.get("inwardIssue")), _end(call, given.get("outwardIssue"))
    for end in (source, target):
        _must_link(call, end)
    if source.id == target.id:
        raise JiraProblem(400, ["You cannot link an issue to itself."])
    row = call.store.row(
        "SELECT id FROM link WHERE type_id = ? AND source = ? AND target = ?", kind.id, source.id, target.id
    )
    if row is not None:
        return
    link_id = call.store.next_number("link", 40_000)
    call.store.write("INSERT INTO link VALUES (?, ?, ?, ?)", link_id, kind.id, source.id, target.id)
    record(call, source, [_link_item(f"This issue {kind.outward} {target.key}", to=target.key)])
    record(call, target, [_link_item(f"This issue {kind.inward} {source.key}", to=source.key)])
    announce_link(call, "issuelink_created", link_id, kind, source.id, target.id)


def _link_item(words: str, *, to: str) -> Item:
    """A line of the history of one end; links have no field id."""
    return {"field": "Link", "fieldtype": "jira", "from": None, "fromString": None, "to": to, "toString": words}


def _must_link(call: Call, issue: Issue) -> None:
    """Without the permission Jira answers 404, as where linking is switched off."""
    must_be_live(issue)
    if not call.may(call.site.projects[issue.project_id], "LINK_ISSUES"):
        raise JiraProblem(404, [f"No Link Issue Permission for issue '{issue.key}'"])


def _end(call: Call, given: Any) -> Issue:
    if not isinstance(given, Mapping) or not (given.get("id") or given.get("key")):
        raise JiraProblem(400, ["Both ends of a link need an issue id or key."])
    return call.issue(str(given.get("id") or given["key"]))


def link_issues(call: Call) -> Response:
    """201 with an empty body."""
    write_link(call, call.object())
    return nothing(201)


def _link_row(call: Call) -> Any:
    link_id = call.path["link"]
    row = call.store.row("SELECT * FROM link WHERE id = ?", as_id(link_id))
    if row is None:
        raise JiraProblem(404, [f"No issue link with id '{link_id}' exists."])
    return row


def get_link(call: Call) -> Response:
    row = _link_row(call)
    source, target = call.issue(str(row["source"])), call.issue(str(row["target"]))
    kind = next(t for t in call.site.link_types if t.id == row["type_id"])
    return answer(
        {
            "id": str(row["id"]),
            "self": call.beans.link("issueLink", row["id"]),
            "type": call.beans.link_type(kind),
            "inwardIssue": call.beans.linked_issue(source),
            "outwardIssue": call.beans.linked_issue(target),
        }
    )


def delete_link(call: Call) -> Response:
    call.must_be_somebody()
    row = _link_row(call)
    _must_link(call, call.issue(str(row["source"])))
    kind = next(t for t in call.site.link_types if t.id == row["type_id"])
    call.store.write("DELETE FROM link WHERE id = ?", row["id"])
    announce_link(call, "issuelink_deleted", row["id"], kind, row["source"], row["target"])
    return nothing()


def link_types(call: Call) -> Response:
    return answer({"issueLinkTypes": [call.beans.link_type(t) for t in call.site.link_types]})


def _remote_bean(call: Call, row: Any) -> Json:
    self_link = call.beans.link("issue", row["issue_id"], "remotelink", row["id"])
    return {"id": row["id"], "self": self_link, **json.loads(row["body"])}


def get_remote_links(call: Call) -> Response:
    """All of an issue, or the one with `globalId` as an object."""
    issue = call.issue(call.path["issue"])
    rows = call.store.rows("SELECT * FROM remote_link WHERE issue_id = ? ORDER BY id", issue.id)
    if wanted := call.query.get("globalId"):
        row = next((r for r in rows if r["global_id"] == wanted), None)
        if row is None:
            raise JiraProblem(404, ["No remote issue link with the given global id exists."])
        return answer(_remote_bean(call, row))
    return answer([_remote_bean(call, r) for r in rows])


def put_remote_link(call: Call) -> Response:
    """201 for a new one, 200 where `globalId` is known; what is left out becomes empty."""
    call.must_be_somebody()
    issue = call.issue(call.path["issue"])
    given = call.object(globalId=str, object=dict, application=dict, relationship=str)
    thing = shaped(given.get("object") or {}, url=str, title=str)
    if not thing.get("url") or not thing.get("title"):
        raise JiraProblem(400, fields={"object": "A remote link needs an object with a url and a title."})
    global_id = str(given.get("globalId") or "")
    if len(global_id) > _GLOBAL_ID_LIMIT:
        raise JiraProblem(400, fields={"globalId": "The globalId is longer than 255 characters."})
    body = {k: given[k] for k in ("globalId", "application", "relationship", "object") if given.get(k)}
    row = None
    if global_id:
        row = call.store.row(
            "SELECT id FROM remote_link WHERE issue_id = ? AND global_id = ?", issue.id, global_id
        )  # fmt: skip
    if row is not None:
        call.store.write("UPDATE remote_link SET body = ? WHERE id = ?", json.dumps(body), row["id"])
        link_id, status = row["id"], 200
    else:
        link_id, status = call.store.next_number("remote_link", 50_000), 201
        call.store.write("INSERT INTO remote_link VALUES (?, ?, ?, ?)", link_id, issue.id, global_id, json.dumps(body))
    if call.site.data_center:
        status = 200  # for new ones too
    return answer({"id": link_id, "self": call.beans.link("issue", issue.key, "remotelink", link_id)}, status)


def delete_remote_link(call: Call) -> Response:
    call.must_be_somebody()
    issue = call.issue(call.path["issue"])
    given = call.path.get("link", "")
    if given:
        row = call.store.row("SELECT id FROM remote_link WHERE issue_id = ? AND id = ?", issue.id, as_id(given))
    else:
        row = call.store.row(
            "SELECT id FROM remote_link WHERE issue_id = ? AND global_id = ?", issue.id, call.query.get("globalId", "")
        )
    if row is None:
        raise JiraProblem(404, ["No remote issue link with the given id exists."])
    call.store.write("DELETE FROM remote_link WHERE id = ?", row["id"])
    return nothing()
