"""What Jira says about its limits, read from headers. Act on the status first: Data Center sends `Retry-After: 0`
with every good answer too.

https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum


class LimitReason(StrEnum):
    """`RateLimit-Reason`: which of Jira's limits was met, and so what has to wait."""

    QUOTA_GLOBAL = "jira-quota-global-based"  # the app, on all sites, until the hour is over
    QUOTA_TENANT = "jira-quota-tenant-based"  # the app, on this site, until the hour is over
    BURST = "jira-burst-based"  # this endpoint and method
    PER_ISSUE = "jira-per-issue-on-write"  # this issue alone
    COST = "jira-cost-based"  # seen in the wild; treated as a burst
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class LimitNews:
    """One answer's headers, understood. Seconds are from now; None is "not said"."""

    reason: LimitReason
    retry_after: float | None
    reset_after: float | None
    limit: int | None
    remaining: int | None
    near: bool


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """`Retry-After` in seconds from now (never negative), or None when it is absent or cannot be read.

    `now` in seconds since the epoch. A date is measured against the answer's own `Date` where there is one: both
    come from the same clock, ours may be wrong.
    """
    sent = lowered(headers)
    value = sent.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", value):
        return float(value)
    until = http_date(value)
    if until is None:
        return None
    return max(0.0, until - (http_date(sent.get("date", "")) or now))


def limit_news(headers: Mapping[str, str], now: float) -> LimitNews:
    """Everything the headers of one answer say about limits; `now` in seconds since the epoch."""
    sent = lowered(headers)
    remaining, structured_reset = structured(sent.get("ratelimit", ""))
    reset = iso_time(sent.get("x-ratelimit-reset", ""))
    plain_remaining = whole(sent.get("x-ratelimit-remaining", ""))
    return LimitNews(
        reason=reason_of(sent.get("ratelimit-reason", "")),
        retry_after=retry_after_seconds(headers, now),
        reset_after=max(0.0, reset - now) if reset is not None else structured_reset,
        limit=whole(sent.get("x-ratelimit-limit", "")),
        remaining=plain_remaining if plain_remaining is not None else remaining,
        near=sent.get("x-ratelimit-nearlimit", "").strip().lower() == "true",
    )


def wait_after_429(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds Jira wants us to wait: `Retry-After`, else the reset of a spent quota, else None (a gateway may say
    nothing at all)."""
    news = limit_news(headers, now)
    if news.retry_after is not None:
        return news.retry_after
    return news.reset_after


def reason_of(text: str) -> LimitReason:
    try:
        return LimitReason(text.strip().lower())
    except ValueError:
        return LimitReason.UNKNOWN


def structured(text: str) -> tuple[int | None, float | None]:
    """The tightest entry of `RateLimit: "global-app-quota";r=11000;t=600, "burst";r=3;t=1` as (left, seconds)."""
    tightest: tuple[int | None, float | None] = (None, None)
    for entry in text.split(","):
        left = re.search(r";\s*r\s*=\s*([0-9]{1,12})", entry)
        until = re.search(r";\s*t\s*=\s*([0-9]{1,9})", entry)
        if left and (tightest[0] is None or int(left[1]) < tightest[0]):
            tightest = (int(left[1]), float(until[1]) if until else None)
    return tightest


def whole(text: str) -> int | None:
    return int(text.strip()) if re.fullmatch(r"\s*[0-9]{1,12}\s*", text) else None


def http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def iso_time(text: str) -> float | None:
    """`X-RateLimit-Reset`, ISO 8601, sometimes without seconds ("2026-10-09T12:00Z")."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
