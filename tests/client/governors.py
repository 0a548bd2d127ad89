"""Governors for tests: over a real Redis or in memory, with short times, and a store that remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from jira_integration.client.desk import Rules
from jira_integration.client.exceptions import JiraError
from jira_integration.client.governor import Scope
from jira_integration.client.local_desk import Memory
from jira_integration.client.pauses import Pause
from jira_integration.client.redis_desk import RedisDesk
from jira_integration.client.shared_governor import SharedGovernor

SITE = "https://acme.atlassian.net"
BULK = Scope(SITE, "/rest/api/3/issue/bulk", "POST", writes=True)
MYSELF = Scope(SITE, "/rest/api/3/myself", "GET")


def edit(issue: str) -> Scope:
    return Scope(SITE, "/rest/api/3/issue/{issue}", "PUT", issue, writes=True)


class Remembering:
    """A PauseStore in a list, for governors of one process."""

    def __init__(self) -> None:
        self.pauses: dict[str, Pause] = {}
        self.read = 0

    async def keep(self, pause: Pause) -> None:
        self.pauses[pause.key] = pause

    async def standing(self, owners: Collection[str]) -> Sequence[Pause]:
        self.read += 1
        return [pause for pause in self.pauses.values() if pause.owner in owners]

    async def drop(self, key: str) -> None:
        self.pauses.pop(key, None)


Make = Callable[..., SharedGovernor]


@asynccontextmanager
async def making(redis_url: str | None) -> AsyncIterator[Make]:
    """`make(rules={...}, login=…)` gives governors that share one desk: a real Redis, or one memory."""
    memory, clients = Memory(), []

    def make(rules: Mapping[str, Any] | None = None, login: str = "bot 1", **options: Any) -> SharedGovernor:
        own = Rules(**(rules or {}))
        desk = None
        if redis_url is not None:
            client = Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
            clients.append(client)
            desk = RedisDesk(client, own, (RedisError, OSError))
        return SharedGovernor(desk, options.pop("memory", memory), login=login, rules=own, **options)

    yield make
    for client in clients:
        await client.aclose()


async def goes(governor: SharedGovernor, scope: Scope = BULK) -> JiraError | None:
    """Take a turn and give it back; what was raised instead of it."""
    try:
        async with governor.turn(scope):
            return None
    except JiraError as refused:
        return refused
