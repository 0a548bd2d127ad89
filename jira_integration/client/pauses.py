"""Pauses that must outlive the place where workers share them: an hour's pause survives Redis' restart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Pause:
    """`key` must not be asked for `seconds` from now (None: until the login is replaced). `owner` is what it is filed
    under: a site, an app, a login. `reason` is Jira's word, or the ErrorCode of a refused login."""

    key: str
    owner: str
    seconds: float | None
    reason: str


class PauseStore(Protocol):
    """None of these may raise: a pause that cannot be kept is worth a log line, not a lost answer."""

    async def keep(self, pause: Pause) -> None:
        """Of two pauses of one key the later end counts."""

    async def standing(self, owners: Collection[str]) -> Sequence[Pause]: ...

    async def drop(self, key: str) -> None: ...


class NoPauseStore:
    """Keeps nothing: for tests and for what runs without a database."""

    async def keep(self, pause: Pause) -> None:
        """Nothing to do."""

    async def standing(self, owners: Collection[str]) -> Sequence[Pause]:
        return ()

    async def drop(self, key: str) -> None:
        """Nothing to do."""
