"""Requests on the wire, a few at a time, while what came back before is written down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from jira_integration import ledger
from jira_integration.client.exceptions import JiraError
from jira_integration.conf import conf
from jira_integration.models import RunItem

T = TypeVar("T")


class Flight:
    """At most `conf.REQUESTS_IN_FLIGHT` requests. A place is free again when the answer has come, not only when the
    ledger holds it: the next request leaves meanwhile. The first trouble is kept; who drives it stops starting."""

    def __init__(self) -> None:
        self.trouble: JiraError | ledger.LeaseLost | None = None
        self._on_wire = 0
        self._tasks: set[asyncio.Task[list[RunItem]]] = set()
        self._changed = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()

    @property
    def free(self) -> bool:
        return self.trouble is None and self._on_wire < conf.REQUESTS_IN_FLIGHT

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    def start(self, sending: Awaitable[T], then: Callable[[T], Awaitable[list[RunItem]]]) -> None:
        """Send, and hand the answer to `then`, which says what became of which items."""
        self._on_wire += 1
        task = asyncio.create_task(self._carry(sending, then))
        task.add_done_callback(lambda _: self._changed.set())
        self._tasks.add(task)

    async def _carry(self, sending: Awaitable[T], then: Callable[[T], Awaitable[list[RunItem]]]) -> list[RunItem]:
        try:
            answer = await sending
        finally:
            self._on_wire -= 1
            self._changed.set()
        await asyncio.sleep(0)  # who drives this hears of the free place first, and may hold
        await self._may_write.wait()
        return await then(answer)

    def hold(self, sending: bool) -> None:
        """Whether something is about to leave: answers are written down after that, for the database does one thing
        at a time and Jira waits meanwhile."""
        if sending:
            self._may_write.clear()
        else:
            self._may_write.set()

    async def wait(self) -> None:
        """Until an answer came or was written down."""
        await self._changed.wait()

    def ended(self) -> list[RunItem]:
        """The items of everything that was written down since the last call; trouble among it is kept."""
        self._changed.clear()
        done = {task for task in self._tasks if task.done()}
        self._tasks -= done
        items: list[RunItem] = []
        for task in done:
            try:
                items += task.result()
            except (JiraError, ledger.LeaseLost) as met:
                self.trouble = self.trouble or met
        return items

    async def settle(self) -> None:
        """Wait for everything: an answer to a create is heard, whatever made us stop."""
        self.hold(False)
        if self._tasks:
            await asyncio.wait(self._tasks)
