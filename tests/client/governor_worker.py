"""A worker process that does nothing but take turns: `python -m tests.client.governor_worker URL SECONDS {rules}`.

Prints one JSON line: when each turn came (seconds since the epoch), the longest wait, what was refused.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from jira_integration.client.exceptions import JiraRateLimited
from tests.client.governors import BULK, making


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main(url: str, seconds: float, rules: dict[str, object]) -> None:
    turns: list[float] = []
    longest, refused = 0.0, 0
    end = time.time() + seconds

    async def one_after_the_other() -> None:
        nonlocal longest, refused
        while (asked := time.time()) < end:
            try:
                async with governor.turn(BULK):
                    turns.append(time.time())
                    longest = max(longest, turns[-1] - asked)
            except JiraRateLimited as later:
                refused += 1
                await asyncio.sleep(later.retry_after)

    async with making(url) as make:
        governor = make(rules)
        say("ready")
        if rules.get("in_flight") == 1:  # takes the only slot and keeps it
            async with governor.turn(BULK):
                say("held")
                await asyncio.sleep(seconds)
            return
        await asyncio.gather(*(one_after_the_other() for _ in range(4)))
    say(json.dumps({"turns": turns, "longest": longest, "refused": refused}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), json.loads(sys.argv[3])))
