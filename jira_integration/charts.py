"""Small stacked bar charts, drawn by the server: figures become rectangles, and a table that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 280, 72  # of the view box; the page stretches it
GAP = 2
LEAST = 1.5  # a bar of one among thousands is still seen


@dataclass(frozen=True)
class Series:
    """One colour of the bars: `css` is a class with a fill, `values` has a number for each column."""

    word: str
    css: str
    values: Sequence[int]

    @property
    def total(self) -> int:
        return sum(self.values)


@dataclass(frozen=True)
class Rect:
    """Attributes of a rectangle, as text: a locale's decimal comma is none of SVG's."""

    css: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class Chart:
    """`id` is the element's, `words` what the bars say in a sentence; columns without anything are empty places."""

    id: str
    title: str
    words: str
    columns: Sequence[str]
    series: Sequence[Series]

    @property
    def empty(self) -> bool:
        return not any(one.total for one in self.series)

    @property
    def highest(self) -> int:
        return max((sum(column) for column in self._sums()), default=0)

    @property
    def box(self) -> str:
        return f"0 0 {WIDTH} {HEIGHT}"

    @property
    def rects(self) -> list[Rect]:
        top, step = self.highest or 1, WIDTH / max(1, len(self.columns))
        made = []
        for column, figures in enumerate(self._sums()):
            floor = float(HEIGHT)
            for one, figure in zip(self.series, figures, strict=True):
                if not figure:
                    continue
                height = max(LEAST, (HEIGHT - LEAST * len(self.series)) * figure / top)
                floor -= height
                made.append(Rect(one.css, f"{column * step:.1f}", f"{floor:.1f}", f"{step - GAP:.1f}", f"{height:.1f}"))
        return made

    @property
    def rows(self) -> list[tuple[str, list[int]]]:
        return [(name, list(figures)) for name, figures in zip(self.columns, self._sums(), strict=True)]

    def _sums(self) -> list[tuple[int, ...]]:
        return [tuple(one.values[at] for one in self.series) for at in range(len(self.columns))]
