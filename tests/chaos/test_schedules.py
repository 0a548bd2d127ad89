"""Exports on a virtual clock: every kind of fault in every phase, workers that die anywhere, people who press buttons.

240 of them each time; a thousand with CHAOS_SCHEDULES=1000, which together meet about nine in ten pairs of fault and
phase (people who press pause and stop keep some from being reached). A number stands for a schedule: CHAOS_SEED=4711
CHAOS_SCHEDULES=1 plays that one alone, with its story.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from jira_integration import progress
from jira_integration.export import lookup, readback
from jira_integration.export.plan import build_plan, new_plan
from jira_integration.mapping.metadata import IssueType, JiraField, ProjectMetadata, Status, keep
from jira_integration.models import ExportPlan, ExportRun, FieldMapping, ProjectMapping, StatusMapping
from jira_integration.setup.connect import JiraConnection
from stories_qa.models import Epic, Project, Story
from tests.chaos.judge import faults_found
from tests.chaos.schedule import PAIRS, Office, Stage, carry_out
from tests.chaos.virtual import Loop, in_memory, virtual_time
from tests.chaos.world import EPIC, PHASES, STATUSES, STORY, World, fields_page
from tests.jira_rows import a_backlog, a_connection, a_mapping, a_story, an_epic

FIRST = int(os.environ.get("CHAOS_SEED", "1"))
SCHEDULES = int(os.environ.get("CHAOS_SCHEDULES", "240"))
PARTS = 4  # spread over the processes of a test run


@pytest.fixture
def stage(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A plan over two epics and seven stories: most are new, two were exported before and edited since. A plan over
    three more stories stands in line behind it."""
    settings.JIRA_BATCH_SIZE = 2
    settings.JIRA_REQUESTS_IN_FLIGHT = 2
    monkeypatch.setattr(readback, "READ_AT_ONCE", 4)  # some are read back while others are still being created
    for name in ("publish_run", "publish_item", "publish_ticket", "publish_plan"):
        monkeypatch.setattr(progress, name, lambda row: None)
    with in_memory(), virtual_time():
        yield set_up(monkeypatch)


def set_up(monkeypatch: pytest.MonkeyPatch) -> Stage:
    backlog, world = a_backlog(), World()
    mapping = mapped(backlog)
    epics = [an_epic(backlog, number) for number in (1, 2)]
    old = [a_story(backlog, number, epic=epics[0], description="Text") for number in (1, 2)]
    with monkeypatch.context() as patch:
        office = Office(world.rng, world)
        patch.setattr("jira_integration.export.plan.jira_client", office.client)
        first = planned(mapping, [one.ref for one in old])
        stage = Stage(world, [first.pk])
        stage.keep()
        done = carry_out(0, stage, monkeypatch, quiet=True)
        assert faults_found(done) == []
        stage.world = done.world
        for issue in done.world.issues.values():
            issue.made_at = issue.updated_at = -1e6  # long ago
        Story.objects.filter(pk__in=[one.pk for one in old]).update(title="A better title", version=2)
        for number, status in enumerate(("backlog", "in_progress", "done", "backlog"), 3):
            a_story(backlog, number, epic=epics[number % 2], status=status)
        a_story(backlog, 9)
        later = [a_story(backlog, number).ref for number in (10, 11, 12)]
        patch.setattr("jira_integration.export.plan.jira_client", Office(world.rng, done.world).client)
        chosen = [*Epic.objects.values_list("ref", flat=True), *refs(backlog)]
        first = planned(mapping, [ref for ref in chosen if ref not in later])
        stage.plan_ids = [first.pk, planned(mapping, later).pk]
    stage.keep()
    return stage


def refs(backlog: Project) -> list[str]:
    return list(Story.objects.filter(project=backlog).values_list("ref", flat=True))


