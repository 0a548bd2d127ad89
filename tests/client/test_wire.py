"""What only a real socket shows: lost answers, slow answers, huge answers, what the environment may not change."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time as real_time
from collections.abc import Callable

import pytest

from jira_integration.client.exceptions import (
    ErrorCode,
    JiraUnavailable,
)
from jira_integration.client.transport import Sent
from tests.client.conftest import MakeTransport
from tests.client.scripted import ScriptedServer, answer, hang_up, raw

BULK = "/rest/api/3/issue/bulk"
MYSELF = "/rest/api/3/myself"
HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()


def cut_off(connection: socket.socket) -> None:
    connection.sendall(HEAD + b'{"issues": [{"id": "1')
    hang_up(connection)


def drip(head: bytes) -> Callable[[socket.socket], None]:
    """A byte every 20 ms, for as long as anybody listens: each wait is short, the whole has no end."""

    def act(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b" ")
            real_time.sleep(0.02)

    return act


@pytest.mark.parametrize("act", [hang_up, reset, cut_off], ids=["closed", "reset", "cut off in the body"])
async def test_a_create_whose_answer_is_lost_reaches_the_server_once(
    server: ScriptedServer, make_transport: MakeTransport, act: Callable[[socket.socket], None]
) -> None:
    server.script = [act, answer()]
    transport = make_transport(server.url)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", BULK, json={"issueUpdates": []})

    assert caught.value.outcome_unknown
    assert len(server.requests) == 1
    assert transport.sent == Sent(total=1, writes=1)


async def test_a_read_cut_off_in_its_body_is_asked_for_again(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    server.script = [cut_off, answer(b'{"accountId": "5"}')]
    transport = make_transport(server.url)

    found = await transport.request("GET", MYSELF)

    assert found.body == b'{"accountId": "5"}'
    assert len(server.requests) == 2


async def test_a_create_nobody_answers_in_time_is_sent_once_and_unknown(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    server.script = [lambda _: server.released.wait(10)]
    transport = make_transport(server.url, read_timeout=0.1)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", BULK, json={})

    server.released.set()
    assert caught.value.outcome_unknown
    assert caught.value.code == ErrorCode.TIMEOUT
    assert len(server.requests) == 1


async def test_a_create_to_a_closed_port_is_known_not_to_have_happened(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    transport = make_transport(f"http://127.0.0.1:{port}")

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", BULK, json={})

    assert not caught.value.outcome_unknown
    assert caught.value.code == ErrorCode.REFUSED
    assert transport.sent == Sent(0, 0)


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: "],
    ids=["body", "headers"],
)
async def test_an_answer_that_drips_is_cut_at_the_deadline_and_its_thread_is_free_again(
    server: ScriptedServer, make_transport: MakeTransport, head: bytes
) -> None:
    server.script = [drip(head), answer()]
    transport = make_transport(server.url, pool=1)
    began = real_time.monotonic()

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", BULK, json={}, deadline=0.3)
    await transport.request("GET", MYSELF)

    assert caught.value.code == ErrorCode.TIMEOUT
    assert caught.value.outcome_unknown
    assert real_time.monotonic() - began < 3


async def test_an_answer_that_came_in_the_last_moment_is_not_thrown_away(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    server.script = [answer(b'{"issues": []}', "201 Created")]
    transport = make_transport(server.url)

    async def busy_loop() -> None:
        await until(lambda: len(server.requests) == 1)
        real_time.sleep(0.5)

    found, _ = await asyncio.gather(transport.request("POST", BULK, json={}, deadline=0.3), busy_loop())

    assert found.status == 201


async def test_a_create_still_waiting_for_a_thread_at_its_deadline_was_never_sent(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    server.script = [lambda _: server.released.wait(10), answer()]
    transport = make_transport(server.url, pool=1, tries=1)
    first = asyncio.create_task(transport.request("GET", MYSELF))
    await until(lambda: len(server.requests) == 1)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", BULK, json={}, deadline=0.2)

    assert not caught.value.outcome_unknown
    first.cancel()
    server.released.set()
    await transport.aclose()
    assert len(server.requests) == 1


async def test_a_create_whose_caller_is_cancelled_is_carried_to_its_end(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    def late(connection: socket.socket) -> None:
        server.released.wait(10)
        answer(b'{"issues": []}', "201 Created")(connection)

    server.script = [late]
    transport = make_transport(server.url)
    creating = asyncio.create_task(transport.request("POST", BULK, json={"issueUpdates": []}))
    await until(lambda: len(server.requests) == 1)

    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    server.released.set()
    await transport.aclose()

    assert server.answered.is_set()
    assert transport.sent == Sent(total=1, writes=1)


async def test_a_cancelled_create_that_is_answered_drop_by_drop_lets_go_of_its_thread_at_the_deadline(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    server.script = [drip(HEAD)]
    transport = make_transport(server.url)
    creating = asyncio.create_task(transport.request("POST", BULK, json={}, deadline=0.4))
    await until(lambda: len(server.requests) == 1)

    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    began = real_time.monotonic()
    await transport.aclose()

    assert real_time.monotonic() - began < 3


async def test_a_cancelled_read_lets_go_of_its_thread_at_once(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    server.script = [lambda _: server.released.wait(10)]
    transport = make_transport(server.url)
    reading = asyncio.create_task(transport.request("GET", MYSELF))
    await until(lambda: len(server.requests) == 1)

    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    began = real_time.monotonic()
    await transport.aclose()

    assert real_time.monotonic() - began < 3


async def test_the_huge_body_of_a_redirect_is_not_taken_in_either(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    server.script = [answer(b" " * 5_000_000, "302 Found", Location="/elsewhere")]
    transport = make_transport(server.url, max_bytes=1_000_000)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("GET", MYSELF)

    assert caught.value.code == ErrorCode.TOO_LARGE


async def test_an_answer_larger_than_allowed_is_not_taken_in(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    server.script = [answer(b" " * 5_000_000)]
    transport = make_transport(server.url, max_bytes=1_000_000)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("GET", MYSELF)

    assert caught.value.code == ErrorCode.TOO_LARGE
    assert len(server.requests) == 1


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_not_taken_in(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    server.script = [answer(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip")]
    transport = make_transport(server.url, max_bytes=1_000_000)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("GET", MYSELF)

    assert caught.value.code == ErrorCode.TOO_LARGE


async def test_packed_and_chunked_answers_are_read(server: ScriptedServer, make_transport: MakeTransport) -> None:
    packed = gzip.compress(b'{"a": 1}')
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
    server.script = [raw(head + b"Content-Encoding: gzip\r\n\r\n" + chunks)]

    found = await make_transport(server.url).request("GET", MYSELF)

    assert found.body == b'{"a": 1}'


async def until(true: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do; fails after five seconds."""
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)
