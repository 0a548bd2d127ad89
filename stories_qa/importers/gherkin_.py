"""Gherkin: a feature is a story (an epic when it has rules, each of which is a story), a scenario is a test case.

Read by Cucumber's own parser, so all its languages are understood: https://cucumber.io/docs/gherkin/reference/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from django.utils.translation import gettext as _
from gherkin.errors import CompositeParserException, ParserError, ParserException
from gherkin.parser import Parser

from stories_qa.importers.parsed import (
    BacklogUnreadable,
    Identities,
    ParsedBacklog,
    ParsedEpic,
    ParsedStep,
    ParsedStory,
    ParsedTest,
    Problem,
    joined,
    lines_of,
)
from stories_qa.importers.words import cut_title

ROUNDS = 20  # how often unreadable lines are left out before the file is given up


def read_gherkin(text: str, name: str) -> ParsedBacklog:
    """A line the grammar does not allow is left out and told; the rest comes in."""
    lines = lines_of(text.lstrip("\ufeff"))
    problems: list[Problem] = []
    feature: dict[str, Any] | None = None
    for _round in range(ROUNDS):
        try:
            feature = Parser().parse("\n".join(lines)).get("feature")  # type: ignore[assignment]
            break
        except CompositeParserException as wrong:
            errors = [error for error in wrong.errors if isinstance(error, ParserException)]
        except ParserException as wrong:
            errors = [wrong]
        except ParserError as wrong:
            reason = _("This is not Gherkin: %(why)s.") % {"why": str(wrong)[:300]}
            raise BacklogUnreadable(reason, "gherkin") from wrong
        left_out = [error for error in errors if _leave_out(lines, error)]
        problems += [Problem(name, error.location["line"], _why(error), "gherkin") for error in left_out]
        if not left_out:
            raise BacklogUnreadable(
                _("The file cannot be read from line %(line)s on: %(why)s")
                % {"line": errors[0].location["line"], "why": _why(errors[0])},
                "gherkin",
                errors[0].location["line"],
            )
    if feature is None:
        raise BacklogUnreadable(
            _("There is no “Feature:” in the file. A .feature file begins with one."),
            "no_feature",
            problems[0].line if problems else 0,
        )
    return _Feature(name, Identities(name)).backlog(feature, problems)


def _leave_out(lines: list[str], error: ParserException) -> bool:
    index = error.location["line"] - 1
    if not 0 <= index < len(lines) or not lines[index].strip():
        return False
    lines[index] = ""
    return True


def _why(error: ParserException) -> str:
    """The parser's own words behind the place, which a person gets as a line number anyway."""
    said = re.sub(r"^\(\d+:\d+\):\s*", "", str(error.args[0]))
    # The parser names its tokens: "expected: #EOF, #TagLine, #ScenarioLine, got 'x'".
    got = re.search(r"got '(.*)'$", said, re.DOTALL)
    if got:
        return _("“%(line)s” cannot stand here; the line was left out.") % {"line": got[1][:200]}
    return said[:300]


