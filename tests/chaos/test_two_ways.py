"""Edits on both sides of one story, in every order and with every mishap of the messages between: see two_ways.

80 schedules each time, 4,000 by `make chaos`. CHAOS_SEED=4711 CHAOS_TWO_WAYS=2 plays one of each mode alone.
"""

from __future__ import annotations

import gc
import os
import sqlite3
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from jira_integration import progress
from jira_integration.contracts import Kind
from jira_integration.export.builders import builders_for
from jira_integration.mapping.jira_form import reduced
from jira_integration.mapping.metadata import stored
from jira_integration.models import ExportedTicket, FieldMapping, ProjectMapping
from stories_qa.jira_source import StoriesQaSource
from tests.chaos.test_schedules import mapped
from tests.chaos.two_sides import BASE, Jira
from tests.chaos.two_ways import judged, play
from tests.chaos.virtual import in_memory, virtual_time
from tests.chaos.world import STORY, Issue
from tests.jira_rows import a_backlog, a_story

FIRST = int(os.environ.get("CHAOS_SEED", "1"))
SCHEDULES = int(os.environ.get("CHAOS_TWO_WAYS", "80"))
PARTS = 2  # of each mode, spread over the processes of a test run


class Start:
    """The database and the Jira that every schedule begins with: one story in Jira, both sides equal."""

    def __init__(self, issue: Issue) -> None:
        self.issue, self.rows = issue, sqlite3.connect(":memory:")
        connection.connection.backup(self.rows)

    def again(self) -> Jira:
        self.rows.backup(connection.connection)
        issue = Issue(**{**vars(self.issue), "fields": dict(self.issue.fields)})
        return Jira(issues={issue.id: issue}, number=issue.number)


@pytest.fixture
def start(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    for name in ("publish_run", "publish_item", "publish_ticket", "publish_plan", "publish_connection"):
        monkeypatch.setattr(progress, name, lambda row: None)
    settings.JIRA_METADATA_TTL_SECONDS = 10**9
    with in_memory(), virtual_time():
        connection.ensure_connection()
        backlog = a_backlog()
        mapping = mapped(backlog)
        FieldMapping.objects.filter(mapping=mapping).update(direction="both")
        FieldMapping.objects.create(
            mapping=mapping, kind="story", jira_field="labels", story_field="labels", direction="both"
        )
        story = a_story(backlog, 1, **BASE)
        known = stored(mapping.connection, mapping.jira_project_id)
        assert known is not None
        snapshot = next(iter(StoriesQaSource().snapshots(mapping.project_ref, [story.ref])))
        fields = builders_for(mapping, known[0])[Kind.STORY].build(snapshot).fields
        issue = Issue("20001", 1, fields | {"issuetype": {"id": STORY}}, str(uuid4()), -1e6, updated_at=-1e6)
        ExportedTicket.objects.create(
            mapping=mapping,
            connection=mapping.connection,
            project_ref=mapping.project_ref,
            story_ref=story.ref,
            story_key=story.key,
            kind="story",
            uid=issue.uid,
            issue_id=issue.id,
            issue_key=issue.key,
            sync="in_sync",
            story_version=story.version,
            base_sent=fields,
            base_jira={name: reduced(value) for name, value in fields.items()} | {"parent": None},
            status_id="1",
            status_name="To Do",
            base_status="backlog",
        )
        yield Start(issue)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("mode", ["automatic", "preview"])
def test_every_schedule_ends_with_both_sides_equal_and_nothing_lost(
    start: Start, mode: str, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong: dict[int, list[str]] = {}
    asked = writes = 0

    gc.disable()
    seeds = range(FIRST + part, FIRST + SCHEDULES // 2, PARTS)
    for seed in seeds:
        gc.collect(0)
        world = start.again()
        ProjectMapping.objects.update(mode=mode)
        game = play(seed, mode, world, monkeypatch)
        asked, writes = asked + game.conflicts, writes + game.writes
        if found := judged(game):
            wrong[seed] = [*found, *game.world.log]
    gc.enable()

    print(f"\n{mode}: {len(seeds)} schedules, {writes} writes, {asked} conflicts settled")  # noqa: T201
    told = (f"schedule {seed}:\n  " + "\n  ".join(found) for seed, found in list(wrong.items())[:3])
    assert not wrong, f"{len(wrong)} of {len(seeds)}\n" + "\n".join(told)
