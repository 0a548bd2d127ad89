"""Descriptions put together from parts: the story's text, its acceptance criteria, its test cases.

The same parts always give the same bytes. Each part after the text stands under its own heading, and the headings
are how the parts are found again in what comes back from Jira (`sections.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jira_integration.richtext.adf_lists import Item, task_list
from jira_integration.richtext.adf_write import AdfWriter
from jira_integration.richtext.limits import MORE_TEXT, fit_document
from jira_integration.richtext.marks import with_strong
from jira_integration.richtext.parser import clean, parse
from jira_integration.richtext.result import AdfResult, Node, Note, Notes
from jira_integration.richtext.shape import name_tasks, paragraph

_STEP = re.compile(r"\s*(?:[-*+]\s+)?(?:\*\*|__)?(Given|When|Then|And|But)\b(?:\*\*|__)?:?\s+(.+)", re.IGNORECASE)
_SCENARIO = re.compile(r"\s*(?:Scenario(?: Outline)?|Example)\s*:\s*(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Labels:
    """The words our parts are marked with; pass them in when they are to be translated, and the same to read back."""

    criteria: str = "Acceptance criteria"
    tests: str = "Test cases"
    number: str = "#"
    step: str = "Step"
    expected: str = "Expected result"
    precondition: str = "Precondition"


LABELS = Labels()


@dataclass(frozen=True, slots=True)
class Step:
    """One line of Given/When/Then: `keyword` as it was written ("Given"), `text` in Markdown."""

    keyword: str
    text: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One acceptance criterion. `text` is Markdown: the criterion, or the scenario's name where there are steps."""

    text: str
    steps: tuple[Step, ...] = ()
    done: bool = False

    @classmethod
    def from_text(cls, text: str, *, done: bool = False) -> Criterion:
        """A criterion from free text: with steps if lines of it start with Given, When and Then, else as it is."""
        title: list[str] = []
        steps: list[Step] = []
        for line in text.splitlines():
            if found := _STEP.fullmatch(line):
                steps.append(Step(found[1].capitalize(), found[2].strip()))
            elif steps and line.strip():
                steps[-1] = Step(steps[-1].keyword, f"{steps[-1].text} {line.strip()}")
            elif line.strip():
                named = _SCENARIO.fullmatch(line)
                title.append(named[1].strip() if named else line.strip())
        keywords = {step.keyword for step in steps}
        if not keywords & {"Given", "When"} or "Then" not in keywords:
            return cls(text.strip(), done=done)
        return cls(" ".join(title), tuple(steps), done)


