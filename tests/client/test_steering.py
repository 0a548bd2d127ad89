"""What one answer asks of all workers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jira_integration.client.desk import EASE, HALF, UNNAMED, LoginBucket, Orders, Outcome, Where
from jira_integration.client.steering import orders

NOW = datetime(2026, 3, 2, 11, 40, tzinfo=UTC).timestamp()
BURST, TENANT, APP = "jira-burst-based", "jira-quota-tenant-based", "jira-quota-global-based"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "Mon, 02 Mar 2026 11:42:00 GMT"}, 120),
        ({"Retry-After": "soon"}, UNNAMED),
        ({}, UNNAMED),
        ({"Retry-After": "999999999"}, 24 * 3600),
    ],
)
def test_a_pause_lasts_as_long_as_jira_names_and_a_second_at_least(headers: dict[str, str], seconds: float) -> None:
    assert orders(429, headers, NOW).seconds == seconds


def test_a_burst_slows_its_endpoint_and_takes_the_rate_jira_names() -> None:
    headers = {"RateLimit-Reason": BURST, "Retry-After": "2", "X-RateLimit-Limit": "20"}

    assert orders(429, headers, NOW) == Orders(
        Outcome.LIMITED, Where.ENDPOINT, 2, BURST, slow_by=HALF, allowed=20, fewer_at_once=True
    )


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30", "X-RateLimit-Reset": "2026-03-02T12:00Z"}, 20 * 60),
        ({"Retry-After": "1800", "X-RateLimit-Reset": "2026-03-02T12:00Z"}, 30 * 60),
        ({"RateLimit": '"global-app-quota";r=0;t=600'}, 600),
        ({}, 20 * 60),
    ],
    ids=["reset", "longer Retry-After", "structured", "nothing: the top of the hour"],
)
def test_a_spent_quota_pauses_until_its_reset(headers: dict[str, str], seconds: float) -> None:
    tenant = orders(429, {"RateLimit-Reason": TENANT, **headers}, NOW)
    app = orders(429, {"RateLimit-Reason": APP, **headers}, NOW)

    assert (tenant.where, tenant.seconds) == (Where.SITE, seconds)
    assert (app.where, app.seconds) == (Where.APP, seconds)


def test_a_limit_on_writes_to_an_issue_leaves_everything_else_alone() -> None:
    told = orders(429, {"RateLimit-Reason": "jira-per-issue-on-write", "Retry-After": "3"}, NOW)

    assert told == Orders(Outcome.LIMITED, Where.ISSUE, 3, "jira-per-issue-on-write")


@pytest.mark.parametrize("status", [200, 201, 204, 400, 404, 409, 410])
def test_an_answer_that_speaks_of_no_limit_asks_for_nothing(status: int) -> None:
    assert orders(status, {"Retry-After": "0", "X-RateLimit-Limit": "100"}, NOW) == Orders(Outcome.GOOD)


def test_a_403_says_nothing_against_the_login() -> None:
    assert orders(403, {}, NOW).outcome is Outcome.GOOD


@pytest.mark.parametrize("status", [None, 500, 502, 503, 504, 408])
def test_no_answer_and_a_broken_server_count_against_the_site(status: int | None) -> None:
    told = orders(status, {}, NOW)

    assert (told.outcome, told.fewer_at_once, told.seconds) == (Outcome.DOWN, True, 0)


def test_near_a_burst_limit_the_named_rate_counts_and_a_little_less_for_a_while() -> None:
    headers = {"X-RateLimit-NearLimit": "true", "X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "12"}

    assert orders(200, headers, NOW) == Orders(Outcome.GOOD, slow_by=EASE, allowed=100)
    assert orders(200, {"X-RateLimit-NearLimit": "true"}, NOW) == Orders(Outcome.GOOD, slow_by=HALF)


def test_near_a_quota_all_requests_share_what_is_left_until_the_reset() -> None:
    told = orders(200, {"RateLimit": '"global-app-quota";r=600;t=1200'}, NOW)

    assert told.bucket == LoginBucket(rate=0.5, burst=10, left=600, seconds=1200)
    assert told.slow_by is None


def test_data_center_names_its_bucket_with_every_answer() -> None:
    headers = {
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "3",
        "X-RateLimit-Interval-Seconds": "60",
        "X-RateLimit-FillRate": "30",
        "Retry-After": "0",
    }

    good, empty = orders(200, headers, NOW), orders(429, {**headers, "Retry-After": "2"}, NOW)

    assert good == Orders(Outcome.GOOD, bucket=LoginBucket(rate=0.5, burst=100, left=3, seconds=3600))
    assert (empty.where, empty.seconds, empty.bucket) == (Where.SITE, 2, good.bucket)
