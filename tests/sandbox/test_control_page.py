"""The control page, as a browser without JavaScript uses it."""

from __future__ import annotations

import requests

from tests.sandbox.test_issues import story
from tests.sandbox_server import RunningSandbox

RULE = {"kind": "rate_limited", "method": "POST", "path": ".*/issue", "nth": "1, 3", "from": "", "times": "",
        "chance": "", "seed": "", "when": "before", "seconds": "", "then": "answer", "retry_after": "7",
        "reason": "jira-burst-based", "more": ""}  # fmt: skip


def page(sandbox: RunningSandbox) -> str:
    answer = requests.get(f"{sandbox.url}/_sandbox/", timeout=5)
    assert answer.status_code == 200
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    return answer.text


def send(sandbox: RunningSandbox, path: str, data: dict[str, str]) -> requests.Response:
    return requests.post(f"{sandbox.url}/_sandbox/page/{path}", data=data, timeout=5)


def test_a_fault_is_added_seen_at_work_and_removed(sandbox: RunningSandbox) -> None:
    added = send(sandbox, "rule", RULE)
    first, second = (sandbox.call("POST", "issue", json=story()) for _ in range(2))
    shown = page(sandbox)
    (rule,) = sandbox.control("faults")["rules"]
    send(sandbox, "rule/remove", {"id": str(rule["id"])})

    assert added.url == f"{sandbox.url}/_sandbox/"
    assert (first.status_code, first.headers["Retry-After"], second.status_code) == (429, "7", 201)
    assert all(word in shown for word in ("429 Too many requests", "number 1, 3", "1 of 2", "/rest/api/3/issue"))
    assert sandbox.control("faults")["rules"] == []


def test_further_keys_are_given_as_json(sandbox: RunningSandbox) -> None:
    send(sandbox, "rule", RULE | {"kind": "status", "more": '{"status": 409, "body": {"errorMessages": ["Busy"]}}'})

    answer = sandbox.call("POST", "issue", json=story())

    assert (answer.status_code, answer.json()) == (409, {"errorMessages": ["Busy"]})


def test_a_mistake_is_told_and_what_was_typed_is_kept(sandbox: RunningSandbox) -> None:
    answer = send(sandbox, "rule", RULE | {"path": "(<b>", "chance": "0.5"})

    assert answer.status_code == 400
    assert "not a regular expression" in answer.text
    assert 'value="(&lt;b&gt;"' in answer.text
    assert "<b>" not in answer.text
    assert sandbox.control("faults")["rules"] == []


def test_latency_lag_and_limits_are_set(sandbox: RunningSandbox) -> None:
    turned = {"latency_ms": "1", "latency_per_issue_ms": "2", "index_lag_ms": "60000", "key_gap": "3"}

    send(sandbox, "settings", turned | {"bad_login": "anonymous", "captcha_after": "5"})
    send(sandbox, "bucket", {"rate": "0.01", "burst": "1", "per": "site", "reason": "jira-quota-tenant-based"})
    made = sandbox.call("POST", "issue", json=story())
    limited = sandbox.call("GET", "myself")
    shown = page(sandbox)
    send(sandbox, "bucket/remove", {"number": "0"})
    found = sandbox.call("GET", "search/jql", params={"jql": "project = SHOP"})

    assert (made.json()["key"], limited.status_code) == ("SHOP-4", 429)
    assert "0.01 a second" in shown
    assert 'value="60000"' in shown
    assert found.json()["issues"] == []


def test_a_wrong_number_leaves_all_settings_as_they_were(sandbox: RunningSandbox) -> None:
    answer = send(sandbox, "settings", {"latency_ms": "5", "key_gap": "-1"})

    assert answer.status_code == 400
    assert 'name="latency_ms" inputmode="numeric" value="0"' in page(sandbox)


def test_the_clock_is_stopped_moved_and_let_run(sandbox: RunningSandbox) -> None:
    sandbox.control("clock", {"stop_at": "2030-05-01T10:00:00+00:00"})
    send(sandbox, "clock", {"advance_seconds": "90"})
    stopped = page(sandbox)
    send(sandbox, "clock", {"run": "1"})

    assert "2030-05-01 10:01:30 UTC" in stopped
    assert "It stands still" in stopped
    assert "It is running" in page(sandbox)


def test_the_last_requests_are_shown_and_forgotten(sandbox: RunningSandbox) -> None:
    sandbox.call("POST", "search/jql?<b>=1", json={"jql": "project = SHOP"})
    shown = page(sandbox)
    send(sandbox, "log", {})

    assert "POST /rest/api/3/search/jql?" in shown
    assert "<b>" not in shown
    assert sandbox.log() == []


def test_all_starts_again(sandbox: RunningSandbox) -> None:
    sandbox.call("POST", "issue", json=story())
    send(sandbox, "rule", RULE)

    send(sandbox, "reset", {})

    assert (sandbox.issues(), sandbox.control("faults")["rules"]) == ([], [])


def test_a_form_from_another_site_is_refused(sandbox: RunningSandbox) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/page/reset", headers={"Origin": "https://evil.example"}, timeout=5)

    assert answer.status_code == 403