def planned(mapping: ProjectMapping, chosen: list[str]) -> ExportPlan:
    plan = new_plan(mapping, chosen, None)
    made: ExportPlan = Loop().run(build_plan(plan.pk))
    assert made.state == ExportPlan.State.READY, made.error_code
    return made


def mapped(backlog: Project) -> ProjectMapping:
    jira: JiraConnection = a_connection()
    mapping = a_mapping(backlog, jira, epic_type_id=EPIC, story_type_id=STORY)
    types = tuple(
        IssueType(type_id, name, level=level, fields=tuple(field(row) for row in fields_page(type_id)["fields"]))
        for type_id, name, level in ((EPIC, "Epic", 1), (STORY, "Story", 0))
    )
    statuses = tuple(Status(status_id, name, category) for status_id, (name, category) in STATUSES.items())
    keep(jira, ProjectMetadata("10000", "SHOP", "Shop", issue_types=types, statuses={STORY: statuses}))
    for kind in ("epic", "story"):
        for ours, theirs in (("title", "summary"), ("description", "description")):
            FieldMapping.objects.create(mapping=mapping, kind=kind, jira_field=theirs, story_field=ours)
    for ours, theirs in (("backlog", "1"), ("in_progress", "2"), ("done", "3")):
        name, category = STATUSES[theirs]
        StatusMapping.objects.create(
            mapping=mapping, status=ours, jira_status_id=theirs, jira_status_name=name, category=category
        )
    return mapping


def field(row: dict[str, Any]) -> JiraField:
    schema = row["schema"]
    return JiraField(row["fieldId"], row["name"], schema["type"], system=schema["system"], required=row["required"])


def seeds(part: int) -> range:
    return range(FIRST + part, FIRST + SCHEDULES, PARTS)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_schedule_ends_right(stage: Stage, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    met, states, pressed = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    wrong: dict[int, list[str]] = {}

    gc.disable()  # many short lives: looking through them all the time takes a fifth of the time
    for seed in seeds(part):
        gc.collect(0)
        office = carry_out(seed, stage, monkeypatch)
        met, states, pressed = met + office.world.met, states + office.met, pressed + office.pressed
        found = faults_found(office)
        if found:
            wrong[seed] = [*found, *office.world.log]
    gc.enable()

    print(f"\nschedules {FIRST + part} to {FIRST + SCHEDULES - 1}, every {PARTS}th")  # noqa: T201
    show(f"faults by what was asked: {covered(met):.0%} of {len(PAIRS)} pairs", met, PHASES)
    show("faults by the state of the run", states, ExportRun.DRIVEN)
    show("buttons by the state of the run", pressed, ExportRun.State.values)
    assert not wrong, "\n".join(f"schedule {seed}:\n  " + "\n  ".join(found) for seed, found in list(wrong.items())[:5])
    if SCHEDULES >= 1000:
        assert covered(met) >= 0.55, "Even a quarter of the schedules should meet most pairs of fault and phase."


def covered(met: Counter[tuple[str, str]]) -> float:
    return sum(pair in met for pair in PAIRS) / len(PAIRS)


def show(title: str, counted: Counter[tuple[str, str]], columns: Sequence[str]) -> None:
    """A table of what was met how often, for people who run this with -s."""
    rows = sorted({row for row, _ in counted}, key=lambda row: (row == "none", row))
    print(title)  # noqa: T201
    print(" " * 28 + " ".join(f"{column.replace('transition', 'trans.')[:9]:>9}" for column in columns))  # noqa: T201
    for row in rows:
        print(f"{row:<28}" + " ".join(f"{counted[row, column] or '-':>9}" for column in columns))  # noqa: T201


async def blind(*_: object) -> dict[str, object]:
    return {}


def test_a_look_up_that_never_finds_anything_is_found_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "_by_key", blind)
    monkeypatch.setattr(lookup, "_by_index", blind)

    found = [sentence for seed in range(1, 60) for sentence in faults_found(carry_out(seed, stage, monkeypatch))]

    assert any("made twice" in sentence for sentence in found)
