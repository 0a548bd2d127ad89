"""From an answer's status and headers to what all workers have to do about it.

https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
https://confluence.atlassian.com/adminjiraserver/adjusting-your-code-for-rate-limiting-987143384.html
"""

from __future__ import annotations

from collections.abc import Mapping

from jira_integration.client.answers import login_trouble
from jira_integration.client.desk import EASE, HALF, UNNAMED, LoginBucket, Orders, Outcome, Where
from jira_integration.client.exceptions import ErrorCode
from jira_integration.client.limits import LimitNews, LimitReason, limit_news, lowered, wait_after_429, whole

HOUR = 3600.0
LONGEST_PAUSE = 24 * HOUR  # a header from a broken proxy must not shut a site out for years
AT_LEAST = 1.0  # after a 429 that names 0, or the next one comes at once
QUOTA_WINDOW = 60.0  # a limit that is reset later than this is no burst limit
UNAVAILABLE = "unavailable"


def orders(status: int | None, headers: Mapping[str, str], now: float, *, login_counts: bool = True) -> Orders:
    """What follows from one answer (`status` None: none came). `now` in seconds since the epoch.

    `login_counts`: a 401 condemns the login. Not so where access tokens expire by the hour and are renewed.
    """
    refused = login_trouble(headers)
    if refused is not None:
        return Orders(Outcome.REFUSED, reason=str(refused[1]))
    if status == 401 and login_counts:
        return Orders(Outcome.REFUSED, reason=str(ErrorCode.BAD_LOGIN))
    news = limit_news(headers, now)
    if status == 429:
        return limited(news, headers, now)
    if status is None or status >= 500 or status in {408, 425}:
        # Some 503 name a time; then nobody need try before it.
        return Orders(
            Outcome.DOWN, Where.SITE, min(news.retry_after or 0.0, LONGEST_PAUSE), UNAVAILABLE, fewer_at_once=True
        )
    return near(news, headers)


def limited(news: LimitNews, headers: Mapping[str, str], now: float) -> Orders:
    """A 429, by its reason. `Retry-After` is a minimum; a gateway may name neither reason nor time: the site waits."""
    wait = wait_after_429(headers, now)
    seconds = UNNAMED if wait is None else min(max(wait, AT_LEAST), LONGEST_PAUSE)
    reason = news.reason.value or "rate_limited"
    bucket = node_bucket(headers)
    match news.reason:
        case LimitReason.BURST | LimitReason.COST:
            allowed = float(news.limit) if news.reason is LimitReason.BURST and news.limit else None
            return Orders(Outcome.LIMITED, Where.ENDPOINT, seconds, reason, HALF, allowed, True, bucket)
        case LimitReason.PER_ISSUE:
            return Orders(Outcome.LIMITED, Where.ISSUE, seconds, reason)
        case LimitReason.QUOTA_GLOBAL | LimitReason.QUOTA_TENANT:
            where = Where.APP if news.reason is LimitReason.QUOTA_GLOBAL else Where.SITE
            until_reset = news.reset_after if news.reset_after is not None else HOUR - now % HOUR
            return Orders(
                Outcome.LIMITED, where, min(max(news.retry_after or AT_LEAST, until_reset), LONGEST_PAUSE), reason
            )
        case _:
            return Orders(Outcome.LIMITED, Where.SITE, seconds, reason, fewer_at_once=True, bucket=bucket)


def near(news: LimitNews, headers: Mapping[str, str]) -> Orders:
    """A good answer. Close to a burst's limit the endpoint keeps to the rate Jira names and a little below for a
    while; close to a quota all requests share what is left until its reset."""
    bucket = node_bucket(headers)
    if bucket is not None or not is_near(news):
        return Orders(Outcome.GOOD, bucket=bucket)
    if news.remaining is None or (news.reset_after or 0.0) <= QUOTA_WINDOW:
        return Orders(Outcome.GOOD, slow_by=EASE if news.limit else HALF, allowed=news.limit or None)
    assert news.reset_after is not None
    rate = max(news.remaining / news.reset_after, 0.01)
    return Orders(Outcome.GOOD, bucket=LoginBucket(rate, 10.0, news.remaining, news.reset_after))


def is_near(news: LimitNews) -> bool:
    """Jira says so itself, names the rest (it does so only then, in the structured header), or less than a fifth is
    left."""
    if news.near or news.remaining is None:
        return news.near
    return news.limit is None or news.remaining < news.limit * 0.2


def node_bucket(headers: Mapping[str, str]) -> LoginBucket | None:
    """Data Center's bucket of this account: so many tokens every interval, sent with every answer, good ones too
    (there with `Retry-After: 0`, which means nothing)."""
    sent = lowered(headers)
    interval = whole(sent.get("x-ratelimit-interval-seconds", ""))
    fill = whole(sent.get("x-ratelimit-fillrate", ""))
    size = whole(sent.get("x-ratelimit-limit", ""))
    left = whole(sent.get("x-ratelimit-remaining", ""))
    if not interval or not fill or not size or left is None:
        return None
    return LoginBucket(fill / interval, float(size), float(left), HOUR)
