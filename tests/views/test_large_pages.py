"""Pages of ten thousand items: what they ask of the database, and how much comes from it, does not grow with them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.test import Client
from django.utils import timezone

from jira_integration.models import ExportPlan, ExportRun, PlannedTicket, RunItem
from stories_qa.models import Project
from tests.jira_rows import a_mapping, a_plan, a_run
from tests.views.plan_pages import shown

pytestmark = pytest.mark.django_db
ITEMS = 10_000
TEXT = "Lorem ipsum dolor sit amet. " * 100  # about 3 kB, in the body, in what Jira held, and in the differences


@dataclass
class Asked:
    """What a page asked of the database."""

    statements: list[str]
    bytes: int = 0  # of text that came from it

    @property
    def ours(self) -> list[str]:
        """Without the frame of every page: who is signed in, the sidebar."""
        return [sql for sql in self.statements if "jira_integration_" in sql]


def size(row: Any) -> int:
    return sum(len(value) for value in row if isinstance(value, str | bytes)) if row else 0


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    asked = Asked([])

    def statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.statements.append(sql)
        return execute(sql, params, many, context)

    def counting(name: str, rows: Any) -> Any:
        real = getattr(CursorWrapper, name, None)

        def fetched(self: CursorWrapper, *args: Any) -> Any:
            found = real(self, *args) if real else getattr(self.cursor, name)(*args)
            asked.bytes += rows(found)
            return found

        return fetched

    with monkeypatch.context() as patch, connection.execute_wrapper(statement):
        patch.setattr(CursorWrapper, "fetchone", counting("fetchone", size), raising=False)
        for name in ("fetchmany", "fetchall"):
            patch.setattr(CursorWrapper, name, counting(name, lambda found: sum(map(size, found))), raising=False)
        yield asked


@pytest.fixture
def large(project: Project) -> ExportPlan:
    """A preview of ten thousand updates, each with kilobytes of text and a finding."""
    plan = a_plan(a_mapping(project), {})
    finding = {"code": "summary_cut", "values": {"length": 300}, "blocking": False}
    change = {"field": "description", "label": "Description", "before": TEXT, "after": TEXT + "!"}
    rows = [
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
            action="update",
            issue_id=str(number),
            issue_key=f"SHOP-{number}",
            template={"fields": {"description": TEXT}},
            seen={"description": TEXT},
            changes=[change],
            findings=[finding],
        )
        for number in range(ITEMS)
    ]
    PlannedTicket.objects.bulk_create(rows, batch_size=500)
    refs = [row.story_ref for row in rows]
    ExportPlan.objects.update(counts={"update": ITEMS}, story_refs=refs, jira_read_at=timezone.now())
    plan.refresh_from_db()
    return plan


def test_the_preview_loads_what_it_shows(
    ana: Any, large: ExportPlan, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown(client, large)  # what is read once per process

    with watched(monkeypatch) as asked:
        page = shown(client, large)

    assert "50 of 10000 shown" in page
    assert f"{ITEMS} × " in page  # the finding they share
    assert len(asked.ours) <= 15, asked.ours
    # Fifty differences of two texts; half a megabyte of refs of what was chosen stays where it is.
    assert asked.bytes < 50 * 2 * len(TEXT) + 100_000


def test_the_next_fifty_load_only_themselves(
    ana: Any, large: ExportPlan, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/p/SHOP/jira/plans/{large.pk}/?page=199"

    with watched(monkeypatch) as asked:
        answer = client.get(address, headers={"HX-Request": "true", "HX-Target": "more"})

    assert answer.content.decode().count('<li id="plan-US-') == 50
    assert len(asked.ours) <= 12, asked.ours


@pytest.fixture
def run(large: ExportPlan) -> ExportRun:
    """It goes on; a third of it is done."""
    empty = a_plan(large.mapping, {})
    run = a_run(empty, {})
    ExportRun.objects.filter(pk=run.pk).update(plan=large)
    rows = [
        RunItem(
            run=run,
            planned_id=pk,
            position=position,
            kind="story",
            story_ref=ref,
            story_key=key,
            title=key,
            action="update",
            state="updated" if position % 3 == 0 else "queued",
        )
        for pk, position, ref, key in large.items.values_list("pk", "position", "story_ref", "story_key")
    ]
    RunItem.objects.bulk_create(rows, batch_size=500)
    run.refresh_from_db()
    return run


def test_the_page_of_a_run_and_the_list_of_runs_ask_little(
    ana: Any, run: ExportRun, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address, words in (
        (f"/p/SHOP/jira/runs/{run.pk}/", "3334 of 10000 finished"),
        ("/p/SHOP/jira/runs/", "3334"),
    ):
        with watched(monkeypatch) as asked:
            page = client.get(address).content.decode()

        assert words in page
        assert len(asked.ours) <= 12, asked.ours
        assert asked.bytes < 100_000, address
