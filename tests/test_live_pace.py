"""What a page hears of thousands of changes, and of a preview while it is being built."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from config.asgi import application
from jira_integration import progress
from jira_integration.models import ExportPlan, ExportRun
from stories_qa.models import Project, Story
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_run
from tests.sockets import WebsocketCommunicator, open_socket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("with_redis")]
QUIET_SECONDS = 0.7  # longer than the pace of a page: what was to come has come
A_SECOND = 4  # messages


@pytest.fixture
def backlog(transactional_db: None) -> Project:
    project = a_backlog(stories=3)
    a_run(a_plan(a_mapping(project), dict.fromkeys(Story.objects.all(), "create")))
    return project


async def told(socket: WebsocketCommunicator) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(await socket.receive_from(timeout=5))
    return answer


@pytest.mark.parametrize("socket_of", ["run", "workspace"])
async def test_a_thousand_events_in_a_second_are_at_most_four_messages_a_second(
    backlog: Project, socket_of: str
) -> None:
    run = await ExportRun.objects.aget()
    path = f"/ws/runs/{run.pk}/" if socket_of == "run" else "/ws/workspace/SHOP/"
    group = progress.run_group(run.pk) if socket_of == "run" else progress.project_group(backlog.ref)
    socket = await open_socket(application, path, await sync_to_async(a_person)("ana", backlog))
    await socket.send_to(json.dumps({"after": 0}))
    await told(socket)
    layer, loop = get_channel_layer(), asyncio.get_running_loop()
    arrived: list[float] = []

    async def listen() -> None:
        while True:
            await told(socket)
            arrived.append(loop.time())

    ear = asyncio.create_task(listen())
    begun = loop.time()
    for number in range(1, 1001):
        await layer.group_send(group, {"type": f"{socket_of}.changed", "seq": number})
        await asyncio.sleep(max(0.0, begun + number / 1000 - loop.time()))
    took = loop.time() - begun
    await asyncio.sleep(QUIET_SECONDS)
    ear.cancel()

    assert 1 <= len(arrived) <= A_SECOND * took + 2  # one at once, one with what was left at the end
    busiest = max(sum(1 for one in arrived if start <= one < start + 1.0) for start in arrived)
    assert busiest <= A_SECOND + 1, arrived  # the pace is kept where they are sent: on the way they may crowd a little
    await socket.disconnect()


async def test_a_preview_tells_how_far_it_is_and_then_where_it_stands(backlog: Project) -> None:
    def some_are_planned() -> ExportPlan:
        plan = ExportPlan.objects.get()
        ExportPlan.objects.update(state="building", total=10_000, progress=1_200)
        return plan

    plan = await sync_to_async(some_are_planned)()
    socket = await open_socket(application, f"/ws/plans/{plan.pk}/", await sync_to_async(a_person)("ana", backlog))
    await socket.send_to("{}")

    first = await told(socket)
    assert "1,200 of 10,000" in first["html"]
    assert not first["ended"]

    def becomes(**columns: Any) -> None:
        ExportPlan.objects.update(**columns)
        progress.publish_plan(ExportPlan.objects.get())

    await sync_to_async(becomes)(progress=1_300)
    assert "1,300 of 10,000" in (await told(socket))["html"]

    await sync_to_async(becomes)(state="ready")
    last = await told(socket)
    assert f'data-go="/p/SHOP/jira/plans/{plan.pk}/"' in last["html"]
    assert last["ended"]
    assert (await socket.receive_output(timeout=5))["code"] == 1000


async def test_a_preview_of_another_project_says_nothing(backlog: Project) -> None:
    plan = await ExportPlan.objects.aget()
    stranger = await sync_to_async(a_person)("eve", await sync_to_async(a_backlog)("OPS", "Ops"))

    socket = await open_socket(application, f"/ws/plans/{plan.pk}/", stranger)

    assert (await socket.receive_output(timeout=5))["code"] == 4403
