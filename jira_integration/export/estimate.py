"""How many requests a run will need, said before it starts. docs/architecture.md states the formula."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jira_integration.client.schemas import StatusInfo
from jira_integration.conf import conf
from jira_integration.export.ways import Ways

READ_AT_ONCE = 100
MOST_HOPS = 6


@dataclass(frozen=True, slots=True)
class Move:
    """A way that some items go: of one issue type, from a status ("" for new issues) to a wanted one."""

    type_id: str
    start: str
    wanted: str
    category: str

    @property
    def rides(self) -> bool:
        """Whether a first step in the create is wanted; where issues start is not known, but that it is "new"."""
        return not self.start and self.category != "new"


@dataclass
class Estimate:
    """What a plan holds, counted item by item. `statuses`: issue type → its statuses in Jira's order."""

    ways: Ways
    statuses: Mapping[str, Sequence[StatusInfo]]
    creates: dict[int, int] = field(default_factory=dict)
    types: dict[int, str] = field(default_factory=dict)
    moves: Counter[Move] = field(default_factory=Counter)
    looked_at: int = 0  # issues to be updated: each is read before and after
    edits: int = 0  # of these, those whose fields change

    def add_create(self, level: int, type_id: str, status_to: Mapping[str, str]) -> None:
        self.creates[level] = self.creates.get(level, 0) + 1
        self.types[level] = type_id
        self._add_move(type_id, "", status_to)

    def add_update(self, type_id: str, status: str, status_to: Mapping[str, str], *, edits: bool) -> None:
        self.looked_at += 1
        self.edits += edits
        self._add_move(type_id, status, status_to)

    def _add_move(self, type_id: str, start: str, status_to: Mapping[str, str]) -> None:
        if status_to:
            self.moves[Move(type_id, start, status_to["id"], status_to["category"])] += 1

    def requests(self, types: int) -> int:
        """The fields of `types` issue types again and the newest key; creates and read-backs; looks, writes and
        read-backs of updates; moves."""
        if not self.creates and not self.looked_at:
            return 0
        total = types + 1
        for level, count in self.creates.items():
            ahead = self._goes_ahead(self.types[level])
            total += ahead + batches(count - ahead, conf.BATCH_SIZE)
            total += ahead + batches(count - ahead, READ_AT_ONCE)
        return total + 2 * batches(self.looked_at, READ_AT_ONCE) + self.edits + self._moving()

    def _goes_ahead(self, type_id: str) -> bool:
        """Whether one issue of this type goes alone, to show where they start and what can be done there."""
        return any(one.rides and one.type_id == type_id for one in self.moves) and not self.ways.knows_start(type_id)

    def _moving(self) -> int:
        """Steps, one by one, but for the first of a new issue, which rides in its create; and a look at each status
        nobody has looked at from inside."""
        looks: set[tuple[str, str]] = set()
        steps = 0
        for move, count in self.moves.items():
            hops, unknown = self._way(move)
            steps += count * (hops if move.start else max(hops - 1, 0))
            looks |= {(move.type_id, status) for status in unknown}
        for level, type_id in self.types.items():
            if self._goes_ahead(type_id):
                steps += 1  # the look at the one that went ahead
                # Without one that stays where it starts, the one ahead takes its first step by itself.
                riding = (n for one, n in self.moves.items() if one.type_id == type_id and one.rides)
                steps += sum(riding) == self.creates[level]
        return steps + len(looks)

    def _way(self, move: Move) -> tuple[int, set[str]]:
        """Its steps, and the statuses that have to be looked at for them. What nobody knows yet is guessed: the first
        status in progress is one step from where issues start, every other one two."""
        wanted = {"id": move.wanted, "category": move.category}
        status = move.start or self.ways.initial.get(move.type_id, "")
        if not status or (not move.start and not self.ways.knows_start(move.type_id)):
            return self._guess(move, "new")
        hops, category, been = 0, self._category(move.type_id, status), {status}
        while status != move.wanted and hops < MOST_HOPS:
            if self.ways.from_status(move.type_id, status) is None:
                more, looks = self._guess(move, category)
                return hops + more, looks | {status}
            step = self.ways.next(move.type_id, status, category, wanted, been)
            if step is None:
                break
            hops, status, category = hops + 1, step.to, step.category
            been.add(status)
        return hops, set()

    def _guess(self, move: Move, category: str) -> tuple[int, set[str]]:
        if category != "new":
            return 1, set()
        if move.category == "new":
            return 0, set()
        begun = (one.id for one in self.statuses.get(move.type_id, ()) if one.category == "indeterminate")
        first = next(begun, move.wanted)
        return (1, set()) if move.wanted == first else (2, {first})

    def _category(self, type_id: str, status: str) -> str:
        found = (one.category for one in self.statuses.get(type_id, ()) if one.id == status)
        return next(found, "new")


def batches(count: int, size: int) -> int:
    return math.ceil(count / size)
