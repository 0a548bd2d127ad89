"""CSV with any header in our words or in those of Jira's own export; comma, semicolon or tab."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from stories_qa.importers.columns import column_of, delimiter_of
from stories_qa.importers.csv_rows import Row, epic_of, story_of, test_of
from stories_qa.importers.parsed import (
    BacklogUnreadable,
    Identities,
    ParsedBacklog,
    ParsedEpic,
    ParsedStory,
    ParsedTest,
    Problem,
)
from stories_qa.importers.words import cut_title, folded

EPIC_TYPES = {"epic", "épica", "epik", "epos", "epikus", "feature", "initiative"}
TEST_TYPES = {"test", "test_case", "testcase", "teszteset", "caso_de_prueba", "testfall"}
# A field may hold a whole page; the limit is the file's own.
csv.field_size_limit(64 * 1024 * 1024)


def looks_like_csv(text: str) -> bool:
    header = text.split("\n", 1)[0]
    return any(mark in header for mark in ",;\t") and any(
        column_of(cell) == "title" for cell in next(csv.reader([header], delimiter=delimiter_of(header)), [])
    )


@dataclass(frozen=True)
class Record:
    """One row and the line it begins on."""

    line: int
    cells: list[str]


def records(text: str, delimiter: str) -> Iterator[Record]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    for cells in reader:
        yield Record(line, cells)
        line = reader.line_num + 1


def read_csv(text: str, name: str) -> ParsedBacklog:
    text = text.lstrip("\ufeff")
    delimiter = delimiter_of(text)
    problems: list[Problem] = []
    rows = [record for record in records(text, delimiter) if any(cell.strip() for cell in record.cells)]
    if not rows:
        raise BacklogUnreadable(_("The file has no rows."), "empty")
    header, *body = rows
    columns = [column_of(cell) for cell in header.cells]
    if not {"title", "want"} & set(columns):
        if "epic_name" not in columns:
            raise BacklogUnreadable(
                _("The first row has no column “Summary” or “Title”; it reads: %(header)s. Name the columns there.")
                % {"header": ", ".join(cell.strip() for cell in header.cells)[:200]},
                "no_title_column",
                header.line,
            )
        columns[columns.index("epic_name")] = "title"
    if body and _quote_left_open(text, body[-1].line, delimiter):
        lost = body.pop()
        reason = _("A quotation mark opens here and is never closed; the rest of the file was left out.")
        problems.append(Problem(name, lost.line, reason, "quote"))
    unread = [cell.strip() for cell, column in zip(header.cells, columns, strict=True) if not column and cell.strip()]
    if unread:
        reason = _("These columns have no place here and were left out: %(names)s.")
        told = reason % {"names": ", ".join(dict.fromkeys(unread))}
        problems.append(Problem(name, header.line, told, "columns_left_out", kept=True))
    return _backlog(name, columns, body, problems)


def _quote_left_open(text: str, line: int, delimiter: str) -> bool:
    """Whether the last row, which begins on `line`, runs to the end of the file inside a quotation."""
    rest = "".join(io.StringIO(text, newline="").readlines()[line - 1 :])
    try:
        list(csv.reader(io.StringIO(rest, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as wrong:
        return "end of data" in str(wrong)
    return False


def _with_loose_commas(cells: list[str], columns: int) -> list[str] | None:
    """Cells of a row whose text has commas but no quotes. In text a comma has a blank behind it, between cells it has
    none: None when that does not explain the number of cells."""
    mended: list[str] = []
    for cell in cells:
        if mended and cell.startswith(" ") and cell.strip():
            mended[-1] += "," + cell
        else:
            mended.append(cell)
    return mended if len(mended) == columns else None


def _backlog(name: str, columns: list[str], body: list[Record], problems: list[Problem]) -> ParsedBacklog:
    ids = Identities(name)
    epics: list[ParsedEpic] = []
    stories: list[ParsedStory] = []
    tests: list[ParsedTest] = []
    called: dict[str, str] = {}  # what a row may call its epic → the epic's external id
    parents: dict[str, str] = {}  # what a row may call its story → the story's external id
    for record in body:
        row = Row.of(record.line, record.cells, columns)
        if any(cell.strip() for cell in record.cells[len(columns) :]):
            mended = _with_loose_commas(record.cells, len(columns))
            if mended is None:
                reason = _("The row has %(cells)s cells, the first row %(columns)s. Put text with commas in quotes.")
                counts = {"cells": len(record.cells), "columns": len(columns)}
                problems.append(Problem(name, record.line, reason % counts, "extra_cells"))
                continue
            reason = _("A text with commas is not in quotes; a comma before a blank was taken as part of the text.")
            problems.append(Problem(name, record.line, reason, "loose_commas", kept=True))
            row = Row.of(record.line, mended, columns)
        if not row.title:
            problems.append(Problem(name, record.line, _("The row has no title."), "no_title"))
            continue
        if cut_title(row.title)[1]:
            reason = _("The title is longer than 2,000 characters; it was cut, and stands whole in the description.")
            problems.append(Problem(name, record.line, reason, "title_cut", kept=True))
        kind = folded(row.one("type"))
        if kind in EPIC_TYPES:
            epic = epic_of(row, ids)
            epics.append(epic)
            for alias in row.aliases(epic.external_id):
                called.setdefault(alias, epic.external_id)
        elif kind in TEST_TYPES:
            tests.append(test_of(row, ids))
        else:
            story = story_of(row, ids)
            stories.append(story)
            for alias in row.aliases(story.external_id):
                parents.setdefault(alias, story.external_id)
        problems += [replace(problem, file=name) for problem in row.problems]
    named = _epics_only_named(stories, called, parents, ids)
    for epic in named:
        called[epic.title.casefold()] = epic.external_id
    epic_of_story: dict[str, str | None] = {}
    settled = []
    for story in stories:
        epic_ref = story.epic
        if epic_ref:
            epic_ref = called.get(epic_ref.casefold(), epic_ref)
            # A sub-task's parent is a story: it goes where that one went.
            parent = parents.get(epic_ref.casefold())
            epic_ref = epic_of_story.get(parent, "") if parent else epic_ref
        epic_of_story[story.external_id] = epic_ref
        settled.append(replace(story, epic=epic_ref))
    return ParsedBacklog(
        file=name,
        format="csv",
        epics=(*epics, *named),
        stories=tuple(settled),
        tests=tuple(replace(test, story=parents.get(test.story.casefold(), test.story)) for test in tests),
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
    )


def _epics_only_named(
    stories: list[ParsedStory], called: dict[str, str], parents: dict[str, str], ids: Identities
) -> list[ParsedEpic]:
    """Epics that stories name ("Checkout") without a row of their own. What looks like an issue key or a number may
    stand in the project already, and is left to be looked up there."""
    names: Counter[str] = Counter()
    first: dict[str, ParsedStory] = {}
    for story in stories:
        name = story.epic or ""
        known = name.casefold() in called or name.casefold() in parents
        if name and not known and not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*-\d+|\d+", name):
            names[name] += 1
            first.setdefault(name, story)
    return [
        ParsedEpic(external_id=ids.of("epic", name), line=first[name].line, title=cut_title(name)[0]) for name in names
    ]
