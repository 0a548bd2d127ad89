"""What Stories & QA holds now, as JSON (without loss), CSV or Markdown, each item with its ticket and sync state."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from stories_qa.importers.csv_rows import STEP_ARROW
from stories_qa.jira_source import jira_columns
from stories_qa.models import (
    AcceptanceCriterion,
    Epic,
    LastResult,
    Priority,
    Project,
    Status,
    Story,
    TestCase,
    TestStep,
)

FORMATS = ("json", "csv", "markdown")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = [
    "Type",
    "Our key",
    "Our external id",
    "Summary",
    "Description",
    "Parent",
    "Priority",
    "Story Points",
    "Labels",
    "Assignee",
    "Status",
    "Acceptance Criteria",
    "Preconditions",
    "Steps",
    "Last Result",
    "Sync off",
    "Jira key",
    "Jira id",
    "Jira state",
]


def export(project: Project, format: str) -> str:
    """The whole backlog as text in one of FORMATS; ends with a line break."""
    document = as_document(project)
    match format:
        case "json":
            return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        case "csv":
            return as_csv(document)
        case "markdown":
            return as_markdown(document)
        case _:
            raise ValueError(f"{format!r} is not one of {', '.join(FORMATS)}")


def as_document(project: Project) -> dict[str, Any]:
    """The JSON schema of docs/importing.md. Ten queries, whatever the size."""
    criteria = _children(AcceptanceCriterion.objects.filter(story__project=project), "story_id", _criterion)
    steps = _children(TestStep.objects.filter(test_case__project=project), "test_case_id", _step)
    tests: dict[int | None, list[dict[str, Any]]] = defaultdict(list)
    test_rows = TestCase.objects.filter(project=project)
    jira = jira_columns(test_rows)
    for test in test_rows.order_by("position", "pk"):
        tests[test.story_id].append(
            {
                **_common(test),
                "preconditions": test.preconditions,
                "steps": steps[test.pk],
                "last_result": test.last_result,
                "jira": jira[test.ref],
            }
        )
    epic_rows, story_rows = Epic.objects.filter(project=project), Story.objects.filter(project=project)
    jira = {**jira_columns(epic_rows), **jira_columns(story_rows)}
    epics = list(epic_rows.order_by("position", "pk"))
    keys = {epic.pk: epic.key for epic in epics}
    return {
        "format": "stories-qa-backlog",
        "version": 1,
        "project": {"key": project.key, "name": project.name, "last_number": project.last_number},
        "epics": [
            {
                **_common(epic),
                "description": epic.description,
                "status": epic.status,
                "labels": epic.labels,
                "jira": jira[epic.ref],
            }
            for epic in epics
        ],
        "stories": [
            {
                **_common(story),
                "epic": None if story.epic_id is None else keys[story.epic_id],
                "description": story.description,
                "criteria": criteria[story.pk],
                "priority": story.priority,
                "points": _number(story.points),
                "labels": story.labels,
                "assignee": story.assignee_name if story.assignee is None else story.assignee.get_username(),
                "status": story.status,
                "test_cases": tests[story.pk],
                "jira": jira[story.ref],
            }
            for story in story_rows.select_related("assignee").order_by("position", "pk")
        ],
        "test_cases": tests[None],
    }


def _common(row: Epic | Story | TestCase) -> dict[str, Any]:
    return {
        "key": row.key,
        "external_id": row.external_id,
        "position": row.position,
        "title": row.title,
        "sync_off": row.sync_off,
    }


def _children(rows: QuerySet[Any], parent: str, shape: Any) -> dict[int, list[dict[str, str]]]:
    found: dict[int, list[dict[str, str]]] = defaultdict(list)
    for row in rows.order_by("position", "pk"):
        found[getattr(row, parent)].append(shape(row))
    return found


def _criterion(row: AcceptanceCriterion) -> dict[str, str]:
    parts = {"text": row.text, "given": row.given, "when": row.when, "then": row.then}
    return {name: value for name, value in parts.items() if value}


def _step(row: TestStep) -> dict[str, str]:
    return {"action": row.action, "expected": row.expected}


def _number(points: Decimal | None) -> int | float | None:
    if points is None:
        return None
    return int(points) if points == points.to_integral_value() else float(points)


def as_csv(document: dict[str, Any]) -> str:
    """A row an item, for spreadsheets: cells that one would run as a formula get an apostrophe before them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for epic in document["epics"]:
        writer.writerow(_cells("Epic", epic, ""))
    for story in document["stories"]:
        writer.writerow(_cells("Story", story, story["epic"] or ""))
        for test in story["test_cases"]:
            writer.writerow(_cells("Test case", test, story["key"]))
    for test in document["test_cases"]:
        writer.writerow(_cells("Test case", test, ""))
    return out.getvalue()


