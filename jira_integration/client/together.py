"""Several reads at once, each to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar, overload

Found = TypeVar("Found")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


@overload
async def together(a: Awaitable[A], b: Awaitable[B], c: Awaitable[C], d: Awaitable[D], /) -> tuple[A, B, C, D]: ...


@overload
async def together(*reads: Awaitable[Found]) -> Sequence[Found]: ...


async def together(*reads: Awaitable[Any]) -> Sequence[Any]:
    """What each found, in their order. Raises the first trouble, but only when the last one has come back: a read that
    went on would use a client, and open connections, that nobody is there to close."""
    found = await asyncio.gather(*reads, return_exceptions=True)
    for outcome in found:
        if isinstance(outcome, BaseException):
            raise outcome
    return tuple(found)
