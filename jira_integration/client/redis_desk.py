"""The desk in Redis or Valkey: all workers of all processes take their turns from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from jira_integration.client.desk import (
    ASK_AGAIN_SECONDS,
    EASE,
    GONE_SECONDS,
    DeskLost,
    Orders,
    Place,
    Rules,
    Verdict,
    Where,
    Word,
)
from jira_integration.client.pauses import Pause
from jira_integration.client.token_bucket import HOLD, SEED, TAKE, TOLD

PREFIX = "jira-governor"


class Redis(Protocol):
    """What is used of redis.asyncio.Redis: a script, to be awaited with its keys and arguments."""

    def register_script(self, script: str) -> Any: ...


class RedisDesk:
    """One step of the books is one script. Not for a Redis Cluster: a step touches keys of several slots.

    The client belongs to one event loop; whoever made it closes it. `lost` are the exceptions by which it says that
    it cannot answer.
    """

    def __init__(self, redis: Redis, rules: Rules, lost: tuple[type[Exception], ...] = (OSError,)) -> None:
        self._rules, self._lost = rules, lost
        self._take = redis.register_script(TAKE)
        self._hold = redis.register_script(HOLD)
        self._told = redis.register_script(TOLD)
        self._seed = redis.register_script(SEED)

    async def _run(self, script: Any, keys: Sequence[str], args: Sequence[Any]) -> Any:
        try:
            return await script(keys=keys, args=args)
        except self._lost as gone:
            # Only its name: the text may hold the server's address with its password.
            raise DeskLost(type(gone).__name__) from None

    async def take(self, place: Place, token: str, longest_wait: float, *, trying_login: bool) -> Verdict:
        return await self._asked("take", place, token, longest_wait, trying_login)

    async def look(self, place: Place, token: str, *, trying_login: bool) -> Verdict:
        return await self._asked("look", place, token, 0.0, trying_login)

    async def _asked(self, mode: str, place: Place, token: str, longest_wait: float, trying_login: bool) -> Verdict:
        rules = self._rules
        pauses = [key for key in (place.site, place.app, place.endpoint, place.issue) if key]
        keys = [
            seeded(place),
            named("breaker", place.login),
            named("slots", place.site),
            named("state", place.site),
            named("bucket", place.endpoint),
            named("bucket", place.login),
            named("bucket", place.issue),
            named("queue", place.site),
            named("seen", place.site),
            *(named("pause", key) for key in pauses),
        ]
        args: list[Any] = [mode, token, int(trying_login), rules.slot_lease, rules.in_flight, rules.recovery]
        args += [place.rate, rules.burst, rules.issue_rate if place.issue else 0, rules.issue_burst, longest_wait]
        args += [GONE_SECONDS, ASK_AGAIN_SECONDS]
        word, wait, reason = await self._run(self._take, keys, args)
        return Verdict(Word(plain(word)), float(wait), plain(reason))

    async def renew(self, place: Place, token: str) -> None:
        await self._held(place, token, self._rules.slot_lease)

    async def release(self, place: Place, token: str) -> None:
        await self._held(place, token, 0)

    async def _held(self, place: Place, token: str, lease: float) -> None:
        keys = [named("breaker", place.login), *(named(book, place.site) for book in ("slots", "queue", "seen"))]
        await self._run(self._hold, keys, [token, lease])

    async def told(self, place: Place, orders: Orders, *, trying_login: bool) -> float:
        rules, bucket = self._rules, orders.bucket
        keys = [
            named("breaker", place.login),
            named("state", place.site),
            named("bucket", place.endpoint),
            named("bucket", place.login),
            named("pause", orders.where.key(place)),
        ]
        args: list[Any] = [orders.outcome.value, int(trying_login), orders.reason, orders.seconds]
        args += [orders.slow_by or "", orders.allowed or "", int(orders.fewer_at_once)]
        args += [rules.in_flight, place.rate, rules.lowest_rate(place.rate), rules.recovery, rules.between_cuts]
        args += [rules.failures_to_open, rules.first_open, rules.longest_open]
        args += [bucket.rate, bucket.burst, bucket.left, bucket.seconds] if bucket else ["", "", "", ""]
        args += [int(orders.where is not Where.ISSUE), EASE]
        return float(await self._run(self._told, keys, args))

    async def seed(self, place: Place, pauses: Sequence[Pause]) -> None:
        refused = next((pause.reason for pause in pauses if pause.key == place.login), "")
        others = [pause for pause in pauses if pause.key != place.login and pause.seconds]
        keys = [seeded(place), named("breaker", place.login), *(named("pause", pause.key) for pause in others)]
        args: list[Any] = [refused]
        for pause in others:
            args += [pause.seconds, pause.reason]
        await self._run(self._seed, keys, args)


def named(book: str, name: str) -> str:
    return f"{PREFIX}:{book}:{name}"


def seeded(place: Place) -> str:
    return named("seeded", " ".join(place.owners))


def plain(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
