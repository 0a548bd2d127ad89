"""The export for who has no scripts, and for who presses twice: every change is a form that works alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from jira_integration.models import ExportRun, ProjectMapping
from stories_qa.models import Project, Role
from tests.browser.conftest import OpenPage
from tests.browser.journey import SLOW, STORIES, elsewhere, let_in
from tests.jira_rows import a_backlog, a_person, a_story
from tests.jira_site import connect
from tests.sandbox_server import RunningSandbox, running_sandbox


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def backlog(live_site: str) -> Project:
    project = a_backlog()
    for number in range(2, 6):
        a_story(project, number, title=f"Guest story {number}", status="ready" if number == 5 else "backlog")
    return project


@pytest.fixture
def mapping(backlog: Project, sandbox: RunningSandbox) -> ProjectMapping:
    found: ProjectMapping = elsewhere(lambda: connect(backlog, sandbox))
    return found


@pytest.fixture
def plain(backlog: Project, live_site: str, open_page: OpenPage) -> Page:
    return let_in(open_page(java_script_enabled=False), a_person("ana", backlog, Role.EXPORTER), live_site)


def until(page: Page, words: str) -> None:
    """Load again until the page says it, as <meta http-equiv=refresh> does."""
    for _try in range(30):
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"{words} did not come")


def test_list_filter_select_preview_export_and_retry_work_without_scripts(
    mapping: ProjectMapping, sandbox: RunningSandbox, plain: Page
) -> None:
    elements = [
        {"status": 400, "failedElementNumber": place, "elementErrors": {"errors": {"summary": "Not today."}}}
        for place in range(2)
    ]
    body = {"issues": [], "errors": elements}
    sandbox.faults({"method": "POST", "path": ".*/issue/bulk", "nth": 1, "kind": "status", "status": 400, "body": body})
    plain.goto(STORIES)
    plain.get_by_label("Status", exact=True).select_option("Backlog")
    plain.get_by_role("button", name="Show", exact=True).click()
    expect(plain.locator("#story-rows tr[id]")).to_have_count(3)
    for key in ("US-2", "US-3"):
        plain.get_by_role("checkbox", name=re.compile(f"^Select {key} ")).check()
    plain.get_by_role("button", name="Remember the ticked ones").click()
    plain.get_by_role("button", name="Preview export of 2").click()
    expect(plain.locator("meta[http-equiv=refresh]").or_(plain.locator("#plan-items")).first).to_be_attached()
    until(plain, "Planned changes")
    assert sandbox.write_requests() == []

    plain.get_by_role("button", name="Export 2 stories to Jira").click()

    expect(plain).to_have_url(re.compile(r"/jira/runs/\d+/$"))
    until(plain, "Retry 2")
    expect(plain.locator("#item-US-2 .badge")).to_have_text("Failed")
    assert sandbox.issues() == []
    plain.get_by_role("button", name=re.compile("^Retry 2")).click()
    until(plain, "All 2 items are in Jira.")
    plain.goto(STORIES)
    for key in ("US-2", "US-3"):
        expect(plain.locator(f"#sync-{key}")).to_contain_text("In sync")
    expect(plain.get_by_role("region", name="Selected stories")).to_have_count(0)


def test_a_double_click_on_export_makes_one_run_and_no_second_issue(
    mapping: ProjectMapping, sandbox: RunningSandbox, backlog: Project, live_site: str, page: Page
) -> None:
    let_in(page, a_person("mira", backlog, Role.EXPORTER), live_site)
    page.goto("/p/SHOP/jira/")
    page.get_by_role("button", name="Preview export of everything").click()
    export = page.get_by_role("button", name="Export 4 stories to Jira")
    expect(export).to_be_visible(timeout=SLOW)

    export.dblclick()

    expect(page.locator("#run-summary")).to_have_text("All 4 items are in Jira.", timeout=SLOW)
    assert ExportRun.objects.count() == 1
    assert len(sandbox.issues()) == 4
