"""Long lists in pieces: "Show 100 more" adds the next piece; without scripts it is a page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

AnyModel = TypeVar("AnyModel", bound=Model)


@dataclass(frozen=True)
class Piece(Generic[AnyModel]):
    """Rows of one page, counted from 1. `step` is how many the next click shows, `shown` how many stand above it."""

    rows: list[AnyModel]
    number: int
    size: int
    total: int

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number * self.size < self.total else None

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def shown(self) -> int:
        return min(self.number * self.size, self.total)

    @property
    def step(self) -> int:
        return min(self.size, self.total - self.shown)


def asked_number(request: HttpRequest, name: str, default: int = 1) -> int:
    """A whole number of at most nine digits from the query, else the default: addresses are typed by people, too."""
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else default


def piece(request: HttpRequest, rows: QuerySet[AnyModel], size: int) -> Piece[AnyModel]:
    total = rows.count()
    last = max(1, -(-total // size))
    number = min(max(1, asked_number(request, "page")), last)
    return Piece(list(rows[(number - 1) * size : number * size]), number, size, total)