@dataclass(frozen=True, slots=True)
class CaseStep:
    """What the tester does and what should happen, both Markdown."""

    action: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A test case as it stands in a description."""

    title: str
    steps: tuple[CaseStep, ...] = ()
    precondition: str = ""


def blocks(text: str) -> list[Node]:
    """Markdown as ADF blocks, to be put into a document."""
    content: list[Node] = AdfWriter(parse(clean(text)[0]), Notes()).document()["content"]
    return content


def heading(text: str, level: int) -> Node:
    return {"type": "heading", "attrs": {"level": level}, "content": [{"type": "text", "text": text}]}


def criteria_section(items: Sequence[Criterion], *, labels: Labels = LABELS, level: int = 3) -> list[Node]:
    """The criteria under their heading: plain ones as a task list, Given/When/Then as a name and a list of steps."""
    if not items:
        return []
    written = [heading(labels.criteria, level)]
    plain: list[Item] = []
    for item in items:
        if not item.steps:
            plain.append(_task(item))
            continue
        if plain:
            written.append(task_list(plain))
            plain = []
        if item.text.strip():
            written.append(paragraph(with_strong(inline(item.text))))
        written.append({"type": "bulletList", "content": [_step(step) for step in item.steps]})
    if plain:
        written.append(task_list(plain))
    return written


def _task(criterion: Criterion) -> Item:
    item = Item([paragraph(inline(criterion.text))])
    item.state = "DONE" if criterion.done else "TODO"
    return item


def _step(step: Step) -> Node:
    keyword = {"type": "text", "text": step.keyword, "marks": [{"type": "strong"}]}
    words = inline(step.text)
    gap: list[Node] = [{"type": "text", "text": " "}] if words else []
    if gap and words[0]["type"] == "text" and not words[0].get("marks"):
        words[0]["text"] = f" {words[0]['text']}"
        gap = []
    return {"type": "listItem", "content": [paragraph([keyword, *gap, *words])]}


def inline(text: str) -> list[Node]:
    """Markdown on one line: the words of several blocks follow each other with line breaks between."""
    nodes: list[Node] = []
    for block in _leaves(blocks(text)):
        if nodes:
            nodes.append({"type": "hardBreak"})
        nodes.extend(block)
    return nodes


def _leaves(nodes: Iterable[Node]) -> Iterable[list[Node]]:
    for node in nodes:
        content = node.get("content", [])
        if node["type"] in ("paragraph", "heading", "taskItem"):
            yield content
        elif node["type"] == "codeBlock":
            lines = content[0]["text"].split("\n") if content else []
            yield from ([{"type": "text", "text": line, "marks": [{"type": "code"}]}] for line in lines if line)
        else:
            yield from _leaves(content)


def test_table(steps: Sequence[CaseStep], *, labels: Labels = LABELS) -> Node:
    """Steps and expected results as a table with numbered rows."""
    header = [_cell("tableHeader", [paragraph(_words(name))]) for name in (labels.number, labels.step, labels.expected)]
    rows = [{"type": "tableRow", "content": header}]
    for number, step in enumerate(steps, 1):
        cells = [_words(str(number)), inline(step.action), inline(step.expected)]
        rows.append({"type": "tableRow", "content": [_cell("tableCell", [paragraph(cell)]) for cell in cells]})
    return {"type": "table", "content": rows}


def tests_section(cases: Sequence[Case], *, labels: Labels = LABELS, level: int = 3) -> list[Node]:
    """Test cases under their heading: for each its title, its precondition, and the table of its steps."""
    if not cases:
        return []
    written = [heading(labels.tests, level)]
    for case in cases:
        written.append(paragraph(with_strong(inline(case.title))))
        if case.precondition.strip():
            lead: Node = {"type": "text", "text": f"{labels.precondition}: ", "marks": [{"type": "em"}]}
            written.append(paragraph([lead, *inline(case.precondition)]))
        written.append(test_table(case.steps, labels=labels))
    return written


def case_sections(case: Case, *, labels: Labels = LABELS, level: int = 3) -> list[Node]:
    """A test case as a description of its own: its preconditions, then its steps as a table under their heading
    (`labels.tests`), by which the two are told apart when they come back."""
    written = blocks(case.precondition) if case.precondition.strip() else []
    if case.steps:
        written += [heading(labels.tests, level), test_table(case.steps, labels=labels)]
    return written


def _words(text: str) -> list[Node]:
    return [{"type": "text", "text": text}] if text else []


def _cell(kind: str, content: list[Node]) -> Node:
    return {"type": kind, "content": content}


def document(
    *parts: AdfResult | Mapping[str, Any] | Sequence[Node],
    limit: int | None = None,
    more_url: str = "",
    more_text: str = MORE_TEXT,
) -> AdfResult:
    """One ADF document from parts: results of `markdown_to_adf`, whole documents, nodes, or lists of nodes.

    `limit` as in `markdown_to_adf`; convert the parts without a limit, so that only the whole is measured.
    """
    content: list[Node] = []
    found: list[Note] = []
    for part in parts:
        if isinstance(part, AdfResult):
            found.extend(part.notes)
            content.extend(part.value["content"])
        elif isinstance(part, Mapping):
            content.extend(part["content"] if part["type"] == "doc" else [dict(part)])
        else:
            content.extend(part)
    notes = Notes()
    for note in found:
        notes.add(note.code, note.detail)
    whole = name_tasks({"version": 1, "type": "doc", "content": content})
    return AdfResult(fit_document(whole, limit, more_url, more_text, notes), notes.all())
