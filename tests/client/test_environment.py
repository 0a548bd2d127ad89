"""What surrounds a request: the machine's settings, proxies, the governor, and what an error may show."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jira_integration.client.exceptions import (
    ErrorCode,
    JiraAddressRefused,
    JiraLoginError,
    JiraRateLimited,
    JiraUnavailable,
)
from jira_integration.client.governor import NoGovernor, Scope
from jira_integration.client.guard import Guard
from tests.client.conftest import TOKEN, FakeTime, MakeTransport
from tests.client.scripted import ScriptedServer, answer, hang_up

BULK = "/rest/api/3/issue/bulk"
MYSELF = "/rest/api/3/myself"


async def test_a_netrc_and_proxy_variables_change_nothing(
    server: ScriptedServer, make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login intruder password planted\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    await make_transport(server.url).request("GET", MYSELF)

    assert b"Authorization: Basic bWlyYUBhY21lLnRlc3Q6" in server.requests[0]
    assert server.requests[0].count(b"Authorization") == 1


async def test_cookies_are_not_kept(server: ScriptedServer, make_transport: MakeTransport) -> None:
    server.script = [answer(Set_Cookie="JSESSIONID=stale; Path=/")]
    transport = make_transport(server.url, pool=1)

    await transport.request("GET", MYSELF)
    await transport.request("GET", MYSELF)

    assert b"JSESSIONID" not in server.requests[1]


async def test_one_thread_keeps_one_connection_open(server: ScriptedServer, make_transport: MakeTransport) -> None:
    transport = make_transport(server.url, pool=1)

    for _ in range(3):
        await transport.request("GET", MYSELF)

    assert server.connections == 1


async def test_our_login_does_not_follow_a_redirect(server: ScriptedServer, make_transport: MakeTransport) -> None:
    with ScriptedServer() as elsewhere:
        server.script = [answer(b"", "302 Found", Location=f"http://127.0.0.2:{elsewhere.port}/login")]

        with pytest.raises(JiraLoginError) as caught:
            await make_transport(server.url).request("GET", MYSELF)

    assert caught.value.code == ErrorCode.SSO_PAGE
    assert elsewhere.requests == []


async def test_several_requests_are_on_their_way_at_once_and_never_more_than_the_pool(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    together = threading.Barrier(3)

    def meet(connection: socket.socket) -> None:
        together.wait(5)
        answer()(connection)

    server.script = [meet]
    transport = make_transport(server.url, pool=3)

    await asyncio.gather(*(transport.request("GET", MYSELF) for _ in range(6)))

    assert server.connections == 3


async def test_an_explicit_proxy_carries_the_request(server: ScriptedServer, make_transport: MakeTransport) -> None:
    transport = make_transport("http://localhost:1", proxy=server.url)

    await transport.request("GET", MYSELF)

    assert server.requests[0].startswith(b"GET http://localhost:1/rest/api/3/myself HTTP/1.1")


async def test_a_proxy_that_refuses_the_tunnel_leaves_no_doubt_that_nothing_was_sent(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    server.script = [answer(b"", "403 Forbidden")]
    guard = Guard(resolver=unknown_here)
    transport = make_transport("https://acme.atlassian.net", guard, proxy=server.url)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", BULK, json={})

    assert server.requests[0].startswith(b"CONNECT acme.atlassian.net:443 ")
    assert TOKEN.encode() not in server.requests[0]
    assert b"Authorization" not in server.requests[0]
    assert caught.value.code == ErrorCode.REFUSED
    assert not caught.value.outcome_unknown


async def test_a_proxy_is_not_asked_for_what_this_machine_knows_to_be_private(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    guard = Guard(resolver=lambda host, port: ["10.0.0.5"])
    transport = make_transport("https://inside.test", guard, proxy=server.url)

    with pytest.raises(JiraAddressRefused):
        await transport.request("GET", MYSELF)

    assert server.connections == 0


async def test_a_governor_that_wants_a_long_wait_keeps_the_request_from_being_sent(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    class Closed(NoGovernor):
        @asynccontextmanager
        async def turn(self, scope: Scope) -> AsyncIterator[None]:
            raise JiraRateLimited("The site has a pause.", retry_after=900)
            yield

    transport = make_transport(server.url, governor=Closed())

    with pytest.raises(JiraRateLimited) as caught:
        await transport.request("POST", BULK, json={})

    assert caught.value.retry_after == 900
    assert server.connections == 0


async def test_every_try_has_a_turn_and_the_governor_hears_what_came_of_it(
    server: ScriptedServer, make_transport: MakeTransport, time: FakeTime
) -> None:
    governor = Listening()
    server.script = [hang_up, answer(X_RateLimit_NearLimit="true")]
    transport = make_transport(server.url, governor=governor)

    await transport.request("GET", "/rest/api/3/issue/{issue}", at={"issue": "SHOP-7"})

    scope = Scope(server.url, "/rest/api/3/issue/{issue}", "GET", "SHOP-7", writes=False)
    assert governor.turns == [scope, scope]
    assert governor.heard == [None, 200]
    assert governor.near == ["true"]


@pytest.mark.parametrize(
    "act",
    [
        hang_up,
        answer(f'{{"errorMessages": ["<b>{TOKEN}</b>"]}}'.encode(), "400 Bad Request", X_Echo=TOKEN),
        answer(f"<html>{TOKEN}</html>".encode(), "500 Oops", kind="text/html"),
        answer(f"<html>{TOKEN}</html>".encode(), kind="text/html"),
        answer(f'{{"message": "{TOKEN}"}}'.encode(), "401 Unauthorized"),
    ],
    ids=["lost", "rejected", "broken", "page", "login"],
)
async def test_no_error_shows_the_login_a_header_or_a_page(
    server: ScriptedServer, make_transport: MakeTransport, act: Callable[[socket.socket], None]
) -> None:
    server.script = [act]
    transport = make_transport(server.url)

    with pytest.raises(Exception) as caught:
        await transport.request("POST", BULK, json={})

    shown = every_text_of(caught.value) + repr(transport)
    assert TOKEN not in shown
    assert "Basic " not in shown
    assert not {"<html>", "<b>"} & set(re.findall(r"<\w+>", shown))


class Listening:
    """A governor that lets everybody through and remembers who went."""

    def __init__(self) -> None:
        self.turns: list[Scope] = []
        self.heard: list[int | None] = []
        self.near: list[str] = []

    def turn(self, scope: Scope) -> Listening:
        self.turns.append(scope)
        return self

    async def __aenter__(self) -> None:
        """Nobody waits."""

    async def __aexit__(self, *_: object) -> None:
        """Nothing to give back."""

    async def told(self, scope: Scope, status: int | None, headers: dict[str, str]) -> None:
        self.heard.append(status)
        self.near += [value for name, value in headers.items() if name == "x-ratelimit-nearlimit"]


def every_text_of(error: BaseException) -> str:
    """Everything a log, a crash report or a debugger's page could show of an error, its local variables included."""
    shown = [str(error), repr(error), str(vars(error)), repr(error.__cause__), repr(error.__context__)]
    frame = error.__traceback__
    while frame is not None:
        if "/jira_integration/" in frame.tb_frame.f_code.co_filename:
            shown += [repr(value) for value in frame.tb_frame.f_locals.values()]
        frame = frame.tb_next
    return "\n".join(shown)


def unknown_here(host: str, port: int) -> list[str]:
    raise OSError("no resolver for outside names")
