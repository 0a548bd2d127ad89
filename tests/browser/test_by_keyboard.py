"""An export from the list to the finished run with the keyboard alone: no click, no pointer, focus always in sight."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from jira_integration.models import ProjectMapping
from stories_qa.models import Project, Role
from tests.browser.journey import SLOW, STORIES, elsewhere, let_in
from tests.browser.test_host_pages import HIDDEN_FOCUS
from tests.jira_rows import a_backlog, a_person, a_story, an_epic
from tests.jira_site import connect
from tests.sandbox_server import RunningSandbox, running_sandbox

MOST_TABS = 120


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def backlog(live_site: str) -> Project:
    project = a_backlog()
    epic = an_epic(project, 1, title="Guest checkout")
    for number in range(2, 8):
        a_story(project, number, title=f"Guest story {number}", epic=epic)
    return project


@pytest.fixture
def mapping(backlog: Project, sandbox: RunningSandbox) -> ProjectMapping:
    found: ProjectMapping = elsewhere(lambda: connect(backlog, sandbox))
    return found


@pytest.fixture
def person(backlog: Project, live_site: str, page: Page) -> Page:
    return let_in(page, a_person("ana", backlog, Role.EXPORTER), live_site)


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until `wanted` has the focus; every stop on the way is visible and marked."""
    for _step in range(MOST_TABS):
        page.keyboard.press("Tab")
        assert page.evaluate(HIDDEN_FOCUS) == ""
        if wanted.evaluate("element => element === document.activeElement"):
            ring = wanted.evaluate("element => getComputedStyle(element).outlineStyle")
            assert ring != "none", "the focus is not marked"
            return
    raise AssertionError(f"{MOST_TABS} times Tab do not lead to {wanted}")


def test_an_export_needs_no_mouse(mapping: ProjectMapping, sandbox: RunningSandbox, person: Page) -> None:
    person.goto(STORIES)
    bar = person.get_by_role("region", name="Selected stories")

    tab_to(person, person.get_by_role("checkbox", name=re.compile("^Select US-2 ")))
    person.keyboard.press("Space")
    expect(bar).to_contain_text("1 selected")
    tab_to(person, person.get_by_role("link", name="Guest story 2"))
    tab_to(person, person.get_by_role("checkbox", name=re.compile("^Select US-4 ")))
    person.keyboard.press("Shift+Space")
    expect(bar).to_contain_text("3 selected")
    tab_to(person, person.get_by_role("link", name="Guest story 5"))
    person.keyboard.press("x")
    expect(bar).to_contain_text("4 selected")

    tab_to(person, bar.get_by_role("button", name="Preview export of 4"))
    person.keyboard.press("Enter")
    export = person.get_by_role("button", name="Export 1 epic and 4 stories to Jira")
    expect(export).to_be_visible(timeout=SLOW)
    assert sandbox.issues() == []

    strip = person.get_by_role("navigation", name="Filter by planned change")
    tab_to(person, strip.get_by_role("link", name="to create"))
    person.keyboard.press("Enter")
    expect(person).to_have_url(re.compile(r"\?show=create$"))
    closed = person.locator("#plan-US-3 > details > summary")
    tab_to(person, closed)
    person.keyboard.press("Enter")
    expect(person.locator("#plan-US-3")).to_contain_text("Will be set to")
    tab_to(person, export)
    person.keyboard.press("Space")

    expect(person.locator("#run-summary")).to_have_text("All 5 items are in Jira.", timeout=SLOW)
    assert len(sandbox.issues()) == 5
    person.keyboard.press("g")
    person.keyboard.press("s")
    expect(person.get_by_role("heading", level=1)).to_have_text("Stories")
    for key in ("US-2", "US-3", "US-4", "US-5"):
        expect(person.locator(f"#sync-{key}")).to_contain_text("In sync")
    expect(bar).to_have_count(0)
    person.keyboard.press("g")
    person.keyboard.press("r")
    expect(person.get_by_role("heading", level=1)).to_have_text("Export runs")


def test_a_run_is_stopped_with_the_keyboard_while_it_moves(
    mapping: ProjectMapping, sandbox: RunningSandbox, person: Page
) -> None:
    sandbox.control("settings", {"latency_ms": 1500})
    person.goto("/p/SHOP/jira/")
    tab_to(person, person.get_by_role("button", name="Preview export of everything"))
    person.keyboard.press("Enter")
    export = person.get_by_role("button", name=re.compile("^Export .* to Jira$"))
    expect(export).to_be_visible(timeout=SLOW)
    tab_to(person, export)
    person.keyboard.press("Enter")
    stop = person.get_by_role("button", name="Stop")
    expect(stop).to_be_visible(timeout=SLOW)

    tab_to(person, stop)
    person.keyboard.press("Enter")

    expect(person.locator("#run-head .badge")).to_have_text(re.compile("Stopping|Stopped"))
    expect(person.locator("#run-head .badge")).to_have_text("Stopped", timeout=SLOW)
    tab_to(person, person.get_by_role("button", name="Continue with the rest"))
