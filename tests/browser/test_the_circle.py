"""The circle as a person walks it by clicking: sign in, connect, preview, export, and a status that comes back.

Nothing is pretended: the backlog is the one `make run` starts with, the sandbox is a program of its own, its webhook is
signed and sent over HTTP, a worker does the work.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from stories_qa.models import Project, Story
from tests.browser.journey import SLOW, STORIES, connect_in_the_wizard, seeded, sign_in
from tests.sandbox_server import RunningSandbox, running_sandbox

BADGE = "[data-sync] .badge"
UNHURRIED_SECONDS = 120  # from the sign-in to the last badge, on a busy machine


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        settings.SANDBOX_URL = running.url
        yield running


@pytest.fixture
def backlog(live_site: str) -> Project:
    return seeded()


def test_a_backlog_goes_to_jira_and_its_status_comes_back(
    backlog: Project, sandbox: RunningSandbox, page: Page, record_testsuite_property: Callable[[str, object], None]
) -> None:
    wrong: list[str] = []
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    count = backlog.storys.count()
    started = time.monotonic()

    sign_in(page)
    connect_in_the_wizard(page, sandbox)
    page.get_by_role("checkbox", name="Select all stories on this page").click()
    page.get_by_role("button", name=f"Preview export of {count}").click()
    export = page.get_by_role("button", name=f"Export 3 epics and {count} stories to Jira")
    expect(export).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Exactly what stands here is sent")).to_be_visible()
    assert sandbox.issues() == []
    list_page = page.context.new_page()
    list_page.goto(STORIES)
    expect(list_page.locator("[data-live-state]")).to_have_text("Live")
    list_page.evaluate("window.sameDocument = true")
    export.click()
    expect(page.locator("#run-summary")).to_have_text(f"All {count + 3} items are in Jira.", timeout=SLOW)
    expect(list_page.locator(BADGE)).to_have_text(["In sync"] * count, timeout=SLOW)
    seconds = time.monotonic() - started

    record_testsuite_property("seconds_from_sign_in_to_last_badge", round(seconds, 1))
    assert seconds < UNHURRIED_SECONDS
    assert len(sandbox.issues()) == count + 3
    page.goto(STORIES)
    expect(page.get_by_role("region", name="Selected stories")).to_have_count(0)

    story = backlog.storys.filter(status="ready").first()
    assert story is not None
    row = list_page.locator(f"#row-{story.key}")
    issue = row.locator("[data-sync] a.key").inner_text()
    seq = int(row.locator("[data-seq]").get_attribute("data-seq") or 0)
    board = page.context.new_page()
    board.goto(f"{sandbox.url}/projects/SHOP")
    card = board.locator(f"#{issue}")
    card.get_by_label(f"Move {issue} to").select_option(label="In Progress")
    card.get_by_role("button", name="Move").click()
    expect(board.locator("section.column", has_text="In Progress").locator(f"#{issue}")).to_be_visible()

    expect(row.get_by_text("In progress")).to_be_attached(timeout=SLOW)
    expect(row.locator(BADGE)).to_have_text("In sync")
    assert int(row.locator("[data-seq]").get_attribute("data-seq") or 0) > seq
    assert list_page.evaluate("window.sameDocument") is True
    assert Story.objects.get(pk=story.pk).status == "in_progress"
    assert wrong == []


def test_a_story_page_that_is_open_follows_a_move_on_the_board(
    backlog: Project, sandbox: RunningSandbox, page: Page
) -> None:
    story = backlog.storys.filter(status="ready").first()
    assert story is not None
    sign_in(page)
    connect_in_the_wizard(page, sandbox)
    page.goto(f"{STORIES}{story.key}/")
    page.get_by_role("region", name="Jira").get_by_role("button", name="Preview export").click()
    page.get_by_role("button", name=re.compile("^Export .* to Jira$")).click(timeout=SLOW)
    expect(page.locator("#run-summary")).to_be_visible(timeout=SLOW)
    page.goto(f"{STORIES}{story.key}/")
    expect(page.locator("[data-live-state]")).to_have_text("Live")
    page.evaluate("window.sameDocument = true")
    panel = page.locator("#jira-panel")
    issue = panel.locator("[data-sync] a.key").inner_text()

    board = page.context.new_page()
    board.goto(f"{sandbox.url}/browse/{issue}")
    board.get_by_label(f"Move {issue} to").select_option(label="In Progress")
    board.get_by_role("button", name="Move").click()

    expect(panel).to_contain_text("In Progress", timeout=SLOW)
    expect(page.locator("#section-properties")).to_contain_text("In progress", timeout=SLOW)
    assert page.evaluate("window.sameDocument") is True
