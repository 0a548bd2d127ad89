"""What stands in a document of Jira's: a text of ours, and what rides along with it in the description.

Criteria stand under a marked heading, test cases too where the mapping wants them there; a field of their own takes
them out of the description. A test case's own issue holds its preconditions, then the table of its steps.
"""

from __future__ import annotations

from dataclasses import dataclass

from jira_integration.contracts import FieldKind, Kind, StoryField, StorySnapshot
from jira_integration.contracts import TestCase as OurCase
from jira_integration.mapping.accepted import LINE_MAX
from jira_integration.richtext.compose import (
    Case,
    CaseStep,
    Criterion,
    Labels,
    Step,
    blocks,
    case_sections,
    criteria_section,
    test_table,
    tests_section,
)
from jira_integration.richtext.result import Node
from jira_integration.richtext.shape import paragraph


@dataclass(frozen=True)
class Composed:
    """`own` are the kinds of fields of ours that are mapped to a field of Jira's by themselves."""

    kind: Kind
    snapshot: StorySnapshot
    labels: Labels
    own: frozenset[FieldKind]
    test_tables: bool

    def parts(self, story_field: StoryField, in_description: bool) -> list[Node]:
        """The blocks of one document field that `story_field` fills."""
        match story_field.kind:
            case FieldKind.CRITERIA:
                return criteria_section(criteria_of(self.snapshot), labels=self.labels)[1:]
            case FieldKind.TESTS if self.kind is not Kind.TEST:
                return tests_section(self._cases(), labels=self.labels)[1:]
            case FieldKind.TESTS if not in_description:
                return [test_table(case.steps, labels=self.labels) for case in self._cases() if case.steps]
            case FieldKind.TESTS:
                return self._title() + self._sections("", FieldKind.TESTS)
        text = str(self.snapshot.values.get(story_field.key) or "")
        if not in_description:
            return blocks(text)
        if self.kind is Kind.TEST:
            return self._title() + self._sections(text, *({FieldKind.TESTS} - self.own))
        parts = self._title() + blocks(text)
        if FieldKind.CRITERIA not in self.own:
            parts += criteria_section(criteria_of(self.snapshot), labels=self.labels)
        if self.test_tables and FieldKind.TESTS not in self.own:
            parts += tests_section(self._cases(), labels=self.labels)
        return parts

    def _title(self) -> list[Node]:
        """A title that had to be cut in the summary stands whole at the description's top."""
        title = " ".join(self.snapshot.title.split())
        return [paragraph([{"type": "text", "text": title}])] if len(title) > LINE_MAX else []

    def _sections(self, precondition: str, *riding: FieldKind) -> list[Node]:
        steps = tuple(step for case in self._cases() for step in case.steps) if riding else ()
        return case_sections(Case("", steps, precondition), labels=self.labels)

    def _cases(self) -> list[Case]:
        """The test cases of the story; of a test case it is the one itself."""
        return [
            Case(f"{one.key} {one.title}", steps_of(one), one.preconditions)
            for held in self.snapshot.values.values()
            if isinstance(held, list | tuple)
            for one in held
            if isinstance(one, OurCase)
        ]


def steps_of(case: OurCase) -> tuple[CaseStep, ...]:
    return tuple(CaseStep(step.action, step.expected) for step in case.steps)


def criteria_of(snapshot: StorySnapshot) -> list[Criterion]:
    """Criteria as the description holds them; empty parts of Given/When/Then are left out."""
    made = []
    for one in snapshot.values.get("criteria") or ():
        steps = (
            Step(word, text) for word, text in (("Given", one.given), ("When", one.when), ("Then", one.then)) if text
        )
        made.append(Criterion(one.text, tuple(steps)))
    return made
