"""The way from the sign-in to a connected backlog, as a person clicks it."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from playwright.sync_api import Page, expect

from tests.sandbox_server import RunningSandbox

if TYPE_CHECKING:  # the screenshots walk the same way with no models at hand
    from stories_qa.models import Project

STORIES = "/p/SHOP/stories/"
SLOW = 30_000  # milliseconds; for what a worker or Jira has a part in


def elsewhere(work: Callable[[], Any]) -> Any:
    """Do it in another thread, as a worker does: the tests' own has Playwright's event loop in it."""

    def with_own_connection() -> Any:
        try:
            return work()
        finally:
            database.close()

    with ThreadPoolExecutor(1) as worker:
        return worker.submit(with_own_connection).result(timeout=60)


def seeded() -> Project:
    """The backlog that `make run` starts with: 3 epics, 24 stories; "demo" is its admin."""
    elsewhere(lambda: call_command("seed_demo"))
    found: Project = apps.get_model("stories_qa", "Project").objects.get(key="SHOP")
    return found


def let_in(page: Page, user: Any, address: str) -> Page:
    """Give the page's browser a session of this user, without the sign-in form."""
    client = Client()
    client.force_login(user)
    value = client.cookies["stories_qa_session"].value
    page.context.add_cookies([{"name": "stories_qa_session", "value": value, "url": address}])
    return page


def sign_in(page: Page, user: str = "demo", password: str = "demo") -> None:
    page.goto("/")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{STORIES}")


def arrive(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible(timeout=SLOW)


def connect_in_the_wizard(page: Page, sandbox: RunningSandbox) -> None:
    """From the invitation on the list through all seven steps, webhook included, back to the list."""
    page.get_by_role("region", name="Connect Jira").get_by_role("link", name="Connect Jira").click()
    arrive(page, "Jira site")
    page.get_by_role("link", name="Fill in the rehearsal Jira").click()
    page.get_by_role("button", name="Save and continue to sign-in").click()
    arrive(page, "Sign-in")
    page.get_by_label("E-mail of the account").fill(sandbox.user)
    page.get_by_role("textbox", name="API token").fill(sandbox.token)
    page.get_by_role("button", name="Save and continue to project and types").click()
    arrive(page, "Project and types")
    page.get_by_role("link", name=re.compile("Storefront company")).click()
    page.get_by_role("button", name="Save and continue to fields").click()
    arrive(page, "Fields")
    page.get_by_role("button", name="Save and continue to statuses").click()
    arrive(page, "Statuses")
    page.get_by_role("button", name="Save and continue to webhook").click()
    arrive(page, "Webhook")
    page.get_by_role("button", name="Create the webhook").click()
    page.get_by_role("button", name="Continue to review and turn on").click()
    arrive(page, "Review and turn on")
    page.get_by_role("button", name="Turn on Jira for this backlog").click()
    page.wait_for_url(f"**{STORIES}*")
