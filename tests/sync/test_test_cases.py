"""What people do in Jira to the issue of a test case, and what of it comes back."""

from __future__ import annotations

from typing import Any

import pytest

from jira_integration.models import ExportedTicket, ProjectMapping
from jira_integration.richtext import markdown_to_adf
from stories_qa.models import Project, TestCase
from tests.jira_rows import a_story, a_test
from tests.jira_site import export, send_tests
from tests.sandbox_server import RunningSandbox
from tests.sync.test_poll import move, news

pytestmark = pytest.mark.both_databases
STEPS = "### Steps\n\n| # | Step | Expected result |\n|---|---|---|\n| 1 | Pay | {result} |"


@pytest.fixture
def case(mapping: ProjectMapping, backlog: Project) -> TestCase:
    send_tests(mapping, "10015")
    found = a_test(backlog, a_story(backlog, 9), 9, [("Pay", "A receipt")], preconditions="A cart")
    export(mapping)
    return found


def ticket_of(case: TestCase) -> ExportedTicket:
    return ExportedTicket.objects.get(story_ref=case.ref)


def described(sandbox: RunningSandbox, case: TestCase, text: str) -> None:
    fields: dict[str, Any] = {"description": markdown_to_adf(text).value}
    assert sandbox.call("PUT", f"issue/{ticket_of(case).issue_id}", json={"fields": fields}).status_code == 204


def test_preconditions_come_back_without_the_table_of_steps(
    mapping: ProjectMapping, sandbox: RunningSandbox, case: TestCase
) -> None:
    described(sandbox, case, "A cart\n\nA card\n\n" + STEPS.format(result="A receipt"))

    news(mapping)

    case.refresh_from_db()
    assert case.preconditions == "A cart\n\nA card"
    assert [step.expected for step in case.steps.all()] == ["A receipt"]
    assert ticket_of(case).sync == "in_sync"


def test_steps_that_were_changed_in_jira_are_shown_and_not_taken_in(
    mapping: ProjectMapping, sandbox: RunningSandbox, case: TestCase
) -> None:
    described(sandbox, case, "A cart\n\n" + STEPS.format(result="Two receipts"))

    news(mapping)

    case.refresh_from_db()
    assert (case.preconditions, [step.expected for step in case.steps.all()]) == ("A cart", ["A receipt"])
    assert ticket_of(case).sync == "changed_in_jira"


def test_a_moved_issue_of_a_test_case_is_shown_and_changes_nothing_here(
    mapping: ProjectMapping, sandbox: RunningSandbox, case: TestCase
) -> None:
    move(sandbox, ticket_of(case).issue_key, "In Progress")

    news(mapping)

    ticket = ticket_of(case)
    assert (ticket.status_name, ticket.sync) == ("In Progress", "in_sync")
