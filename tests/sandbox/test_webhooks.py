"""Webhooks: who is told what, signed how, and tried how often."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jira_integration.sandbox.delivery import signature
from tests.sandbox.test_issues import document, make, story
from tests.sandbox_server import RunningSandbox, running_sandbox

ISSUE_EVENTS = ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted"]


@dataclass
class Receiver:
    """An address that keeps what is posted to it and answers with `statuses` in turn, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(b) for b in self.bodies]


@contextmanager
def receiving(*statuses: int) -> Iterator[Receiver]:
    receiver = Receiver(statuses=list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.headers.append(dict(self.headers))
            status = receiver.statuses.pop(0) if receiver.statuses else 200
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            receiver.bodies.append(body)

        def log_message(self, *args: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def until(condition: Callable[[], bool]) -> None:
    """Wait for what a background task does; fails after 10 seconds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "It did not happen within 10 seconds."
        time.sleep(0.02)


def register(sandbox: RunningSandbox, receiver: Receiver, **more: Any) -> dict[str, Any]:
    body = {"name": "test", "url": receiver.url, "events": ISSUE_EVENTS, **more}
    answer = sandbox.call("POST", "/rest/webhooks/1.0/webhook", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_status_change_is_told_signed_and_in_the_old_text_form(sandbox: RunningSandbox, receiver: Receiver) -> None:
    registered = register(sandbox, receiver, secret="hush", events=["jira:issue_updated"])
    key = make(sandbox, story(description=document("Plain words")))

    sandbox.call("POST", f"issue/{key}/transitions", json={"transition": {"id": "11"}})
    until(lambda: len(receiver.bodies) == 1)

    (event,), (headers,) = receiver.events(), receiver.headers
    expected = hmac.new(b"hush", receiver.bodies[0], hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature"] == f"sha256={expected}"
    assert headers["X-Atlassian-Webhook-Identifier"]
    assert "X-Atlassian-Webhook-Retry" not in headers
    assert registered["isSigned"] is True
    assert "hush" not in json.dumps(registered)
    assert event["webhookEvent"] == "jira:issue_updated"
    assert event["issue"]["fields"]["description"] == "Plain words"
    assert "/rest/api/2/issue/" in event["issue"]["self"]
    assert event["user"]["displayName"] == "QA Bot"
    assert "emailAddress" not in event["user"]
    (item,) = event["changelog"]["items"]
    assert (item["field"], item["fromString"], item["toString"]) == ("status", "To Do", "In Progress")


def test_each_event_has_its_own_shape(sandbox: RunningSandbox, receiver: Receiver) -> None:
    events = [*ISSUE_EVENTS, "comment_created", "comment_updated", "comment_deleted", "issuelink_created"]
    register(sandbox, receiver, events=events)
    first, second = make(sandbox, story()), make(sandbox, story())
    link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": first}, "outwardIssue": {"key": second}}
    sandbox.call("POST", "issueLink", json=link)
    comment = sandbox.call("POST", f"issue/{first}/comment", json={"body": document("Seen")}).json()["id"]
    sandbox.call("PUT", f"issue/{first}/comment/{comment}", json={"body": document("Seen twice")})
    sandbox.call("DELETE", f"issue/{first}/comment/{comment}")
    sandbox.call("DELETE", f"issue/{first}")

    until(lambda: len(receiver.bodies) == 7)

    told = {e["webhookEvent"]: e for e in receiver.events()}
    assert set(told) == set(events) - {"jira:issue_updated"}
    assert told["comment_updated"]["comment"]["body"] == "Seen twice"
    assert "user" not in told["comment_created"]
    assert set(told["issuelink_created"]) == {"timestamp", "webhookEvent", "issueLink"}
    assert told["jira:issue_deleted"]["issue"]["key"] == first
    assert "changelog" not in told["jira:issue_created"]


def test_a_filter_leaves_out_other_projects(sandbox: RunningSandbox, receiver: Receiver) -> None:
    register(sandbox, receiver, filters={"issue-related-events-section": "project = MOB"})
    make(sandbox, story())
    moved = sandbox.control("move", {"issue": "SHOP-1", "project": "MOB"})

    until(lambda: len(receiver.bodies) == 1)

    (event,) = receiver.events()
    assert (event["issue"]["key"], event["issue_event_type_name"]) == (moved["key"], "issue_moved")


def test_server_trouble_is_tried_again_under_the_same_identifier() -> None:
    with running_sandbox(webhook_retry_scale=0.0001) as sandbox, receiving(503, 500, 429) as receiver:
        register(sandbox, receiver)
        make(sandbox, story())

        until(lambda: any(d["outcome"] == "delivered" for d in sandbox.deliveries()))

        assert len({h["X-Atlassian-Webhook-Identifier"] for h in receiver.headers}) == 1
        assert [h.get("X-Atlassian-Webhook-Retry") for h in receiver.headers] == [None, "1", "2", "3"]


def test_a_refusal_is_not_tried_again() -> None:
    with running_sandbox(webhook_retry_scale=0.0001) as sandbox, receiving(401) as receiver:
        register(sandbox, receiver)
        make(sandbox, story())

        until(lambda: any(d["outcome"] == "given up: 401" for d in sandbox.deliveries()))

        assert len(receiver.bodies) == 1


def test_nobody_listening_is_given_up_after_five_more_tries() -> None:
    with running_sandbox(webhook_retry_scale=0.00001) as sandbox:
        register(sandbox, Receiver(url="http://127.0.0.1:9/"))
        make(sandbox, story())

        until(lambda: [d["outcome"] for d in sandbox.deliveries()] == ["given up: no answer"])

        assert sandbox.deliveries()[0]["attempts"] == 6


def test_a_webhook_can_be_registered_at_the_start(receiver: Receiver) -> None:
    with running_sandbox(webhook_url=receiver.url, webhook_secret="hush") as sandbox:
        make(sandbox, story())
        until(lambda: len(receiver.bodies) == 1)

        assert receiver.headers[0]["X-Hub-Signature"] == signature("hush", receiver.bodies[0])


def test_at_the_next_start_the_webhook_is_the_same_with_the_new_secret(receiver: Receiver, tmp_path: Path) -> None:
    told = {"webhook_url": receiver.url, "data_file": tmp_path / "jira.sqlite3"}
    with running_sandbox(webhook_secret="old", **told):
        pass
    with running_sandbox(webhook_secret="new", **told) as sandbox:
        make(sandbox, story())
        until(lambda: [d["outcome"] for d in sandbox.deliveries()] == ["delivered"])

        assert receiver.headers[0]["X-Hub-Signature"] == signature("new", receiver.bodies[0])


def test_only_an_admin_registers_webhooks(receiver: Receiver) -> None:
    with running_sandbox(account_is_admin=False) as sandbox:
        body = {"url": receiver.url, "events": ISSUE_EVENTS}

        assert sandbox.call("POST", "/rest/webhooks/1.0/webhook", json=body).status_code == 403


def test_the_published_signature_example_comes_out() -> None:
    expected = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"

    assert signature("It's a Secret to Everybody", b"Hello World!") == expected
