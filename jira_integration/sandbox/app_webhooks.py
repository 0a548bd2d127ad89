"""Dynamic webhooks: what an OAuth app registers for itself, for thirty days at a time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

from starlette.responses import Response

from jira_integration.sandbox.beans import Json
from jira_integration.sandbox.call import Call, answer, nothing
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.jql import Compound, JqlError, Node, parse
from jira_integration.sandbox.jql_sql import Scope, to_sql
from jira_integration.sandbox.shape import shaped
from jira_integration.sandbox.webhooks import EVENTS

LIFE_MS = 30 * 24 * 3600 * 1000
_AT_MOST = 5  # of one app, for one user, on one site
_APP_EVENTS = (set(EVENTS) - {"issuelink_created", "issuelink_deleted"}) | {
    "issue_property_set", "issue_property_deleted",
}  # fmt: skip
_FIELDS = {"issuekey", "project", "issuetype", "status", "assignee", "reporter"}
_OPERATORS = {"=", "!=", "in", "not in"}
_TOKEN_LIFE_SECONDS = 180


def app_token(client_id: str, secret: str, now_ms: int) -> str:
    """The JWT (HS256, by the app's client secret) that comes with a delivery."""
    now = now_ms // 1000
    claims = {"iss": client_id, "iat": now, "exp": now + _TOKEN_LIFE_SECONDS}
    head = ".".join(_packed(part) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
    signature = hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest()
    return f"{head}.{_base64(signature)}"


def _packed(part: Json) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _must_be_app(call: Call) -> None:
    call.must_be_somebody()
    if not call.app:
        raise JiraProblem(403, ["The caller is not an app: only OAuth and Connect apps register webhooks here."])


def _own(call: Call) -> list[tuple[int, Json]]:
    """The app's webhooks that have not run out, by id."""
    rows = call.store.rows(
        "SELECT id, body FROM webhook WHERE json_extract(body, '$.app.grant') = ? ORDER BY id", call.app
    )
    found = [(row["id"], json.loads(row["body"])) for row in rows]
    return [(number, body) for number, body in found if body["app"]["expires"] > call.now]


def register(call: Call) -> Response:
    """200 even where an entry failed: each has its id or its errors, in the order of the request.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-webhooks/#api-rest-api-3-webhook-post
    """
    _must_be_app(call)
    given = call.object(url=str, webhooks=[dict])
    url, wanted = given.get("url") or "", given.get("webhooks")
    if not url.startswith(("http://", "https://")) or not wanted:
        raise JiraProblem(400, ["A webhook needs a url and at least one entry."])
    own = _own(call)
    if any(body["url"] != url for _, body in own):
        raise JiraProblem(400, ["Only a single URL per app is allowed to be registered."])
    results: list[Json] = []
    count = len(own)
    for entry in wanted:
        shaped(entry, events=[str], jqlFilter=str, fieldIdsFilter=[str], issuePropertyKeysFilter=[str])
        troubles = list(_troubles(call, entry))
        if not troubles and count >= _AT_MOST:
            troubles = [f"The limit of {_AT_MOST} webhooks per app and user is reached."]
        if troubles:
            results.append({"errors": troubles})
            continue
        count += 1
        results.append({"createdWebhookId": _keep(call, url, entry)})
    return answer({"webhookRegistrationResult": results})


def _keep(call: Call, url: str, entry: Json) -> int:
    number = call.store.next_number("webhook", 1)
    names = ("events", "jqlFilter", "fieldIdsFilter", "issuePropertyKeysFilter")
    filters = {name: entry[name] for name in names if entry.get(name)}
    app = {"grant": call.app, "user": call.user, "expires": call.now + LIFE_MS, "filters": filters}
    body = {"name": "", "url": url, "events": entry["events"], "filters": {}, "excludeBody": False, "enabled": True}
    row = (number, json.dumps(body | {"app": app}), call.jira.settings.oauth_client_secret, call.now)
    call.store.write("INSERT INTO webhook VALUES (?, ?, ?, ?)", *row)
    return number


def _troubles(call: Call, entry: Json) -> Iterator[str]:
    events = entry.get("events") or []
    if not events:
        yield "At least one event must be given."
    yield from (f"The event {event} is unsupported" for event in events if event not in _APP_EVENTS)
    jql = entry.get("jqlFilter") or ""
    if not jql.strip():
        yield "The jqlFilter is required."
        return
    try:
        query = parse(jql)
        unsupported = [*(["ORDER BY is unsupported"] if query.order else []), *_unsupported(query.where)]
        yield from unsupported
        if not unsupported:
            to_sql(query, Scope(call.site, call.store, call.user, call.now, call.jira.settings.account_zone))
    except JqlError as trouble:
        yield from trouble.messages


def _unsupported(node: Node | None) -> Iterator[str]:
    """Only some clauses and operators are matched against every change of a site."""
    if isinstance(node, Compound):
        for part in node.parts:
            yield from _unsupported(part)
    elif node is not None:
        name = node.field.lower()
        if name not in _FIELDS and not name.startswith(("issue.property[", "cf[")):
            yield f"The clause {node.field} is unsupported"
        if node.operator not in _OPERATORS:
            yield f"The operator {node.operator} is unsupported"


def list_own(call: Call) -> Response:
    _must_be_app(call)
    own = _own(call)
    start, size = max(call.number("startAt", 0), 0), min(call.number("maxResults", 100), 100)
    page = own[start : start + size]
    beans = [
        {"id": number, "url": body["url"], "expirationDate": body["app"]["expires"], **body["app"]["filters"]}
        for number, body in page
    ]
    last = start + len(page) >= len(own)
    return answer({"startAt": start, "maxResults": size, "total": len(own), "isLast": last, "values": beans})


def _named(call: Call) -> list[int]:
    ids = call.object(webhookIds=[int]).get("webhookIds")
    if not ids:
        raise JiraProblem(400, ["The list of webhook ids is missing."])
    return list(ids)


def delete_own(call: Call) -> Response:
    """202; ids that are not the app's own are passed over."""
    _must_be_app(call)
    named = set(_named(call))
    for number, _ in _own(call):
        if number in named:
            call.store.write("DELETE FROM webhook WHERE id = ?", number)
            call.store.write("DELETE FROM delivery WHERE webhook_id = ? AND outcome = 'waiting'", number)
    return nothing(202)


def refresh(call: Call) -> Response:
    """Thirty days more; ids that are not the app's own are passed over."""
    _must_be_app(call)
    named, until = set(_named(call)), call.now + LIFE_MS
    for number, body in _own(call):
        if number in named:
            body["app"]["expires"] = until
            call.store.write("UPDATE webhook SET body = ? WHERE id = ?", json.dumps(body), number)
    return answer({"expirationDate": until})


def failed(call: Call) -> Response:
    """For Connect apps only."""
    call.must_be_somebody()
    raise JiraProblem(403, ["The caller is not a Connect app."])
