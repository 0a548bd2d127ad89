"""A site that answers from memory, one that answers from a socket, and a clock that never makes anybody wait."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jira_integration.client import CloudClient, JiraClient, Transport
from jira_integration.client.auth import BasicToken
from jira_integration.client.guard import Guard
from tests.client.governors import Make, making
from tests.client.scripted import ScriptedServer

SITE = "https://acme.atlassian.net"
TOKEN = "ATATT3xFfGF0-a-token-nobody-may-see"
Payload = Callable[[str], bytes]
MakeTransport = Callable[..., Transport]


class FakeTime:
    """Stands still, except that sleeping moves it; remembers every sleep (seconds)."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0  # seconds since the epoch: 2026-09-21 14:13:20 UTC
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def payload() -> Payload:
    """The body kept as payloads/<event>__<what>.json."""
    folder = Path(__file__).parent / "payloads"
    return lambda name: (folder / f"{name}.json").read_bytes()


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def auth() -> BasicToken:
    return BasicToken("mira@acme.test", TOKEN)


@pytest.fixture
async def make_transport(auth: BasicToken, time: FakeTime) -> AsyncIterator[MakeTransport]:
    """Transports under one login, on the fake clock, closed at the end."""
    made: list[Transport] = []

    def make(base_url: str = SITE, guard: Guard | None = None, **options: Any) -> Transport:
        settings: dict[str, Any] = {"clock": time, "monotonic": time, "sleep": time.sleep, "jitter": lambda: 1.0}
        transport = Transport(base_url, auth, guard or Guard(allow_loopback_http=True), **settings | options)
        made.append(transport)
        return transport

    yield make
    for transport in made:
        await transport.aclose()


@pytest.fixture
def transport(make_transport: MakeTransport) -> Transport:
    return make_transport()


@pytest.fixture
def jira(transport: Transport) -> JiraClient:
    return CloudClient(transport)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture(params=["redis", "memory"])
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    """Makes governors that share a real Redis, and once more, in another test, this process's memory."""
    redis_url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    async with making(redis_url) as governors:
        yield governors
