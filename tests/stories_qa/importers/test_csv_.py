from __future__ import annotations

from decimal import Decimal

import pytest

from stories_qa.importers import BacklogUnreadable, ParsedBacklog, ParsedCriterion, ParsedStep, read


def from_csv(text: str) -> ParsedBacklog:
    return read(text.encode(), "a.csv")


def test_jiras_own_export_is_read_by_its_header() -> None:
    parsed = from_csv(
        "Summary,Issue key,Issue id,Issue Type,Status,Priority,Assignee,Labels,Labels,Description,"
        "Custom field (Epic Link),Custom field (Epic Name),Custom field (Story Points),Parent\r\n"
        "Checkout,SHOP-1,10001,Epic,To Do,High,,,,,,Guest checkout,,\r\n"
        'Pay by card,SHOP-2,10002,Story,In Progress,Highest,Mira,a,b,"h2. Wiki\n* stays ""as"" text",SHOP-1,,3.0,\r\n'
        "Find it,SHOP-3,10003,Bug,Done,Medium,,,,,Guest checkout,,,\r\n"
        "A part,SHOP-4,10004,Sub-task,Done,Low,,,,,,,,10002\r\n"
    )

    (epic,) = parsed.epics
    pay, find, part = parsed.stories
    assert (epic.title, epic.external_id, epic.status) == ("Checkout", "key:SHOP-1", "backlog")
    assert pay.external_id == "key:SHOP-2"
    assert (pay.line, find.line, part.line) == (3, 5, 6)
    assert (pay.status, pay.priority, pay.points, pay.assignee) == ("in_progress", "urgent", Decimal("3.0"), "Mira")
    assert pay.labels == ("a", "b")
    assert pay.description == 'h2. Wiki\n* stays "as" text'
    assert pay.epic == find.epic == part.epic == epic.external_id
    assert parsed.problems == ()


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_separator_is_found(mark: str) -> None:
    text = mark.join(["\ufeffType", "Title", "Labels"]) + "\n" + mark.join(["Story", "Pay", '"x"']) + "\n"

    (story,) = from_csv(text).stories

    assert (story.title, story.labels) == ("Pay", ("x",))


def test_epics_that_are_only_named_are_made_once() -> None:
    parsed = from_csv("Title,Epic\nPay,Checkout\nFind,Search\nShip,Checkout\n")

    assert [epic.title for epic in parsed.epics] == ["Checkout", "Search"]
    assert parsed.stories[0].epic == parsed.stories[2].epic == parsed.epics[0].external_id


def test_an_epic_named_by_a_key_is_looked_up_in_the_project_later() -> None:
    parsed = from_csv("Title,Epic Link\nPay,SHOP-1\n")

    assert parsed.epics == ()
    assert parsed.stories[0].epic == "SHOP-1"


def test_acceptance_criteria_cells_are_lists_or_given_when_then() -> None:
    parsed = from_csv(
        "Title,Acceptance Criteria\n"
        'Pay,"- [ ] AC1: Cards work\n- Given a basket\n- And a card\n- When I pay\n- Then it is mine"\n'
    )

    assert parsed.stories[0].criteria == (
        ParsedCriterion(text="Cards work"),
        ParsedCriterion(given="a basket\na card", when="I pay", then="it is mine"),
    )


def test_test_cases_belong_to_the_story_they_name() -> None:
    parsed = from_csv('Type,ID,Title,Parent,Steps\nStory,7,Pay,,\nTest case,,Card,7,"1. Open => It opens\n2. Pay"\n')

    (test,) = parsed.tests
    assert test.story == parsed.stories[0].external_id
    assert test.steps == (ParsedStep("Open", "It opens"), ParsedStep("Pay"))


def test_a_row_without_a_title_is_reported_with_its_line_and_the_rest_comes_in() -> None:
    parsed = from_csv('Title,Description\n"Two\nlines",a\n,b\nPay,c\n')

    assert [story.title for story in parsed.stories] == ["Two lines", "Pay"]
    assert [(problem.line, problem.code, problem.kept) for problem in parsed.problems] == [(4, "no_title", False)]


def test_a_row_with_too_many_cells_is_mended_where_commas_stand_in_text_and_left_out_elsewhere() -> None:
    parsed = from_csv("Title,Description,Priority\nPay,card, cash, voucher,High\nFind,a,b,c,d\nShip,x,Low\n")

    assert [(story.title, story.description, story.priority) for story in parsed.stories] == [
        ("Pay", "card, cash, voucher", "high"),
        ("Ship", "x", "low"),
    ]
    assert [(problem.line, problem.kept) for problem in parsed.problems] == [(2, True), (3, False)]


def test_a_quotation_mark_that_is_never_closed_is_reported_where_it_opens() -> None:
    parsed = from_csv('Title,Description\nPay,x\nFind,"never closed\nShip,y\n')

    assert [story.title for story in parsed.stories] == ["Pay"]
    assert [(problem.line, problem.code) for problem in parsed.problems] == [(3, "quote")]


def test_words_nobody_knows_are_told_and_the_row_comes_in() -> None:
    parsed = from_csv("Title,Priority,Status,Story Points\nPay,Very,Somewhere,many\n")

    (story,) = parsed.stories
    assert (story.priority, story.status, story.points) == (None, None, None)
    assert {problem.code for problem in parsed.problems} == {"unknown_priority", "unknown_status", "points"}
    assert all(problem.kept for problem in parsed.problems)


def test_columns_the_file_does_not_have_say_nothing() -> None:
    (story,) = from_csv("Title,Labels\nPay,\n").stories

    assert story.labels == ()
    assert (story.description, story.status, story.criteria, story.epic, story.says_points) == (
        None,
        None,
        None,
        None,
        False,
    )


def test_a_table_of_roles_and_wishes_makes_titles() -> None:
    (story,) = from_csv("As a,I want,So that\nbuyer,to pay,it is mine\n").stories

    assert story.title == "As a buyer, I want to pay, so that it is mine"


def test_a_file_without_a_title_column_says_what_it_found() -> None:
    with pytest.raises(BacklogUnreadable, match="it reads: Colour, Size"):
        from_csv("Colour,Size\nred,3\n")


def test_an_apostrophe_that_defused_a_formula_is_taken_away_again() -> None:
    assert from_csv("Title,Description\n'=SUM(A1),'tis\n").stories[0].title == "=SUM(A1)"
