"""A required cascade and a map of priorities: seen in a real story, broken, blocked, mended, tried, exported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from jira_integration.models import ExportedTicket, ProjectMapping
from jira_integration.sandbox.model import CUSTOM, FieldDef, OnScreen, Option, Site
from jira_integration.sandbox.settings import BOT_ACCOUNT
from stories_qa.models import Project
from tests.browser.journey import SLOW
from tests.browser.test_setup import arrive, backlog, sign_in, sign_in_to_jira
from tests.sandbox_server import RunningSandbox, running_sandbox

__all__ = ["backlog"]  # the fixture
STORY = "10011"
AREA = FieldDef(
    "customfield_10900",
    "Area",
    "cascade",
    {"type": "option-with-child", "custom": f"{CUSTOM}:cascadingselect", "customId": 10900},
    options=(
        Option("109001", "Web", (Option("109002", "Checkout"), Option("109003", "Search"))),
        Option("109004", "App", (Option("109005", "iOS"),)),
    ),
)
MANY = FieldDef(
    "customfield_10901",
    "Country",
    "option",
    {"type": "option", "custom": f"{CUSTOM}:select", "customId": 10901},
    options=tuple(Option(str(20_000 + number), f"Country {number}") for number in range(3_000)),
)


def with_an_area(site: Site) -> None:
    """Stories of SHOP need an area, and have a select with 3,000 values."""
    project = site.projects["10000"]
    screen = (*project.screens[STORY], OnScreen(AREA.id, required=True), OnScreen(MANY.id))
    site.fields |= {AREA.id: AREA, MANY.id: MANY}
    site.projects["10000"] = replace(project, screens={**project.screens, STORY: screen})


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[RunningSandbox]:
    with running_sandbox(with_an_area) as running:
        settings.SANDBOX_URL = running.url
        yield running


@pytest.fixture
def at_fields(page: Page, backlog: Project, sandbox: RunningSandbox) -> Page:
    sign_in(page)
    page.get_by_label("Address of your Jira").fill(sandbox.url)
    page.keyboard.press("Enter")
    arrive(page, "Sign-in")
    sign_in_to_jira(page, sandbox)
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("link", name=re.compile("Storefront company")).click()
    page.get_by_role("button", name="Save and continue to fields").click()
    arrive(page, "Fields")
    return page


def test_a_cascade_and_priorities_are_mapped_broken_mended_tried_and_exported(
    at_fields: Page, sandbox: RunningSandbox
) -> None:
    page = at_fields
    state = page.locator("#example-state")
    expect(state).to_contain_text("Example: US-142 would be blocked")
    state.get_by_role("link", name="Map Area").click()
    expect(page.get_by_label("How to fill Area")).to_be_focused()
    page.get_by_label("How to fill Area").select_option(label="The same for every item (choose it below)")
    page.get_by_label("Value of Area", exact=True).select_option(label="Web")
    second = page.get_by_label("Value of Area: second list")
    expect(second.locator("option", has_text="iOS")).to_have_count(0)
    second.select_option(label="Search")
    expect(page.get_by_text("Always “Web › Search”")).to_be_visible()
    expect(state).to_contain_text("Example: US-142 can go to Jira")

    page.get_by_label("Urgent", exact=True).select_option(label="Low")
    expect(page.get_by_text("Urgent → Low")).to_be_visible()
    page.get_by_label("Urgent", exact=True).select_option(label="Choose…")
    expect(state).to_contain_text("Example: US-142 would be blocked")
    expect(page.get_by_text("3 of 4 values mapped")).to_be_visible()
    page.get_by_role("button", name="Save and continue to statuses").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    assert ProjectMapping.objects.get().fields.count() == 0

    page.locator("#example-state").get_by_role("link", name=re.compile("^Map")).click()
    page.get_by_label("Urgent", exact=True).select_option(label="Highest")
    expect(page.get_by_text("Urgent → Highest")).to_be_visible()
    page.get_by_role("button", name="Save and continue to statuses").click()
    arrive(page, "Statuses")
    page.get_by_role("button", name="Save and continue to webhook").click()
    arrive(page, "Webhook")
    page.get_by_role("button", name="Skip this and continue to review").click()
    arrive(page, "Review and turn on")

    page.get_by_role("link", name="Try one story").click()
    arrive(page, "Try it with one story")
    page.get_by_role("button", name="Preview this story").click()
    expect(page.get_by_text("This would be sent, and nothing else")).to_be_visible(timeout=SLOW)
    assert sandbox.issues() == []
    page.get_by_role("button", name="Export US-142 to Jira").click()
    expect(page.get_by_role("button", name="Take it back")).to_be_visible(timeout=SLOW)
    area = page.get_by_role("row", name=re.compile("^Area"))
    expect(area).to_contain_text("Web › Search")
    expect(area).to_contain_text("as sent")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("US-142 was taken back")).to_be_visible(timeout=SLOW)
    assert sandbox.issues() == []
    assert not ExportedTicket.objects.filter(unlinked_at=None).exists()

    page.get_by_role("link", name="Back to the review").click()
    page.get_by_role("button", name="Turn on Jira for this backlog").click()
    page.wait_for_url("**/p/SHOP/stories/")
    page.goto("/p/SHOP/stories/US-142/")
    page.get_by_role("button", name=re.compile("Preview")).first.click()
    page.get_by_role("button", name=re.compile("Export .* to Jira")).click(timeout=SLOW)
    expect(page.get_by_text(re.compile("SHOP-\\d+")).first).to_be_visible(timeout=SLOW)
    expect(page.locator("#run-head")).to_contain_text(re.compile("Done"), timeout=SLOW)
    story = next(one for one in sandbox.issues() if one["fields"]["issuetype"]["id"] == STORY)
    sent = sandbox.call("GET", f"issue/{story['key']}").json()["fields"]
    assert (sent[AREA.id]["value"], sent[AREA.id]["child"]["value"]) == ("Web", "Search")
    assert sent["priority"]["name"] == "Highest"
    assert sent["creator"]["accountId"] == BOT_ACCOUNT


def test_a_long_list_is_searched_with_the_keyboard(at_fields: Page) -> None:
    page = at_fields
    page.get_by_label("Another Jira field to fill").select_option(label="Country")
    page.get_by_role("button", name="Add a field").click()
    page.get_by_label("How to fill Country").select_option(label="The same for every item (choose it below)")
    assert page.locator("option", has_text="Country 29").count() == 0
    search = page.get_by_role("combobox", name="Search: Value of Country")
    search.press_sequentially("2999")
    expect(search).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("option", name="Country 2999")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(search).to_have_attribute("aria-activedescendant", re.compile("^lb-"))
    page.keyboard.press("Enter")

    expect(page.get_by_label("Value of Country", exact=True)).to_have_value("22999")
    expect(page.get_by_text("Always “Country 2999”")).to_be_visible()
