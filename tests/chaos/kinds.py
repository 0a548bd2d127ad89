"""The kinds of fault, and what each does to one request: whether Jira carries it out, when, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random

from jira_integration.client.answers import Answer
from jira_integration.client.asking import Asked
from jira_integration.client.exceptions import ErrorCode

LATE_SECONDS = 50.0  # Jira may go on with a request that long after the client gave it up
READ_SECONDS = 30.0
PAGE = b"<html><body><h1>Bad gateway</h1></body></html>"
LOGIN_PAGE = b'<html><form action="/login"><input type="password" name="os_password"></form></html>'
HTML = {"content-type": "text/html"}
JSON = {"content-type": "application/json"}


def as_it_is(answer: Answer, asked: Asked) -> Answer:
    return answer


@dataclass(frozen=True)
class Fate:
    """`written_after` seconds Jira carries it out (None: never); `answer` comes instead of the true one; `lost` is
    the error's code and whether the outcome is unknown; the client hears of a loss `answered_after` seconds."""

    written_after: float | None = 0.0
    answer: Answer | None = None
    lost: tuple[ErrorCode, bool] | None = None
    answered_after: float | None = None
    slow_by: float = 0.0
    bent: Callable[[Answer, Asked], Answer] = field(default=as_it_is)


def made_up(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    kind = HTML if body.startswith(b"<") else JSON
    return Answer(status, kind | {name.replace("_", "-"): value for name, value in headers.items()}, body)


def cut(answer: Answer, asked: Asked) -> Answer:
    """Half of the JSON; an answer without a body is cut to nothing, which is what it was."""
    return Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2])


def one_short(answer: Answer, asked: Asked) -> Answer:
    """A bulk answer that leaves one of its successes out; anything else is cut."""
    if not asked.path.endswith("/issue/bulk"):
        return cut(answer, asked)
    return Answer(answer.status, answer.headers, b'{"issues": [], "errors": []}')


# Instead of an answer; Jira does nothing.
ANSWERS: dict[str, Answer] = {
    "429 in seconds": made_up(429, retry_after="7"),
    "429 with 0": made_up(429, retry_after="0"),
    "429 above a minute": made_up(429, retry_after="120"),
    "429 without a time": made_up(429),
    "429 burst": made_up(429, retry_after="3", ratelimit_reason="jira-burst-based"),
    "429 per issue": made_up(429, retry_after="2", ratelimit_reason="jira-per-issue-on-write"),
    "500": made_up(500, b'{"errorMessages": ["Internal server error"]}'),
    "502 with a page": made_up(502, PAGE),
    "503": made_up(503, PAGE, retry_after="20"),
    "login page": made_up(200, LOGIN_PAGE),
    "redirect": made_up(302, b"", location="https://login.example.test/sso"),
    "redirect on the site": made_up(302, b"", location="/maintenance"),
    "401": made_up(401, b"{}", x_seraph_loginreason="AUTHENTICATED_FAILED"),
    "captcha": made_up(
        403,
        b"{}",
        x_seraph_loginreason="AUTHENTICATION_DENIED",
        x_authentication_denied_reason="CAPTCHA_CHALLENGE; login-url=/login",
    ),
    "anonymous 200": made_up(200, b'{"issues": [], "fields": []}', x_seraph_loginreason="AUTHENTICATED_FAILED"),
}
LOST = (ErrorCode.UNAVAILABLE, True)
FATES: dict[str, Fate] = {
    "closed before the write": Fate(None, lost=LOST),
    "nobody listens": Fate(None, lost=(ErrorCode.REFUSED, False)),
    "closed after the write": Fate(lost=LOST),
    "500 after the write": Fate(answer=ANSWERS["500"]),
    "502 after the write": Fate(answer=ANSWERS["502 with a page"]),
    "login page after the write": Fate(answer=ANSWERS["login page"]),
    "truncated": Fate(bent=cut),
    "an issue short": Fate(bent=one_short),
    "stall, never written": Fate(None, lost=(ErrorCode.TIMEOUT, True), answered_after=READ_SECONDS),
    "slow answer": Fate(slow_by=25.0),
}
BATCHES_ONLY = ("413", "element refused")
KINDS = (*ANSWERS, "429 with a date", *FATES, "stall, then a late write")
LOGIN_KINDS = frozenset({"login page", "login page after the write", "redirect", "401", "captcha", "anonymous 200"})


def fate_of(kind: str, asked: Asked, rng: Random, now: datetime) -> Fate:
    """What becomes of a request; "" is nothing special."""
    if not kind:
        return Fate()
    if kind in ANSWERS:
        return Fate(None, answer=ANSWERS[kind])
    if kind in FATES:
        return FATES[kind]
    if kind == "429 with a date":
        until = format_datetime(now + timedelta(seconds=90), usegmt=True)
        return Fate(None, answer=made_up(429, retry_after=until, date=format_datetime(now, usegmt=True)))
    if kind == "element refused":
        return Fate()
    if kind == "413":
        return Fate(None, answer=made_up(413, b'{"errorMessages": ["Too large."]}'))
    if kind == "stall, then a late write":
        late = READ_SECONDS + rng.uniform(0.0, LATE_SECONDS)
        return Fate(late, lost=(ErrorCode.TIMEOUT, True), answered_after=READ_SECONDS)
    raise AssertionError(kind)
