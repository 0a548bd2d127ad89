"""The *seconds* budget: when a read may be sent again, and after how long. Writes never come here.

Atlassian's own recipe: four tries, two seconds that double up to thirty, spread by jitter, `Retry-After` as a minimum.
https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

from __future__ import annotations

import random

from jira_integration.client.exceptions import ErrorCode, JiraError, JiraRateLimited, JiraUnavailable

TRIES = 4
FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 30.0
WORTH_REPEATING = frozenset({ErrorCode.UNAVAILABLE, ErrorCode.TIMEOUT, ErrorCode.DNS, ErrorCode.REFUSED})


def jitter() -> float:
    return random.uniform(0.7, 1.3)  # noqa: S311 - spreads load, keeps no secret


def next_wait(wait: float) -> float:
    return min(wait * 2, LONGEST_WAIT_SECONDS)


def pause_before_repeat(trouble: JiraError, wait: float, spread: float) -> float | None:
    """Seconds until a read may be sent again; None when repeating is hopeless, or the wait too long for a worker.

    `wait` is the step of the doubling, `spread` its jitter. A named wait above 30 seconds belongs to the caller, who
    has the *minutes* budget.
    """
    if not isinstance(trouble, JiraRateLimited | JiraUnavailable):
        return None
    if isinstance(trouble, JiraUnavailable) and trouble.code not in WORTH_REPEATING:
        return None
    named = trouble.retry_after or 0.0
    if named > LONGEST_WAIT_SECONDS:
        return None
    return max(min(wait * spread, LONGEST_WAIT_SECONDS), named)
