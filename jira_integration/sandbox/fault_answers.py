"""The answers that a fault gives in Jira's place, and the headers by which Jira speaks of its limits."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from starlette.types import Message

from jira_integration.sandbox.bucket import Bucket
from jira_integration.sandbox.faults import Rule
from jira_integration.sandbox.login import NOT_AUTHENTICATED

Headers = Mapping[str, str | None]

_BAD_GATEWAY = (
    "<!doctype html><html><head><title>502</title></head><body><h1>The site could not be reached</h1>"
    "<p>The gateway got no answer from Jira.</p></body></html>"
)
_UNAVAILABLE = (
    "<!doctype html><html><head><title>503</title></head><body><h1>Jira is being looked after</h1>"
    "<p>It will be back soon.</p></body></html>"
)
_LOGIN_PAGE = (
    "<!doctype html><html><head><title>Log in to continue</title></head><body>"
    '<form method="post" action="/login"><label>E-mail <input name="username"></label>'
    '<label>Password <input name="password" type="password"></label><button>Log in</button></form></body></html>'
)


def _said(message: str) -> dict[str, Any]:
    return {"errorMessages": [message], "errors": {}}


# kind: status, headers, body
_PRESETS: dict[str, tuple[int, dict[str, str], Any]] = {
    "status": (500, {}, {}),
    "rate_limited": (429, {}, _said("Rate limit exceeded.")),
    "server_error": (500, {}, _said("Internal server error")),
    "bad_gateway": (502, {}, _BAD_GATEWAY),
    "unavailable": (503, {}, _UNAVAILABLE),
    "login_refused": (
        401,
        {
            "x-seraph-loginreason": "AUTHENTICATED_FAILED",
            "www-authenticate": 'OAuth realm="https%3A%2F%2Fsandbox"',
        },
        _said(NOT_AUTHENTICATED),
    ),
    "captcha": (
        403,
        {
            "x-seraph-loginreason": "AUTHENTICATION_DENIED",
            "x-authentication-denied-reason": "CAPTCHA_CHALLENGE; login-url=/login",
        },
        _said("Basic auth with password is not allowed on this instance until a CAPTCHA is solved."),
    ),
    "login_page": (200, {}, _LOGIN_PAGE),
    "redirect": (302, {}, ""),
}


def made_up(rule: Rule, now_ms: int) -> list[Message]:
    """The whole answer of a rule whose kind needs nothing from Jira."""
    status, headers, body = _PRESETS[rule.kind]
    if rule.kind == "redirect":
        headers = {"location": rule.location}
    if rule.body is not None:
        body = rule.body
    return message(rule.status or status, {**headers, **rule_headers(rule, now_ms)}, body)


def rule_headers(rule: Rule, now_ms: int) -> dict[str, str | None]:
    """What the rule says about limits, then its own headers, which win."""
    said: dict[str, str | None] = dict(
        limit_headers(
            now_ms,
            retry_after=rule.retry_after,
            as_date=rule.as_date,
            reason=rule.reason,
            limit=rule.limit,
            remaining=rule.remaining,
            reset_after=rule.reset_after,
            near=rule.near,
        )
    )
    return said | {name.lower(): value for name, value in rule.headers.items()}


def bucket_answer(bucket: Bucket, key: str, now_ms: int) -> list[Message]:
    """429: this bucket is empty."""
    wait = math.ceil(bucket.wait_ms(key, now_ms) / 1000)
    headers = limit_headers(
        now_ms, retry_after=wait, as_date=bucket.as_date, reason=bucket.reason, limit=bucket.burst, remaining=0,
        reset_after=bucket.full_after_ms(key, now_ms) / 1000, near=True,
    )  # fmt: skip
    return message(429, headers, _PRESETS["rate_limited"][2])


def bucket_headers(bucket: Bucket, key: str, now_ms: int) -> dict[str, str]:
    """What a good answer says about the bucket it drew from."""
    return limit_headers(
        now_ms, limit=bucket.burst, remaining=int(bucket.left(key, now_ms)),
        reset_after=bucket.full_after_ms(key, now_ms) / 1000, near=bucket.is_near(key, now_ms),
    )  # fmt: skip


def user_bucket_headers(bucket: Bucket, key: str, now_ms: int) -> dict[str, str]:
    """Data Center tells its limit on every answer; `Retry-After: 0` on a good one means nothing."""
    return {
        "x-ratelimit-limit": str(bucket.burst),
        "x-ratelimit-remaining": str(int(bucket.left(key, now_ms))),
        "x-ratelimit-interval-seconds": "1",
        "x-ratelimit-fillrate": f"{bucket.rate:g}",
        "retry-after": str(math.ceil(bucket.wait_ms(key, now_ms) / 1000)),
    }


def user_bucket_answer(bucket: Bucket, key: str, now_ms: int) -> list[Message]:
    return message(429, user_bucket_headers(bucket, key, now_ms), {"message": "Rate limit exceeded."})


def limit_headers(
    now_ms: int,
    *,
    retry_after: float | None = None,
    as_date: bool = False,
    reason: str = "",
    limit: int | None = None,
    remaining: int | None = None,
    reset_after: float | None = None,
    near: bool = False,
) -> dict[str, str]:
    """Seconds in, Jira's forms out: `Retry-After` as seconds or HTTP date; the reset of a quota has no seconds."""
    headers: dict[str, str] = {}
    if retry_after is not None:
        until = format_datetime(_at(now_ms, retry_after), usegmt=True)
        headers["retry-after"] = until if as_date else f"{retry_after:g}"
    if reason:
        headers["ratelimit-reason"] = reason
    if limit is not None:
        headers["x-ratelimit-limit"] = str(limit)
    if limit is not None or remaining is not None:
        headers["x-ratelimit-remaining"] = str(remaining or 0)
    if reset_after is not None:
        short = "-quota-" in reason
        reset = _at(now_ms, reset_after, whole=60 if short else 1)
        headers["x-ratelimit-reset"] = f"{reset:%Y-%m-%dT%H:%MZ}" if short else f"{reset:%Y-%m-%dT%H:%M:%SZ}"
    if near:
        headers["x-ratelimit-nearlimit"] = "true"
    return headers


