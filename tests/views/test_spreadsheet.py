"""CSV downloads under ASGI: in pieces, without a word from Django, in little memory."""

from __future__ import annotations

import csv
import io
import tracemalloc
import uuid
import warnings
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from jira_integration.models import ExportedTicket, ExportPlan, ExportRun, PlannedTicket, RunItem
from stories_qa.models import Role
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
TEXT = "As a guest I want to pay. " * 40  # a kilobyte


def rows(count: int) -> tuple[Any, ExportPlan, ExportRun]:
    """A person, and a plan and a run of `count` stories."""
    project = a_backlog()
    plan = a_plan(a_mapping(project), {})
    run = a_run(plan, state="done")
    planned = [
        PlannedTicket(
            plan=plan,
            position=number,
            level=1,
            kind="story",
            story_ref=f"story:{number:032x}",
            story_key=f"US-{number}",
            title=f"Story {number}",
            story_version=1,
            uid=uuid.uuid4(),
            action="create",
            changes=[{"field": "description", "label": "Description", "before": "", "after": TEXT}],
        )
        for number in range(count)
    ]
    PlannedTicket.objects.bulk_create(planned, batch_size=500)
    RunItem.objects.bulk_create(
        [
            RunItem(
                run=run,
                planned=one,
                position=one.position,
                kind="story",
                story_ref=one.story_ref,
                story_key=one.story_key,
                title=one.title,
                action="create",
                state="failed",
                error_code="required_field",
                error_values={"field": "Team"},
            )
            for one in planned
        ],
        batch_size=500,
    )
    assert not ExportedTicket.objects.exists()
    return a_person("ana", project, Role.EXPORTER), plan, run


async def download(person: Any, address: str) -> AsyncIterator[bytes]:
    client = AsyncClient()
    await client.aforce_login(person)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = await client.get(address)
        assert answer.status_code == 200
        async for piece in answer.streaming_content:
            yield piece


@pytest.mark.parametrize("what", ["plans", "runs"])
async def test_every_row_comes_in_pieces(what: str) -> None:
    person, plan, run = await sync_to_async(rows)(450)
    number = plan.pk if what == "plans" else run.pk

    pieces = [piece async for piece in download(person, f"/p/SHOP/jira/{what}/{number}/csv/")]

    table = list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))
    assert len(pieces) == 3
    assert [row[0] for row in table] == ["Key", *(f"US-{number}" for number in range(450))]


@pytest.mark.parametrize("what", ["plans", "runs"])
async def test_ten_thousand_rows_take_no_more_memory_than_a_thousand(what: str) -> None:
    person, plan, run = await sync_to_async(rows)(10_000)
    number = plan.pk if what == "plans" else run.pk
    total, peaks = 0, []

    tracemalloc.start()
    try:
        async for piece in download(person, f"/p/SHOP/jira/{what}/{number}/csv/"):
            total += len(piece)
            if len(peaks) % 10 == 0:
                tracemalloc.reset_peak()
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()

    assert total > (10_000_000 if what == "plans" else 500_000)
    assert max(peaks[-10:]) < max(peaks[:10]) * 1.5 + 500_000
    assert max(peaks) < 12_000_000
