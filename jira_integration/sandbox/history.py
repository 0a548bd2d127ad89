"""The change history: what an edit changed, in the words of Jira's changelog."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from jira_integration.sandbox.call import Call, answer
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.issue_bean import history_bean
from jira_integration.sandbox.model import FieldDef, Option, Project
from jira_integration.sandbox.store import Issue
from jira_integration.sandbox.texts import as_text

Item = dict[str, Any]


def change_item(call: Call, project: Project, field: FieldDef, old: Any, new: Any) -> Item:
    """One line of a changelog for stored values (values.py)."""
    was, now = _shown(call, project, field, old), _shown(call, project, field, new)
    item: Item = {"field": field.name if field.custom else field.id, "fieldtype": "custom" if field.custom else "jira"}
    if field.id == "parent" and not call.site.data_center:
        item["field"] = "IssueParentAssociation"  # has no fieldId on real sites
    elif call.site.data_center:
        item["field"] = "Epic Link" if field.id == "parent" else item["field"]
    else:
        item["fieldId"] = field.id
    return item | {"from": was[0], "fromString": was[1], "to": now[0], "toString": now[1]}


def status_item(call: Call, old: str, new: str) -> Item:
    names = call.site.statuses
    return {
        "field": "status",
        "fieldtype": "jira",
        "fieldId": "status",
        "from": old,
        "fromString": names[old].name,
        "to": new,
        "toString": names[new].name,
    }


def _shown(call: Call, project: Project, field: FieldDef, value: Any) -> tuple[str | None, str | None]:
    if value is None or value == []:
        return None, None
    match field.kind:
        case "adf" | "wiki":
            return None, as_text(value)
        case "user":
            user = call.site.users[value]
            return user.key if call.site.data_center else value, user.name
        case "priority" | "resolution" | "option":
            options = {"priority": call.site.priorities, "resolution": call.site.resolutions}
            return value, _text(options.get(field.kind, field.options), value)
        case "cascade":
            return json.dumps(value), f"Parent values: {_text(field.options, value[0])}({value[0]})"
        case "users" | "groups":
            return json.dumps(value), ", ".join(value)
        case "options":
            return json.dumps(value), ",".join(_text(field.options, one) for one in value)
        case "components" | "versions":
            options = {"components": project.components, "versions": project.versions}
            return ",".join(value), ",".join(_text(options[field.kind], one) for one in value)
        case "labels":
            return None, " ".join(value)
        case "number":
            return None, f"{value:g}"
        case "parent":
            parent = call.store.issue(value)
            return str(value), parent.key if parent else str(value)
        case "issuetype":
            return value, call.site.types[value].name
        case _:
            return None, str(value)


def _text(options: tuple[Option, ...], id_: str) -> str:
    return next((o.text for o in options if o.id == id_), id_)


def record(call: Call, issue: Issue, items: list[Item]) -> int:
    """Write one entry of the history; its id."""
    entry = call.store.next_number("history", 20000)
    call.store.write(
        "INSERT INTO history VALUES (?, ?, ?, ?, ?)", entry, issue.id, call.user, call.now, json.dumps(items)
    )
    return entry


def get_changelog(call: Call) -> Response:
    """Oldest first, 100 to a page."""
    issue = call.issue(call.path["issue"])
    start, size = call.number("startAt", 0), min(call.number("maxResults", 100), 100)
    rows = call.store.rows("SELECT * FROM history WHERE issue_id = ? ORDER BY id", issue.id)
    page = rows[start : start + size]
    return answer(
        {
            "self": call.beans.link("issue", issue.key, "changelog"),
            "maxResults": size,
            "startAt": start,
            "total": len(rows),
            "isLast": start + len(page) >= len(rows),
            "values": [history_bean(call.beans, r) for r in page],
        }
    )


def bulk_changelogs(call: Call) -> Response:
    """`POST changelog/bulkfetch {issueIdsOrKeys, fieldIds?}`; one page here, Jira pages by token."""
    body = call.object(issueIdsOrKeys=[str], fieldIds=[str])
    names = body.get("issueIdsOrKeys")
    if not names or len(names) > 1000:
        raise JiraProblem(400, ["issueIdsOrKeys must hold between 1 and 1000 issues."])
    wanted = set(body.get("fieldIds") or [])
    logs = []
    for issue in filter(None, (call.store.issue(str(n)) for n in names)):
        rows = call.store.rows("SELECT * FROM history WHERE issue_id = ? ORDER BY id", issue.id)
        beans = [history_bean(call.beans, r) for r in rows]
        if wanted:
            for bean in beans:
                bean["items"] = [i for i in bean["items"] if i.get("fieldId") in wanted]
        logs.append({"issueId": str(issue.id), "changeHistories": [b for b in beans if b["items"]]})
    return answer({"issueChangeLogs": logs})
