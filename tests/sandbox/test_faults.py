"""Every kind of fault as a client sees it, and what is in Jira afterwards."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from jira_integration.sandbox.faults import KINDS, FaultError, load_faults, read_faults, read_rule
from tests.sandbox.test_issues import story
from tests.sandbox_server import RunningSandbox

CREATE = {"method": "POST", "path": "/rest/api/3/issue"}


def create(sandbox: RunningSandbox) -> requests.Response:
    return requests.post(
        f"{sandbox.url}/rest/api/3/issue", json=story(), auth=(sandbox.user, sandbox.token), timeout=5,
        allow_redirects=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "status", "kind", "headers"),
    [
        ({"kind": "server_error"}, 500, "application/json", {}),
        ({"kind": "bad_gateway"}, 502, "text/html", {}),
        ({"kind": "unavailable"}, 503, "text/html", {"Retry-After": None}),
        ({"kind": "unavailable", "retry_after": 30}, 503, "text/html", {"Retry-After": "30"}),
        ({"kind": "login_page"}, 200, "text/html", {}),
        ({"kind": "redirect"}, 302, "text/html", {"Location": "https://login.example.test/sso"}),
        ({"kind": "redirect", "location": "https://b.example.test/"}, 302, "text/html", {"Location": "https://b.example.test/"}),
        ({"kind": "login_refused"}, 401, "application/json", {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}),
        (
            {"kind": "login_refused", "headers": {"X-Seraph-LoginReason": None}}, 401, "application/json",
            {"X-Seraph-LoginReason": None},
        ),
        (
            {"kind": "captcha"}, 403, "application/json",
            {
                "X-Seraph-LoginReason": "AUTHENTICATION_DENIED",
                "X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=/login",
            },
        ),
        ({"kind": "captcha", "status": 401}, 401, "application/json", {}),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_made_up_answer_stands_before_the_write_or_replaces_the_answer_after_it(
    sandbox: RunningSandbox, rule: dict[str, Any], status: int, kind: str, headers: dict[str, str | None], when: str
) -> None:
    sandbox.faults({**CREATE, **rule, "when": when})

    answer = create(sandbox)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)
    assert {name: answer.headers.get(name) for name in headers} == headers
    assert len(sandbox.issues()) == (1 if when == "after" else 0)
    assert sandbox.log()[0]["fault"] == rule["kind"]


@pytest.mark.parametrize(("seconds", "said"), [(7, "7"), (0, "0"), (3600, "3600"), (0.5, "0.5")])
def test_a_429_says_how_long_in_seconds(sandbox: RunningSandbox, seconds: float, said: str) -> None:
    sandbox.faults({"kind": "rate_limited", "retry_after": seconds})

    answer = create(sandbox)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, said)


def test_a_429_may_say_nothing_at_all(sandbox: RunningSandbox) -> None:
    sandbox.faults({"kind": "rate_limited"})

    assert not {"Retry-After", "RateLimit-Reason", "X-RateLimit-Reset"} & set(create(sandbox).headers)


def test_a_429_may_name_a_date_which_is_of_the_sites_own_clock(sandbox: RunningSandbox) -> None:
    sandbox.control("clock", {"stop_at": "2030-05-01T10:00:00+00:00"})
    sandbox.faults({"kind": "rate_limited", "retry_after": 120, "as_date": True})

    answer = create(sandbox)

    until, sent = (parsedate_to_datetime(answer.headers[name]) for name in ("Retry-After", "Date"))
    assert sent == datetime(2030, 5, 1, 10, tzinfo=UTC)
    assert until - sent == timedelta(seconds=120)


@pytest.mark.parametrize(
    ("reason", "reset"),
    [
        ("jira-burst-based", "2030-05-01T10:01:30Z"),
        ("jira-per-issue-on-write", "2030-05-01T10:01:30Z"),
        ("jira-quota-global-based", "2030-05-01T10:02Z"),
        ("jira-quota-tenant-based", "2030-05-01T10:02Z"),
    ],
)
def test_a_429_tells_its_reason_and_when_the_limit_is_reset(sandbox: RunningSandbox, reason: str, reset: str) -> None:
    sandbox.control("clock", {"stop_at": "2030-05-01T10:00:00+00:00"})
    sandbox.faults({"kind": "rate_limited", "reason": reason, "limit": 100, "reset_after": 90})

    headers = create(sandbox).headers

    assert headers["RateLimit-Reason"] == reason
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("100", "0")
    assert headers["X-RateLimit-Reset"] == reset


def test_a_good_answer_can_say_that_the_limit_is_near(sandbox: RunningSandbox) -> None:
    sandbox.faults(
        {"kind": "headers", "limit": 100, "remaining": 3, "near": True, "headers": {"RateLimit": '"burst";r=3;t=1'}}
    )

    answer = create(sandbox)

    assert answer.status_code == 201
    assert (answer.headers["X-RateLimit-Remaining"], answer.headers["X-RateLimit-NearLimit"]) == ("3", "true")
    assert answer.headers["RateLimit"] == '"burst";r=3;t=1'


@pytest.mark.parametrize("then", ["answer", "close"])
def test_a_cut_answer_is_no_json_and_the_write_is_done(sandbox: RunningSandbox, then: str) -> None:
    sandbox.faults({**CREATE, "kind": "truncated", "bytes": 9, "then": then})

    if then == "answer":
        answer = create(sandbox)
        assert answer.status_code == 201
        assert len(answer.content) == 9
        with pytest.raises(requests.JSONDecodeError):
            answer.json()
    else:
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            create(sandbox)

    assert len(sandbox.issues()) == 1


def test_a_dripping_answer_outlasts_every_read_timeout(sandbox: RunningSandbox) -> None:
    sandbox.faults({**CREATE, "kind": "drip", "bytes": 7, "seconds": 0.1})
    started = time.monotonic()

    answer = requests.post(
        f"{sandbox.url}/rest/api/3/issue", json=story(), auth=(sandbox.user, sandbox.token), timeout=(5, 0.6)
    )

    assert answer.json()["key"] == "SHOP-1"
    assert time.monotonic() - started > 0.6
    assert len(sandbox.issues()) == 1


def test_a_stall_after_the_write_loses_the_answer_alone(sandbox: RunningSandbox) -> None:
    sandbox.faults({**CREATE, "kind": "stall", "when": "after", "seconds": 0.05, "then": "close"})

    with pytest.raises(requests.ConnectionError):
        create(sandbox)

    assert len(sandbox.issues()) == 1


def test_one_who_is_answered_as_nobody_gets_200_and_a_header_that_says_why(sandbox: RunningSandbox) -> None:
    create(sandbox)
    sandbox.faults({"kind": "anonymous"})

    found = sandbox.call("GET", "project/search")
    hidden = sandbox.call("GET", "issue/SHOP-1")

    assert (found.status_code, found.json()["values"]) == (200, [])
    assert hidden.status_code == 404
    assert found.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    assert "X-AAccountId" not in found.headers


def test_a_login_can_break_in_mid_run_for_good(sandbox: RunningSandbox) -> None:
    sandbox.faults({**CREATE, "kind": "login_refused", "from": 3})

    assert [create(sandbox).status_code for _ in range(5)] == [201, 201, 401, 401, 401]


def test_a_chance_hits_the_same_requests_each_time_with_the_same_seed(sandbox: RunningSandbox) -> None:
    rule = {**CREATE, "kind": "server_error", "chance": 0.3, "seed": 7}

    def hit(seed: int) -> list[int]:
        sandbox.faults(rule | {"seed": seed})
        return [create(sandbox).status_code for _ in range(20)]

    assert hit(7) == hit(7)
    assert hit(7) != hit(8)


def test_a_chance_of_one_in_ten_hits_about_one_in_ten() -> None:
    rule = read_rule({"kind": "close_after_write", "chance": 0.1, "seed": 7})

    assert 60 <= sum(rule.matches("POST", "/") for _ in range(1000)) <= 140


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "status", "nth": 0}, "nth"),
        ({"kind": "status", "nth": [1, "2"]}, "nth"),
        ({"kind": "status", "status": "500"}, "status cannot be"),
        ({"kind": "status", "status": 99}, "status is from"),
        ({"kind": "status", "chance": 2}, "chance is from"),
        ({"kind": "status", "times": True}, "times cannot be"),
        ({"kind": "status", "when": "later"}, "when is one of"),
        ({"kind": "status", "headers": {"A": 1}}, "headers are"),
        ({"kind": "status", "headers": {"A": "1\r\nB: 2"}}, "headers hold"),
        ({"kind": "status", "path": "("}, "regular expression"),
        ({"kind": "status", "wen": 1}, "Unknown keys"),
        (["status"], "JSON object"),
    ],
    ids=str,
)
def test_a_rule_with_a_mistake_is_refused_with_the_reason(rule: Any, said: str) -> None:
    with pytest.raises(FaultError, match=said):
        read_faults([rule])


def test_a_file_holds_rules_buckets_settings_and_the_clock(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('{"rules": [{"kind": "drip"}], "buckets": {"rate": 5}, "settings": {"key_gap": 2}}')

    faults = load_faults(file)

    assert ([r.kind for r in faults.rules], [b.burst for b in faults.buckets]) == (["drip"], [5])
    assert (faults.settings, faults.clock) == ({"key_gap": 2}, {})


def test_a_fault_file_that_holds_a_wrong_setting_changes_nothing(sandbox: RunningSandbox) -> None:
    given = {"rules": [{"kind": "drip"}], "settings": {"latency_ms": 10, "index_lag_ms": []}}

    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json=given, timeout=5)

    assert answer.status_code == 400
    assert sandbox.control("faults") == {"rules": [], "buckets": []}


def test_the_paper_describes_every_kind() -> None:
    paper = (Path(__file__).resolve().parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")

    assert [kind for kind in KINDS if f"`{kind}`" not in paper] == []
