"""Three-way merge: what both sides agreed on last, ours now, theirs now → one value, or a question for a person. Pure.

There are two bases, because Jira rewrites what it is given: "changed here" compares what we would send with what we
sent last, "changed there" compares what Jira holds with what Jira gave back then. So neither side's own spelling of a
value is ever taken for an edit, and the echo of our own write is no news.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

MOST_LINES = 2_000  # SequenceMatcher is quadratic; longer texts go to a person whole


class Kind(StrEnum):
    """How a field's two edits may be brought together."""

    VALUE = "value"  # a number, a choice, one line of text, a person, a status, a parent: one of the two
    SET = "set"  # labels: what one side added or took away is added or taken away
    TEXT = "text"  # lines: edits that do not touch each other both stand


class Verdict(StrEnum):
    """What became of one field. The first two ask for nothing but a new base."""

    SAME = "same"  # nobody changed it
    EQUAL = "equal"  # both did, to the same value
    OURS = "ours"  # changed here only: to be sent
    THEIRS = "theirs"  # changed in Jira only: to be taken in
    MERGED = "merged"  # both did, and both edits stand in `value`: to be taken in and sent
    CONFLICT = "conflict"  # both did, to different values: somebody must choose
    SHOWN = "shown"  # changed in Jira only, in a field that goes to Jira only: shown, and left alone on both sides


class Policy(StrEnum):
    """Who wins where both sides changed a value and nothing can be merged."""

    ASK = "ask"
    OURS = "ours"
    JIRA = "jira"


class Direction(StrEnum):
    """Which way a field goes."""

    TO_JIRA = "to_jira"
    BOTH = "both"
    FROM_JIRA = "from_jira"


@dataclass(frozen=True)
class Sides:
    """One field in Jira's own form, reduced to what can be compared (`mapping.jira_form.reduced`)."""

    sent: Any  # what we sent last
    given: Any  # what Jira gave back after that
    ours: Any  # what we would send now
    theirs: Any  # what Jira holds now

    @property
    def changed_here(self) -> bool:
        return bool(self.ours != self.sent)

    @property
    def changed_there(self) -> bool:
        return bool(self.theirs != self.given)


def judge(sides: Sides) -> Verdict:
    """Who changed one value; never MERGED."""
    here, there = sides.changed_here, sides.changed_there
    if not here and not there:
        return Verdict.SAME
    if sides.ours == sides.theirs:
        return Verdict.EQUAL
    if here and there:
        return Verdict.CONFLICT
    return Verdict.OURS if here else Verdict.THEIRS


def settle(verdict: Verdict, direction: str, policy: str) -> Verdict:
    """What the mapping says to a verdict: which way the field goes, then who wins where both changed it.

    To Jira only: Jira's edits are shown and stay Jira's; what both changed is asked, unless ours is to win. From Jira
    only: ours is never sent.
    """
    if direction == Direction.FROM_JIRA:
        return Verdict.THEIRS if verdict in (Verdict.OURS, Verdict.CONFLICT, Verdict.MERGED) else verdict
    if direction == Direction.TO_JIRA and verdict is Verdict.THEIRS:
        return Verdict.SHOWN
    if verdict is not Verdict.CONFLICT or policy == Policy.ASK:
        return verdict
    if policy == Policy.OURS:
        return Verdict.OURS
    return Verdict.THEIRS if direction == Direction.BOTH else verdict


@dataclass(frozen=True)
class Piece:
    """A stretch of lines. `origin`: same, ours, theirs, both (equal edits) or conflict."""

    origin: str
    base: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands in the proposal: where edits touch, ours does until somebody chooses."""
        return self.theirs if self.origin == "theirs" else self.ours

    def as_json(self) -> dict[str, Any]:
        sides = {"base": self.base, "ours": self.ours, "theirs": self.theirs}
        return {"origin": self.origin, **{side: list(lines) for side, lines in sides.items()}}


@dataclass(frozen=True)
class MergedText:
    """`clean` when no edits touch each other; else `text` is a proposal for a person to finish."""

    text: str
    clean: bool
    pieces: tuple[Piece, ...]

    def as_json(self) -> dict[str, Any]:
        return {"text": self.text, "clean": self.clean, "pieces": [piece.as_json() for piece in self.pieces]}


def merge_sets(base: Iterable[Hashable], ours: Iterable[Hashable], theirs: Iterable[Hashable]) -> list[Any]:
    """What either side added is in, what either took away is out. Ours keep their order, Jira's new ones follow."""
    before, here, there = list(base), list(ours), list(theirs)
    gone = set(before) - set(there)
    kept = [one for one in here if one not in gone]
    return kept + [one for one in dict.fromkeys(there) if one not in set(before) and one not in set(kept)]


def merge_text(base: str, ours: str, theirs: str) -> MergedText:
    """Line by line. Edits that overlap or stand on neighbouring lines touch; two insertions at one place do, too."""
    before, here, there = (tuple(text.splitlines()) for text in (base, ours, theirs))
    if max(len(before), len(here), len(there)) > MOST_LINES:
        pieces: tuple[Piece, ...] = (Piece("conflict", before, here, there),)
    else:
        pieces = tuple(_pieces(before, _edits(before, here), _edits(before, there)))
    text = "\n".join(line for piece in pieces for line in piece.lines)
    return MergedText(text, all(piece.origin != "conflict" for piece in pieces), pieces)


@dataclass(frozen=True)
class _Edit:
    """Lines start to end of the base were replaced by `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]

    def touches(self, start: int, end: int) -> bool:
        return self.start <= end and start <= self.end


def _edits(base: Sequence[str], now: Sequence[str]) -> list[_Edit]:
    found = SequenceMatcher(None, base, now, autojunk=False).get_opcodes()
    return [_Edit(a, b, tuple(now[c:d])) for tag, a, b, c, d in found if tag != "equal"]


def _pieces(base: tuple[str, ...], ours: list[_Edit], theirs: list[_Edit]) -> Iterator[Piece]:
    at = 0
    while ours or theirs:
        first = min([*ours[:1], *theirs[:1]], key=lambda edit: (edit.start, edit.end))
        start, end = first.start, first.end
        here: list[_Edit] = []
        there: list[_Edit] = []
        grown = True
        while grown:  # everything that touches what was gathered so far belongs to the same stretch
            grown = False
            for waiting, gathered in ((ours, here), (theirs, there)):
                while waiting and waiting[0].touches(start, end):
                    gathered.append(waiting.pop(0))
                    end, grown = max(end, gathered[-1].end), True
        if at < start:
            yield Piece("same", base[at:start], base[at:start], base[at:start])
        mine, yours = _applied(base, start, end, here), _applied(base, start, end, there)
        if not (here and there):
            origin = "ours" if here else "theirs"
        else:
            origin = "both" if mine == yours else "conflict"
        yield Piece(origin, base[start:end], mine, yours)
        at = end
    if at < len(base):
        yield Piece("same", base[at:], base[at:], base[at:])


def _applied(base: tuple[str, ...], start: int, end: int, edits: Iterable[_Edit]) -> tuple[str, ...]:
    lines: tuple[str, ...] = ()
    for edit in edits:
        lines += base[start : edit.start] + edit.lines
        start = edit.end
    return lines + base[start:end]
