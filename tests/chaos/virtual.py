"""A virtual clock for whole workers: one thread, one event loop that jumps to its next timer instead of sleeping.

Python's clock, the database's and the loop's are the same one here. What production hands to threads runs in place, and
each such call is a *border*: there a worker can be killed or frozen, as SIGKILL and SIGSTOP would, and others get
their turn. Every SQL statement is a border too, for kills alone.
"""

from __future__ import annotations

import asyncio
import selectors
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

import django.db.models.base
import django.db.models.query
import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now
from django.utils import timezone

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Killed(BaseException):
    """The worker's process is gone; nothing of it runs on."""


class NothingMoves(Exception):
    """Everybody waits for somebody else, and no timer is set."""


@dataclass
class Clock:
    seconds: float = 0.0  # since BEGIN

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def epoch(self) -> float:
        return self.now().timestamp()


clock = Clock()


class Jump(selectors.SelectSelector):
    """No file is waited for, so the time until the next timer passes at once."""

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise NothingMoves
        clock.seconds += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        super().__init__(Jump())
        self.set_exception_handler(lambda loop, context: None)  # tasks of killed workers end unheard

    def time(self) -> float:
        return clock.seconds


@dataclass
class Worker:
    """One process that drives a run. `kill_at` and `freeze_at` count borders from 1; 0 is never."""

    rng: Random
    kill_at: int = 0
    freeze_at: int = 0
    freeze_seconds: float = 0.0
    token: str | None = None
    run_id: int = 0
    borders: int = 0
    dead: bool = False
    frozen_until: float = 0.0

    def statement(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Django's execute wrapper: a worker dies before a statement, inside a transaction or not."""
        self._pass()
        return execute(sql, params, many, context)

    def _pass(self) -> None:
        self.borders += 1
        self.dead = self.dead or self.borders == self.kill_at
        if self.dead:
            raise Killed
        if self.borders == self.freeze_at:
            self.frozen_until = clock.seconds + self.freeze_seconds

    async def step(self) -> None:
        self._pass()
        await asyncio.sleep(self.rng.choice((0, 0, 0.003, 0.02)))
        while clock.seconds < self.frozen_until:
            await asyncio.sleep(self.frozen_until - clock.seconds)
        if self.dead:
            raise Killed


WORKER: ContextVar[Worker | None] = ContextVar("worker", default=None)


async def border() -> None:
    worker = WORKER.get()
    if worker is not None:
        await worker.step()


def in_place(function: Callable[..., Any], **_options: object) -> Callable[..., Any]:
    """Instead of asgiref's: no thread, and a border in front. Killed workers die within, too."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        await border()
        worker = WORKER.get()
        if worker is None:
            return function(*args, **kwargs)
        with connection.execute_wrapper(worker.statement):
            return function(*args, **kwargs)

    return call


@dataclass
class Loop:
    """Runs one coroutine on virtual time and leaves nothing behind."""

    loop: VirtualLoop = field(default_factory=VirtualLoop)

    def run(self, coroutine: Any) -> Any:
        clock.seconds = 0.0
        asyncio.set_event_loop(self.loop)
        try:
            return self.loop.run_until_complete(coroutine)
        finally:
            left = asyncio.all_tasks(self.loop)
            for task in left:
                task.cancel()
            if left:
                self.loop.run_until_complete(asyncio.wait(left))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            asyncio.set_event_loop(None)
            self.loop.close()


@contextmanager
def virtual_time() -> Iterator[None]:
    """Everything in this process lives on `clock` while the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        patch.setattr(timezone, "now", clock.now)
        patch.setattr(time, "monotonic", clock.monotonic)
        patch.setattr(
            Now,
            "as_sqlite",
            lambda self, compiler, connection, **extra: self.as_sql(
                compiler, connection, template=f"'{clock.now():%Y-%m-%d %H:%M:%S.%f}'", **extra
            ),
        )
        ours = [module for name, module in sys.modules.items() if name.startswith("jira_integration")]
        for module in [*ours, django.db.models.query, django.db.models.base]:
            if hasattr(module, "sync_to_async"):
                patch.setattr(module, "sync_to_async", in_place)
        yield


@contextmanager
def in_memory() -> Iterator[None]:
    """The test's database in memory while the block lasts: a thousand schedules begin with a fresh copy each."""
    real = connections[DEFAULT_DB_ALIAS]
    name = real.settings_dict["NAME"]
    real.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(real.settings_dict, "NAME", ":memory:")
        # Django keeps a connection per thread, and inside a running loop per context: here is only one.
        patch.setattr(connections, "_connections", SimpleNamespace(**{DEFAULT_DB_ALIAS: real}))
        real.connect()
        with closing(sqlite3.connect(name)) as rows:
            rows.backup(real.connection)
        yield
        BaseDatabaseWrapper.close(real)  # SQLite's own would keep one in memory open
