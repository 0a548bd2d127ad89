from __future__ import annotations

from decimal import Decimal
from textwrap import dedent

import pytest

from stories_qa.importers import BacklogUnreadable, ParsedBacklog, ParsedCriterion, ParsedStep, read


def from_markdown(text: str) -> ParsedBacklog:
    return read(dedent(text).encode(), "a.md")


def titles(parsed: ParsedBacklog) -> dict[str, list[str]]:
    names = {epic.external_id: epic.title for epic in parsed.epics}
    found: dict[str, list[str]] = {name: [] for name in names.values()}
    for story in parsed.stories:
        found.setdefault(names.get(story.epic or "", ""), []).append(story.title)
    return found


def test_headings_that_say_epic_and_story_are_read_with_their_fields() -> None:
    parsed = from_markdown(
        """
        # The shop
        ## Epic 1: Checkout
        **Status:** In progress
        Why we do it.
        ### Story US-7: Pay by card
        **Priority:** Highest
        - **Story Points:** 5
        Labels: pay, card

        As a **buyer** I want to pay.

        #### Notes
        Kept.

        **Acceptance Criteria:**
        - [ ] AC1: Cards work
          - also old ones
        - [x] Refunds work

        After the list.
        """
    )

    (epic,), (story,) = parsed.epics, parsed.stories
    assert (epic.title, epic.status, epic.description) == ("Checkout", "in_progress", "Why we do it.")
    assert (story.title, story.priority, story.points, story.labels) == (
        "Pay by card",
        "urgent",
        Decimal(5),
        ("pay", "card"),
    )
    assert story.description == "As a **buyer** I want to pay.\n\n#### Notes\nKept.\n\nAfter the list."
    assert story.criteria == (
        ParsedCriterion(text="Cards work\n- also old ones"),
        ParsedCriterion(text="Refunds work"),
    )
    assert story.key == ""  # only our own export's keys are ours


def test_lists_of_as_a_i_want_are_stories_of_the_epic_above() -> None:
    parsed = from_markdown(
        """
        ## Epic: Search
        - As a buyer, I want to find shoes
          so that I can walk.
          - Given shoes, when I search, then I find them.
        - As an admin I need a list.

        ## Epic: Pay
        1. As a buyer I can pay.
        """
    )

    assert titles(parsed) == {
        "Search": ["As a buyer, I want to find shoes so that I can walk.", "As an admin I need a list."],
        "Pay": ["As a buyer I can pay."],
    }
    assert parsed.stories[0].criteria == (ParsedCriterion(given="shoes", when="I search", then="I find them."),)


def test_every_item_below_a_heading_stories_is_one() -> None:
    parsed = from_markdown(
        """
        ## Epic 6: Words
        ### Stories:
        1. **SCRAM-18:** Set it up (3 pts)
        2. Write it

        **Risks:**
        - Time
        """
    )

    assert titles(parsed) == {"Words": ["Set it up", "Write it"]}
    assert parsed.stories[0].points == 3
    assert "Time" in (parsed.epics[0].description or "")


def test_headings_without_the_words_are_told_by_what_stands_below_them() -> None:
    parsed = from_markdown(
        """
        # Product
        ## Checkout
        ### Pay by card
        As a buyer I want to pay by card so that it is quick.
        ### Pay later
        Some text.
        **Acceptance criteria**:
        - It works
        ## Appendix
        """
    )

    assert titles(parsed) == {"Checkout": ["Pay by card", "Pay later"]}


def test_headings_right_below_epics_are_stories_when_nothing_else_is() -> None:
    parsed = from_markdown("## Epic: Checkout\n### Goals\nMoney\n### Pay by card\nText\n### Pay later\n")

    assert titles(parsed) == {"Checkout": ["Pay by card", "Pay later"]}


def test_a_feature_with_stories_below_it_is_an_epic_and_one_without_is_a_story() -> None:
    assert titles(from_markdown("## Feature: Pay\n### Story: Card\n### Story: Cash\n")) == {"Pay": ["Card", "Cash"]}
    assert titles(from_markdown("## Feature: Pay\nText\n## Feature: Find\n")) == {"": ["Pay", "Find"]}


