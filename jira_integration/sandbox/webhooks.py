"""Admin webhooks: registering them, and what they are told. Sending is delivery.py's."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from jira_integration.sandbox.beans import Beans, Json
from jira_integration.sandbox.call import Call, answer, nothing
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.issue_bean import issue_bean
from jira_integration.sandbox.jql import JqlError, parse
from jira_integration.sandbox.jql_sql import Scope, to_sql
from jira_integration.sandbox.model import LinkType
from jira_integration.sandbox.settings import Flavour, SandboxSettings
from jira_integration.sandbox.shape import shaped
from jira_integration.sandbox.store import Issue

EVENTS = (
    "jira:issue_created", "jira:issue_updated", "jira:issue_deleted",
    "comment_created", "comment_updated", "comment_deleted", "issuelink_created", "issuelink_deleted",
)  # fmt: skip
_KINDS = {
    "jira:issue_created": "issue_created",
    "jira:issue_updated": "issue_updated",
    "jira:issue_deleted": "issue_deleted",
}
_FILTER = "issue-related-events-section"


def announce(
    call: Call, event: str, issue: Issue, *, changelog: Json | None = None, comment: Mapping[str, Any] | None = None
) -> None:
    """Queue an event for every webhook that wants it, in the transaction of the change itself."""
    hooks = _interested(call, event, issue, changelog)
    if not hooks:
        return
    beans = call.jira.beans(call.base, api=2)
    payload: Json = {"timestamp": call.now, "webhookEvent": event}
    if kind := _kind(event, changelog):
        payload["issue_event_type_name"] = kind
    if comment is not None:
        payload["comment"] = beans.comment(issue.id, comment, json.loads(comment["body"]))
        payload["issue"] = _reduced(beans, issue)
    else:
        payload["user"] = beans.user_by_id(call.user)
        payload["issue"] = issue_bean(beans, issue, ["*all"])
        payload["issue"].pop("expand")
    if changelog is not None:
        payload["changelog"] = changelog
    _queue(call, event, hooks, payload)


def announce_comment(call: Call, event: str, issue: Issue, comment: Mapping[str, Any]) -> None:
    """Data Center also tells that the issue changed, with the comment beside it."""
    announce(call, event, issue, comment=comment)
    hooks = _interested(call, "jira:issue_updated", issue) if call.site.data_center else None
    if hooks:
        beans = call.jira.beans(call.base, api=2)
        bean = issue_bean(beans, issue, ["*all"])
        bean.pop("expand")
        payload: Json = {
            "timestamp": call.now,
            "webhookEvent": "jira:issue_updated",
            "issue_event_type_name": event.replace("comment_created", "issue_commented").replace(
                "comment_", "issue_comment_"
            ),
            "user": beans.user_by_id(call.user),
            "issue": bean,
            "comment": beans.comment(issue.id, comment, json.loads(comment["body"])),
        }
        _queue(call, "jira:issue_updated", hooks, payload)


def announce_link(call: Call, event: str, link_id: int, kind: LinkType, source: int, target: int) -> None:
    """Link events carry numeric ids only: no issue, no user."""
    hooks = _interested(call, event, None)
    payload: Json = {
        "timestamp": call.now,
        "webhookEvent": event,
        "issueLink": {
            "id": link_id,
            "sourceIssueId": source,
            "destinationIssueId": target,
            "issueLinkType": {
                "id": int(kind.id),
                "name": kind.name,
                "outwardName": kind.outward,
                "inwardName": kind.inward,
                "isSubTaskLinkType": False,
                "isSystemLinkType": False,
            },
            "systemLink": False,
        },
    }
    _queue(call, event, hooks, payload)


def _kind(event: str, changelog: Json | None) -> str:
    if changelog and any(i["field"] == "Key" for i in changelog["items"]):
        return "issue_moved"
    if changelog and any(i["field"] == "status" for i in changelog["items"]):
        return "issue_generic"
    return _KINDS.get(event, "")


def _reduced(beans: Beans, issue: Issue) -> Json:
    bean = issue_bean(beans, issue, ["summary", "issuetype", "project", "assignee", "priority", "status"])
    bean.pop("expand")
    return bean


@dataclass(frozen=True)
class Hooks:
    """Who is to be told: admin webhooks one by one, the webhooks of an app together."""

    admin: list[int]
    by_app: dict[int, list[int]]

    def __bool__(self) -> bool:
        return bool(self.admin or self.by_app)


def _interested(call: Call, event: str, issue: Issue | None, changelog: Json | None = None) -> Hooks:
    hooks = Hooks([], {})
    changed = {str(item.get("fieldId") or item["field"]) for item in changelog["items"]} if changelog else None
    for row in call.store.rows("SELECT id, body FROM webhook ORDER BY id"):
        body = json.loads(row["body"])
        if not body["enabled"] or event not in body["events"] or not (issue is None or _matches(call, body, issue)):
            continue
        if "app" not in body:
            hooks.admin.append(row["id"])
        elif _alive(call, body["app"], changed):
            hooks.by_app.setdefault(body["app"]["grant"], []).append(row["id"])
    return hooks


def _alive(call: Call, app: Json, changed: set[str] | None) -> bool:
    """Whether an app's webhook has not run out and cares for these fields; None where no field changed."""
    wanted = app["filters"].get("fieldIdsFilter")
    return app["expires"] > call.now and (changed is None or not wanted or bool(changed & set(wanted)))


