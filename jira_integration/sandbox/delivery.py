"""Sending webhooks over HTTP: signed, with Jira's headers, and tried again as Jira does, only faster.

Data Center tries once, and names no identifier.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import random
import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO, Any

from jira_integration.sandbox.app_webhooks import app_token
from jira_integration.sandbox.call import Jira
from jira_integration.sandbox.settings import Flavour

_log = logging.getLogger(__name__)
_AT_ONCE = 20
_TRIES = 6  # the first, and up to five more
_TRY_AGAIN = {408, 409, 425, 429}
_WAIT_SECONDS = (300, 900)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def signature(secret: str, body: bytes) -> str:
    """`sha256=<hex>` over the raw bytes."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _post(url: str, body: bytes, headers: dict[str, str], timeout_seconds: float) -> int | None:
    """The answer's status, or None when there was none."""
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310  (checked when registered)
    try:
        with _opener.open(request, timeout=timeout_seconds) as response:
            status: int = response.status
            return status
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code
    except (OSError, HTTPException):
        return None


async def deliver_for_ever(jira: Jira) -> None:
    """Run beside the server; ends when cancelled."""
    busy: set[asyncio.Task[None]] = set()
    under_way: set[int] = set()
    while True:
        jira.deliveries_due.clear()
        rows = jira.store.rows(
            "SELECT delivery.*, webhook.body AS hook, webhook.secret FROM delivery JOIN webhook "
            "ON webhook.id = webhook_id WHERE outcome = 'waiting' ORDER BY delivery.id LIMIT 200"
        )
        now = time.time()
        for row in rows:
            if row["due"] <= now and row["id"] not in under_way and len(busy) < _AT_ONCE:
                under_way.add(row["id"])
                task = asyncio.create_task(_send(jira, dict(row)))
                busy.add(task)

                def finished(task: asyncio.Task[None], number: int = row["id"]) -> None:
                    busy.discard(task)
                    under_way.discard(number)
                    jira.deliveries_due.set()

                task.add_done_callback(finished)
        later = [r["due"] for r in rows if r["due"] > now and r["id"] not in under_way]
        pause = min(later) - now if later else None
        try:
            await asyncio.wait_for(jira.deliveries_due.wait(), pause)
        except TimeoutError:
            continue


async def _send(jira: Jira, row: dict[str, Any]) -> None:
    hook = json.loads(row["hook"])
    body = b"" if hook["excludeBody"] else bytes(row["payload"])
    headers = {
        "Content-Type": "application/json; charset=UTF-8",
        "User-Agent": "Atlassian Webhook HTTP Client",
    }
    on_cloud = jira.settings.flavour is Flavour.CLOUD
    if on_cloud:
        headers |= {"X-Atlassian-Webhook-Identifier": row["identifier"], "X-Atlassian-Webhook-Flow": "Primary"}
    if row["attempts"]:
        headers["X-Atlassian-Webhook-Retry"] = str(row["attempts"])
    if "app" in hook:
        token = app_token(jira.settings.oauth_client_id, row["secret"], jira.clock.now_ms())
        headers["Authorization"] = f"Bearer {token}"
    elif row["secret"]:
        headers["X-Hub-Signature"] = signature(row["secret"], body)
    status = await asyncio.to_thread(_post, hook["url"], body, headers, jira.settings.webhook_timeout_seconds)
    tries = row["attempts"] + 1
    wait_seconds = 0.0
    if status is not None and 200 <= status < 300:
        outcome = "delivered"
    elif on_cloud and (status is None or status in _TRY_AGAIN or status >= 500) and tries < _TRIES:
        outcome = "waiting"
        wait_seconds = random.uniform(*_WAIT_SECONDS) * jira.settings.webhook_retry_scale  # noqa: S311  (only a pause)
    else:
        outcome = f"given up: {status or 'no answer'}"
    _log.info("webhook %s %s to %s: %s", row["event"], row["identifier"], row["webhook_id"], status or "no answer")
    jira.store.write(
        "UPDATE delivery SET attempts = ?, due = ?, outcome = ? WHERE id = ?",
        tries, time.time() + wait_seconds, outcome, row["id"],
    )  # fmt: skip
