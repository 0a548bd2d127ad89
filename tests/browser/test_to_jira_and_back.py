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
from tests.jira_rows import a_backlog, a_person, a_story, an_epic
from tests.jira_site import connect
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
