from __future__ import annotations

import pytest

from jira_integration.client.limits import LimitReason, limit_news, retry_after_seconds, wait_after_429

NOW = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "5"}, 5.0),
        ({"retry-after": " 120 "}, 120.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "Mon, 21 Sep 2026 14:14:20 GMT"}, 60.0),
        ({"Retry-After": "Mon, 21 Sep 2026 14:00:00 GMT"}, 0.0),
        ({"Retry-After": "Mon, 21 Sep 2026 14:30:00 GMT", "Date": "Mon, 21 Sep 2026 14:29:50 GMT"}, 10.0),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Beta-Retry-After": "30"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("jira-quota-global-based", LimitReason.QUOTA_GLOBAL),
        ("jira-quota-tenant-based", LimitReason.QUOTA_TENANT),
        ("Jira-Burst-Based", LimitReason.BURST),
        ("jira-per-issue-on-write", LimitReason.PER_ISSUE),
        ("jira-cost-based", LimitReason.COST),
        ("something new", LimitReason.UNKNOWN),
        ("", LimitReason.UNKNOWN),
    ],
)
def test_reasons_are_told_apart_and_an_unknown_one_is_no_error(text: str, reason: LimitReason) -> None:
    assert limit_news({"RateLimit-Reason": text}, NOW).reason is reason


@pytest.mark.parametrize("reset", ["2026-09-21T14:15Z", "2026-09-21T14:15:00Z", "2026-09-21T16:15:00+0200"])
def test_a_spent_quota_without_retry_after_waits_for_its_reset(reset: str) -> None:
    headers = {"X-RateLimit-Reset": reset, "RateLimit-Reason": "jira-quota-global-based"}

    assert wait_after_429(headers, NOW) == 100.0


def test_the_tightest_structured_limit_counts() -> None:
    news = limit_news({"RateLimit": '"global-app-quota";r=11000;t=600, "burst";r=3;t=1'}, NOW)

    assert (news.remaining, news.reset_after) == (3, 1.0)


def test_limits_not_in_force_yet_are_passed_over() -> None:
    assert limit_news({"Beta-RateLimit": '"global-app-quota";r=0;t=600'}, NOW).remaining is None


def test_near_a_limit_is_said() -> None:
    news = limit_news({"X-RateLimit-NearLimit": "true", "X-RateLimit-Remaining": "12", "X-RateLimit-Limit": "100"}, NOW)

    assert (news.near, news.remaining, news.limit) == (True, 12, 100)


def test_headers_that_make_no_sense_say_nothing() -> None:
    headers = {"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "tomorrow", "RateLimit": ";;;", "Retry-After": "x"}

    news = limit_news(headers, NOW)

    assert (news.remaining, news.reset_after, news.retry_after, news.near) == (None, None, None, False)
