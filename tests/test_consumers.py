"""Sockets, through the site's own ASGI application and a real Valkey."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session

from config.asgi import application
from jira_integration import halts, ledger, progress
from jira_integration.models import ExportedTicket, ExportRun, LiveSequence, RunItem
from stories_qa.models import Membership, Project, Role, Story
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_run, a_ticket
from tests.sockets import WebsocketCommunicator, open_socket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("with_redis")]

Listen = Callable[..., Awaitable[WebsocketCommunicator]]
QUIET_SECONDS = 0.6  # longer than the pace of a page: what was to come has come


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    """`await listen(path, person)`: an open socket with that person's session, as a browser opens it."""
    opened: list[WebsocketCommunicator] = []

    async def open_one(path: str, person: Any = None) -> WebsocketCommunicator:
        socket = await open_socket(application, path, person)
        opened.append(socket)
        return socket

    yield open_one
    for socket in opened:
        await socket.disconnect()


@pytest.fixture
def backlog(transactional_db: None) -> Project:
    project = a_backlog(stories=3)
    mapping = a_mapping(project)
    a_run(a_plan(mapping, dict.fromkeys(Story.objects.all(), "create")))
    return project


async def closed_with(socket: WebsocketCommunicator) -> int:
    while True:
        sent = await socket.receive_output(timeout=5)
        if sent["type"] == "websocket.close":
            return int(sent["code"])


async def told(socket: WebsocketCommunicator) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(await socket.receive_from(timeout=5))
    return answer


async def hello(socket: WebsocketCommunicator, **page: Any) -> dict[str, Any]:
    await socket.send_to(json.dumps(page))
    return await told(socket)


@sync_to_async
def run_of(project: Project) -> ExportRun:
    return ExportRun.objects.get(project_ref=project.ref)


@sync_to_async
def rows_of(run: ExportRun) -> list[str]:
    return [str(pk) for pk in run.items.values_list("pk", flat=True)]


@sync_to_async
def becomes(run: ExportRun, key: str, state: str, *, tell: bool = True) -> int:
    item = ledger.end(RunItem.objects.get(run=run, story_key=key).pk, state)
    if tell:
        progress.publish_item(item)
    return item.seq


async def test_a_row_that_changed_reaches_the_page(backlog: Project, listen: Listen) -> None:
    run = await run_of(backlog)
    socket = await listen(f"/ws/runs/{run.pk}/", await sync_to_async(a_person)("ana", backlog))
    await hello(socket, after=0, rows=await rows_of(run))

    await becomes(run, "US-2", "created")
    news = await told(socket)

    assert 'id="item-US-2"' in news["html"]
    assert "Created" in news["html"]
    assert 'id="item-US-1"' not in news["html"]
    assert "1 of 3 finished" in news["html"]


async def test_a_page_that_comes_back_gets_what_it_missed_and_nothing_it_knows(
    backlog: Project, listen: Listen
) -> None:
    run = await run_of(backlog)
    seen = await becomes(run, "US-1", "created", tell=False)
    await becomes(run, "US-2", "failed", tell=False)
    socket = await listen(f"/ws/runs/{run.pk}/", await sync_to_async(a_person)("ana", backlog))

    news = await hello(socket, after=seen, rows=await rows_of(run))

    assert 'id="item-US-2"' in news["html"]
    assert 'id="item-US-1"' not in news["html"]


async def test_numbers_only_rise(backlog: Project, listen: Listen) -> None:
    run = await run_of(backlog)
    socket = await listen(f"/ws/runs/{run.pk}/", await sync_to_async(a_person)("ana", backlog))
    numbers = [(await hello(socket, after=0, rows=await rows_of(run)))["seq"]]

    for key in ("US-1", "US-2", "US-3"):
        await becomes(run, key, "created")
        numbers.append((await told(socket))["seq"])

    assert numbers == sorted(set(numbers))


