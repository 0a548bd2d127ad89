"""What changed on which side of one issue, judged on two bases; pure.

The judgement is `merge.judge`'s, the same that takes Jira's news in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jira_integration.mapping.jira_form import in_words, reduced
from jira_integration.merge import Direction, Policy, Sides, Verdict, judge, settle


@dataclass
class Difference:
    """Field ids: `ours` changed here only, `theirs` in Jira only, `both` on both sides to different values."""

    ours: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    both: list[str] = field(default_factory=list)
    words_now: dict[str, str] = field(default_factory=dict)


def compare(
    wanted: Mapping[str, Any],
    base_sent: Mapping[str, Any],
    base_jira: Mapping[str, Any],
    now: Mapping[str, Any],
    rules: Mapping[str, tuple[str, str]] | None = None,
) -> Difference:
    """Sort the fields of `wanted` (Jira field id → value to send) by the side that changed them. `rules` are the
    mapping's direction and policy of each field; one without goes both ways and is asked about."""
    found = Difference()
    for name, value in wanted.items():
        sides = Sides(reduced(base_sent.get(name)), base_jira.get(name), reduced(value), reduced(now.get(name)))
        found.words_now[name] = in_words(now.get(name))
        match settle(judge(sides), *(rules or {}).get(name, (Direction.BOTH, Policy.ASK))):
            case Verdict.OURS:
                found.ours.append(name)
            case Verdict.CONFLICT:
                found.both.append(name)
            case Verdict.THEIRS | Verdict.SHOWN:
                found.theirs.append(name)
    return found