def _cells(kind: str, item: dict[str, Any], parent: str) -> list[str]:
    steps = [
        " ".join(step["action"].split()) + (STEP_ARROW + " ".join(step["expected"].split()) if step["expected"] else "")
        for step in item.get("steps", [])
    ]
    cells = {
        "Type": kind,
        "Our key": item["key"],
        "Our external id": item["external_id"],
        "Summary": item["title"],
        "Description": item.get("description", ""),
        "Parent": parent,
        "Priority": _label(Priority, item.get("priority")),
        "Story Points": "" if item.get("points") is None else str(item["points"]),
        "Labels": ", ".join(item.get("labels", [])),
        "Assignee": item.get("assignee", ""),
        "Status": _label(Status, item.get("status")),
        "Acceptance Criteria": "\n".join(_criterion_lines(item.get("criteria", []))),
        "Preconditions": item.get("preconditions", ""),
        "Steps": "\n".join(steps),
        "Last Result": _label(LastResult, item.get("last_result")),
        "Sync off": "yes" if item["sync_off"] else "",
        "Jira key": item["jira"]["issue_key"],
        "Jira id": item["jira"]["issue_id"],
        "Jira state": item["jira"]["state"],
    }
    return defused(cells[name] for name in COLUMNS)


def defused(cells: Iterable[str]) -> list[str]:
    """Cells that a spreadsheet would run as a formula get an apostrophe before them."""
    return ["'" + cell if cell.startswith(FORMULA) else cell for cell in cells]


def _label(enum: Any, value: str | None) -> str:
    """The English word; a file that is read back must not depend on the language it was written in."""
    return "" if value is None else value.replace("_", " ").capitalize()


def _criterion_lines(criteria: list[dict[str, str]]) -> list[str]:
    lines: list[str] = []
    for one in criteria:
        if one.get("text"):
            lines.append("- " + one["text"].replace("\n", "\n  "))
        for word in ("given", "when", "then"):
            first, *more = one.get(word, "").split("\n")
            lines += [f"- {word.capitalize()} {first}", *(f"- And {line}" for line in more)] if first else []
    return lines


def as_markdown(document: dict[str, Any]) -> str:
    """Headings and lists as docs/importing.md describes them. Headings inside descriptions become lower
    ones, so that they do not end the story they stand in."""
    project = document["project"]
    parts = [f"<!-- Stories & QA backlog: {project['key']} -->", f"# {project['name']}"]
    by_epic: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for story in document["stories"]:
        by_epic[story["epic"]].append(story)
    # Stories without an epic come first: below a heading they would seem to belong to it.
    for story in by_epic[None]:
        parts += _story_parts(story)
    for epic in document["epics"]:
        parts += [f"## Epic {epic['key']}: {epic['title']}", _labels_of(epic), _below(epic["description"])]
        for story in by_epic[epic["key"]]:
            parts += _story_parts(story)
    for test in document["test_cases"]:
        parts += _test_parts(test, 2)
    return "\n\n".join(part for part in parts if part) + "\n"


def _story_parts(story: dict[str, Any]) -> list[str]:
    parts = [f"### Story {story['key']}: {story['title']}", _labels_of(story), _below(story["description"])]
    if story["criteria"]:
        parts += ["**Acceptance criteria:**", "\n".join(_criterion_lines(story["criteria"]))]
    for test in story["test_cases"]:
        parts += _test_parts(test, 4)
    return parts


def _below(text: str) -> str:
    """Text whose headings are of level 5 or 6; code blocks are left alone."""
    lines, fence = [], ""
    for line in text.split("\n"):
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if mark:
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        elif not fence:
            line = re.sub(r"^ {0,3}#{1,5}(?=[ \t])", "#####", line)
        lines.append(line)
    return "\n".join(lines)


def _test_parts(test: dict[str, Any], level: int) -> list[str]:
    rows = [f"| {_cell(step['action'])} | {_cell(step['expected'])} |" for step in test["steps"]]
    table = "\n".join(["| Step | Expected result |", "| --- | --- |", *rows]) if rows else ""
    return [
        f"{'#' * level} Test case {test['key']}: {test['title']}",
        _labels_of(test),
        _below(test["preconditions"]),
        table,
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")


def _labels_of(item: dict[str, Any]) -> str:
    points, jira = item.get("points"), item["jira"]
    lines = {
        "Status": _label(Status, item.get("status")),
        "Priority": _label(Priority, item.get("priority")),
        "Story points": "" if points is None else str(points),
        "Labels": ", ".join(item.get("labels", [])),
        "Assignee": item.get("assignee", ""),
        "Last result": _label(LastResult, item.get("last_result")),
        "Jira": re.sub(r"\s+", " ", f"{jira['issue_key']} ({jira['state'].replace('_', ' ')})").strip(),
    }
    return "\n".join(f"- **{name}:** {value}" for name, value in lines.items() if value)