def _matches(call: Call, body: Json, issue: Issue) -> bool:
    app = body.get("app")
    jql = app["filters"]["jqlFilter"] if app else body["filters"].get(_FILTER, "")
    user = app["user"] if app else call.user
    if not jql.strip():
        return True
    query = to_sql(parse(jql), Scope(call.site, call.store, user, call.now, call.jira.settings.account_zone))
    found = call.store.row(
        f"SELECT 1 FROM issue WHERE id = ? AND ({query.where})",  # noqa: S608  (values are bound)
        issue.id, *query.values,
    )  # fmt: skip
    return found is not None


def _queue(call: Call, event: str, hooks: Hooks, payload: Json) -> None:
    told = [(hook, payload) for hook in hooks.admin]
    told += [(ids[0], payload | {"matchedWebhookIds": ids}) for ids in hooks.by_app.values()]
    for hook, content in told:
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        call.store.write(
            "INSERT INTO delivery (webhook_id, identifier, event, payload, due) VALUES (?, ?, ?, ?, ?)",
            hook, str(uuid.uuid4()), event, body, time.time(),
        )  # fmt: skip


def register(call: Call, given: Mapping[str, Any]) -> int:
    """Store a webhook from Jira's admin body; its id. Raises JiraProblem 400 for a body Jira would refuse."""
    url, events = given.get("url"), given.get("events")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise JiraProblem(400, ["The URL of the webhook is not an absolute http or https address."])
    if not isinstance(events, list) or not events or any(e not in EVENTS for e in events):
        raise JiraProblem(400, ["Name at least one event that Jira knows."])
    filters = given.get("filters") or {}
    if jql := str(filters.get(_FILTER, "")).strip():
        try:
            to_sql(parse(jql), Scope(call.site, call.store, call.user, call.now, call.jira.settings.account_zone))
        except JqlError as trouble:
            raise JiraProblem(400, trouble.messages) from None
    body = {
        "name": str(given.get("name") or url),
        "url": url,
        "events": events,
        "filters": {_FILTER: str(filters.get(_FILTER, ""))},
        "excludeBody": bool(given.get("excludeBody") or given.get("excludeIssueDetails")),
        "enabled": given.get("enabled", True) is not False,
    }
    hook = call.store.next_number("webhook", 1)
    secret = str(given.get("secret") or "") if signs(call.jira.settings) else ""
    call.store.write("INSERT INTO webhook VALUES (?, ?, ?, ?)", hook, json.dumps(body), secret, call.now)
    return hook


def _bean(call: Call, row: Any) -> Json:
    """The secret is never shown again, only whether there is one."""
    user = call.site.users[call.user]
    body = json.loads(row["body"])
    if call.site.data_center:
        body["excludeIssueDetails"] = body.pop("excludeBody")
    if signs(call.jira.settings):
        body["isSigned"] = bool(row["secret"])
    return {
        **body,
        "self": f"{call.beans.base}/rest/webhooks/1.0/webhook/{row['id']}",
        "lastUpdated": row["updated"],
        "lastUpdatedUser": user.key if call.site.data_center else user.account_id,
        "lastUpdatedDisplayName": user.name,
    }


def signs(settings: SandboxSettings) -> bool:
    """Whether this Jira takes a secret and signs with it: Data Center does since 10."""
    return settings.flavour is Flavour.CLOUD or settings.version >= (10, 0)


def _must_be_admin(call: Call) -> None:
    call.must_be_somebody()
    if not call.is_admin():
        raise JiraProblem(403, ["You do not have permission to administer webhooks."])


def _row(call: Call, hook: str | int) -> Any:
    _must_be_admin(call)
    row = call.store.row("SELECT * FROM webhook WHERE id = ?", int(hook))
    if row is None or "app" in json.loads(row["body"]):
        raise JiraProblem(404, [f"No webhook with the id {hook} exists."])
    return row


def _body(call: Call) -> Json:
    body = call.object(url=str, events=[str], filters=dict, name=str, secret=str)
    shaped(body.get("filters") or {}, **{_FILTER: str})
    return body


def _admin_rows(call: Call) -> list[Any]:
    return call.store.rows("SELECT * FROM webhook WHERE json_extract(body, '$.app') IS NULL ORDER BY id")


def list_webhooks(call: Call) -> Response:
    _must_be_admin(call)
    return answer([_bean(call, r) for r in _admin_rows(call)])


def post_webhook(call: Call) -> Response:
    _must_be_admin(call)
    return answer(_bean(call, _row(call, register(call, _body(call)))), 201)


def get_webhook(call: Call) -> Response:
    return answer(_bean(call, _row(call, call.path["webhook"])))


def put_webhook(call: Call) -> Response:
    row, given = _row(call, call.path["webhook"]), _body(call)
    old = json.loads(row["body"])
    fresh = register(call, {**old, "secret": row["secret"], **given})
    call.store.write("DELETE FROM webhook WHERE id = ?", row["id"])
    call.store.write("UPDATE webhook SET id = ? WHERE id = ?", row["id"], fresh)
    return answer(_bean(call, _row(call, row["id"])))


def delete_webhook(call: Call) -> Response:
    row = _row(call, call.path["webhook"])
    call.store.write("DELETE FROM webhook WHERE id = ?", row["id"])
    call.store.write("DELETE FROM delivery WHERE webhook_id = ? AND outcome = 'waiting'", row["id"])
    return nothing()
