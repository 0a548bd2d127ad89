"""The parts of a composed description found again in what comes back from Jira.

A part counts as intact only if its heading stands there once and everything under it still has the form we write.
Then it may be read back; else people have worked in it, and it is left to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jira_integration.richtext.adf_tidy import attributes, children, kind_of, tidy
from jira_integration.richtext.compose import LABELS, Case, CaseStep, Criterion, Labels, Step
from jira_integration.richtext.md_inline import BREAK, inline_markdown
from jira_integration.richtext.result import Node, Notes
from jira_integration.richtext.shape import walk

_KEYWORDS = ("Given", "When", "Then", "And", "But")


@dataclass(frozen=True, slots=True)
class Section:
    """The blocks under one of our headings, the heading itself left out."""

    nodes: tuple[Mapping[str, Any], ...]
    intact: bool


@dataclass(frozen=True, slots=True)
class Sections:
    """`body` is the document without our parts; a part that is not there at all is None."""

    body: Node
    criteria: Section | None
    tests: Section | None


def split_sections(document: Mapping[str, Any], *, labels: Labels = LABELS) -> Sections:
    """Find our parts by their headings; each goes on to the next heading of its level or above."""
    body: list[Mapping[str, Any]] = []
    found: dict[str, list[Mapping[str, Any]]] = {}
    times = {labels.criteria: 0, labels.tests: 0}
    current, level = "", 0
    for node in children(document):
        if kind_of(node) == "heading":
            title, own_level = heading_text(node), attributes(node).get("level")
            own_level = own_level if isinstance(own_level, int | float) else 1
            if title in times:
                times[title] += 1
                current, level = title, int(own_level)
                found.setdefault(title, [])
                continue
            if current and own_level <= level:
                current = ""
        (found[current] if current else body).append(node)

    def section(title: str, parts: Sequence[Mapping[str, Any]] | None, readable: bool) -> Section | None:
        if parts is None:
            return None
        kept = [part for part in parts if not _is_blank(part)]
        return Section(tuple(kept), times[title] == 1 and readable)

    criteria, tests = found.get(labels.criteria), found.get(labels.tests)
    return Sections(
        {"version": 1, "type": "doc", "content": body},
        section(labels.criteria, criteria, criteria is not None and read_criteria(criteria) is not None),
        section(labels.tests, tests, tests is not None and read_tests(tests, labels=labels) is not None),
    )


def heading_text(node: Mapping[str, Any]) -> str:
    return "".join(str(part.get("text", "")) for part in walk(node)).strip()


def _is_blank(node: Mapping[str, Any]) -> bool:
    return kind_of(node) == "paragraph" and not children(node)


def _markdown(nodes: Sequence[Mapping[str, Any]]) -> str:
    notes = Notes()
    return inline_markdown(tidy(nodes, notes), notes).replace(BREAK, "\n").strip()


def read_criteria(nodes: Sequence[Mapping[str, Any]]) -> tuple[Criterion, ...] | None:
    """The criteria under their heading, or None where something else stands among them."""
    criteria: list[Criterion] = []
    title = ""
    for node in nodes:
        kind, inside = kind_of(node), children(node)
        if _is_blank(node):
            continue
        if kind == "taskList" and not title and all(kind_of(item) == "taskItem" for item in inside):
            for item in inside:
                criteria.append(Criterion(_markdown(children(item)), done=attributes(item).get("state") == "DONE"))
        elif kind == "paragraph" and not title and all(_is_strong(part) for part in inside):
            title = _markdown([_unstrong(part) for part in inside])
        elif kind == "bulletList" and (steps := [_read_step(item) for item in inside]) and all(steps):
            criteria.append(Criterion(title, tuple(step for step in steps if step)))
            title = ""
        else:
            return None
    return None if title else tuple(criteria)


def _is_strong(node: Mapping[str, Any]) -> bool:
    marks = node.get("marks")
    return kind_of(node) != "text" or any(
        kind_of(mark) in ("strong", "code") for mark in (marks if isinstance(marks, list) else [])
    )


def _unstrong(node: Mapping[str, Any]) -> Node:
    marks = node.get("marks")
    kept = [mark for mark in marks if kind_of(mark) != "strong"] if isinstance(marks, list) else []
    bare = {key: value for key, value in node.items() if key != "marks"}
    return {**bare, "marks": kept} if kept else bare


def _read_step(item: Mapping[str, Any]) -> Step | None:
    inside = children(item)
    if kind_of(item) != "listItem" or len(inside) != 1 or kind_of(inside[0]) != "paragraph":
        return None
    parts = children(inside[0])
    keyword = str(parts[0].get("text", "")).strip() if parts and _is_strong(parts[0]) else ""
    return Step(keyword, _markdown(parts[1:])) if keyword in _KEYWORDS else None


def read_tests(nodes: Sequence[Mapping[str, Any]], *, labels: Labels = LABELS) -> tuple[Case, ...] | None:
    """The test cases under their heading, or None where something else stands among them."""
    cases: list[Case] = []
    title: str | None = None
    precondition = ""
    lead = f"{labels.precondition}:"
    for node in nodes:
        kind, inside = kind_of(node), children(node)
        if _is_blank(node):
            continue
        if kind == "paragraph" and title is None and all(_is_strong(part) for part in inside):
            title = _markdown([_unstrong(part) for part in inside])
        elif kind == "paragraph" and title is not None and str(inside[0].get("text", "")).strip() == lead:
            precondition = _markdown(inside[1:])
        elif kind == "table" and title is not None and (steps := read_table(node, labels=labels)) is not None:
            cases.append(Case(title, steps, precondition))
            title, precondition = None, ""
        else:
            return None
    return None if title is not None else tuple(cases)


def read_table(table: Mapping[str, Any], *, labels: Labels = LABELS) -> tuple[CaseStep, ...] | None:
    """The steps of a table written by `test_table`, or None if it is another table."""
    rows = [[_cell_text(cell) for cell in children(row)] for row in children(table)]
    if not rows or rows[0] != [labels.number, labels.step, labels.expected] or any(len(row) != 3 for row in rows):
        return None
    return tuple(CaseStep(action, expected) for _, action, expected in rows[1:])


def _cell_text(cell: Mapping[str, Any]) -> str:
    return "\n".join(_markdown(children(block)) for block in children(cell))
