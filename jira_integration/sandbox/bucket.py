"""Token buckets: the sandbox's own limit on requests, as Jira keeps one for bursts, quotas and single issues."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jira_integration.sandbox.settings import Flavour, SandboxSettings

_NEAR = 0.2  # Jira says so when less than a fifth is left
_ISSUE = re.compile(r"(?:/ex/jira/[^/]+)?/rest/api/\d/issue/(?!bulk|createmeta)([^/]+)(/.*)?")
_OWN_ID = re.compile(r"(?<=/)(\d+|[A-Z][A-Z0-9_]*-\d+)(?=/|$)")


class BucketError(ValueError):
    """A bucket that cannot be read; the text says why."""


@dataclass
class Bucket:
    """`rate` tokens a second flow in, up to `burst`; a request takes one. Times are the site's clock, in ms."""

    rate: float
    burst: int
    per: str = "site"  # site, endpoint (with method), or issue (writes to one issue)
    reason: str = "jira-burst-based"
    as_date: bool = False
    refused: int = 0
    _held: dict[str, tuple[float, int]] = field(default_factory=dict, repr=False)  # tokens, at

    def counts(self, method: str, path: str) -> str | None:
        """What a request counts against; None when this bucket does not care about it."""
        if self.per == "site":
            return ""
        if self.per == "endpoint":
            return f"{method} {_OWN_ID.sub('*', path)}"
        found = _ISSUE.fullmatch(path)
        return found[1] if found and method != "GET" else None

    def left(self, key: str, now_ms: int) -> float:
        tokens, at = self._held.get(key, (float(self.burst), now_ms))
        # A clock that was put back gives nothing and takes nothing.
        return min(float(self.burst), tokens + max(0, now_ms - at) / 1000 * self.rate)

    def wait_ms(self, key: str, now_ms: int) -> float:
        """Milliseconds until there is a whole token; 0 when there is one."""
        missing = 1 - self.left(key, now_ms)
        # Fractions of a token add up with rounding errors; a billionth short is not short.
        return max(0.0, missing) / self.rate * 1000 if missing > 1e-9 else 0.0

    def take(self, key: str, now_ms: int) -> None:
        self._held[key] = (max(0.0, self.left(key, now_ms) - 1), now_ms)

    def is_near(self, key: str, now_ms: int) -> bool:
        return self.left(key, now_ms) < self.burst * _NEAR

    def full_after_ms(self, key: str, now_ms: int) -> float:
        return (self.burst - self.left(key, now_ms)) / self.rate * 1000


def read_buckets(given: Any) -> list[Bucket]:
    """From one JSON object or a list of them. Raises BucketError."""
    return [_read(one) for one in (given if isinstance(given, list) else [given])]


def _read(given: Any) -> Bucket:
    if not isinstance(given, Mapping):
        raise BucketError("A bucket is a JSON object.")
    if unknown := sorted(str(name) for name in set(given) - {"rate", "burst", "per", "reason", "as_date"}):
        raise BucketError(f"Unknown keys in a bucket: {', '.join(unknown)}.")
    rate, burst = given.get("rate"), given.get("burst")
    if not isinstance(rate, int | float) or isinstance(rate, bool) or not 0 < rate < math.inf:
        raise BucketError("rate is a number of requests a second, above 0.")
    burst = max(1, math.ceil(rate)) if burst is None else burst
    if not isinstance(burst, int) or isinstance(burst, bool) or burst < 1:
        raise BucketError("burst is a whole number from 1.")
    per = given.get("per", "site")
    if per not in {"site", "endpoint", "issue"}:
        raise BucketError("per is one of site, endpoint and issue.")
    reason = given.get("reason", "jira-per-issue-on-write" if per == "issue" else "jira-burst-based")
    if not isinstance(reason, str) or not re.fullmatch(r"[a-z-]*", reason):
        raise BucketError("reason is a word such as jira-burst-based.")
    return Bucket(float(rate), burst, per, reason, bool(given.get("as_date", False)))


def user_bucket(settings: SandboxSettings) -> Bucket | None:
    """The limit that Data Center keeps for each user, where an administrator set one."""
    if settings.flavour is Flavour.CLOUD or not settings.user_limit:
        return None
    return Bucket(float(settings.user_fill_rate), settings.user_limit, "user")


def bucket_bean(bucket: Bucket) -> dict[str, Any]:
    return {name: value for name, value in vars(bucket).items() if not name.startswith("_")}
