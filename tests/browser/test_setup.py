"""The set-up as a person goes through it: with the mouse, with the keyboard, looked at by axe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django import Settings

from jira_integration.models import ProjectMapping
from stories_qa.models import Epic, Membership, Project, Role, Story
from tests.browser.conftest import OpenPage
from tests.sandbox_server import RunningSandbox, running_sandbox


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        settings.SANDBOX_URL = running.url
        yield running


@pytest.fixture
def backlog(live_site: str) -> Project:
    project = Project.objects.create(key="SHOP", name="Storefront")
    mira = User.objects.create_user("mira", "mira@example.test", "pw", first_name="Mira")
    Membership.objects.create(project=project, user=mira, role=Role.ADMIN)
    epic = Epic.objects.create(project=project, key="EP-1", title="Checkout")
    Story.objects.create(project=project, key="US-142", title="Guest can pay", priority="urgent", points=5, epic=epic)
    return project


def sign_in(page: Page) -> None:
    page.goto("/sign-in/?next=/jira/connections/new/%3Fproject%3DSHOP")
    page.get_by_label("Username").fill("mira")
    page.get_by_label("Password").fill("pw")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Jira site", level=1)).to_be_visible()


def sign_in_to_jira(page: Page, sandbox: RunningSandbox) -> None:
    page.get_by_label("E-mail of the account").fill(sandbox.user)
    page.get_by_role("textbox", name="API token").fill(sandbox.token)


def arrive(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()


def test_a_person_connects_a_backlog_by_clicking(page: Page, backlog: Project, sandbox: RunningSandbox) -> None:
    sign_in(page)
    page.get_by_role("link", name="Fill in the rehearsal Jira").click()
    expect(page.get_by_label("Address of your Jira")).to_have_value(sandbox.url)
    page.get_by_role("button", name="Save and continue to sign-in").click()
    arrive(page, "Sign-in")
    sign_in_to_jira(page, sandbox)
    page.get_by_role("button", name="Save and continue to project and types").click()
    arrive(page, "Project and types")
    page.get_by_label("Jira project", exact=True).press_sequentially("storef")
    expect(page.get_by_role("link", name=re.compile("Mobile app"))).to_have_count(0)
    page.get_by_role("link", name=re.compile("Storefront company")).click()
    page.get_by_role("button", name="Save and continue to fields").click()
    arrive(page, "Fields")
    page.get_by_role("button", name="Save and continue to statuses").click()
    arrive(page, "Statuses")
    page.get_by_role("button", name="Save and continue to webhook").click()
    arrive(page, "Webhook")
    page.get_by_role("button", name="Create the webhook").click()
    expect(page.get_by_text("Waiting for the first event.")).to_be_visible()

    sandbox.call(
        "POST", "issue", json={"fields": {"project": {"id": "10000"}, "issuetype": {"id": "10011"}, "summary": "Hello"}}
    )

    expect(page.locator("#webhook-state")).to_contain_text("Received", timeout=15_000)
    page.get_by_role("button", name="Continue to review and turn on").click()
    arrive(page, "Review and turn on")
    page.get_by_role("button", name="Turn on Jira for this backlog").click()
    expect(page).to_have_url(re.compile("/p/SHOP/stories/"))
    assert ProjectMapping.objects.get(project_ref=backlog.ref).live


def test_each_step_is_sound_in_every_look(
    page_in_each_look: Page, backlog: Project, sandbox: RunningSandbox, axe_violations: Callable[[Page], list[str]]
) -> None:
    page = page_in_each_look
    save = page.locator("section.bar .primary")

    def sound() -> None:
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    sign_in(page)
    save.click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    sound()
    page.get_by_label("Address of your Jira").fill(sandbox.url)
    save.click()
    arrive(page, "Sign-in")
    sign_in_to_jira(page, sandbox)
    page.get_by_role("button", name="Test sign-in").click()
    expect(page.get_by_text("Jira knows this e-mail and token.")).to_be_visible()
    sound()
    save.click()
    arrive(page, "Project and types")
    page.get_by_role("link", name=re.compile("MOB")).click()
    expect(page.get_by_label("Stories become")).to_be_visible()
    sound()
    save.click()
    arrive(page, "Fields")
    save.click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    sound()
    page.get_by_role("link", name=re.compile("Choose a value or a field for Team")).click()
    expect(page.get_by_label("How to fill Team")).to_be_focused()
    page.get_by_label("How to fill Team").select_option(label="Checkout")
    expect(page.get_by_text("Always “Checkout”")).to_be_visible()
    save.click()
    arrive(page, "Statuses")
    sound()
    save.click()
    arrive(page, "Webhook")
    sound()
    save.click()
    arrive(page, "Review and turn on")
    sound()
    page.goto("/jira/connections/?project=SHOP")
    sound()


def test_a_choice_shows_what_it_means_at_once_and_keeps_the_focus(
    page: Page, backlog: Project, sandbox: RunningSandbox
) -> None:
    sign_in(page)
    page.get_by_label("Address of your Jira").fill(sandbox.url)
    page.keyboard.press("Enter")
    arrive(page, "Sign-in")
    sign_in_to_jira(page, sandbox)
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("link", name=re.compile("SHOP")).click()
    page.get_by_role("button", name="Save and continue to fields").click()
    arrive(page, "Fields")

    page.get_by_label("Story points", exact=True).focus()
    page.get_by_label("Story points", exact=True).select_option(label="Effort")
    expect(page.get_by_text("customfield_10040 · number")).to_be_visible()
    expect(page.get_by_label("Story points", exact=True)).to_be_focused()

    direction = page.get_by_role("group", name="Direction of Story points")
    direction.get_by_role("radio", name="Keep both in step").focus()
    page.keyboard.press("ArrowLeft")
    expect(direction.get_by_role("radio", name="Send to Jira only")).to_be_checked()
    expect(direction.get_by_role("radio", name="Send to Jira only")).to_be_focused()

    page.get_by_label("Priority", exact=True).select_option(label="Severity")
    expect(page.get_by_text("3 of 4 values mapped")).to_be_visible()


def test_without_scripts_a_search_and_a_look_at_an_example_still_work(
    open_page: OpenPage, backlog: Project, sandbox: RunningSandbox
) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page)
    page.get_by_label("Address of your Jira").fill(sandbox.url)
    page.get_by_role("button", name="Save and continue").click()
    sign_in_to_jira(page, sandbox)
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_label("Jira project", exact=True).fill("storef")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=re.compile("SHOP")).click()
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_label("Story points", exact=True).select_option(label="Effort")
    page.get_by_role("button", name="Show", exact=True).click()

    expect(page.get_by_text("customfield_10040 · number")).to_be_visible()
    assert ProjectMapping.objects.get().fields.count() == 0
