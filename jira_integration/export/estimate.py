"""How many requests a run will need, said before it starts."""

from __future__ import annotations

import math
from collections.abc import Mapping

from jira_integration.conf import conf

HOPS = {"new": 0, "indeterminate": 1, "done": 2}  # a guess at the way from where a workflow starts
READ_AT_ONCE = 100


def expected_requests(creates: Mapping[int, int], updates: int, hops: Mapping[int, int], types: int) -> int:
    """About how many requests a run will need: the fields of each issue type again, the newest key, creates and
    read-backs per level, for updates a look before, the write itself and a read-back, and the moves.

    Moves are an estimate: Jira shows the ways of its workflow only step by step.
    """
    if not any(creates.values()) and not updates:
        return 0
    total = types + 1
    for count in creates.values():
        total += math.ceil(count / conf.BATCH_SIZE) + math.ceil(count / READ_AT_ONCE)
    for count in hops.values():
        total += count + math.ceil(count / READ_AT_ONCE) + 1 if count else 0
    return total + updates + 2 * math.ceil(updates / READ_AT_ONCE)
