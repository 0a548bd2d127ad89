from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from jira_integration.contracts import Person
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.mapping.people import Account, known_people, look_up
from jira_integration.mapping.preflight import Facts
from jira_integration.mapping.questions import Questions
from jira_integration.models import JiraConnection, JiraPerson
from jira_integration.sandbox.settings import JONAS_ACCOUNT
from jira_integration.setup.connect import jira_client
from tests.sandbox_server import RunningSandbox, running_sandbox

SHOP = ProjectMetadata("10000", "SHOP", "Storefront")
JONAS, MARA = Person("", "jonas@example.test"), Person("Mara Lindqvist", "")
THEO, STRANGER = Person("Theo Former", ""), Person("Nobody", "nobody@example.test")


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(seed_issues=True) as running:
        yield running


@pytest.fixture
def connection(transactional_db: None, sandbox: RunningSandbox) -> JiraConnection:
    made = JiraConnection(name="Sandbox", site_url=sandbox.url, deployment="cloud", user_name=sandbox.user)
    made.keep_secret(sandbox.token)
    made.state = JiraConnection.State.OK
    made.save()
    return made


def asked(connection: JiraConnection, *people: Person) -> Any:
    async def ask() -> Any:
        async with jira_client(connection) as jira:
            return await look_up(jira, connection, SHOP, people)

    return async_to_sync(ask)()


def test_people_are_found_by_address_and_by_name_and_asked_for_once(
    connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    people = asked(connection, JONAS, MARA, THEO, STRANGER)

    assert people.account(JONAS) == Account(JONAS_ACCOUNT, "Jonas Ortiz", True, True)
    assert people.account(MARA).assignable
    assert (people.account(THEO).assignable, people.account(THEO).active) == (False, False)
    assert people.account(STRANGER) is None
    sandbox.clear_log()
    assert asked(connection, JONAS, MARA, THEO, STRANGER) == people
    assert sandbox.log() == []


def test_an_old_answer_is_dropped_and_asked_for_again(connection: JiraConnection, sandbox: RunningSandbox) -> None:
    asked(connection, JONAS)
    JiraPerson.objects.update(read_at=timezone.now() - timedelta(days=2))
    sandbox.clear_log()

    asked(connection, MARA)

    assert [row.asked for row in JiraPerson.objects.all()] == ["mara lindqvist"]
    assert known_people(connection, "10000").account(JONAS) is None
    assert sandbox.log()


def answers(connection: JiraConnection, parents: list[str], summaries: list[str]) -> tuple[Facts, Questions]:
    async def ask() -> tuple[Facts, Questions]:
        async with jira_client(connection) as jira:
            questions = Questions(jira, connection, SHOP)
            return await questions.ask(parents, [], summaries), questions

    return async_to_sync(ask)()


def test_an_issue_with_the_same_title_is_found_whatever_its_case_and_spaces(
    connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    there = sandbox.issues()[0]
    title = there["fields"]["summary"]

    facts, _questions = answers(connection, [], [title.upper().replace(" ", "  "), "Something else", title + " more"])

    assert {one.key for one in facts.alike.values()} == {there["key"]}
    assert len(facts.alike) == 1


def test_two_searches_at_most_and_what_was_not_looked_for_is_counted(
    connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    sandbox.clear_log()

    _facts, questions = answers(connection, [], [f"Title {n}" for n in range(130)])

    paths = [one["path"].rpartition("/")[2] for one in sandbox.log()]
    assert (paths.count("approximate-count"), paths.count("jql")) == (1, 2)
    assert questions.not_looked == 30


def test_a_parent_that_jira_does_not_show_was_asked_for_and_is_missing(
    connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    there = sandbox.issues()[0]

    facts, _questions = answers(connection, [there["id"], "999999"], [])

    assert facts.asked_parents == {there["id"], "999999"}
    assert set(facts.parents) == {there["id"]}
    assert (facts.parents[there["id"]].project_id, facts.parents[there["id"]].level) == ("10000", 0)
