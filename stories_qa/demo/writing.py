"""Short ways of writing the demo backlog down."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from textwrap import dedent

from stories_qa.importers import ParsedCriterion, ParsedEpic, ParsedStep, ParsedStory, ParsedTest


@dataclass
class Told:
    """An epic with its stories and their test cases."""

    epic: ParsedEpic
    stories: list[ParsedStory] = field(default_factory=list)
    tests: list[ParsedTest] = field(default_factory=list)

    def story(
        self,
        number: int,
        title: str,
        description: str,
        criteria: list[str | ParsedCriterion],
        *,
        priority: str = "medium",
        points: str = "3",
        labels: str = "",
        assignee: str = "",
        status: str = "backlog",
    ) -> None:
        """Add US-<number>. Labels are separated by blanks; points are a number or ""."""
        said = [ParsedCriterion(text=one) if isinstance(one, str) else one for one in criteria]
        self.stories.append(
            ParsedStory(
                external_id=f"@US-{number}",
                line=0,
                title=title,
                key=f"US-{number}",
                description=dedent(description).strip(),
                status=status,
                labels=tuple(labels.split()),
                priority=priority,
                points=Decimal(points) if points else None,
                says_points=True,
                assignee=assignee,
                epic=self.epic.external_id,
                criteria=tuple(said),
            )
        )

    def test(
        self, number: int, title: str, preconditions: str, steps: list[tuple[str, str]], result: str = "not_run"
    ) -> None:
        """Add TC-<number> to the story written last; steps are (what to do, what should happen)."""
        self.tests.append(
            ParsedTest(
                external_id=f"@TC-{number}",
                line=0,
                title=title,
                key=f"TC-{number}",
                preconditions=preconditions,
                steps=tuple(ParsedStep(action, expected) for action, expected in steps),
                last_result=result,
                story=self.stories[-1].external_id,
            )
        )


def epic(number: int, title: str, description: str, status: str, labels: str) -> Told:
    return Told(
        ParsedEpic(
            external_id=f"@EP-{number}",
            line=0,
            title=title,
            key=f"EP-{number}",
            description=dedent(description).strip(),
            status=status,
            labels=tuple(labels.split()),
        )
    )


def given(given: str, when: str, then: str) -> ParsedCriterion:
    return ParsedCriterion(given=given, when=when, then=then)
