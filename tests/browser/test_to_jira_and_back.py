"""The circle, with nothing pretended: stories go to a sandbox Jira through a real worker, and a status comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from playwright.sync_api import Page, expect

from jira_integration import tasks
from jira_integration.models import ExportedTicket, JiraConnection, ProjectMapping
from stories_qa.models import Project, Role, Story
from tests.jira_rows import a_backlog, a_person, a_story, a_test, an_epic
from tests.jira_site import connect, send_tests
from tests.sandbox_server import RunningSandbox, running_sandbox


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


def elsewhere(work: Callable[[], Any]) -> Any:
    """In another thread: this one has Playwright's event loop in it."""

    def with_own_connection() -> Any:
        try:
            return work()
        finally:
            database.close()

    with ThreadPoolExecutor(1) as worker:
        return worker.submit(with_own_connection).result(timeout=60)


@pytest.fixture
def backlog(live_site: str) -> Project:
    project = a_backlog()
    epic = an_epic(project, 1, title="Guest checkout")
    for number in range(2, 6):
        a_story(project, number, title=f"Guest story {number}", epic=epic, description="As a *guest*, I want to pay.")
    return project


@pytest.fixture
def mapping(backlog: Project, sandbox: RunningSandbox) -> ProjectMapping:
    found: ProjectMapping = elsewhere(lambda: connect(backlog, sandbox))
    return found


@pytest.fixture
def person(backlog: Project, live_site: str, page: Page) -> Page:
    client = Client()
    client.force_login(a_person("ana", backlog, Role.ADMIN))
    value = client.cookies["stories_qa_session"].value
    page.context.add_cookies([{"name": "stories_qa_session", "value": value, "url": live_site}])
    return page


def test_everything_is_previewed_sent_and_followed(
    mapping: ProjectMapping, sandbox: RunningSandbox, person: Page
) -> None:
    person.goto("/p/SHOP/jira/")
    sandbox.clear_log()
    person.get_by_role("button", name="Preview export of everything").click()

    export = person.get_by_role("button", name="Export 1 epic and 4 stories to Jira")
    expect(export).to_be_visible(timeout=20_000)
    assert sandbox.write_requests() == []

    export.click()
    expect(person.locator("#run-summary")).to_have_text("All 5 items are in Jira.", timeout=30_000)
    for key in ("EP-1", "US-2", "US-3", "US-4", "US-5"):
        expect(person.locator(f"#item-{key}")).to_contain_text("Created")
    assert len(sandbox.issues()) == 5
    assert len(sandbox.write_requests()) == 2

    person.goto("/p/SHOP/stories/")
    for number in range(2, 6):
        expect(person.locator(f"#sync-US-{number}")).to_contain_text("In sync")


def test_test_cases_go_along_as_sub_tasks_unless_they_are_left_out(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, person: Page
) -> None:
    def with_two_test_cases() -> None:
        send_tests(mapping, "10015")
        story = Story.objects.get(key="US-3")
        a_test(backlog, story, 7, [("Open the cart", "Two items"), ("Pay", "A receipt")], title="Guest pays by card")
        a_test(backlog, story, 8, [("Refuse the card", "It says why")], title="A refused card", preconditions="A cart")

    elsewhere(with_two_test_cases)
    person.goto("/p/SHOP/stories/US-3/")
    person.get_by_role("button", name="Preview export").first.click()
    expect(person.get_by_role("button", name="Export 1 epic, 1 story and 2 test cases to Jira")).to_be_visible(
        timeout=20_000
    )
    rows = person.locator("#plan-items > li")
    assert [row.get_attribute("id") for row in rows.all()] == ["plan-EP-1", "plan-US-3", "plan-TC-7", "plan-TC-8"]
    expect(person.locator("#plan-TC-7 summary").first).to_contain_text("US-3")

    person.get_by_role("checkbox", name="Include test cases").uncheck()
    person.get_by_role("button", name="Preview with this choice").click()
    expect(person.get_by_role("button", name="Export 1 epic and 1 story to Jira")).to_be_visible(timeout=20_000)
    person.get_by_role("checkbox", name="Include test cases").check()
    person.get_by_role("button", name="Preview with this choice").click()
    export = person.get_by_role("button", name="Export 1 epic, 1 story and 2 test cases to Jira")
    expect(export).to_be_visible(timeout=20_000)
    export.click()

    expect(person.locator("#run-summary")).to_have_text("All 4 items are in Jira.", timeout=30_000)
    expect(person.locator("#item-TC-8")).to_contain_text("Created")
    expect(person.locator("#item-TC-8")).to_contain_text("US-3")
    key = next(one["key"] for one in sandbox.issues() if one["fields"]["summary"] == "A refused card")
    person.goto("/p/SHOP/tests/TC-8/")
    expect(person.locator("main")).to_contain_text(key)
    person.goto(f"{sandbox.url}/projects/SHOP")
    expect(person.locator("main")).to_contain_text("Guest pays by card")
    person.get_by_role("link", name="A refused card").click()
    expect(person.locator("main")).to_contain_text("It says why")


def test_a_status_moved_in_jira_comes_back_to_the_open_page(
    mapping: ProjectMapping, sandbox: RunningSandbox, person: Page
) -> None:
    person.goto("/p/SHOP/jira/")
    person.get_by_role("button", name="Preview export of everything").click()
    person.get_by_role("button", name="Export 1 epic and 4 stories to Jira").click(timeout=20_000)
    expect(person.locator("#run-summary")).to_be_visible(timeout=30_000)
    ticket = ExportedTicket.objects.get(story_key="US-2")
    before = Story.objects.get(key="US-2").status
    person.goto("/p/SHOP/stories/")
    expect(person.locator("[data-live-state]")).to_have_text("Live")
    person.evaluate("window.sameDocument = true")

    ways = sandbox.call("GET", f"issue/{ticket.issue_key}/transitions").json()["transitions"]
    begun = next(way["id"] for way in ways if way["to"]["name"] == "In Progress")
    moved = sandbox.call("POST", f"issue/{ticket.issue_key}/transitions", json={"transition": {"id": begun}})
    assert moved.status_code == 204
    elsewhere(lambda: tasks.poll_connection(JiraConnection.objects.get().pk))

    expect(person.locator("#row-US-2")).to_contain_text("In progress", timeout=10_000)
    assert before != Story.objects.get(key="US-2").status == "in_progress"
    assert person.evaluate("window.sameDocument") is True
