"""The site's clock, which tests can move, and Jira's way of writing a time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone(name: str) -> tzinfo:
    """The named zone, or UTC on a machine without zone data."""
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return UTC


class Clock:
    """Milliseconds since the epoch: the wall clock plus an offset, or a moment at which it was stopped."""

    def __init__(self) -> None:
        self.offset_ms = 0
        self.stopped_at_ms: int | None = None

    def now_ms(self) -> int:
        if self.stopped_at_ms is not None:
            return self.stopped_at_ms
        return int(time.time() * 1000) + self.offset_ms

    def advance(self, milliseconds: int) -> None:
        if self.stopped_at_ms is not None:
            self.stopped_at_ms += milliseconds
        else:
            self.offset_ms += milliseconds

    def stop(self, at_ms: int | None = None) -> None:
        self.stopped_at_ms = self.now_ms() if at_ms is None else at_ms

    def run(self) -> None:
        """Go on from where it was stopped."""
        if self.stopped_at_ms is not None:
            self.offset_ms = self.stopped_at_ms - int(time.time() * 1000)
            self.stopped_at_ms = None


def jira_time(milliseconds: int, where: tzinfo) -> str:
    """`2026-09-27T10:03:11.123+0200`: milliseconds, and an offset without a colon."""
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=UTC).astimezone(where)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}{moment:%z}"
