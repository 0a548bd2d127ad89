"""ADF tables as Markdown tables: one line a row, so that what a cell holds becomes one line of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jira_integration.richtext.adf_tidy import INLINE_TYPES, attributes, children, kind_of, tidy, words_of
from jira_integration.richtext.md_escape import guard_edges
from jira_integration.richtext.md_inline import BREAK, inline_markdown
from jira_integration.richtext.result import Notes

_BREAK: Mapping[str, Any] = {"type": "hardBreak"}
_MOST_COLUMNS = 200  # of one joined cell; what says more is no table


def table_lines(table: Mapping[str, Any], notes: Notes) -> list[str]:
    attrs = attributes(table)
    if attrs.get("isNumberColumnEnabled") or attrs.get("width"):
        notes.add("attribute_dropped", "table")
    rows = [row for row in children(table) if kind_of(row) == "tableRow"]
    cells = [list(_cells(row, notes)) for row in rows]
    width = max((len(row) for row in cells), default=0)
    if not width:
        words = words_of(table)
        return [guard_edges(words)] if words else []
    if not _has_only_a_header_row(rows):
        notes.add("table_header")
    full = [row + [""] * (width - len(row)) for row in cells]
    lines = [f"| {' | '.join(row)} |" for row in full]
    return [lines[0], "|" + " --- |" * width, *lines[1:]]


def _has_only_a_header_row(rows: Sequence[Mapping[str, Any]]) -> bool:
    kinds = [{kind_of(cell) for cell in children(row)} for row in rows]
    return kinds[0] == {"tableHeader"} and all("tableHeader" not in row for row in kinds[1:])


def _cells(row: Mapping[str, Any], notes: Notes) -> Iterator[str]:
    for cell in children(row):
        attrs = attributes(cell)
        if attrs.get("background") or attrs.get("colwidth"):
            notes.add("attribute_dropped", "table cell")
        nodes = list(flat_cell(cell, notes))
        text = inline_markdown(tidy(nodes, notes), notes)
        yield guard_edges(text.replace(BREAK, "<br>")).replace("|", "\\|")
        spans = [attrs.get("colspan"), attrs.get("rowspan")]
        if any(isinstance(span, int | float) and span > 1 for span in spans):
            notes.add("cell_spans")
        if isinstance(spans[0], int | float):
            yield from [""] * (max(1, min(_MOST_COLUMNS, int(spans[0]))) - 1)


def flat_cell(cell: Mapping[str, Any], notes: Notes, lead: str = "", depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """The inline nodes of a cell, a line break between its blocks, a dot before list items."""
    if depth > 40:
        yield {"type": "text", "text": words_of(cell)}
        return
    started = False
    for number, child in enumerate(children(cell)):
        kind = kind_of(child)
        if kind in INLINE_TYPES or kind == "media":
            if lead and not started:
                yield {"type": "text", "text": lead}
            yield child
            started = True
            continue
        if number:
            yield _BREAK
        if kind != "paragraph" or number:
            notes.add("cell_blocks")
        yield from flat_cell(child, notes, _lead(child, kind, number, cell) or ("" if started else lead), depth + 1)
        started = True


def _lead(child: Mapping[str, Any], kind: str, number: int, parent: Mapping[str, Any]) -> str:
    if kind in ("listItem", "decisionItem"):
        return f"{number + 1}. " if kind_of(parent) == "orderedList" else "• "
    if kind == "taskItem":
        return "☑ " if attributes(child).get("state") == "DONE" else "☐ "
    return ""
