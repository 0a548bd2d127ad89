"""What Jira posts: proven, stored, answered; then a task re-reads the issue.

https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from jira_integration.conf import conf
from jira_integration.models import JiraConnection, WebhookDelivery

State = WebhookDelivery.State
ISSUE_EVENTS = frozenset(
    {
        "jira:issue_created",
        "jira:issue_updated",
        "jira:issue_deleted",
        "comment_created",
        "comment_updated",
        "comment_deleted",
    }
)
# Known, and left alone on purpose: docs/architecture.md says why.
IGNORED_EVENTS = frozenset(
    {
        "issuelink_created",
        "issuelink_deleted",
        "worklog_created",
        "worklog_updated",
        "worklog_deleted",
        "jira:worklog_updated",
        "sprint_created",
        "sprint_updated",
        "sprint_started",
        "sprint_closed",
        "sprint_deleted",
        "board_created",
        "board_updated",
        "board_deleted",
        "jira:version_created",
        "jira:version_updated",
        "jira:version_released",
        "project_created",
        "project_updated",
        "project_deleted",
        "user_created",
        "user_updated",
        "user_deleted",
        "attachment_created",
        "attachment_deleted",
        "issue_property_set",
        "issue_property_deleted",
    }
)


class Refused(Exception):
    """Not to be stored. `status` is the answer Jira gets; nothing is said about why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Event:
    """What a delivery is about, read without believing it."""

    name: str
    issue_id: str
    actor: str
    timestamp_ms: int | None


def receive(connection: JiraConnection, body: bytes, headers: Mapping[str, str]) -> WebhookDelivery | None:
    """Store a delivery whose signature is right; None when the same one was stored before.

    Raises Refused: 401 for a bad or missing signature (also when no secret is set), 413, 400 for what is no event or
    is older than the replay window. Database trouble goes through: the view answers 503 and Jira tries again.
    """
    if len(body) > conf.WEBHOOK_MAX_BYTES:
        raise Refused(413)
    if not signed(connection, body, headers.get("X-Hub-Signature", "")):
        raise Refused(401)
    try:
        parsed = storable(json.loads(body))
    except (ValueError, RecursionError):
        raise Refused(400) from None
    if not isinstance(parsed, dict):
        raise Refused(400)
    event = read_event(parsed)
    now_ms = int(timezone.now().timestamp() * 1000)
    if event.timestamp_ms is not None and now_ms - event.timestamp_ms > conf.WEBHOOK_REPLAY_SECONDS * 1000:
        raise Refused(400)
    identifier = headers.get("X-Atlassian-Webhook-Identifier", "")[:128] or hashlib.sha256(body).hexdigest()
    try:
        with transaction.atomic():
            delivery = WebhookDelivery.objects.create(
                connection=connection,
                identifier=identifier,
                event=event.name[:80],
                issue_id=event.issue_id[:32],
                body=parsed,
            )
            JiraConnection.objects.filter(pk=connection.pk).update(webhook_seen_at=timezone.now())
    except IntegrityError:
        return None
    return delivery


def signed(connection: JiraConnection, body: bytes, signature: str) -> bool:
    """Whether `signature` ("sha256=<hex>") is ours over these very bytes; in constant time.

    While the secret is being changed two are good. Without a secret nothing is accepted: an HMAC with an empty key can
    be made by anybody.
    """
    method, _, given = signature.partition("=")
    if method.strip().lower() != "sha256":
        return False
    accepted = False
    for sealed in connection.webhook_secrets():
        secret = sealed.open(connection.bound_to)
        ours = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        accepted |= bool(secret) and hmac.compare_digest(ours.encode(), given.strip().lower().encode())
    return accepted


def read_event(body: Mapping[str, Any]) -> Event:
    """What an event says, whatever shape it has: parts may be missing or of another kind."""
    issue, user = body.get("issue"), body.get("user")
    issue_id = issue.get("id") if isinstance(issue, dict) else None
    actor = user.get("displayName") if isinstance(user, dict) else None
    timestamp = body.get("timestamp")
    return Event(
        name=str(body.get("webhookEvent") or ""),
        issue_id=str(issue_id) if isinstance(issue_id, str | int) and str(issue_id).isdigit() else "",
        actor=actor[:150] if isinstance(actor, str) else "",
        timestamp_ms=timestamp if isinstance(timestamp, int) and not isinstance(timestamp, bool) else None,
    )


def why_ignored(event: Event) -> str:
    """Why an event changes nothing here; empty when its issue is to be read again."""
    if event.name in IGNORED_EVENTS:
        return f"{event.name} is not synced"
    # A workflow's own webhook (a post function) names no event; the issue it carries is hint enough to look.
    if event.name and event.name not in ISSUE_EVENTS:
        return f"{event.name} is not known"
    return "" if event.issue_id else "the event names no issue"


def settle(delivery: WebhookDelivery, state: str, reason: str = "") -> None:
    delivery.state, delivery.reason, delivery.handled_at = state, reason[:200], timezone.now()
    delivery.save(update_fields=["state", "reason", "handled_at"])


def storable(value: Any) -> Any:
    """The same JSON without NUL characters and halves of surrogate pairs, which no database stores."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {storable(str(name)): storable(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [storable(entry) for entry in value]
    return value
