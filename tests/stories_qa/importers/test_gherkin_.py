from __future__ import annotations

from textwrap import dedent

import pytest

from stories_qa.importers import BacklogUnreadable, ParsedBacklog, ParsedStep, read


def from_gherkin(text: str) -> ParsedBacklog:
    return read(dedent(text).encode(), "pay.feature")


def test_a_feature_is_a_story_and_its_scenarios_are_test_cases() -> None:
    parsed = from_gherkin(
        """
        @checkout
        Feature: Pay
          As a buyer
          I want to pay

          Background:
            Given a basket
              | item  |
              | socks |

          @card
          Scenario: By card
            Given a card
            When I pay
            And I wait
            Then it is mine
            But not twice
            When I leave
            Then I am gone
        """
    )

    (story,), (test,) = parsed.stories, parsed.tests
    assert (story.title, story.description, story.labels) == (
        "Pay",
        "As a buyer\nI want to pay",
        ("checkout", "card"),
    )
    assert test.story == story.external_id
    assert test.preconditions == "- a basket\n| item |\n| --- |\n| socks |\n- a card"
    assert test.steps == (
        ParsedStep("I pay"),
        ParsedStep("I wait", "it is mine\nnot twice"),
        ParsedStep("I leave", "I am gone"),
    )


def test_a_feature_with_rules_is_an_epic_and_each_rule_a_story() -> None:
    parsed = from_gherkin(
        """
        Feature: Pay
          Rule: Cards
            Example: Visa
              When I pay
              Then it is mine
          Rule: Cash
            Example: Coins
              When I pay
        """
    )

    (epic,) = parsed.epics
    assert [(story.title, story.epic) for story in parsed.stories] == [
        ("Cards", epic.external_id),
        ("Cash", epic.external_id),
    ]
    assert [test.story for test in parsed.tests] == [story.external_id for story in parsed.stories]


def test_examples_of_an_outline_are_kept() -> None:
    parsed = from_gherkin(
        """
        Feature: Pay
          Scenario Outline: <sum>
            When I pay <sum>
            Examples: Small
              | sum |
              | 1   |
        """
    )

    assert parsed.tests[0].preconditions == "Examples: Small\n\n| sum |\n| --- |\n| 1 |"


def test_other_languages_are_understood() -> None:
    parsed = from_gherkin(
        "# language: de\nFunktionalität: Zahlen\n  Szenario: Karte\n    Wenn ich zahle\n    Dann gehört es mir\n"
    )

    assert parsed.stories[0].title == "Zahlen"
    assert parsed.tests[0].steps == (ParsedStep("ich zahle", "gehört es mir"),)


def test_two_scenarios_of_one_name_stay_two() -> None:
    parsed = from_gherkin("Feature: F\n  Scenario: S\n    When a\n  Scenario: S\n    When b\n")

    assert len({test.external_id for test in parsed.tests}) == 2


def test_a_line_the_grammar_does_not_allow_is_reported_and_the_rest_comes_in() -> None:
    parsed = from_gherkin("Feature: F\n  Scenario: S\n    When a\n    what is this\n    Then b\n")

    assert [(problem.line, problem.kept) for problem in parsed.problems] == [(4, False)]
    assert "what is this" in parsed.problems[0].reason
    assert parsed.tests[0].steps == (ParsedStep("a", "b"),)


@pytest.mark.parametrize(
    "text",
    [
        "# language: xx\nVlastnost: F\n",
        "# only a comment\n",
        'Feature: F\n  Scenario: S\n    When a\n      """\n      never closed\n',
    ],
)
def test_a_file_that_cannot_be_read_says_why(text: str) -> None:
    with pytest.raises(BacklogUnreadable):
        from_gherkin(text)
