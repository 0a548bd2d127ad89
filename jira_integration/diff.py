"""What changed between two texts, word by word, for people. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "removed", "added", "cut"]
MOST_WORDS = 1_500  # SequenceMatcher is quadratic; beyond this, lines are compared in place of words
MOST_LINES = 2_000
CONTEXT_LINES = 2  # lines kept on each side of a change in a long text
TOKEN = re.compile(r"\s+|[\w\u2019']+|[^\w\s]")


@dataclass(frozen=True)
class Part:
    """A stretch of text. "cut" stands for `lines` unchanged lines that are not shown."""

    kind: Kind
    text: str = ""
    lines: int = 0


def difference(before: str, after: str) -> tuple[list[Part], list[Part]]:
    """The two sides: `before` with what goes marked "removed", `after` with what comes marked "added"."""
    if before == after:
        return _sides([("same", before, after)])
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    if max(len(old), len(new)) > MOST_WORDS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
        if max(len(old), len(new)) > MOST_LINES:
            return _sides([("changed", before, after)])
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.real_quick_ratio() < 0.2:
        return _sides([("changed", before, after)])
    return _sides(
        ("same" if tag == "equal" else "changed", "".join(old[a:b]), "".join(new[c:d]))
        for tag, a, b, c, d in _joined(matcher.get_opcodes(), old)
    )


def _joined(
    opcodes: Sequence[tuple[str, int, int, int, int]], old: list[str]
) -> Iterator[tuple[str, int, int, int, int]]:
    """Two changes with nothing but a space between them read as one."""
    held: tuple[str, int, int, int, int] | None = None
    for position, (tag, a, b, c, d) in enumerate(opcodes):
        between = tag == "equal" and 0 < position < len(opcodes) - 1 and not "".join(old[a:b]).strip(" ")
        if tag == "equal" and not between:
            if held:
                yield held
            held = None
            yield tag, a, b, c, d
        else:
            held = ("replace", held[1], b, held[3], d) if held else ("replace", a, b, c, d)
    if held:
        yield held


def _sides(changes: Iterator[tuple[str, str, str]] | list[tuple[str, str, str]]) -> tuple[list[Part], list[Part]]:
    listed = list(changes)
    before: list[Part] = []
    after: list[Part] = []
    for position, (tag, old, new) in enumerate(listed):
        if tag == "same":
            kept = _shortened(old, first=position == 0, last=position == len(listed) - 1)
            before += kept
            after += kept
            continue
        if old:
            before.append(Part("removed", old))
        if new:
            after.append(Part("added", new))
    return before, after


def _shortened(text: str, *, first: bool, last: bool) -> list[Part]:
    """Leave out the middle of a long unchanged stretch, or its far end where the text begins or ends with it."""
    lines = text.splitlines(keepends=True)
    head = 0 if first else CONTEXT_LINES
    tail = 0 if last else CONTEXT_LINES
    if first and last:
        head = CONTEXT_LINES
    cut = len(lines) - head - tail
    if cut <= CONTEXT_LINES:
        return [Part("same", text)] if text else []
    parts = [
        Part("same", "".join(lines[:head])),
        Part("cut", lines=cut),
        Part("same", "".join(lines[len(lines) - tail :])),
    ]
    return [part for part in parts if part.text or part.lines]


def shortened_words(text: str, most: int = 280, most_lines: int = 4) -> str:
    """The beginning of a long text, cut at a word; the text itself when it is short enough."""
    lines = text.splitlines()
    short = "\n".join(lines[:most_lines])
    if len(short) > most:
        short = short[:most].rsplit(" ", 1)[0]
    return text if len(short) >= len(text.rstrip()) else f"{short}…"
