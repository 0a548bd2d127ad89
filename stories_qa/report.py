"""What an import did, or would do: counts, rows, problems. Stored as JSON with an upload and printed by the command."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from stories_qa.importers import Problem

KINDS = ("epic", "story", "test")
CHANGES = ("new", "changed", "unchanged", "kept")


@dataclass(frozen=True)
class ReportRow:
    """One item of the file. change: "new"; "changed" (the file says something else than at its last import, and than
    what is stored); "unchanged"; "kept" (edited here since, and the file still says what it said: ours stays)."""

    kind: str
    line: int
    key: str  # "" for an item that does not exist yet
    title: str
    change: str
    epic: str = ""  # title of a story's epic
    fields: tuple[str, ...] = ()  # what differs, for "changed" and "kept"


@dataclass
class ImportReport:
    """`as_json()` is stable; docs/importing.md shows it."""

    file: str
    format: str
    project: str
    rows: list[ReportRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    criteria: int = 0
    stored: bool = False  # False: a preview

    def count(self, change: str, kind: str | None = None) -> int:
        return sum(row.change == change and kind in {None, row.kind} for row in self.rows)

    def found(self, kind: str) -> int:
        return sum(row.kind == kind for row in self.rows)

    @property
    def lost(self) -> list[Problem]:
        """The problems that kept a row out."""
        return [problem for problem in self.problems if not problem.kept]

    def as_json(self, *, rows: bool = True) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "file": self.file,
            "format": self.format,
            "project": self.project,
            "epics": self.found("epic"),
            "stories": self.found("story"),
            "test_cases": self.found("test"),
            "criteria": self.criteria,
            **{change: self.count(change) for change in CHANGES},
            "counts": {kind: {change: self.count(change, kind) for change in CHANGES} for kind in KINDS},
            "problems": problems_json(self.problems),
        }
        if rows:
            answer["rows"] = [asdict(row) | {"fields": list(row.fields)} for row in self.rows]
            answer["stored"] = self.stored
        return answer


def problems_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [
        {"line": problem.line, "reason": problem.reason, "code": problem.code, "kept": problem.kept}
        for problem in problems
    ]
