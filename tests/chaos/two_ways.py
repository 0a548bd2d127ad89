"""Two people and two systems on one story: three edits here and three in Jira, in every order, with webhooks that are
late, doubled, out of order or lost, and polls that are missed. One number is one schedule; time is virtual.

What every moment must keep: nothing that stood on one side is replaced on that side unless the other side had seen it,
or a person chose so in a conflict.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import combinations
from random import Random
from typing import Any

from jira_integration import tasks
from jira_integration.client import JiraClient
from jira_integration.client.answers import Answer
from jira_integration.client.asking import Asked
from jira_integration.client.cloud import CloudClient
from jira_integration.export import automatic
from jira_integration.export import plan as planning
from jira_integration.export.runs import confirm
from jira_integration.models import Conflict, ExportedTicket, ExportPlan, JiraConnection, ProjectMapping
from jira_integration.richtext import markdown_to_adf
from jira_integration.sync import inbox
from jira_integration.sync.conflicts import resolve
from stories_qa.jira_source import StoriesQaSource
from stories_qa.models import Story
from stories_qa.writing import change
from tests.chaos.two_sides import BASE, OURS, THEIRS, Jira, in_our_form, parts, values_equal, values_of
from tests.chaos.virtual import Loop, clock
from tests.chaos.world import Issue, WorldTransport

ORDERS = list(combinations(range(6), 3))  # which of six moments are ours: twenty interleavings
LAST_EDIT = 400.0
PATIENCE = 6 * 3600.0


@dataclass
class Game:
    """One schedule: who edits what and when, and what becomes of each message."""

    seed: int
    world: Jira
    mode: str
    rng: Random = field(init=False)
    story_had: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    jira_had: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    writes: int = 0
    local_edits: int = 0
    choices: int = 0
    conflicts: int = 0
    wrong: list[str] = field(default_factory=list)
    looked_at: float = -1.0  # our look before a write, until its read-back: Jira has no "only if unchanged"
    choosing: bool = False  # a person writes, not the news
    working: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rng = Random(f"{self.mode} {self.seed}")
        self.world.game, self.world.rng = self, Random(self.seed)
        self.world.index_lag = self.rng.choice((0.0, 20.0, 200.0))
        self.remember_jira()
        self.remember_story()

    @property
    def issue(self) -> Issue:
        return next(iter(self.world.issues.values()))

    def jira_values(self) -> dict[str, Any]:
        found = {name: in_our_form(name, self.issue.fields) for name in BASE}
        return found | {"status": OURS[self.issue.status]}

    def remember_jira(self) -> None:
        for name, value in self.jira_values().items():
            self.jira_had[name] |= parts(name, value)

    def remember_story(self) -> None:
        for name, value in values_of(Story.objects.get()).items():
            self.story_had[name] |= parts(name, value)

    def chosen(self, name: str, side: str) -> set[str]:
        rows = Conflict.objects.filter(field=name).exclude(resolved_at=None).exclude(choice="itself")
        return {part for row in rows for part in parts(name, getattr(row, side))}

    def say(self, what: str) -> None:
        self.world.say(what)

    def fault(self, what: str) -> None:
        self.wrong.append(f"{clock.seconds:.0f}: {what}")

    def our_write(self, name: str, before: Any, after: Any) -> None:
        """Asked by Jira at each of our writes."""
        self.writes += 1
        self.say(f"we write {name}: {before!r} → {after!r}")
        if parts(name, before) == parts(name, after):
            self.fault(f"{name} was written although Jira had it already: {after!r}")
        lost = parts(name, before) - parts(name, after) - self.story_had[name] - self.chosen(name, "theirs")
        if lost:
            self.fault(f"Jira's {lost} in {name} was overwritten, unseen by us")

    def taking_in(self, values: dict[str, Any]) -> None:
        """Asked before Jira's values are written into the story."""
        now = values_of(Story.objects.get())
        for name, value in values.items():
            self.say(f"taken in: {name} {now[name]!r} → {value!r}")
            lost = parts(name, now[name]) - parts(name, value) - self.jira_had[name] - self.chosen(name, "ours")
            if lost:
                self.fault(f"our {lost} in {name} was overwritten, unsent")

    def draw(self, before: dict[str, Any]) -> dict[str, Any]:
        name = self.rng.choice(("title", "status", "labels", "description"))
        match name:
            case "title":
                value: Any = self.rng.choice(("Pay by card", "Pay at once", "Pay"))
            case "status":
                value = self.rng.choice(("backlog", "in_progress", "done"))
            case "labels":
                one = self.rng.choice(("api", "web", "mobile", "beta"))
                value = sorted(set(before["labels"]) ^ {one})
            case _:
                lines = before["description"].split("\n")
                lines[self.rng.choice((0, 2, 4))] = self.rng.choice(("uno", "due", "tre"))
                value = "\n".join(lines)
        return {name: value}

    def edit_here(self) -> None:
        story = Story.objects.get()
        values = self.draw(values_of(story))
        self.say(f"here: {values}")
        self.local_edits += 1
        change(story, values, expected_version=None, by="Mira")
        self.remember_story()

    async def edit_there(self) -> None:
        while self.looked_at >= 0:
            await asyncio.sleep(0.5)
        values = self.draw(self.jira_values())
        self.say(f"in Jira: {values}")
        name, value = next(iter(values.items()))
        if self.jira_values()[name] == value:
            return
        if name == "status":
            self.issue.status = THEIRS[value]
        else:
            jira = {"title": "summary"}.get(name, name)
            self.issue.fields[jira] = markdown_to_adf(value).value if name == "description" else value
        self.issue.updated_at = clock.seconds
        self.remember_jira()
        for _copy in range(self.rng.choice((0, 1, 1, 2))):  # lost, sent, sent twice
            self.later(self.rng.choice((0.1, 2.0, 45.0, 300.0)), self.webhook())

    def later(self, seconds: float, coroutine: Any) -> None:
        async def after() -> None:
            await asyncio.sleep(seconds)
            await coroutine

        task = asyncio.get_running_loop().create_task(after())
        self.working.add(task)
        task.add_done_callback(self.ended)

    def ended(self, task: asyncio.Task[None]) -> None:
        self.working.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.fault(f"crashed: {task.exception()!r}")

    async def webhook(self) -> None:
        event = inbox.Event("jira:issue_updated", self.issue.id, "Jonas Ortiz", None)
        for _try in range(5):  # as sweep_webhooks does with what could not be judged
            if not await tasks._reread(JiraConnection.objects.get(), event):
                return
            await asyncio.sleep(60)

    async def poll(self) -> None:
        await tasks.look(JiraConnection.objects.get().pk)

    async def send(self, *, by_hand: bool = False) -> None:
        """What tasks.send_mapping does, which enters by async_to_sync and cannot be called here; or a person."""
        mapping = ProjectMapping.objects.get()
        if not by_hand and mapping.pk not in automatic.automatic_mappings():
            return
        ticket = ExportedTicket.objects.get()
        waits = Story.objects.get().version > ticket.story_version
        refs = [ticket.story_ref] if by_hand and waits else [] if by_hand else automatic.due(mapping)
        if not refs:
            return
        plan = await planning.build_plan(planning.new_plan(mapping, refs, None, with_tests=False).pk)
        run = automatic.send(plan) if not by_hand else confirm(plan, None) if plan.sendable else None
        if run is not None:
            try:
                await tasks.carry_out(run.pk)
            finally:
                self.looked_at = -1.0
            self.say(f"run {run.pk}: {[str(item.state) for item in run.items.all()]}")

    @asynccontextmanager
    async def client(self, _connection: JiraConnection) -> AsyncIterator[JiraClient]:
        transport = WorldTransport(self.world)
        carry = transport._carry

        async def watched(asked: Asked, seconds: float) -> Answer:
            """From our look before an edit or a move to the read-back after it Jira cannot tell us of anybody."""
            if asked.path.endswith("/bulkfetch") and self.in_run:
                self.looked_at = clock.seconds  # until the run is over
            return await carry(asked, seconds)

        transport._carry = watched  # type: ignore[method-assign]
        yield CloudClient(transport)

    @property
    def in_run(self) -> bool:
        return ExportPlan.objects.filter(state="exported", run__state="running").exists()

    def quiet(self) -> bool:
        ticket, story = ExportedTicket.objects.get(), Story.objects.get()
        mine = story.version > ticket.story_version
        return not self.working and not mine and values_equal(values_of(story), self.jira_values())

    async def play(self) -> None:
        ours = ORDERS[self.seed % len(ORDERS)]
        moments = sorted(self.rng.uniform(0, LAST_EDIT) for _ in range(6))
        if self.rng.random() < 0.4:  # all at once
            moments = sorted(self.rng.uniform(100, 160) for _ in range(6))
        for number, moment in enumerate(moments):
            if number in ours:
                asyncio.get_running_loop().call_later(moment, self.edit_here)
            else:
                self.later(moment, self.edit_there())
        beat, turn = 0, 40.0
        while clock.seconds < PATIENCE:
            await asyncio.sleep(turn)
            beat += 1
            if beat % 3 == 0 and (self.rng.random() > 0.3 or clock.seconds > LAST_EDIT):
                await self.poll()
            if self.mode == "automatic" or self.rng.random() < 0.1 or clock.seconds > 2 * LAST_EDIT:
                await self.send(by_hand=self.mode == "preview")
            if clock.seconds > LAST_EDIT + self.world.index_lag + 600 and not self.working:
                if self.settle():
                    continue
                if self.quiet():
                    return
        self.fault(f"never quiet: here {values_of(Story.objects.get())}, in Jira {self.jira_values()}")

    def settle(self) -> bool:
        """A person answers what is asked, one question at a time."""
        row = Conflict.objects.filter(resolved_at=None).first()
        if row is None:
            return False
        story = Story.objects.get()
        if row.ours_version != story.version:
            return False  # the next poll brings it up to date
        choice = self.rng.choice(("ours", "theirs"))
        self.say(f"a person settles {row.field}: {choice}")
        self.conflicts += 1
        if choice == "ours":
            self.choices += 1
        self.choosing = True
        resolve(row, choice, None)
        self.choosing = False
        self.remember_story()
        return True


def judged(game: Game) -> list[str]:
    found = list(game.wrong)
    if game.writes > game.local_edits + game.choices:
        found.append(f"{game.writes} writes for {game.local_edits} edits and {game.choices} choices")
    return found


def play(seed: int, mode: str, world: Jira, patch: Any) -> Game:
    """Play one schedule on the database as it stands."""
    game = Game(seed, world, mode)
    honest = StoriesQaSource.apply

    def watched(self: StoriesQaSource, ref: str, values: Any, **more: Any) -> Any:
        if not game.choosing:
            game.taking_in(values)
        done = honest(self, ref, values, **more)
        game.remember_story()
        return done

    with patch.context() as here:
        for place in ("export.push", "export.plan", "intake", "tasks"):
            here.setattr(f"jira_integration.{place}.jira_client", game.client)
        here.setattr(StoriesQaSource, "apply", watched)
        Loop().run(game.play())
    return game