def test_gherkin_blocks_are_criteria_and_other_code_stays_in_the_description() -> None:
    parsed = from_markdown(
        """
        ### Story: Pay
        ```gherkin
        Scenario: By card
          Given a basket
          And a card
          When I pay
          Then it is mine
        Scenario: Again
          Given nothing
          Then nothing
        ```
        ```python
        # Epic: not one
        given = 1
        ```
        """
    )

    (story,) = parsed.stories
    assert parsed.epics == ()
    assert story.criteria == (
        ParsedCriterion(given="a basket\na card", when="I pay", then="it is mine"),
        ParsedCriterion(given="nothing", then="nothing"),
    )
    assert story.description == "```python\n# Epic: not one\ngiven = 1\n```"


def test_a_paragraph_that_is_a_story_ends_where_something_else_begins() -> None:
    parsed = from_markdown(
        "As a buyer\nI want to pay\n```python\nx = 1\n```\nAs a buyer I can leave\nat once.\n- then\n"
    )

    assert [story.title for story in parsed.stories] == ["As a buyer I want to pay", "As a buyer I can leave at once."]
    assert parsed.stories[0].description == "```python\nx = 1\n```"


def test_table_rows_are_stories() -> None:
    parsed = from_markdown(
        """
        ## Epic: Checkout

        | ID | As a | I want | So that | Priority |
        |----|------|--------|---------|----------|
        | 1 | buyer | to pay | it is mine | Must |
        | 2 | buyer | to find | I can pay | Could |
        """
    )

    assert titles(parsed)["Checkout"][0] == "As a buyer, I want to pay, so that it is mine"
    assert [story.priority for story in parsed.stories] == ["urgent", "low"]


def test_test_cases_are_headings_with_a_table_or_numbered_steps() -> None:
    parsed = from_markdown(
        """
        ### Story: Pay
        #### Test case TC-1: By card
        - **Last result:** Passed

        A basket.

        | Step | Expected result |
        | --- | --- |
        | Open | It \\| opens |
        #### Test case: Cash
        1. Pay => It is mine
        """
    )

    card, cash = parsed.tests
    assert (card.title, card.last_result, card.preconditions) == ("By card", "passed", "A basket.")
    assert card.steps == (ParsedStep("Open", "It | opens"),)
    assert cash.steps == (ParsedStep("Pay", "It is mine"),)
    assert {card.story, cash.story} == {parsed.stories[0].external_id}


def test_one_file_with_one_story_keeps_everything_around_it() -> None:
    parsed = from_markdown(
        "# Requirement 7\nBecause.\n## User Story\nAs a user\\\nI want it\n## Links\n<https://x.test>\n"
    )

    (story,) = parsed.stories
    assert story.title == "As a user I want it"
    for part in ("# Requirement 7", "Because.", "<https://x.test>"):
        assert part in (story.description or "")
    assert parsed.problems == ()


def test_text_that_belongs_to_nothing_is_told() -> None:
    parsed = from_markdown("# Backlog\nHello\n## Epic: A\n### Story: B\n### Story: C\n")

    (problem,) = parsed.problems
    assert (problem.line, problem.code, problem.kept) == (1, "lines_left_out", True)


def test_a_story_heading_without_a_title_is_a_bad_row() -> None:
    parsed = from_markdown("## User Story\nText.\n## Story: B\n")

    assert [story.title for story in parsed.stories] == ["B"]
    assert [(problem.line, problem.kept) for problem in parsed.problems] == [(1, False)]


def test_a_file_with_nothing_to_find_says_how_to_write_it() -> None:
    with pytest.raises(BacklogUnreadable, match="## Epic"):
        from_markdown("# Notes\nJust text.\n")


def test_editing_the_text_keeps_the_identity_and_a_second_equal_story_is_its_own() -> None:
    before = from_markdown("## Epic: A\n### Story: B\nOld.\n")
    after = from_markdown("Intro\n## Epic: A\n### Story: B\nNew.\n### Story: B\n")

    assert before.stories[0].external_id == after.stories[0].external_id != after.stories[1].external_id


def test_a_large_file_of_awkward_lines_is_read_in_time() -> None:
    awkward = "## Story: x\n**Acceptance criteria:**\n" + "[" * 20_000 + "\n" + "- [ ] a\nAs a\n | " * 20_000

    parsed = from_markdown(awkward)

    assert parsed.stories
