"""Faults on command: rules that match requests, and what goes wrong then. docs/sandbox.md has the JSON."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from jira_integration.sandbox.bucket import Bucket, BucketError, read_buckets

# What each kind does, in the words of the control page.
KINDS = {
    "close_before_write": "Connection closed, nothing written",
    "close_after_write": "Written, then the connection closed",
    "stall": "Silence, then the answer",
    "drip": "Written; the answer comes in drops",
    "truncated": "Written; the JSON is cut off",
    "rate_limited": "429 Too many requests",
    "server_error": "500 with Jira's error form",
    "bad_gateway": "502 with a web page",
    "unavailable": "503 Unavailable",
    "login_refused": "401 The login is refused",
    "captcha": "403 Jira wants a CAPTCHA solved",
    "anonymous": "Answered as to nobody",
    "login_page": "200 with a login page",
    "redirect": "Sent to another host",
    "headers": "Answered, with more headers",
    "status": "An answer of your own",
}
# Those whose answer is made up, so that it can stand before the write or replace the answer after it.
MADE_UP = frozenset(
    {"status", "rate_limited", "server_error", "bad_gateway", "unavailable", "login_refused", "captcha"}
) | {"login_page", "redirect"}
REASONS = (
    "jira-burst-based",
    "jira-quota-global-based",
    "jira-quota-tenant-based",
    "jira-per-issue-on-write",
    "jira-cost-based",
)
_NUMBER = (int, float)
_TYPES: dict[str, tuple[type, ...]] = {
    "kind": (str,), "method": (str,), "path": (str,), "nth": (int, list), "from": (int,), "times": (int,),
    "chance": _NUMBER, "seed": (int, str), "when": (str,), "then": (str,), "seconds": _NUMBER, "bytes": (int,),
    "status": (int,), "headers": (dict,), "body": (object,), "retry_after": _NUMBER, "as_date": (bool,),
    "reason": (str,), "limit": (int,), "remaining": (int,), "reset_after": _NUMBER, "near": (bool,), "location": (str,),
}  # fmt: skip
_numbers = count(1)


class FaultError(ValueError):
    """A rule that cannot be read; the text says why."""


@dataclass
class Rule:
    """Matches by method and a pattern over the path; requests that match are counted from 1."""

    kind: str
    method: str = "*"
    path: str = ".*"
    nth: frozenset[int] = frozenset()  # empty: every one
    first: int = 1  # the first that is hit; "from" in JSON
    times: int | None = None  # at most so often
    chance: float | None = None  # 0.1: one in ten, by the seed
    seed: int | str = 0
    when: str = "before"  # an answer made up: before the write, or after it in place of the true one
    then: str = "answer"  # after a stall, or at the end of a cut answer: answer, or close
    seconds: float | None = None  # a stall; between two drops. None: until the client hangs up; half a second
    bytes: int | None = None  # how much of a cut answer, or of one drop
    status: int | None = None
    headers: dict[str, str | None] = field(default_factory=dict)  # None takes a header away
    body: Any = None  # str is sent as it is, anything else as JSON
    retry_after: float | None = None  # seconds
    as_date: bool = False  # Retry-After as an HTTP date
    reason: str = ""
    limit: int | None = None
    remaining: int | None = None
    reset_after: float | None = None  # seconds
    near: bool = False
    location: str = "https://login.example.test/sso"
    id: int = field(default_factory=lambda: next(_numbers))
    seen: int = 0
    used: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Whether this request is one of the unlucky; counts it."""
        if self.method not in {"*", method} or not re.fullmatch(self.path, path):
            return False
        self.seen += 1
        if (self.nth and self.seen not in self.nth) or self.seen < self.first:
            return False
        if self.times is not None and self.used >= self.times:
            return False
        # One throw for each number, not one after the other: the third request fares the same in every run.
        if self.chance is not None and random.Random(f"{self.seed}:{self.seen}").random() >= self.chance:  # noqa: S311
            return False
        self.used += 1
        return True


@dataclass(frozen=True)
class Faults:
    """A whole file: rules, token buckets, and what to set before the first request (knobs.py reads both)."""

    rules: list[Rule]
    buckets: list[Bucket]
    settings: dict[str, Any]
    clock: dict[str, Any]


