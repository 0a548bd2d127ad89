"""Faults, latency, the request log: what tests of the integration lean on."""

from __future__ import annotations

import threading
import time

import pytest
import requests

from tests.sandbox.test_issues import story
from tests.sandbox_server import RunningSandbox, running_sandbox

CREATE = {"method": "POST", "path": "/rest/api/3/issue"}


def test_close_after_write_keeps_the_write_and_gives_no_answer(sandbox: RunningSandbox) -> None:
    sandbox.faults({**CREATE, "kind": "close_after_write", "nth": 1})

    with pytest.raises(requests.ConnectionError):
        sandbox.call("POST", "issue", json=story())

    assert len(sandbox.issues()) == 1
    entry = sandbox.write_requests()[0]
    assert (entry["status"], entry["fault"]) == (None, "close_after_write")
    assert sandbox.call("POST", "issue", json=story()).status_code == 201


def test_close_before_write_writes_nothing(sandbox: RunningSandbox) -> None:
    sandbox.faults({**CREATE, "kind": "close_before_write"})

    with pytest.raises(requests.ConnectionError):
        sandbox.call("POST", "issue", json=story())

    assert sandbox.issues() == []


def test_a_made_up_status_comes_with_its_headers_and_body_as_often_as_told(sandbox: RunningSandbox) -> None:
    rule = {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}, "body": {"a": 1}, "times": 1}
    sandbox.faults({**CREATE, **rule})

    refused, accepted = (sandbox.call("POST", "issue", json=story()) for _ in range(2))

    assert (refused.status_code, refused.headers["Retry-After"], refused.json()) == (429, "7", {"a": 1})
    assert accepted.status_code == 201


def test_a_web_page_can_be_answered(sandbox: RunningSandbox) -> None:
    sandbox.faults({"kind": "status", "status": 502, "body": "<html>Bad gateway</html>"})

    answer = sandbox.call("GET", "myself")

    assert (answer.status_code, answer.headers["content-type"], answer.text) == (
        502,
        "text/html",
        "<html>Bad gateway</html>",
    )


def test_the_nth_matching_request_is_hit(sandbox: RunningSandbox) -> None:
    sandbox.faults({"path": ".*/myself", "kind": "status", "status": 503, "nth": [2, 4]})

    assert [sandbox.call("GET", "myself").status_code for _ in range(5)] == [200, 503, 200, 503, 200]


def test_a_stall_says_nothing_and_then_goes_on_or_hangs_until_the_client_leaves(sandbox: RunningSandbox) -> None:
    sandbox.faults({**CREATE, "kind": "stall", "nth": 1}, {**CREATE, "kind": "stall", "seconds": 0.2, "nth": 1})

    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{sandbox.url}/rest/api/3/issue", json=story(), auth=(sandbox.user, sandbox.token), timeout=(5, 0.3)
        )
    started = time.monotonic()
    late = sandbox.call("POST", "issue", json=story())

    assert late.status_code == 201
    assert time.monotonic() - started >= 0.2
    assert len(sandbox.issues()) == 1


def test_a_rule_that_cannot_be_read_is_refused_with_the_reason(sandbox: RunningSandbox) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json=[{"kind": "explode"}], timeout=5)

    assert answer.status_code == 400
    assert "kind must be one of" in answer.json()["error"]


def test_requests_wait_side_by_side() -> None:
    with running_sandbox(latency_ms=300) as sandbox:
        started = time.monotonic()
        threads = [
            threading.Thread(target=sandbox.call, args=("POST", "issue"), kwargs={"json": story()}) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert time.monotonic() - started < 8 * 0.3
        assert {i["key"] for i in sandbox.issues()} == {f"SHOP-{n}" for n in range(1, 9)}


def test_the_log_tells_reading_posts_from_writes(sandbox: RunningSandbox) -> None:
    sandbox.call("POST", "search/jql", json={"jql": "project = SHOP"})
    sandbox.call("POST", "issue/bulk", json={"issueUpdates": [story(), story()]})

    assert [(e["path"], e["issues"]) for e in sandbox.write_requests()] == [("/rest/api/3/issue/bulk", 2)]
    entry = sandbox.log()[0]
    assert (entry["n"], entry["method"], entry["status"]) == (1, "POST", 200)
    assert entry["body"] == {"jql": "project = SHOP"}
    assert entry["answer"]["issues"] == []
    assert abs(entry["at"] - time.time()) < 60


def test_a_reset_brings_back_the_first_state(sandbox: RunningSandbox) -> None:
    sandbox.call("POST", "issue", json=story())
    sandbox.faults({"kind": "status"})

    sandbox.control("reset", {})

    assert (sandbox.issues(), sandbox.log(), sandbox.control("faults")) == ([], [], {"rules": [], "buckets": []})
    assert sandbox.call("POST", "issue", json=story()).json()["key"] == "SHOP-1"


def test_an_issue_that_cannot_be_made_leaves_no_trace(sandbox: RunningSandbox) -> None:
    link = {"issuelinks": [{"add": {"type": {"name": "Blocks"}, "outwardIssue": {"key": "SHOP-9"}}}]}

    answer = sandbox.call("POST", "issue", json=story() | {"update": link})

    assert answer.status_code == 400
    assert sandbox.issues() == []


@pytest.mark.parametrize("value", [5, "x", True, [5], {"id": [1]}, {"id": "9" * 30}, [{"add": 5}], "\ud800", [[]]])
@pytest.mark.parametrize("name", ["fields", "update", "properties", "transition", "parent", "labels", "issuelinks"])
def test_a_body_of_the_wrong_shape_is_the_clients_fault(sandbox: RunningSandbox, name: str, value: object) -> None:
    outer = {"fields", "update", "properties", "transition"}
    body = story() | {name: value} if name in outer else story(**{name: value})

    single = sandbox.call("POST", "issue", json=body)
    bulk = sandbox.call("POST", "issue/bulk", json={"issueUpdates": [body]})

    assert {single.status_code, bulk.status_code} <= {201, 400, 404}
