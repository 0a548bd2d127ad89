"""One CSV row to an epic, a story or a test case. Markdown tables go through here too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from stories_qa.importers import words
from stories_qa.importers.criteria import criteria_in
from stories_qa.importers.parsed import Identities, ParsedEpic, ParsedStep, ParsedStory, ParsedTest, Problem

# What our own export puts before a cell that a spreadsheet would run as a formula.
DEFUSED = re.compile(r"^'(?=[=+\-@\t\r])")
STEP_ARROW = " => "


@dataclass
class Row:
    """The cells of a row by column; a repeated column has several."""

    line: int
    cells: dict[str, list[str]]
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def of(cls, line: int, cells: Sequence[str], columns: Sequence[str]) -> Row:
        found: dict[str, list[str]] = {}
        for column, cell in zip(columns, cells, strict=False):
            if column:
                text = cell.replace("\r\n", "\n").replace("\r", "\n").strip()
                found.setdefault(column, []).append(DEFUSED.sub("", text))
        return cls(line, found)

    def has(self, column: str) -> bool:
        return column in self.cells

    def one(self, column: str) -> str:
        """The first cell of this column that says something."""
        return next((cell for cell in self.cells.get(column, []) if cell), "")

    @property
    def title(self) -> str:
        title = words.one_line(self.one("title") or self.one("epic_name"))
        if title or not (self.one("role") or self.one("want")):
            return title
        parts = [
            f"As a {self.one('role')}" if self.one("role") else "",
            f"I want {self.one('want')}" if self.one("want") else "",
            f"so that {self.one('benefit')}" if self.one("benefit") else "",
        ]
        return words.one_line(", ".join(part for part in parts if part))

    def aliases(self, external_id: str) -> list[str]:
        """What another row may call this one by, case-folded: id, key, epic name, title."""
        names = [external_id, self.one("our_key"), self.one("key"), self.one("id"), self.one("epic_name"), self.title]
        return [name.casefold() for name in names if name]

    def identity(self, kind: str, ids: Identities) -> str:
        """Our own external id as it is, a Jira key for the whole world, an id for this file, else the title."""
        if self.one("external_id"):
            return ids.numbered(self.one("external_id")[:190])
        if self.one("our_key"):
            return f"@{self.one('our_key')}"
        if self.one("key"):
            return ids.numbered(f"key:{self.one('key')}"[:190])
        if self.one("id"):
            return ids.named(self.one("id"))
        return ids.of(kind, self.title)

    def description(self) -> str | None:
        text = self.one("description")
        if words.cut_title(self.title)[1]:
            return f"{self.title}\n\n{text}".strip()
        return text if self.has("description") else None

    def chosen(self, column: str, table: dict[str, str]) -> str | None:
        """The value a word stands for; a word nobody knows is told and left out."""
        word = self.one(column)
        if not word:
            return None
        value = table.get(words.folded(word))
        if value is None:
            reason = _("“%(word)s” is not known as %(column)s; the default was taken.")
            self._note(reason % {"word": word[:80], "column": column.replace("_", " ")}, f"unknown_{column}")
        return value

    def labels(self) -> tuple[str, ...] | None:
        if not self.has("labels"):
            return None
        return tuple(dict.fromkeys(label for cell in self.cells["labels"] for label in words.labels_in(cell)))

    def _note(self, reason: str, code: str) -> None:
        self.problems.append(Problem("", self.line, reason, code, kept=True))


def epic_of(row: Row, ids: Identities) -> ParsedEpic:
    return ParsedEpic(
        external_id=row.identity("epic", ids),
        line=row.line,
        title=words.cut_title(row.title)[0],
        key=row.one("our_key")[:24],
        description=row.description(),
        status=row.chosen("status", words.STATUS_OF),
        labels=row.labels(),
        sync_off=_flag(row),
    )


def story_of(row: Row, ids: Identities) -> ParsedStory:
    """`epic` is what the row calls it; the caller finds out which one that is."""
    points = None
    written = row.one("points")
    if written:
        points = words.number(written)
        if points is None:
            reason = _("“%(points)s” is not a number of story points from 0 to 9,999.9; it was left out.")
            row._note(reason % {"points": written[:80]}, "points")
    in_epic = row.has("epic") or row.has("parent") or row.has("parent_summary")
    description = row.description()
    if description is None and row.one("title") and row.one("want"):
        narrative = Row(row.line, {name: row.cells.get(name, []) for name in ("role", "want", "benefit")})
        description = narrative.title
    return ParsedStory(
        external_id=row.identity("story", ids),
        line=row.line,
        title=words.cut_title(row.title)[0],
        key=row.one("our_key")[:24],
        description=description,
        status=row.chosen("status", words.STATUS_OF),
        labels=row.labels(),
        priority=row.chosen("priority", words.PRIORITY_OF),
        points=points,
        says_points=row.has("points"),
        assignee=row.one("assignee") if row.has("assignee") else None,
        epic=(row.one("epic") or row.one("parent") or row.one("parent_summary")) if in_epic else None,
        criteria=tuple(criteria_in(row.one("criteria").split("\n"))) if row.has("criteria") else None,
        sync_off=_flag(row),
    )


def test_of(row: Row, ids: Identities) -> ParsedTest:
    return ParsedTest(
        external_id=row.identity("test", ids),
        line=row.line,
        title=words.cut_title(row.title)[0],
        key=row.one("our_key")[:24],
        preconditions=row.one("preconditions") or row.one("description"),
        steps=steps_in(row.one("steps")) if row.has("steps") else None,
        last_result=row.chosen("last_result", words.RESULT_OF),
        story=row.one("parent") or row.one("epic"),
        sync_off=_flag(row),
    )


test_of.__test__ = False  # type: ignore[attr-defined]  # not a pytest function


def steps_in(cell: str) -> tuple[ParsedStep, ...]:
    """A step a line, its expected result after " => "."""
    found = []
    for line in cell.split("\n"):
        action, _arrow, expected = re.sub(r"^\s*\d{1,3}[.)]\s+", "", line).partition(STEP_ARROW)
        if action.strip():
            found.append(ParsedStep(action.strip(), expected.strip()))
    return tuple(found)


def _flag(row: Row) -> bool | None:
    return row.one("sync_off").casefold() in {"1", "yes", "true", "x"} if row.has("sync_off") else None