async def test_a_message_the_page_has_already_seen_is_not_repeated(backlog: Project, listen: Listen) -> None:
    run = await run_of(backlog)
    socket = await listen(f"/ws/runs/{run.pk}/", await sync_to_async(a_person)("ana", backlog))
    await becomes(run, "US-1", "created", tell=False)
    await hello(socket, after=0, rows=await rows_of(run))

    await sync_to_async(lambda: progress.publish_item(RunItem.objects.get(story_key="US-1")))()

    assert await socket.receive_nothing(timeout=QUIET_SECONDS)


async def test_many_changes_come_in_few_messages(backlog: Project, listen: Listen) -> None:
    run = await run_of(backlog)
    socket = await listen(f"/ws/runs/{run.pk}/", await sync_to_async(a_person)("ana", backlog))
    await hello(socket, after=0, rows=await rows_of(run))

    for number in range(60):
        await becomes(run, f"US-{1 + number % 3}", "created")
    messages = 0
    last: dict[str, Any] = {}
    begun = asyncio.get_running_loop().time()
    while not await socket.receive_nothing(timeout=QUIET_SECONDS):
        last = await told(socket)
        messages += 1
    took = asyncio.get_running_loop().time() - begun

    assert messages <= 4 * took + 4
    assert "3 of 3 finished" in last["html"]


async def test_nobody_is_told_to_sign_in(backlog: Project, listen: Listen) -> None:
    run = await run_of(backlog)

    assert await closed_with(await listen(f"/ws/runs/{run.pk}/")) == 4401
    assert await closed_with(await listen("/ws/workspace/SHOP/")) == 4401


async def test_a_member_of_another_project_hears_nothing(backlog: Project, listen: Listen) -> None:
    run = await run_of(backlog)
    other = await sync_to_async(a_backlog)("OTHER", "Other")
    eve = await sync_to_async(a_person)("eve", other, Role.ADMIN)

    assert await closed_with(await listen(f"/ws/runs/{run.pk}/", eve)) == 4403
    assert await closed_with(await listen("/ws/workspace/SHOP/", eve)) == 4403
    assert await closed_with(await listen("/ws/runs/999999/", eve)) == 4403
    assert await closed_with(await listen("/ws/workspace/NONE/", eve)) == 4403


async def test_who_is_no_member_any_more_gets_no_further_message(backlog: Project, listen: Listen) -> None:
    run = await run_of(backlog)
    ana = await sync_to_async(a_person)("ana", backlog)
    socket = await listen(f"/ws/runs/{run.pk}/", ana)
    await hello(socket, after=0)

    await Membership.objects.filter(user=ana).adelete()
    await becomes(run, "US-1", "created")
    sent = await socket.receive_output(timeout=5)

    assert sent == {"type": "websocket.close", "code": 4403}


async def test_who_signed_out_gets_no_further_message(backlog: Project, listen: Listen) -> None:
    run = await run_of(backlog)
    socket = await listen(f"/ws/runs/{run.pk}/", await sync_to_async(a_person)("ana", backlog))
    await hello(socket, after=0)

    await Session.objects.all().adelete()
    await becomes(run, "US-1", "created")
    sent = await socket.receive_output(timeout=5)

    assert sent == {"type": "websocket.close", "code": 4401}


async def test_who_was_made_inactive_gets_no_further_message(backlog: Project, listen: Listen) -> None:
    run = await run_of(backlog)
    ana = await sync_to_async(a_person)("ana", backlog)
    socket = await listen(f"/ws/runs/{run.pk}/", ana)
    await hello(socket, after=0)

    ana.is_active = False
    await ana.asave()
    await becomes(run, "US-1", "created")
    sent = await socket.receive_output(timeout=5)

    assert sent == {"type": "websocket.close", "code": 4401}


async def test_buttons_come_only_to_those_who_may_press_them(backlog: Project, listen: Listen) -> None:
    run = await run_of(backlog)
    ana = await sync_to_async(a_person)("ana", backlog, Role.EXPORTER)
    jonas = await sync_to_async(a_person)("jonas", backlog, Role.VIEWER)

    for_ana = await hello(await listen(f"/ws/runs/{run.pk}/", ana), after=0)
    for_jonas = await hello(await listen(f"/ws/runs/{run.pk}/", jonas), after=0)

    assert 'id="run-stop"' in for_ana["html"]
    assert 'id="run-stop"' not in for_jonas["html"]