@dataclass
class _Feature:
    file: str
    ids: Identities
    tests: list[ParsedTest] = field(default_factory=list)

    def backlog(self, feature: dict[str, Any], problems: list[Problem]) -> ParsedBacklog:
        title = feature["name"].strip() or PurePath(self.file).stem
        rules = [child["rule"] for child in feature["children"] if "rule" in child]
        own = [child for child in feature["children"] if "rule" not in child]
        background = _background(own)
        epics: list[ParsedEpic] = []
        stories: list[ParsedStory] = []
        line = feature["location"]["line"]
        description = _plain(feature["description"])
        if rules:
            epics.append(
                ParsedEpic(
                    external_id=self.ids.of("epic", title),
                    line=line,
                    title=cut_title(title)[0],
                    description=description,
                    labels=_tags(feature),
                )
            )
            if any("scenario" in child for child in own):
                stories.append(self._story(title, line, None, _tags(feature), own, "", epics[0]))
            for rule in rules:
                name = rule["name"].strip() or _("Rule on line %(line)s") % {"line": rule["location"]["line"]}
                labels = tuple(dict.fromkeys(_tags(feature) + _tags(rule)))
                text = _plain(rule["description"])
                children = rule["children"]
                stories.append(
                    self._story(name, rule["location"]["line"], text, labels, children, background, epics[0])
                )
        else:
            stories.append(self._story(title, line, description, _tags(feature), own, "", None))
        return ParsedBacklog(
            file=self.file,
            format="gherkin",
            epics=tuple(epics),
            stories=tuple(stories),
            tests=tuple(self.tests),
            problems=tuple(sorted(problems, key=lambda problem: problem.line)),
        )

    def _story(
        self,
        title: str,
        line: int,
        description: str | None,
        labels: tuple[str, ...],
        children: list[dict[str, Any]],
        background: str,
        epic: ParsedEpic | None,
    ) -> ParsedStory:
        external_id = self.ids.of("story", epic.title if epic else "", title)
        given = joined([background, _background(children)])
        for child in children:
            if "scenario" in child:
                self.tests.append(self._test(child["scenario"], given, external_id, title))
                labels += _tags(child["scenario"])
                for examples in child["scenario"]["examples"]:
                    labels += _tags(examples)
        return ParsedStory(
            external_id=external_id,
            line=line,
            title=cut_title(title)[0],
            description=description or "",
            labels=tuple(dict.fromkeys(labels)),
            epic=epic.external_id if epic else None,
        )

    def _test(self, scenario: dict[str, Any], background: str, story: str, story_title: str) -> ParsedTest:
        line = scenario["location"]["line"]
        title = scenario["name"].strip() or _("Scenario on line %(line)s") % {"line": line}
        given, steps = _steps(scenario["steps"])
        tables = [_examples(examples) for examples in scenario["examples"]]
        before = joined([background, "\n".join(f"- {text}" for text in given)])
        parts = [_plain(scenario["description"]), before, *tables]
        return ParsedTest(
            external_id=self.ids.of("test", story_title, title),
            line=line,
            title=cut_title(title)[0],
            preconditions="\n\n".join(part for part in parts if part),
            steps=tuple(steps),
            story=story,
        )


def _steps(steps: list[dict[str, Any]]) -> tuple[list[str], list[ParsedStep]]:
    """(what is given, steps). Every action is a step; outcomes are what the step before them should lead to."""
    given: list[str] = []
    found: list[ParsedStep] = []
    part = "Context"
    for step in steps:
        kind = step["keywordType"]
        part = part if kind in {"Conjunction", "Unknown"} else kind
        text = _step_text(step)
        if part == "Context" and not found:
            given.append(text)
        elif part == "Outcome":
            last = found.pop() if found else ParsedStep(_("Look at the result"))
            found.append(ParsedStep(last.action, joined([last.expected, text])))
        else:
            found.append(ParsedStep(text))
    return given, found


def _background(children: list[dict[str, Any]]) -> str:
    texts = [_step_text(step) for child in children if "background" in child for step in child["background"]["steps"]]
    return "\n".join(f"- {text}" for text in texts)


def _step_text(step: dict[str, Any]) -> str:
    parts = [step["text"].strip()]
    if "dataTable" in step:
        parts.append(_table([row["cells"] for row in step["dataTable"]["rows"]]))
    if "docString" in step:
        content = step["docString"]["content"]
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", content)), 3)
        parts.append(f"{fence}{step['docString'].get('mediaType', '')}\n{content}\n{fence}")
    return "\n".join(parts)


def _examples(examples: dict[str, Any]) -> str:
    head = f"{examples['keyword']}: {examples['name']}".strip().rstrip(":")
    rows = [examples["tableHeader"]["cells"]] if examples.get("tableHeader") else []
    rows += [row["cells"] for row in examples["tableBody"]]
    return "\n\n".join(part for part in (head, _plain(examples["description"]), _table(rows)) if part)


def _table(rows: list[list[dict[str, Any]]]) -> str:
    """A Markdown table; its first row is the head, as it mostly is in Gherkin."""
    lines = ["| " + " | ".join(_cell(cell["value"]) for cell in row) + " |" for row in rows]
    if lines:
        lines.insert(1, "|" + " --- |" * max(len(rows[0]), 1))
    return "\n".join(lines)


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")


def _plain(description: str) -> str:
    """Without the indentation that the file has for its own sake."""
    return "\n".join(line.strip() for line in description.strip().split("\n"))


def _tags(node: dict[str, Any]) -> tuple[str, ...]:
    return tuple(tag["name"].lstrip("@")[:255] for tag in node["tags"])
