"""One schedule: an export, what goes wrong with it, who dies, what people press; all drawn from one number."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
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
from jira_integration.export.anyway import create_anyway, unconfirmed
from jira_integration.export.line import CannotDo, move, next_runs
from jira_integration.models import ExportPlan, ExportRun, JiraConnection, RunItem
from jira_integration.setup.connect import remember
from tests.chaos.kinds import BATCHES_ONLY, KINDS
from tests.chaos.virtual import WORKER, Killed, Loop, Worker, border, clock
from tests.chaos.world import PHASES, World, WorldTransport

Run = ExportRun.State
Item = RunItem.State
CALM_BY = 900.0  # seconds from the start: no fault, no kill after that
PATIENCE = 2 * 3600.0
LATE_WRITES_OVER = 150.0  # seconds after the last fault: Jira works on nothing any more
BEAT_SECONDS = 45.0  # of the sweep, the people and this test's own looks
BORDERS = 500  # about as many has a worker that nothing happens to
PAIRS = [(kind, phase) for kind in KINDS for phase in PHASES] + [
    (kind, phase) for kind in BATCHES_ONLY for phase in PHASES if phase.endswith("batch")
]
PLACE = 37  # a stride that no other number shares: every schedule meets one pair by its number, all come round
LOOKS = ("look-up by key", "look-up by index")


def go_first(run: ExportRun, user: Any) -> None:
    """The button "First in line"."""
    move(run, user, to_front=True)


BUTTONS: tuple[Callable[..., Any], ...] = (runs.pause, runs.stop, runs.resume, runs.retry, go_first)


@dataclass
class Stage:
    """What every schedule begins with: the database and the Jira of a ready plan, to be restored at no cost."""

    world: World
    plan_ids: list[int]
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
    """Broker, beat, workers and people around the runs of one Jira project."""

    rng: Random
    world: World
    workers: list[tuple[Worker, asyncio.Task[None]]] = field(default_factory=list)
    run_ids: list[int] = field(default_factory=list)
    calm_at: float = 0.0
    kills: int = 0
    presses: dict[int, Callable[..., Any]] = field(default_factory=dict)  # as the n-th request leaves
    at_fault: Callable[..., Any] | None = None  # pressed as the first request leaves that something happens to
    pressed: Counter[tuple[str, str]] = field(default_factory=Counter)  # button and state of the run
    met: Counter[tuple[str, str]] = field(default_factory=Counter)  # fault and state of the run

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
        if not run.active and self.rng.random() < 0.7:
            for following in next_runs(run.connection_id):
                if following != run_id:
                    self.start(following)

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
            pk=worker.run_id, lease_token=worker.token, lease_until__gt=Now(), state__in=ExportRun.DRIVEN
        ).exists()

    def a_request_leaves(self, number: int, kind: str) -> None:
        worker = WORKER.get()
        if worker is None:
            return
        state = ExportRun.objects.values_list("state", flat=True).get(pk=worker.run_id)
        self.met[kind, state] += 1
        button = self.presses.pop(number, None)
        if kind != "none" and self.at_fault is not None and clock.seconds < self.calm_at:
            button, self.at_fault = self.at_fault, None
        if button is not None:
            soon = self.rng.choice((0.0, 0.0, 0.1, 2.0))
            asyncio.get_running_loop().call_later(soon, self.press, button, worker.run_id)

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

    def press(self, button: Callable[..., Any], run_id: int) -> bool:
        """A person does something that may make no sense at the moment."""
        run = ExportRun.objects.get(pk=run_id)
        was = run.shown_state
        self.pressed[button.__name__, was] += 1
        try:
            button(run, None)
        except CannotDo as cannot:
            self.say(f"{button.__name__} of run {run_id} made no sense: {cannot.code}")
            return False
        self.say(f"{button.__name__} of run {run_id}, which was {was}")
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
        *rng.choices(PAIRS, k=rng.choice((1, 2, 2, 3))),
    ]
    for number, (kind, phase) in enumerate(chosen):
        first = rng.choice((1, 1, 2, 3)) if number else 1
        for n in range(first, first + rng.choice((1, 4, 4))):  # a read is tried four times
            world.faults[phase, n] = kind
        if phase in LOOKS:  # nobody looks up what was answered
            lost = "closed before the write" if phase == LOOKS[1] or rng.random() < 0.5 else "closed after the write"
            world.faults[rng.choice(("epic batch", "story batch")), 1] = lost
    for _ in range(rng.choice((0, 1, 1, 2))):
        office.presses[rng.randint(1, rng.choice((6, 25)))] = rng.choice((runs.pause, runs.pause, runs.stop))
    office.at_fault = rng.choice((None, None, runs.pause, runs.stop))
    return office


async def play(office: Office, plan_ids: list[int]) -> None:
    """From the confirmation of the plans until everything has calmed down."""
    rng, world = office.rng, office.world
    office.run_ids = [runs.confirm(plan, None).pk for plan in ExportPlan.objects.filter(pk__in=plan_ids).order_by("pk")]
    for run_id in office.run_ids:
        office.start(run_id)
    pressed = sorted(rng.uniform(0.0, office.calm_at) for _ in range(rng.choice((0, 1, 2, 4))))
    if rng.random() < 0.3:
        asyncio.get_running_loop().call_later(rng.uniform(0.0, 60.0), office.start, office.run_ids[0])
    tries = 6 * len(office.run_ids)
    while clock.seconds < PATIENCE:
        await asyncio.sleep(BEAT_SECONDS)
        if clock.seconds > office.calm_at:
            world.faults.clear()
            office.presses.clear()
        while pressed and pressed[0] < clock.seconds:
            pressed.pop(0)
            run_id = rng.choice(office.run_ids)
            if office.press(rng.choice(BUTTONS), run_id) and rng.random() < 0.5:
                office.start(run_id)
        sweep(office)
        rows = list(ExportRun.objects.filter(pk__in=office.run_ids).order_by("pk"))
        for run in rows:
            if run.state == Run.WAITING and run.not_before is None:
                renew_login(office, run)
        if clock.seconds < office.calm_at or office.working():
            continue
        unfinished = [run for run in rows if to_be_done(run, world)]
        if all(run.state in ExportRun.ENDED for run in rows) and (tries == 0 or not unfinished):
            break
        for run in unfinished:
            if tries and run.state in (*ExportRun.ENDED, Run.PAUSED):
                tries -= 1
                go_on(office, run)
    await asyncio.sleep(120.0)  # what Jira may still be working on


def sweep(office: Office) -> None:
    """Beat's, and what it must leave alone."""
    paused = list(ExportRun.objects.filter(state=Run.PAUSED).values_list("pk", flat=True))
    tasks.sweep_runs()
    for run_id in ExportRun.objects.filter(pk__in=paused).exclude(state=Run.PAUSED).values_list("pk", flat=True):
        office.world.violations.append(f"run {run_id} was paused, and the sweep took it up")


