"""Rows that a person adds, removes and reorders in a form: criteria and test steps.

The rows travel as repeated fields (`text`, `given`, …, or `action`, `expected`), one value a row. A button `row` asks
for a change of the form alone ("up-2", "down-0", "remove-1", "add"); nothing is saved by it, so it works without a
script and loses nothing that was typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

ROWS_LIMIT = 200
TEXT_LIMIT = 20_000  # characters in one field


@dataclass
class Row:
    """One row as it stands in the form; `kind` is "plain" or "steps" for criteria, "" where there is one kind."""

    values: dict[str, str]
    kind: str = ""
    error: str = ""
    focus: str = ""  # the button that was used, so that it keeps the focus when its row moves


@dataclass
class Rows:
    names: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    error: str = ""

    @classmethod
    def stored(cls, rows: Iterable[Mapping[str, str]], names: tuple[str, ...]) -> Rows:
        return cls(names, [Row({name: row[name] for name in names}) for row in rows])

    @classmethod
    def posted(cls, data: QueryDict, names: tuple[str, ...], kinds: bool = False) -> Rows:
        columns = [data.getlist(name) for name in names]
        marks = data.getlist("kind") if kinds else []
        count = min(len(column) for column in columns)
        return cls(
            names,
            [
                Row(
                    {
                        name: column[i].replace("\r\n", "\n").strip()
                        for name, column in zip(names, columns, strict=True)
                    },
                    kind=("steps" if i < len(marks) and marks[i] == "steps" else "plain") if kinds else "",
                )
                for i in range(count)
            ],
        )

    def filled(self) -> list[dict[str, str]]:
        """The rows that say something; empty ones are left out."""
        return [row.values for row in self.rows if any(row.values.values())]

    def has_errors(self) -> bool:
        return bool(self.error) or any(row.error for row in self.rows)

    def check(self) -> None:
        """Mark what cannot be saved."""
        if len(self.filled()) > ROWS_LIMIT:
            self.error = _("There can be %(limit)d at most.") % {"limit": ROWS_LIMIT}
        for row in self.rows:
            if any(len(value) > TEXT_LIMIT for value in row.values.values()):
                row.error = _("This is longer than 20,000 characters.")
            elif any("\x00" in value for value in row.values.values()):
                row.error = _("This holds a character that cannot be stored (code 0).")

    def rearrange(self, asked: str) -> str:
        """Do what a button asks; returns the sentence to announce, "" when there was nothing to do."""
        act, _dash, place = asked.partition("-")
        if act == "add":
            if len(self.rows) < ROWS_LIMIT:
                self.rows.append(Row(dict.fromkeys(self.names, ""), kind=place, focus="field"))
            return _("Added")
        if not (place.isascii() and place.isdigit() and int(place) < len(self.rows)):
            return ""
        i = int(place)
        if act == "remove":
            del self.rows[i]
            if self.rows:
                self.rows[min(i, len(self.rows) - 1)].focus = "remove"
            return _("Removed")
        to = i - 1 if act == "up" else i + 1
        if act not in {"up", "down"} or not 0 <= to < len(self.rows):
            return ""
        self.rows.insert(to, self.rows.pop(i))
        at_the_end = to == (0 if act == "up" else len(self.rows) - 1)  # there the same button is gone
        self.rows[to].focus = ("down" if act == "up" else "up") if at_the_end else act
        return _("Moved to place %(place)d of %(count)d") % {"place": to + 1, "count": len(self.rows)}
