"""Both sides edit, and somebody decides; an issue is deleted, and somebody decides. Jira's side is the sandbox's
own web face, the news come by its webhook."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from stories_qa.models import Project, Story
from tests.browser.journey import SLOW, STORIES, connect_in_the_wizard, seeded, sign_in
from tests.sandbox_server import RunningSandbox, running_sandbox


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        settings.SANDBOX_URL = running.url
        yield running


@pytest.fixture
def backlog(live_site: str) -> Project:
    return seeded()


@pytest.fixture
def story(backlog: Project, sandbox: RunningSandbox, page: Page) -> Story:
    """A story in Jira, whose page stands open."""
    story = backlog.storys.filter(status="ready").first()
    assert story is not None
    sign_in(page)
    connect_in_the_wizard(page, sandbox)
    page.goto(f"{STORIES}{story.key}/")
    export_from(page)
    page.goto(f"{STORIES}{story.key}/")
    expect(page.locator("[data-live-state]")).to_have_text("Live")
    return story


def export_from(page: Page) -> None:
    panel(page).get_by_role("button", name="Preview export").click()
    page.get_by_role("button", name=re.compile("^Export .* to Jira$")).click(timeout=SLOW)
    expect(page.locator("#run-summary")).to_be_visible(timeout=SLOW)


def panel(page: Page) -> Locator:
    return page.locator("#jira-panel")


def issue_page(page: Page, sandbox: RunningSandbox) -> Page:
    """The issue in Jira, in another tab."""
    other = page.context.new_page()
    other.goto(f"{sandbox.url}/browse/{panel(page).locator('[data-sync] a.key').inner_text()}")
    return other


def rename_in_jira(issue: Page, title: str) -> None:
    issue.locator("summary", has_text="Edit").click()
    issue.get_by_label("Summary").fill(title)
    issue.get_by_role("button", name="Save", exact=True).click()
    expect(issue.get_by_role("heading", level=1)).to_have_text(title)


def summary_in_jira(sandbox: RunningSandbox, key: str) -> str:
    return str(sandbox.call("GET", f"issue/{key}").json()["fields"]["summary"])


def test_both_sides_edit_the_title_and_one_choice_makes_them_equal(
    story: Story, sandbox: RunningSandbox, page: Page
) -> None:
    issue = issue_page(page, sandbox)
    key = panel(page).locator("[data-sync] a.key").inner_text()
    page.get_by_role("link", name=re.compile("Edit.*title")).click()
    page.get_by_label("Title").fill("Ours is this")
    page.locator("#section-text").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ours is this")

    rename_in_jira(issue, "Jonas calls it that")

    expect(panel(page).get_by_role("link", name="Settle the conflict")).to_be_visible(timeout=SLOW)
    expect(page.locator(".sidenav .js-conflicts")).to_contain_text("1")
    panel(page).get_by_role("link", name="Settle the conflict").click()
    page.get_by_role("button", name="Save and update both sides").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a value for Title")
    page.get_by_role("radio", name="Write a merged version").check()
    page.get_by_label("Merged Title").fill("Ours is this, and Jonas agrees")
    expect(page.get_by_text("After saving, both sides read what stands in the box.")).to_be_visible()
    page.get_by_role("button", name="Save and update both sides").click()

    expect(page.get_by_text("No conflict is left.")).to_be_visible(timeout=SLOW)
    page.goto(f"{STORIES}{story.key}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ours is this, and Jonas agrees")
    expect(panel(page).locator(".badge")).to_have_text("In sync", timeout=SLOW)
    assert summary_in_jira(sandbox, key) == "Ours is this, and Jonas agrees"


def test_a_change_in_jira_shows_at_once_and_does_not_touch_what_is_being_written(
    story: Story, sandbox: RunningSandbox, page: Page
) -> None:
    issue = issue_page(page, sandbox)
    page.evaluate("window.sameDocument = true")
    rename_in_jira(issue, "Renamed while nobody writes")
    expect(page.get_by_role("heading", level=1)).to_have_text("Renamed while nobody writes", timeout=SLOW)
    page.get_by_role("link", name=re.compile("Edit.*title")).click()
    page.get_by_label("Title").fill("What I am writing")

    rename_in_jira(issue, "Renamed while somebody writes")

    expect(page.get_by_text("This changed in Jira while you were writing")).to_be_visible(timeout=SLOW)
    expect(page.get_by_label("Title")).to_have_value("What I am writing")
    assert page.evaluate("window.sameDocument") is True


@pytest.mark.parametrize("way", ["again", "unlink"])
def test_a_deleted_issue_is_missing_and_a_person_decides(
    way: str, story: Story, sandbox: RunningSandbox, page: Page
) -> None:
    issue = issue_page(page, sandbox)
    issue.locator("summary", has_text="Delete…").click()
    issue.get_by_role("button", name=re.compile("^Delete ")).click()

    expect(panel(page).locator(".badge")).to_have_text("Missing in Jira", timeout=SLOW)
    panel(page).get_by_role("button", name="Look again").click()
    expect(page.get_by_text("still missing in Jira")).to_be_visible(timeout=SLOW)
    count = len(sandbox.issues())
    if way == "unlink":
        panel(page).get_by_role("button", name="Unlink").click()
        expect(panel(page).locator(".badge")).to_have_text("Not in Jira", timeout=SLOW)
        assert len(sandbox.issues()) == count
        return
    panel(page).get_by_role("button", name="Create it again").click()
    export = page.get_by_role("button", name=re.compile("^Export .* to Jira$"))
    expect(export).to_be_visible(timeout=SLOW)
    assert len(sandbox.issues()) == count
    export.click()
    expect(page.locator("#run-summary")).to_be_visible(timeout=SLOW)
    page.goto(f"{STORIES}{story.key}/")
    expect(panel(page).locator(".badge")).to_have_text("In sync", timeout=SLOW)
    assert len(sandbox.issues()) > count
