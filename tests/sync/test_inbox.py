"""What Jira posts: proven, stored once, then the issue is read again."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from jira_integration import tasks
from jira_integration.models import ExportedTicket, JiraConnection, ProjectMapping, WebhookDelivery
from stories_qa.models import Story
from tests.sandbox_server import RunningSandbox
from tests.sync.test_poll import key_of, move, state_of

pytestmark = pytest.mark.both_databases
SECRET = "It's a Secret to Everybody"


@pytest.fixture
def connection(mapping: ProjectMapping, monkeypatch: pytest.MonkeyPatch) -> JiraConnection:
    """A connection with a webhook secret; tasks are run by the tests themselves."""
    monkeypatch.setattr(tasks.handle_delivery, "delay", lambda delivery_id: None)
    connection = mapping.connection
    connection.keep_webhook_secret(SECRET)
    connection.save()
    return connection


def event(name: str = "jira:issue_updated", issue_id: str = "10001", **more: Any) -> bytes:
    body = {"timestamp": int(time.time() * 1000), "webhookEvent": name, "issue": {"id": issue_id, "key": "SHOP-1"}}
    return json.dumps({**body, "user": {"displayName": "Jonas Ortiz"}, **more}).encode()


def post(connection: JiraConnection, body: bytes, signature: str | None = None, **headers: str) -> int:
    if signature is None:
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return (
        Client()
        .post(
            f"/jira/webhooks/{connection.uid}/",
            body,
            content_type="application/json",
            headers={"X-Hub-Signature": signature, **headers},
        )
        .status_code
    )


def test_the_vector_of_atlassian_s_page_is_accepted() -> None:
    connection = JiraConnection(site_url="https://acme.atlassian.net")
    connection.keep_webhook_secret(SECRET)
    from jira_integration.sync.inbox import signed

    digest = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"

    assert signed(connection, b"Hello World!", f"sha256={digest}")
    assert not signed(connection, b"Hello World?", f"sha256={digest}")
    assert not signed(JiraConnection(), b"Hello World!", f"sha256={digest}")


def test_a_signed_event_is_stored_and_its_issue_is_read_again(
    connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    story = Story.objects.get(key="US-1")
    ticket = ExportedTicket.objects.get(story_ref=story.ref)
    move(sandbox, key_of(story), "In Progress")

    assert post(connection, event(issue_id=ticket.issue_id)) == 200

    delivery = WebhookDelivery.objects.get()
    tasks.handle_delivery(delivery.pk)
    delivery.refresh_from_db()
    story.refresh_from_db()
    assert delivery.state == "handled"
    assert (story.status, story.updated_by) == ("in_progress", "Jonas Ortiz")


def test_the_same_delivery_twice_is_one_row(connection: JiraConnection) -> None:
    body = event()

    answers = [post(connection, body, **{"X-Atlassian-Webhook-Identifier": "abc"}) for _ in range(2)]

    assert answers == [200, 200]
    assert WebhookDelivery.objects.count() == 1


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=" + "0" * 64, "md5=abc", "sha1=abc"])
def test_a_bad_signature_is_401_and_stores_nothing(connection: JiraConnection, signature: str) -> None:
    assert post(connection, event(), signature) == 401
    assert not WebhookDelivery.objects.exists()


def test_a_connection_without_a_secret_and_an_unknown_one_answer_alike(connection: JiraConnection) -> None:
    JiraConnection.objects.filter(pk=connection.pk).update(webhook_secret=None)

    assert post(connection, event()) == 401
    assert post(JiraConnection(), event()) == 401


def test_a_body_that_is_no_event_is_400_and_a_huge_one_413(connection: JiraConnection, settings: Any) -> None:
    assert post(connection, b"[]") == 400
    assert post(connection, b"\xff\xfe") == 400
    assert post(connection, event(timestamp=int((time.time() - 90 * 3600) * 1000))) == 400
    settings.JIRA_WEBHOOK_MAX_BYTES = 100
    assert post(connection, event(padding="x" * 200)) == 413


def test_when_it_cannot_be_stored_jira_is_asked_to_come_again(
    connection: JiraConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("disk full")

    monkeypatch.setattr(WebhookDelivery.objects, "create", full)

    assert post(connection, event()) == 503


def test_a_deleted_issue_is_missing_at_once_when_jira_itself_says_so(
    connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    story = Story.objects.get(key="US-2")
    ticket = ExportedTicket.objects.get(story_ref=story.ref)
    sandbox.call("DELETE", f"issue/{ticket.issue_key}")
    post(connection, event("jira:issue_deleted", ticket.issue_id))

    tasks.handle_delivery(WebhookDelivery.objects.get().pk)

    assert state_of(story) == "missing"


def test_a_forged_deletion_of_an_issue_that_exists_changes_nothing(
    connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    story = Story.objects.get(key="US-2")
    ticket = ExportedTicket.objects.get(story_ref=story.ref)
    post(connection, event("jira:issue_deleted", ticket.issue_id))

    tasks.handle_delivery(WebhookDelivery.objects.get().pk)

    assert state_of(story) == "in_sync"


def test_events_that_are_not_synced_are_kept_with_the_reason(connection: JiraConnection) -> None:
    post(connection, event("worklog_created"))
    post(connection, event("something_new"))
    post(connection, event(issue_id="999999"))

    for delivery in WebhookDelivery.objects.all():
        tasks.handle_delivery(delivery.pk)

    reasons = dict(WebhookDelivery.objects.values_list("event", "reason"))
    assert reasons == {
        "worklog_created": "worklog_created is not synced",
        "something_new": "something_new is not known",
        "jira:issue_updated": "the issue is not one of ours",
    }
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"ignored"}