def go_on(office: Office, run: ExportRun) -> None:
    """A person presses what the page of a run offers that paused or ended."""
    offered: list[Callable[..., Any]] = [runs.retry, runs.resume]
    if run.state == Run.PAUSED or (run.state == Run.STOPPED and office.rng.random() < 0.5):
        offered.reverse()
    if is_in_vain(run, office.world):
        if clock.seconds > office.calm_at + LATE_WRITES_OVER:
            offered.insert(0, create_anyway)
        elif office.rng.random() < 0.7:
            return  # this one waits, and looks once more whether it turned up
    if any(office.press(button, run.pk) for button in offered):
        office.start(run.pk)


def is_in_vain(run: ExportRun, world: World) -> bool:
    """Whether what is unconfirmed is not in Jira: a person has looked there."""
    looked_for = {str(uid) for uid in unconfirmed(run).values_list("planned__uid", flat=True)}
    return bool(looked_for) and not any(issue.uid in looked_for for issue in world.issues.values())


def to_be_done(run: ExportRun, world: World) -> bool:
    """Whether people are offered anything to go on with that can succeed."""
    hopeless = Q(planned__uid__in=world.deleted) | Q(planned__parent_uid__in=world.deleted)
    open_ones = run.items.filter(state__in=[Item.NOT_SENT, Item.FAILED, Item.UNCONFIRMED])
    return run.state in (Run.STOPPED, Run.PAUSED) or open_ones.exclude(hopeless).exists()


def renew_login(office: Office, run: ExportRun) -> None:
    """A person signs in again, or reads why the run waits and lets it go on."""
    JiraConnection.objects.filter(pk=run.connection_id).update(state=JiraConnection.State.OK)
    for run_id in runs.login_renewed(run.connection_id):
        office.say(f"login renewed after {run.reason_code}")
        office.start(run_id)
    run.refresh_from_db()
    if run.state == Run.WAITING and run.not_before is None:
        office.press(runs.resume, run.pk)
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
        office.world.leaves = office.a_request_leaves
        # Another export waits in line behind the first in half of them.
        Loop().run(play(office, stage.plan_ids if office.rng.random() < 0.5 else stage.plan_ids[:1]))
    return office


__all__ = ["Office", "Stage", "carry_out"]
