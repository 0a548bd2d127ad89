"""One schedule: an export, what goes wrong with it, who dies, what people press; all drawn from one number."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from jira_integration import ledger, tasks
from jira_integration.client import CloudClient, JiraClient
from jira_integration.client.exceptions import JiraError
from jira_integration.export import push, runs
from jira_integration.models import ExportPlan, ExportRun, JiraConnection, RunItem
from jira_integration.setup.connect import remember
from tests.chaos.kinds import BATCHES_ONLY, KINDS
from tests.chaos.virtual import WORKER, Killed, Loop, Worker, border, clock
from tests.chaos.world import PHASES, World, WorldTransport

Run = ExportRun.State
Item = RunItem.State
CALM_BY = 900.0  # seconds from the start: no fault, no kill after that
PATIENCE = 2 * 3600.0
BEAT_SECONDS = 45.0  # of the sweep, the people and this test's own looks
BORDERS = 500  # about as many has a worker that nothing happens to
PAIRS = [(kind, phase) for kind in KINDS for phase in PHASES] + [
    (kind, phase) for kind in BATCHES_ONLY for phase in PHASES if phase.endswith("batch")
]
PLACE = 37  # a stride that no other number shares: every schedule meets one pair by its number, all come round
LOOKS = ("look-up by key", "look-up by index")


@dataclass
class Stage:
    """What every schedule begins with: the database and the Jira of a ready plan, to be restored at no cost."""

    world: World
    plan_id: int
    rows: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))

    def keep(self) -> None:
        connection.ensure_connection()
        connection.connection.backup(self.rows)

    def restore(self) -> World:
        self.rows.backup(connection.connection)
        issues = {issue_id: replace(one, fields=dict(one.fields)) for issue_id, one in self.world.issues.items()}
        return World(issues=issues, number=self.world.number)


@dataclass
class Office:
    """Broker, beat, workers and people around one run."""

    rng: Random
    world: World
    workers: list[tuple[Worker, asyncio.Task[None]]] = field(default_factory=list)
    run_id: int = 0
    calm_at: float = 0.0
    kills: int = 0

    def say(self, what: str) -> None:
        self.world.say(what)

    def start(self, run_id: int) -> None:
        """A worker takes the task up; it may be killed or frozen on the way."""
        worker = Worker(Random(self.rng.random()))
        if self.kills and clock.seconds < self.calm_at:
            self.kills -= 1
            moment = self.rng.randint(1, self.rng.choice((60, BORDERS)))
            if self.rng.random() < 0.75:
                worker.kill_at = moment
            else:
                worker.freeze_at, worker.freeze_seconds = moment, self.rng.choice((20.0, 45.0, 200.0))
        self.workers.append((worker, asyncio.get_running_loop().create_task(self.work(worker, run_id))))

    async def work(self, worker: Worker, run_id: int) -> None:
        """As tasks.export_run does, which enters by async_to_sync and therefore cannot be called here."""
        WORKER.set(worker)
        worker.run_id = run_id
        try:
            run = await tasks.carry_out(run_id)
        except Killed:
            self.say("a worker died")
            return
        self.say(f"a worker is done: {run.state} {run.reason_code}")
        if run.state == Run.WAITING and run.not_before is not None and self.rng.random() < 0.7:
            self.later(run_id, run.not_before)

    def later(self, run_id: int, moment: datetime) -> None:
        seconds = max(0.0, (moment - clock.now()).total_seconds())
        asyncio.get_running_loop().call_later(seconds + 0.001, self.start, run_id)

    def working(self) -> bool:
        return any(not task.done() for _, task in self.workers)

    def crashes(self) -> list[str]:
        """Exceptions that nobody in the engine expected."""
        ended = [task for _, task in self.workers if task.done() and not task.cancelled()]
        return [repr(task.exception()) for task in ended if task.exception() is not None]

    def lease_is_good(self, worker: Worker | None) -> bool:
        if worker is None:
            return False
        return ExportRun.objects.filter(
            pk=worker.run_id, lease_token=worker.token, lease_until__gt=Now(), state__in=[Run.RUNNING, Run.STOPPING]
        ).exists()

    @asynccontextmanager
    async def client(self, jira_connection: JiraConnection) -> AsyncIterator[JiraClient]:
        """In the place of setup.connect.jira_client, with its memory for refused logins."""
        await border()
        try:
            yield CloudClient(WorldTransport(self.world))
        except JiraError as trouble:
            remember(jira_connection, trouble)
            raise

    def note_token(self, acquire: Callable[[int], str | None]) -> Callable[[int], str | None]:
        def noted(run_id: int) -> str | None:
            token = acquire(run_id)
            worker = WORKER.get()
            if worker is not None:
                worker.token = token
            return token

        return noted

    def press(self, button: Callable[..., Any], *more: Any) -> bool:
        """A person does something that may make no sense at the moment."""
        run = ExportRun.objects.get(pk=self.run_id)
        try:
            button(run, None, *more)
        except runs.CannotDo as cannot:
            self.say(f"{button.__name__} made no sense: {cannot.code}")
            return False
        self.say(button.__name__)
        return True


def draw(seed: int, world: World) -> Office:
    """Everything that will happen, as far as it can be said before."""
    rng = Random(seed)
    office = Office(rng, world, calm_at=rng.uniform(100.0, CALM_BY), kills=rng.choice((0, 1, 1, 2, 3)))
    world.rng = Random(rng.random())
    world.index_lag = rng.choice((0.0, 0.0, 20.0, 600.0))
    world.key_gap = rng.choice((0, 0, 2, 10))
    world.shuffled = rng.random() < 0.2
    world.delete_number = rng.randint(1, 6) if rng.random() < 0.08 else 0
    chosen = [
        PAIRS[(PLACE * (seed // 4) + len(PAIRS) // 4 * seed) % len(PAIRS)],
        *rng.choices(PAIRS, k=rng.choice((0, 1, 1, 2))),
    ]
    for number, (kind, phase) in enumerate(chosen):
        first = rng.choice((1, 1, 2, 3)) if number else 1
        for n in range(first, first + rng.choice((1, 4, 4))):  # a read is tried four times
            world.faults[phase, n] = kind
        if phase in LOOKS:  # nobody looks up what was answered
            lost = "closed before the write" if phase == LOOKS[1] or rng.random() < 0.5 else "closed after the write"
            world.faults[rng.choice(("epic batch", "story batch")), 1] = lost
    return office


async def play(office: Office, plan_id: int) -> None:
    """From the confirmation of the plan until everything has calmed down."""
    rng, world = office.rng, office.world
    run = runs.confirm(ExportPlan.objects.get(pk=plan_id), None)
    office.run_id = run.pk
    office.start(run.pk)
    pressed = sorted(rng.uniform(0.0, office.calm_at) for _ in range(rng.choice((0, 0, 1, 2))))
    if rng.random() < 0.3:
        asyncio.get_running_loop().call_later(rng.uniform(0.0, 60.0), office.start, run.pk)
    tries = 6
    while clock.seconds < PATIENCE:
        await asyncio.sleep(BEAT_SECONDS)
        if clock.seconds > office.calm_at:
            world.faults.clear()
        while pressed and pressed[0] < clock.seconds:
            pressed.pop(0)
            if office.press(rng.choice((runs.stop, runs.stop, runs.resume, runs.retry))) and rng.random() < 0.5:
                office.start(run.pk)
        tasks.sweep_runs()
        run.refresh_from_db()
        if run.state == Run.WAITING and run.not_before is None:
            renew_login(office, run)
        elif run.state in ExportRun.ENDED and clock.seconds > office.calm_at and not office.working():
            if tries == 0 or not to_be_done(run, world):
                break
            tries -= 1
            stopped = run.state == Run.STOPPED
            if office.press(runs.resume if stopped and rng.random() < 0.5 else runs.retry) or (
                stopped and office.press(runs.resume)
            ):
                office.start(run.pk)
    await asyncio.sleep(120.0)  # what Jira may still be working on


def to_be_done(run: ExportRun, world: World) -> bool:
    """Whether people are offered anything to go on with that can succeed."""
    hopeless = Q(planned__uid__in=world.deleted) | Q(planned__parent_uid__in=world.deleted)
    open_ones = run.items.filter(state__in=[Item.NOT_SENT, Item.FAILED, Item.UNCONFIRMED])
    return run.state == Run.STOPPED or open_ones.exclude(hopeless).exists()


def renew_login(office: Office, run: ExportRun) -> None:
    """A person signs in again, or reads why the run waits and lets it go on."""
    JiraConnection.objects.filter(pk=run.connection_id).update(state=JiraConnection.State.OK)
    for run_id in runs.login_renewed(run.connection_id):
        office.say(f"login renewed after {run.reason_code}")
        office.start(run_id)
    run.refresh_from_db()
    if run.state == Run.WAITING and run.not_before is None:
        office.press(runs.resume)
        office.start(run.pk)


def carry_out(seed: int, stage: Stage, patch: Any, *, quiet: bool = False) -> Office:
    """Play schedule `seed` on a fresh copy of the stage; `quiet`: nothing goes wrong."""
    office = Office(Random(seed), stage.restore()) if quiet else draw(seed, stage.restore())
    with patch.context() as here:
        here.setattr(push, "jira_client", office.client)
        here.setattr(push, "LEVELS", (0, 1))  # there are no sub-tasks here
        here.setattr(ledger, "acquire", office.note_token(ledger.acquire))
        here.setattr(tasks.export_run, "delay", office.start)
        office.world.lease_is_good = office.lease_is_good
        Loop().run(play(office, stage.plan_id))
    return office


__all__ = ["Office", "Stage", "carry_out"]
