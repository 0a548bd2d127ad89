"""Faults on command: rules that match requests, and what goes wrong then. docs/sandbox.md has the JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KINDS = {"close_before_write", "close_after_write", "status", "stall"}


class FaultError(ValueError):
    """A rule that cannot be read; the text says why."""


@dataclass
class Rule:
    """Matches by method and a pattern over the path; `nth` counts matching requests from 1, `times` limits."""

    kind: str
    method: str = "*"
    path: str = ".*"
    nth: frozenset[int] = frozenset()  # empty: every one
    times: int | None = None
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None  # str is sent as it is, anything else as JSON
    seconds: float | None = None  # how long a stall lasts; None until the client hangs up
    then: str = "answer"  # after a stall of some seconds: answer, or close
    seen: int = 0
    used: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Whether this request is one of the unlucky; counts it."""
        if self.method not in {"*", method} or not re.fullmatch(self.path, path):
            return False
        self.seen += 1
        if (self.nth and self.seen not in self.nth) or (self.times is not None and self.used >= self.times):
            return False
        self.used += 1
        return True


def read_rule(given: Any) -> Rule:
    """A rule from its JSON object. Raises FaultError."""
    if not isinstance(given, Mapping):
        raise FaultError("A rule is a JSON object.")
    known = {"kind", "method", "path", "nth", "times", "status", "headers", "body", "seconds", "then"}
    if unknown := sorted(set(given) - known):
        raise FaultError(f"Unknown keys in a rule: {', '.join(unknown)}.")
    if given.get("kind") not in KINDS:
        raise FaultError(f"kind must be one of {', '.join(sorted(KINDS))}.")
    values = dict(given)
    nth = values.pop("nth", None)
    numbers = [nth] if isinstance(nth, int) else nth or []
    if not isinstance(numbers, list) or any(not isinstance(n, int) or n < 1 for n in numbers):
        raise FaultError("nth is a number from 1, or a list of them.")
    values["method"] = str(values.get("method", "*")).upper()
    try:
        re.compile(values.get("path", ".*"))
    except (re.error, TypeError) as trouble:
        raise FaultError(f"path is not a regular expression: {trouble}.") from None
    return Rule(**values, nth=frozenset(numbers))


def read_rules(given: Any) -> list[Rule]:
    """From `{"rules": [...]}` or a bare list. Raises FaultError."""
    rules = given.get("rules") if isinstance(given, Mapping) else given
    if not isinstance(rules, list):
        raise FaultError('Faults are a list of rules, or {"rules": [...]}.')
    return [read_rule(rule) for rule in rules]


def load_rules(file: Path) -> list[Rule]:
    """Raises FaultError for a file that is not JSON or holds a bad rule, OSError for one that is not there."""
    try:
        return read_rules(json.loads(file.read_text(encoding="utf-8")))
    except ValueError as trouble:
        raise FaultError(str(trouble)) from None


def rule_bean(rule: Rule) -> dict[str, Any]:
    """A rule with its counts, as the control page shows it."""
    return {**vars(rule), "nth": sorted(rule.nth)}
