"""Entity properties of issues: small JSON values under a key, invisible on pages."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from jira_integration.sandbox.call import Call, answer, nothing
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.rights import must_change
from jira_integration.sandbox.store import Issue

_KEY_LIMIT = 255
_VALUE_LIMIT = 32_768


def write_property(call: Call, issue: Issue, key: Any, value: Any) -> bool:
    """Set one property; True when it is new. Raises JiraProblem 400 past Jira's limits."""
    if not isinstance(key, str) or not key or len(key) > _KEY_LIMIT:
        raise JiraProblem(400, ["The property key must have between 1 and 255 characters."])
    text = json.dumps(value, ensure_ascii=False)
    if value is None or value == "" or len(text) > _VALUE_LIMIT:
        raise JiraProblem(400, ["The property value must be JSON of at most 32768 characters, and not empty."])
    known = call.store.row("SELECT 1 FROM property WHERE issue_id = ? AND key = ?", issue.id, key)
    call.store.write("INSERT OR REPLACE INTO property VALUES (?, ?, ?)", issue.id, key, text)
    return known is None


def get_properties(call: Call) -> Response:
    issue = call.issue(call.path["issue"])
    rows = call.store.rows("SELECT key FROM property WHERE issue_id = ? ORDER BY key", issue.id)
    link = call.beans.link("issue", issue.id, "properties")
    return answer({"keys": [{"self": f"{link}/{quote(r['key'], safe='')}", "key": r["key"]} for r in rows]})


def get_property(call: Call) -> Response:
    issue, key = call.issue(call.path["issue"]), call.path["key"]
    row = call.store.row("SELECT value FROM property WHERE issue_id = ? AND key = ?", issue.id, key)
    if row is None:
        raise JiraProblem(404, [f"The property '{key}' does not exist."])
    return answer({"key": key, "value": json.loads(row["value"])})


def put_property(call: Call) -> Response:
    """201 new, 200 changed. The issue's `updated` stays: properties are not part of what people see."""
    call.must_be_somebody()
    issue = call.issue(call.path["issue"])
    must_change(call, issue, "EDIT_ISSUES")
    return answer({}, 201 if write_property(call, issue, call.path["key"], call.body) else 200)


def delete_property(call: Call) -> Response:
    call.must_be_somebody()
    issue, key = call.issue(call.path["issue"]), call.path["key"]
    must_change(call, issue, "EDIT_ISSUES")
    if not call.store.row("SELECT 1 FROM property WHERE issue_id = ? AND key = ?", issue.id, key):
        raise JiraProblem(404, [f"The property '{key}' does not exist."])
    call.store.write("DELETE FROM property WHERE issue_id = ? AND key = ?", issue.id, key)
    return nothing()
