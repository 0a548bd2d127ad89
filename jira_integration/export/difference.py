"""What changed on which side of one issue, judged on two bases; pure.

"Changed here" compares what we would send with what we sent last; "changed there" compares what Jira holds with what
it held after that, in Jira's own form, because Jira rewrites what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jira_integration.mapping.jira_form import in_words, reduced


@dataclass
class Difference:
    """Field ids: `ours` changed here only, `theirs` in Jira only, `both` on both sides to different values."""

    ours: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    both: list[str] = field(default_factory=list)
    words_now: dict[str, str] = field(default_factory=dict)


def compare(
    wanted: Mapping[str, Any], base_sent: Mapping[str, Any], base_jira: Mapping[str, Any], now: Mapping[str, Any]
) -> Difference:
    """Sort the fields of `wanted` (Jira field id → value to send) by the side that changed them."""
    found = Difference()
    for name, value in wanted.items():
        here = reduced(value) != reduced(base_sent.get(name))
        jira_now = reduced(now.get(name))
        there = name in base_jira and jira_now != base_jira[name]
        found.words_now[name] = in_words(now.get(name))
        if here and there and not same(value, jira_now):
            found.both.append(name)
        elif here and not same(value, jira_now):
            found.ours.append(name)
        elif there and not here:
            found.theirs.append(name)
    return found


def same(value: Any, jira_now: Any) -> bool:
    """Whether a value to send says what Jira holds already (reduced)."""
    return bool(reduced(value) == jira_now)
