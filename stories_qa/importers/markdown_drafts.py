"""Items of a Markdown file while they are being read."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from stories_qa.importers import words
from stories_qa.importers.columns import column_of
from stories_qa.importers.criteria import criteria_in, without_marker
from stories_qa.importers.csv_rows import STEP_ARROW
from stories_qa.importers.markdown_words import NARRATIVE, TITLE_NAMES, plain, trimmed
from stories_qa.importers.parsed import (
    Identities,
    ParsedCriterion,
    ParsedEpic,
    ParsedStep,
    ParsedStory,
    ParsedTest,
    Problem,
)

ITEM_LEVEL = 99  # of a story that is a list item or a paragraph: any heading ends it


@dataclass
class Draft:
    """An epic, a story or a test case, and the lines below it. `level` is its heading's, 1 to 6."""

    kind: str
    line: int
    level: int
    title: str = ""
    id: str = ""
    status: str | None = None
    body: list[str] = field(default_factory=list)
    criteria_lines: list[str] = field(default_factory=list)
    criteria: list[ParsedCriterion] = field(default_factory=list)
    says_criteria: bool = False
    meta: dict[str, str] = field(default_factory=dict)
    steps: list[ParsedStep] = field(default_factory=list)
    has_items: bool = False  # among the lines of the criteria
    above: Draft | None = None
    external_id: str = ""
    problems: list[Problem] = field(default_factory=list)

    def take(self, name: str, value: str) -> bool:
        """Take a label's value for a field; False when it is no field of this kind of item."""
        column = column_of(name.replace("_", " "))
        if name in TITLE_NAMES and not self.title and value:
            self.title = plain(value)
        elif self.kind == "test" and name in {"preconditions", "last_result"}:
            self.meta[name] = value
        elif column in {"status", "labels"} or (self.kind == "story" and column in {"priority", "points", "assignee"}):
            self.meta[column] = value
        else:
            return False
        return True

    def close_criteria(self) -> None:
        if self.criteria_lines:
            self.criteria += criteria_in(self.criteria_lines)
            self.criteria_lines = []

    def settle(self, ids: Identities, file: str) -> bool:
        """Decide title and identity; False when there is nothing to call it by."""
        self.close_criteria()
        if not self.title:
            told = " ".join(line.strip().rstrip("\\") for line in self.body)
            self.title = plain(told.split("  ")[0]) if NARRATIVE.match(plain(told)) else self.id
        if not self.title:
            reason = _("There is no title, and no sentence “As a … I want …” to take one from.")
            self.problems.append(Problem(file, self.line, reason, "no_title"))
            return False
        whole = self.title
        self.title, cut = words.cut_title(whole)
        if cut:
            self.body = [whole, "", *self.body]
        above = self.above.title if self.above else ""
        self.external_id = ids.named(self.id) if self.id else ids.of(self.kind, above, whole)
        return True

    def _chosen(self, name: str, table: dict[str, str], file: str) -> str | None:
        word = self.meta.get(name, "")
        value = table.get(words.folded(plain(word))) or table.get(words.folded(plain(word)).split("_")[0])
        if word and value is None:
            reason = _("“%(word)s” is not known as %(name)s; the default was taken.") % {
                "word": word[:80],
                "name": name,
            }
            self.problems.append(Problem(file, self.line, reason, f"unknown_{name}", kept=True))
        return value

    def _labels(self) -> tuple[str, ...] | None:
        return tuple(words.labels_in(self.meta["labels"])) if "labels" in self.meta else None

    def epic(self, file: str, key: str) -> ParsedEpic:
        return ParsedEpic(
            external_id=self.external_id,
            line=self.line,
            title=self.title,
            key=key,
            description=trimmed(self.body),
            status=self.status or self._chosen("status", words.STATUS_OF, file),
            labels=self._labels(),
        )

    def story(self, file: str, key: str) -> ParsedStory:
        points: Decimal | None = None
        if self.meta.get("points"):
            points = words.number(self.meta["points"])
        return ParsedStory(
            external_id=self.external_id,
            line=self.line,
            title=self.title,
            key=key,
            description=trimmed(self.body),
            status=self.status or self._chosen("status", words.STATUS_OF, file),
            labels=self._labels(),
            priority=self._chosen("priority", words.PRIORITY_OF, file),
            points=points,
            says_points="points" in self.meta,
            assignee=plain(self.meta["assignee"]) if "assignee" in self.meta else None,
            epic=self.above.external_id if self.above else None,
            criteria=tuple(self.criteria) if self.criteria or self.says_criteria else None,
        )

    def test(self, file: str, key: str) -> ParsedTest:
        lines = [without_marker(line) for line in self.body if line.strip() and line.lstrip()[:1].isdigit()]
        rest = [line for line in self.body if not line.lstrip()[:1].isdigit()]
        steps = self.steps + [
            ParsedStep(action.strip(), expected.strip())
            for action, _arrow, expected in (line.partition(STEP_ARROW) for line in lines)
        ]
        return ParsedTest(
            external_id=self.external_id,
            line=self.line,
            title=self.title,
            key=key,
            preconditions=trimmed([self.meta.get("preconditions", ""), *rest]),
            steps=tuple(steps),
            last_result=self._chosen("last_result", words.RESULT_OF, file),
            story=self.above.external_id if self.above else "",
        )