def read_rule(given: Any) -> Rule:
    """A rule from its JSON object. Raises FaultError."""
    if not isinstance(given, Mapping):
        raise FaultError("A rule is a JSON object.")
    if trouble := next(_troubles(given), ""):
        raise FaultError(trouble)
    values = {name: value for name, value in given.items() if value is not None or name == "body"}
    nth = values.pop("nth", [])
    values["nth"] = frozenset([nth] if isinstance(nth, int) else nth)
    values["method"] = str(values.get("method", "*")).upper()
    if "from" in values:
        values["first"] = values.pop("from")
    return Rule(**values)


def _troubles(given: Mapping[str, Any]) -> Iterator[str]:
    if unknown := sorted(str(name) for name in set(given) - set(_TYPES)):
        yield f"Unknown keys in a rule: {', '.join(unknown)}."
    for name, value in given.items():
        right = isinstance(value, _TYPES[name]) and (not isinstance(value, bool) or bool in _TYPES[name])
        if value is not None and name != "body" and not right:
            yield f"{name} cannot be {json.dumps(value)}."
    if given.get("kind") not in KINDS:
        yield f"kind must be one of {', '.join(sorted(KINDS))}."
    nth = given.get("nth") or []
    numbers = [nth] if isinstance(nth, int) else nth
    if any(not isinstance(n, int) or n < 1 for n in numbers) or given.get("nth") == 0:
        yield "nth is a number from 1, or a list of them."
    for name, allowed in (("when", ("before", "after")), ("then", ("answer", "close"))):
        if given.get(name) not in {None, *allowed}:
            yield f"{name} is one of {' and '.join(allowed)}."
    for name, least, most in (
        ("chance", 0, 1), ("from", 1, math.inf), ("times", 0, math.inf), ("bytes", 1, math.inf), ("status", 200, 599),
        ("seconds", 0, 86_400), ("retry_after", 0, 1e9), ("reset_after", 0, 1e9),
    ):  # fmt: skip
        value = given.get(name)
        if value is not None and not least <= value <= most:
            yield f"{name} is from {least} to {most}." if most < math.inf else f"{name} is at least {least}."
    if any(not isinstance(value, str | None) for value in (given.get("headers") or {}).values()):
        yield "headers are texts by name, or null for one that is to be missing."
    if any(_not_a_header(name, value or "") for name, value in (given.get("headers") or {}).items()):
        yield "headers hold no line ends and only letters of latin-1."
    try:
        re.compile(given.get("path") or ".*")
    except re.error as trouble:
        yield f"path is not a regular expression: {trouble}."


def _not_a_header(name: str, value: str) -> bool:
    text = name + value
    return not re.fullmatch(r"[A-Za-z0-9-]+", name) or bool(re.search(r"[\x00-\x1f\x7f]|[^\x00-\xff]", text))


def read_faults(given: Any) -> Faults:
    """From `{"rules", "buckets", "settings", "clock"}`, all optional, or a bare list of rules. Raises FaultError."""
    whole = given if isinstance(given, Mapping) else {"rules": given}
    if unknown := sorted(str(name) for name in set(whole) - {"rules", "buckets", "settings", "clock"}):
        raise FaultError(f"Unknown keys beside rules: {', '.join(unknown)}.")
    rules, settings, clock = whole.get("rules", []), whole.get("settings", {}), whole.get("clock", {})
    if not isinstance(rules, list):
        raise FaultError('Faults are a list of rules, or {"rules": [...]}.')
    if not isinstance(settings, dict) or not isinstance(clock, dict):
        raise FaultError("settings and clock are JSON objects.")
    try:
        buckets = read_buckets(whole.get("buckets", []))
    except BucketError as trouble:
        raise FaultError(str(trouble)) from None
    return Faults([read_rule(rule) for rule in rules], buckets, settings, clock)


def load_faults(file: Path) -> Faults:
    """Raises FaultError for a file that is not JSON or holds a bad rule, OSError for one that is not there."""
    try:
        return read_faults(json.loads(file.read_text(encoding="utf-8")))
    except ValueError as trouble:
        raise FaultError(str(trouble)) from None


def rule_bean(rule: Rule) -> dict[str, Any]:
    """A rule with its counts, as `GET /_sandbox/faults` shows it."""
    return {**vars(rule), "nth": sorted(rule.nth)}
