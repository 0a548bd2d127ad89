"""Ten thousand messages that Jira never sent: none is stored, and none breaks the view."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone

from jira_integration import tasks
from jira_integration.models import JiraConnection, WebhookDelivery
from jira_integration.views.webhooks import webhook
from tests.jira_rows import a_connection

MESSAGES = 10_000
SECRET = "a secret of this connection"
BODY = {
    "timestamp": 1_700_000_000_000,
    "webhookEvent": "jira:issue_updated",
    "user": {"accountId": "712020:1", "displayName": "Jonas Ortiz"},
    "issue": {"id": "10001", "key": "SHOP-1", "fields": {"summary": "Ünïcödé \U0001f600", "labels": ["a"]}},
    "changelog": {"items": [{"field": "status", "from": "1", "to": "3"}]},
    "matchedWebhookIds": [1],
}


@pytest.fixture
def connection(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> JiraConnection:
    settings.JIRA_WEBHOOK_REPLAY_SECONDS = 10**9
    monkeypatch.setattr(tasks, "enqueue_delivery", lambda delivery_id: None)
    connection = a_connection()
    connection.keep_webhook_secret(SECRET)
    connection.save()
    return connection


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def post(connection: JiraConnection, body: bytes, signed: str, kind: str = "application/json") -> int:
    request = RequestFactory().post("/", body, content_type=kind, headers={"X-Hub-Signature": signed})
    return webhook(request, uid=connection.uid).status_code


def mutant(rng: Random, body: bytes) -> bytes:
    """The body with something changed: a byte, a stretch, a value of another type, a part said twice."""
    at = rng.randrange(len(body))
    match rng.randrange(6):
        case 0:
            return body[:at] + bytes([body[at] ^ (1 << rng.randrange(8))]) + body[at + 1 :]
        case 1:
            return body[:at]
        case 2:
            return body + rng.choice((b" ", b"\x00", b"}", b"\n"))
        case 3:
            return body[:at] + body[rng.randrange(len(body)) :]
        case 4:
            made = json.loads(body)
            made[rng.choice(list(made))] = rng.choice((None, [], {}, "x", -1, 1e308, True, "\ud800", "\x00"))
            return json.dumps(made).encode()
    return json.dumps(json.loads(body), indent=rng.choice((1, 2))).encode()


def forged(rng: Random, body: bytes, honest: str) -> str:
    """A signature somebody might try."""
    return rng.choice(
        (
            honest,
            "",
            honest.replace("sha256", "sha1"),
            honest.replace("sha256=", ""),
            honest[:-1],
            honest + "0",
            signature(body, ""),
            signature(body, "another secret"),
            "sha256=" + "é" * 8,
            "none=" + honest,
            hashlib.sha256(body).hexdigest(),
        )
    )


def test_none_of_ten_thousand_forged_messages_is_stored_and_none_breaks_the_view(connection: JiraConnection) -> None:
    rng, answers = Random(11), Counter[int]()
    body = json.dumps(BODY).encode()
    honest = signature(body)

    for _ in range(MESSAGES):
        sent = mutant(rng, body)
        if sent == body:
            sent += b" "
        answers[post(connection, sent, forged(rng, sent, honest))] += 1

    assert answers[401] + answers[415] == MESSAGES  # an empty body has no content type
    assert not WebhookDelivery.objects.exists()


def test_a_mutant_that_is_signed_is_stored_or_refused_as_no_event(connection: JiraConnection) -> None:
    rng, answers = Random(12), Counter[int]()
    body = json.dumps(BODY).encode()

    for _ in range(600):
        sent = mutant(rng, body)
        answers[post(connection, sent, signature(sent))] += 1

    assert set(answers) == {200, 400}
    assert answers[200] > 150
    assert post(connection, body, signature(body)) == 200
    assert WebhookDelivery.objects.filter(issue_id="10001").exists()


def test_another_content_type_is_refused(connection: JiraConnection) -> None:
    body = json.dumps(BODY).encode()

    assert post(connection, body, signature(body), "text/plain") == 415
    assert post(connection, body, signature(body), "application/json; charset=UTF-8") == 200


def test_while_the_secret_is_changed_both_are_good_and_later_only_the_new_one(connection: JiraConnection) -> None:
    connection.keep_webhook_secret("the new one", overlap=timedelta(hours=1))
    connection.save()
    first, second, third = (json.dumps({**BODY, "n": n}).encode() for n in range(3))

    assert post(connection, first, signature(first)) == 200
    assert post(connection, second, signature(second, "the new one")) == 200
    JiraConnection.objects.update(webhook_secret_before_until=timezone.now() - timedelta(seconds=1))
    assert post(connection, third, signature(third)) == 401
