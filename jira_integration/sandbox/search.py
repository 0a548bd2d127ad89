"""`search/jql` with token paging, its siblings, and the old search that is gone."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from jira_integration.sandbox.beans import Json
from jira_integration.sandbox.call import Call, answer
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.issue_bean import issue_bean
from jira_integration.sandbox.jql import JqlError, parse
from jira_integration.sandbox.jql_sql import Scope, Sql, to_sql
from jira_integration.sandbox.shape import Shape, as_id
from jira_integration.sandbox.store import Issue, issue_of

_UNBOUNDED = (
    "Unbounded JQL queries are not allowed here. Please add a search restriction to your query or remove unnecessary "
    "components and try again."
)
_TOKEN_LIFE_MS = 7 * 24 * 3600 * 1000
_IDS_ONLY_LIMIT = 5000
_PAGE_LIMIT = 100
_GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
UNSEARCHABLE = "archived IS NULL AND project_id NOT IN (SELECT value FROM json_each(?))"


def gone(call: Call) -> Response:
    raise JiraProblem(410, [_GONE])


def compiled(call: Call, jql: str) -> Sql:
    """Raises JiraProblem 400 for JQL that Jira refuses, unbounded JQL among it."""
    try:
        query = parse(jql)
        if query.where is None:
            raise JqlError(_UNBOUNDED)
        settings = call.jira.settings
        return to_sql(query, Scope(call.site, call.store, call.user, call.now, settings.account_zone))
    except JqlError as trouble:
        raise JiraProblem(400, trouble.messages) from None


def search_post(call: Call) -> Response:
    kinds: dict[str, Shape] = {"jql": str, "fields": [str], "properties": [str], "maxResults": int, "expand": str}
    return answer(search(call, call.object(reconcileIssues=list, nextPageToken=str, **kinds)))


def search_get(call: Call) -> Response:
    body: Json = {name: call.query[name] for name in ("jql", "nextPageToken", "expand") if name in call.query}
    body |= {name: call.listed(name) for name in ("fields", "properties", "reconcileIssues") if call.listed(name)}
    body["maxResults"] = call.number("maxResults", 50)
    return answer(search(call, body))


def search(call: Call, body: Json) -> Json:
    """`{issues, isLast, nextPageToken?}`. Reads the index, which may lag; reconcileIssues are read as they are."""
    names = body.get("fields") or ["id"]
    properties = body.get("properties") or []
    if len(properties) > 5:
        raise JiraProblem(400, ["At most 5 properties can be asked for."])
    fresh = body.get("reconcileIssues") or []
    if len(fresh) > 50 or any(as_id(i) < 0 for i in fresh):
        raise JiraProblem(400, ["reconcileIssues takes at most 50 numeric issue ids."])
    expand = [part.strip() for part in str(body.get("expand") or "").split(",") if part.strip()]
    ids_only = set(names) <= {"id", "key"}
    limit = _IDS_ONLY_LIMIT if ids_only else _PAGE_LIMIT
    size = 50 if body.get("maxResults") is None else body["maxResults"]
    if size < 0:
        raise JiraProblem(400, ["maxResults must be a number of 0 or more."])
    query = compiled(call, body.get("jql") or "")
    found, token = _page(call, query, str(body["jql"]), body.get("nextPageToken"), min(size, limit), fresh)
    result: Json = {"issues": [_shown(call, i, names, properties, expand) for i in found], "isLast": token is None}
    if token is not None:
        result["nextPageToken"] = token
    return result


def _shown(call: Call, issue: Issue, names: list[str], properties: list[str], expand: list[str]) -> Json:
    if names == ["id"] and not properties and not expand:
        return {"id": str(issue.id)}
    return issue_bean(call.beans, issue, names, properties, expand)


def _page(
    call: Call, query: Sql, jql: str, token: Any, size: int, fresh: Sequence[Any]
) -> tuple[list[Issue], str | None]:
    """One page after the token's last row, so that rows which come or go in between shift nothing."""
    store = call.store
    store.catch_up()
    hidden = json.dumps([p.id for p in call.site.projects.values() if p.archived or not call.sees(p)])
    where, values = f"({query.where}) AND {UNSEARCHABLE}", [*query.values, hidden]
    if token:
        after, place = _after(query, _read_token(call, token, jql))
        where, values = f"{where} AND ({after})", [*values, *place]
    order = ", ".join(f"{expression} {'DESC' if down else 'ASC'}" for expression, down in query.order)
    keys = ", ".join(f"{expression} AS sort{n}" for n, (expression, _) in enumerate(query.order))
    sql = f"SELECT *, {keys} FROM indexed WHERE {where} ORDER BY {order} LIMIT ?"  # noqa: S608  (values are bound)
    if fresh:
        # Only this request sees these issues as they are now: what is indexed for it is taken back.
        store.write("SAVEPOINT reconcile")
        store.index_now([int(i) for i in fresh])
    rows = store.rows(sql, *values, size + 1)
    if fresh:
        store.write("ROLLBACK TO reconcile")
        store.write("RELEASE reconcile")
    found = []
    for row in rows[:size]:
        columns = {k: row[k] for k in row.keys() if not k.startswith("sort")}  # noqa: SIM118
        found.append(issue_of(columns))
    if len(rows) <= size or not size:
        return found, None
    last = [rows[size - 1][f"sort{n}"] for n in range(len(query.order))]
    packed = json.dumps({"jql": jql, "after": last, "made": call.now}).encode()
    return found, base64.urlsafe_b64encode(packed).decode()


def _read_token(call: Call, token: Any, jql: str) -> list[Any]:
    try:
        held = json.loads(base64.urlsafe_b64decode(str(token)))
        good = held["jql"] == jql and call.now - held["made"] < _TOKEN_LIFE_MS
        after: list[Any] = held["after"]
    except (binascii.Error, ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise JiraProblem(400, ["The nextPageToken is not valid for this query, or has expired."])
    return after


def _after(query: Sql, last: list[Any]) -> tuple[str, list[Any]]:
    """The rows behind `last` in the query's order, for columns of mixed direction."""
    alternatives, values = [], []
    for n, (expression, down) in enumerate(query.order):
        same = [f"{query.order[k][0]} = ?" for k in range(n)]
        alternatives.append(" AND ".join([*same, f"{expression} {'<' if down else '>'} ?"]))
        values += last[: n + 1]
    return " OR ".join(f"({a})" for a in alternatives), values


def approximate_count(call: Call) -> Response:
    query = compiled(call, call.object(jql=str).get("jql") or "")
    call.store.catch_up()
    hidden = json.dumps([p.id for p in call.site.projects.values() if p.archived or not call.sees(p)])
    row = call.store.row(
        f"SELECT count(*) AS found FROM indexed WHERE ({query.where}) AND {UNSEARCHABLE}",  # noqa: S608
        *query.values, hidden,
    )  # fmt: skip
    return answer({"count": row["found"] if row else 0})
