from __future__ import annotations

import re

import pytest
from django.utils import timezone
from pytest_django import Settings

from jira_integration.models import AuditEntry, JiraConnection, ProjectMapping
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.visits import Visitor, text_of


@pytest.fixture
def at_webhook(visitor: Visitor, sandbox: RunningSandbox, settings: Settings) -> str:
    settings.JIRA_PUBLIC_URL = "https://stories.example.com"
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")
    for slug in ("fields", "statuses"):
        visitor.send(visitor.step(pk, slug))
    for hook in sandbox.call("GET", "/rest/webhooks/1.0/webhook").json():
        sandbox.call("DELETE", f"/rest/webhooks/1.0/webhook/{hook['self'].rpartition('/')[2]}")
    return visitor.step(pk, "webhook")


def opened_secret() -> str:
    connection = JiraConnection.objects.get()
    assert connection.webhook_secret is not None
    return connection.webhook_secret.open(connection.bound_to)


def test_jira_makes_the_webhook_when_the_account_may(
    visitor: Visitor, at_webhook: str, sandbox: RunningSandbox
) -> None:
    answer = visitor.post(at_webhook, {"create": "1"})

    [hook] = sandbox.call("GET", "/rest/webhooks/1.0/webhook").json()
    connection = JiraConnection.objects.get()
    assert answer.status_code == 303
    assert hook["url"] == f"https://stories.example.com/jira/webhooks/{connection.uid}/"
    assert hook["isSigned"] is True
    assert hook["filters"]["issue-related-events-section"] == "project in (10000)"
    assert connection.webhook_id == hook["self"].rpartition("/")[2]
    assert len(opened_secret()) >= 32
    after = visitor.get(at_webhook)
    assert "Waiting for the first event." in text_of(after)
    assert not [page for page in visitor.pages if opened_secret() in page]
    assert AuditEntry.objects.filter(code="webhook_made").exists()


def test_an_account_that_may_not_gets_the_values_to_copy(
    visitor: Visitor, at_webhook: str, sandbox: RunningSandbox
) -> None:
    sandbox.faults({"kind": "status", "path": "/rest/webhooks/1.0/webhook", "status": 403, "body": {}})

    answer = visitor.post(at_webhook, {"create": "1"})

    assert 'data-code="webhook_bad"' in answer.content.decode()
    assert '<details class="card narrow" open>' in answer.content.decode()
    assert JiraConnection.objects.get().webhook_secret is None


def test_a_secret_made_by_hand_is_shown_once(visitor: Visitor, at_webhook: str) -> None:
    answer = visitor.post(at_webhook, {"secret": "1"})

    shown = re.search(r'id="wh-secret"\s+readonly\s+value="([^"]+)"', answer.content.decode())
    assert shown is not None
    assert shown[1] == opened_secret()
    assert answer["Cache-Control"] == "no-store"
    assert opened_secret() not in visitor.get(at_webhook).content.decode()
    assert "https://stories.example.com/jira/webhooks/" in answer.content.decode()
    assert 'value="project in (10000)"' in answer.content.decode()


def test_the_waiting_line_asks_until_the_first_event_has_come(visitor: Visitor, at_webhook: str) -> None:
    visitor.post(at_webhook, {"create": "1"})
    connection = JiraConnection.objects.get()
    url = f"/jira/connections/{connection.pk}/webhook/live/"

    waiting = visitor.get(url)
    connection.webhook_seen_at = timezone.now()
    connection.save()
    received = visitor.get(url)

    assert (waiting.status_code, received.status_code) == (200, 286)
    assert f'hx-get="{url}"' in waiting.content.decode()
    assert "Received" in received.content.decode()
    assert "hx-get" not in received.content.decode()


def test_it_can_be_skipped_and_says_what_that_means(visitor: Visitor, at_webhook: str) -> None:
    said = text_of(visitor.get(at_webhook))

    answer = visitor.send(at_webhook)

    assert "Without it we ask Jira every 2 min." in said
    assert answer.status_code == 303
    assert "webhook" in ProjectMapping.objects.get().steps_done
    assert AuditEntry.objects.filter(code="webhook_skipped").exists()
    assert "No webhook: we ask Jira every 2 min." in text_of(visitor.get(at_webhook.replace("webhook", "review")))


def test_an_address_jira_cannot_reach_is_said(visitor: Visitor, at_webhook: str, settings: Settings) -> None:
    JiraConnection.objects.update(site_url="https://acme.atlassian.net")
    settings.JIRA_PUBLIC_URL = "http://127.0.0.1:8000"

    assert "Jira cannot reach this address" in text_of(visitor.get(at_webhook))