async def test_the_end_of_a_run_is_told_and_closes_the_socket(backlog: Project, listen: Listen) -> None:
    run = await run_of(backlog)
    socket = await listen(f"/ws/runs/{run.pk}/", await sync_to_async(a_person)("ana", backlog))
    await hello(socket, after=0)

    for key in ("US-1", "US-2", "US-3"):
        await becomes(run, key, "created", tell=False)
    finished = await sync_to_async(halts.finish)(run.pk, "t")
    await sync_to_async(progress.publish_run)(finished)
    news = await told(socket)

    assert news["ended"] is True
    assert "All 3 items are in Jira." in news["html"]
    assert await closed_with(socket) == 1000


async def test_a_badge_on_screen_changes_and_one_that_is_not_stays_away(backlog: Project, listen: Listen) -> None:
    mapping = await sync_to_async(lambda: backlog and ExportRun.objects.get().plan.mapping)()
    stories = await sync_to_async(lambda: list(Story.objects.order_by("pk")))()
    ticket = await sync_to_async(a_ticket)(mapping, stories[0], sync="in_sync")
    await sync_to_async(a_ticket)(mapping, stories[1], sync="failed", seq=1)
    socket = await listen("/ws/workspace/SHOP/", await sync_to_async(a_person)("ana", backlog))
    await hello(socket, after=0, keys=["US-1"])

    @sync_to_async
    def jira_moves_it() -> None:
        ExportedTicket.objects.filter(pk=ticket.pk).update(
            sync="changed_in_jira", seq=ledger.next_live_seq(backlog.ref)
        )
        progress.publish_ticket(ExportedTicket.objects.get(pk=ticket.pk))

    await jira_moves_it()
    news = await told(socket)

    assert "[data-sync='US-1']" in news["html"]
    assert "Changed in Jira" in news["html"]
    assert "US-2" not in news["html"]
    assert news["seq"] == (await LiveSequence.objects.aget()).value


async def test_the_card_and_the_count_come_along_when_the_page_has_them(backlog: Project, listen: Listen) -> None:
    socket = await listen("/ws/workspace/SHOP/", await sync_to_async(a_person)("ana", backlog))

    with_parts = await hello(socket, after=0, parts=["conn", "needs-you"])
    without = await hello(socket, after=0)

    assert "Jira connected" in with_parts["html"]
    assert "js-needs-you" in with_parts["html"]
    assert "js-" not in without["html"]


@pytest.mark.parametrize(
    "text", ["", "not json", "[]", '{"after": "x", "rows": "y"}', '{"rows": [{}, null]}', "9" * 70_000]
)
async def test_nonsense_from_a_page_does_no_harm(text: str, backlog: Project, listen: Listen) -> None:
    run = await run_of(backlog)
    socket = await listen(f"/ws/runs/{run.pk}/", await sync_to_async(a_person)("ana", backlog))

    await socket.send_to(text)
    while not await socket.receive_nothing(timeout=QUIET_SECONDS):
        await told(socket)
    news = await hello(socket, after=0)

    assert "0 of 3 finished" in news["html"]


async def test_an_idle_socket_stays_open_longer_than_the_time_out_of_the_layer(
    backlog: Project, listen: Listen
) -> None:
    run = await run_of(backlog)
    socket = await listen(f"/ws/runs/{run.pk}/", await sync_to_async(a_person)("ana", backlog))
    await hello(socket, after=0, rows=await rows_of(run))

    assert await socket.receive_nothing(timeout=6.5)
    await becomes(run, "US-1", "created")

    assert 'id="item-US-1"' in (await told(socket))["html"]


async def test_another_site_may_not_open_a_socket(backlog: Project) -> None:
    socket = WebsocketCommunicator(application, "/ws/workspace/SHOP/", [(b"origin", b"https://evil.test")])

    assert not await socket.connect()
