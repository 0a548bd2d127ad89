"""Descriptions composed from parts, and the parts found again."""

from __future__ import annotations

import json
from typing import Any

from jira_integration.richtext import adf_to_markdown, adf_to_wiki, compose, markdown_to_adf, wiki_to_adf
from jira_integration.richtext.compose import Case, CaseStep, Criterion, Labels, Step
from jira_integration.richtext.sections import read_criteria, read_tests, split_sections
from tests.richtext.documents import assert_valid, paragraph, text

CRITERIA = (
    Criterion("The **card** is charged", done=True),
    Criterion("A mail is sent"),
    Criterion("Pay", (Step("Given", "a *full* cart"), Step("When", "I pay"), Step("Then", "it is `paid`"))),
    Criterion("The stock is lowered"),
)
CASES = (Case("Pay by card", (CaseStep("open | cart", "it is shown"), CaseStep("pay")), "a user"), Case("Empty"))


def composed() -> dict[str, Any]:
    story = markdown_to_adf("As a *buyer*\n\n- [ ] todo", limit=None)
    parts = [story, compose.criteria_section(CRITERIA), compose.tests_section(CASES)]
    return compose.document(*parts).value


def test_the_same_parts_give_the_same_bytes_and_every_task_its_own_id() -> None:
    document = composed()

    assert_valid(document)
    assert json.dumps(document) == json.dumps(composed())
    ids = json.dumps(document).split('"localId": "')[1:]
    assert len({part[:36] for part in ids}) == len(ids) == 7


def test_parts_come_back_as_they_went() -> None:
    found = split_sections(composed())

    assert adf_to_markdown(found.body).value == "As a *buyer*\n\n- [ ] todo\n"
    assert found.criteria and found.criteria.intact
    assert read_criteria(found.criteria.nodes) == CRITERIA
    assert found.tests and found.tests.intact
    assert read_tests(found.tests.nodes) == CASES


def test_parts_come_back_through_wiki_markup() -> None:
    found = split_sections(wiki_to_adf(adf_to_wiki(composed()).value).value)

    assert found.criteria and found.criteria.intact
    assert read_criteria(found.criteria.nodes) == CRITERIA
    assert found.tests and read_tests(found.tests.nodes) == CASES


def test_a_part_that_people_wrote_into_is_not_intact() -> None:
    document = composed()
    document["content"].append(paragraph(text("by the way")))

    found = split_sections(document)

    assert found.tests and not found.tests.intact
    assert found.criteria and found.criteria.intact


def test_a_heading_that_stands_twice_marks_nothing() -> None:
    document = compose.document(
        markdown_to_adf("### Acceptance criteria\n\n- [ ] mine"), compose.criteria_section(CRITERIA)
    ).value

    found = split_sections(document)

    assert found.criteria and not found.criteria.intact


def test_the_words_can_be_translated() -> None:
    labels = Labels(criteria="Abnahmekriterien", step="Schritt")
    document = compose.document(compose.criteria_section(CRITERIA, labels=labels)).value

    assert split_sections(document).criteria is None
    assert split_sections(document, labels=labels).criteria is not None


def test_free_text_with_given_when_then_has_steps() -> None:
    found = Criterion.from_text(
        "Scenario: Pay\n  Given a cart\n  and a card\n  WHEN I pay\n  Then it is paid\n  at once"
    )

    assert found.text == "Pay"
    assert found.steps[1:] == (Step("And", "a card"), Step("When", "I pay"), Step("Then", "it is paid at once"))
    assert Criterion.from_text("Given up is not an option") == Criterion("Given up is not an option")


def test_a_criterion_of_several_blocks_stays_one_task() -> None:
    (heading, tasks) = compose.criteria_section([Criterion("a\n\n- b\n- c\n\n```\nd\n```")])

    assert heading["type"] == "heading"
    assert adf_to_markdown(compose.document([tasks]).value).value == "- [ ] a\\\n  b\\\n  c\\\n  `d`\n"


def test_a_composed_document_is_cut_at_a_block() -> None:
    many = [Criterion(f"criterion {number}") for number in range(2_000)]

    result = compose.document(compose.criteria_section(many), limit=32_767, more_url="https://e.org", more_text="more")

    assert_valid(result.value)
    assert [note.code for note in result.notes] == ["cut"]
