"""Who goes next: the seam where all workers share Jira's limits.

The transport asks for a turn before every single try, and tells what came back. What a governor keeps, and where
(memory, Redis), is its own matter; this one lets everybody through.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Scope:
    """What a request counts against. Jira counts bursts by site, endpoint and method, and writes by issue."""

    site: str  # the origin or gateway address the request goes to
    endpoint: str  # the path's template: /rest/api/3/issue/{issue}
    method: str
    issue_id: str | None = None  # id or key, as the caller named it
    writes: bool = False


class Governor(Protocol):
    def turn(self, scope: Scope) -> AbstractAsyncContextManager[None]:
        """Wait for a turn and hold it while one try is on the wire.

        Raises JiraRateLimited instead of waiting long: the caller has a better place to wait than a worker.
        """

    async def told(self, scope: Scope, status: int | None, headers: Mapping[str, str]) -> None:
        """What came back: the status and headers of an answer, or None when none came.

        Must not raise, nor may leaving a turn: the answer may be the only word about a create.
        """


class NoGovernor:
    """Everybody goes at once: for tests, for the first look at an address, for one process alone."""

    @asynccontextmanager
    async def turn(self, scope: Scope) -> AsyncIterator[None]:
        yield

    async def told(self, scope: Scope, status: int | None, headers: Mapping[str, str]) -> None:
        """Nothing to remember."""
