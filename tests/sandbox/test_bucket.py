"""The sandbox's own limit on requests."""

from __future__ import annotations

from collections import Counter

import pytest
import requests

from tests.sandbox.test_issues import make, story
from tests.sandbox_server import RunningSandbox


def test_a_bucket_lets_a_burst_through_and_then_refuses_until_the_clock_moves_on(sandbox: RunningSandbox) -> None:
    sandbox.control("clock", {"stop_at": "2030-05-01T10:00:00+00:00"})
    sandbox.control("faults", {"buckets": {"rate": 0.5, "burst": 3}})

    first = [sandbox.call("GET", "myself") for _ in range(4)]
    sandbox.control("clock", {"advance_seconds": 1})
    early = sandbox.call("GET", "myself")
    sandbox.control("clock", {"advance_seconds": 1})
    late = sandbox.call("GET", "myself")

    assert [one.status_code for one in (*first, early, late)] == [200, 200, 200, 429, 429, 200]
    assert [one.headers["X-RateLimit-Remaining"] for one in first] == ["2", "1", "0", "0"]
    assert [one.headers.get("X-RateLimit-NearLimit") for one in first] == [None, None, "true", "true"]
    refused = first[3].headers
    assert (refused["Retry-After"], refused["RateLimit-Reason"]) == ("2", "jira-burst-based")
    assert refused["X-RateLimit-Reset"] == "2030-05-01T10:00:06Z"
    assert early.headers["Retry-After"] == "1"
    assert sandbox.control("faults")["buckets"][0]["refused"] == 2
    assert sandbox.log()[3]["fault"] == "bucket"


def test_a_bucket_per_endpoint_keeps_endpoints_and_methods_apart(sandbox: RunningSandbox) -> None:
    for _ in range(2):
        make(sandbox, story())
    sandbox.control("faults", {"buckets": {"rate": 0.001, "burst": 1, "per": "endpoint"}})

    answers = [sandbox.call("GET", path).status_code for path in ("issue/SHOP-1", "issue/SHOP-2", "myself", "myself")]

    assert answers == [200, 429, 200, 429]


def test_a_bucket_per_issue_counts_writes_to_one_issue(sandbox: RunningSandbox) -> None:
    for _ in range(2):
        make(sandbox, story())
    sandbox.control("faults", {"buckets": {"rate": 0.001, "burst": 1, "per": "issue"}})
    change = {"fields": {"summary": "New"}}

    writes = [sandbox.call("PUT", f"issue/SHOP-{n}", json=change) for n in (1, 1, 2)]
    reads = {sandbox.call("GET", "issue/SHOP-1").status_code for _ in range(3)}

    assert [one.status_code for one in writes] == [204, 429, 204]
    assert writes[1].headers["RateLimit-Reason"] == "jira-per-issue-on-write"
    assert reads == {200}


def test_a_refused_request_takes_nothing_from_the_other_buckets_and_reaches_no_rule(sandbox: RunningSandbox) -> None:
    sandbox.control("clock", {"stop": True})
    sandbox.control(
        "faults",
        {
            "rules": [{"kind": "server_error", "nth": 2}],
            "buckets": [{"rate": 1, "burst": 100}, {"rate": 1, "burst": 1, "reason": "jira-quota-tenant-based"}],
        },
    )

    statuses = [sandbox.call("GET", "myself").status_code for _ in range(5)]
    sandbox.control("clock", {"advance_seconds": 1})

    assert Counter(statuses) == {200: 1, 429: 4}
    assert sandbox.call("GET", "myself").status_code == 500


@pytest.mark.parametrize("bucket", [{}, {"rate": 0}, {"rate": 1, "burst": 0}, {"rate": 1, "per": "user"}, 5, {"x": 1}])
def test_a_bucket_with_a_mistake_is_refused(sandbox: RunningSandbox, bucket: object) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json={"buckets": [bucket]}, timeout=5)

    assert answer.status_code == 400