def http_date(now_ms: int) -> str:
    return format_datetime(datetime.fromtimestamp(now_ms // 1000, tz=UTC), usegmt=True)


def _at(now_ms: int, after_seconds: float, whole: int = 1) -> datetime:
    """That long after now, on a whole second or minute, never earlier."""
    seconds = math.ceil((now_ms / 1000 + after_seconds) / whole) * whole
    return datetime.fromtimestamp(min(seconds, 253_402_300_740), tz=UTC)  # the last minute a datetime can hold


def message(status: int, headers: Headers, body: Any) -> list[Message]:
    """An answer; a text is a web page, anything else JSON. A header of None is left out."""
    text = body if isinstance(body, str) else json.dumps(body)
    raw = text.encode("utf-8", "replace")
    sent: dict[str, str | None] = {"content-type": "text/html" if isinstance(body, str) else "application/json"}
    sent |= {"content-length": str(len(raw)), **headers}
    return [
        {"type": "http.response.start", "status": status, "headers": _raw(sent)},
        {"type": "http.response.body", "body": raw},
    ]


def with_headers(answer: list[Message], headers: Headers) -> list[Message]:
    """The same answer with these headers in place of its own of the same name."""
    start, *rest = answer
    names = {name.encode("latin-1") for name in headers}
    kept = [pair for pair in start["headers"] if pair[0].lower() not in names]
    return [{**start, "headers": [*kept, *_raw(headers)]}, *rest]


def body_of(answer: list[Message]) -> bytes:
    return b"".join(part.get("body", b"") for part in answer[1:])


def _raw(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items() if value is not None]
