"""Test cases as CSV in the columns that Xray's and AIO Tests' importers read: a row for each step.

Both importers let people map columns, and propose the mapping where the names are theirs. Rows with the same id are
one test case, and what belongs to the case as a whole stands in its first row.
https://docs.getxray.app/display/XRAYCLOUD/Importing+Tests+using+Test+Case+Importer
https://aiosupport.atlassian.net/wiki/spaces/NAT/pages/1900875571
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import F, QuerySet

from stories_qa.exporters import defused
from stories_qa.jira_source import jira_columns
from stories_qa.models import Story, TestCase

ROWS = 500  # test cases read at once
IN_ORDER = (F("story__position").asc(nulls_last=True), "position", "pk")  # the stories' order, then what has no story
MANUAL = "Manual"  # Xray's type of a test with steps


@dataclass(frozen=True)
class Sheet:
    """The columns of one tool. `case` are filled in a test case's first row only."""

    name: str
    identity: str
    case: tuple[str, ...]
    step: tuple[str, str, str]

    @property
    def head(self) -> tuple[str, ...]:
        return (self.identity, *self.case, *self.step)


XRAY = Sheet(
    "Xray",
    "Test ID",
    ("Test Type", "Summary", "Description", "Requirement"),
    ("Action", "Data", "Expected Result"),
)
AIO = Sheet(
    "AIO Tests",
    "Existing Case ID",
    ("Title", "Precondition", "Requirements"),
    ("Steps", "Data", "Expected Result"),
)
SHEETS = {"xray": XRAY, "aio": AIO}


class Echo:
    """A file that gives back what is written."""

    def write(self, line: str) -> str:
        return line


def lines(cases: QuerySet[TestCase], sheet: Sheet) -> Iterator[str]:
    """The file, line by line, without a byte order mark: an importer would take it for a part of the first name."""
    writer = csv.writer(Echo())
    yield str(writer.writerow(sheet.head))
    for row in rows(cases, sheet):
        yield str(writer.writerow(defused(row)))


def rows(cases: QuerySet[TestCase], sheet: Sheet) -> Iterator[list[str]]:
    """A row for each step; a test case without steps has one row, too."""
    found = cases.select_related("story").prefetch_related("steps")
    for case, issue in _with_issues(found.iterator(ROWS)):
        about = _about(case, issue, sheet)
        steps = [(step.action, "", step.expected) for step in case.steps.all()] or [("", "", "")]
        for number, step in enumerate(steps):
            yield [case.key, *(about if number == 0 else [""] * len(about)), *step]


def _with_issues(cases: Iterable[TestCase]) -> Iterator[tuple[TestCase, str]]:
    """Each case with the key of its story's issue in Jira, "" where it has none."""
    batch: list[TestCase] = []
    for case in cases:
        batch.append(case)
        if len(batch) == ROWS:
            yield from _joined(batch)
            batch = []
    yield from _joined(batch)


def _joined(cases: list[TestCase]) -> Iterator[tuple[TestCase, str]]:
    stories = Story.objects.filter(pk__in={case.story_id for case in cases if case.story_id})
    issues = jira_columns(stories)
    for case in cases:
        yield case, issues[case.story.ref]["issue_key"] if case.story else ""


def _about(case: TestCase, issue: str, sheet: Sheet) -> list[str]:
    if sheet is XRAY:  # there a precondition is an issue of its own, so ours stands in the description
        return [MANUAL, case.title, case.preconditions, issue]
    return [case.title, case.preconditions, issue]
