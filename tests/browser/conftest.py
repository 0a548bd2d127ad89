"""A person at a browser: the live site, pages in both themes and two widths, and axe.

Everything is real: the server, the sockets, the worker, Valkey between them, and Chromium. Only beat is left out:
a test that wants the poll starts its task.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pytest_django import Settings

from tests.browser.chromium import NONE_FOUND, find_chromium
from tests.browser.shop import backlog, sign_in
from tests.browser.site import serving, working
from tests.browser.stage import Stage
from tests.jira_rows import a_mapping

# Playwright's synchronous interface keeps an event loop running in the main thread, and Django then refuses the ORM
# there, in the tests and in pytest-django's own clearing of the tables.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

Theme = Literal["light", "dark"]
HEIGHT = 800  # CSS pixels, as are the widths


@dataclass(frozen=True)
class Look:
    """How a page is looked at; `width` in CSS pixels."""

    theme: Theme
    width: int

    def __str__(self) -> str:
        return f"{self.theme}-{self.width}"


LOOKS = [Look("light", 1280), Look("dark", 1280), Look("light", 390), Look("dark", 390)]
OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """pytest-playwright's own fixture: which browser, and no talk to the outside."""
    chromium = find_chromium()
    if chromium is None:
        pytest.fail(NONE_FOUND)
    quiet = ["--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-gpu"]
    root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's own sandbox refuses root
    return {"executable_path": str(chromium), "args": [*quiet, *root]}


@pytest.fixture
def live_site(transactional_db: None, with_redis: str, settings: Settings) -> Iterator[str]:
    """The site's address, with a real worker behind it; both use this test's database."""
    from config.asgi import application

    with serving(application) as address, working():
        settings.JIRA_PUBLIC_URL = address
        yield address


@pytest.fixture
def browser_context_args(live_site: str) -> dict[str, Any]:
    """pytest-playwright's own fixture: `page` opens the live site, light and 1280 wide."""
    return context_of(Look("light", 1280), live_site)


def context_of(look: Look, address: str) -> dict[str, Any]:
    return {
        "base_url": address,
        "color_scheme": look.theme,
        "viewport": {"width": look.width, "height": HEIGHT},
        "locale": "en-GB",
        "timezone_id": "UTC",
    }


@pytest.fixture
def open_page(browser: Browser, live_site: str) -> Iterator[OpenPage]:
    """`open_page(theme="dark", width=390, **context)`: a page with cookies of its own, as often as wanted.

    `java_script_enabled=False` gives a browser without scripts.
    """
    contexts = []

    def open_one(theme: Theme = "light", width: int = 1280, **context: Any) -> Page:
        made = browser.new_context(**{**context_of(Look(theme, width), live_site), **context})
        contexts.append(made)
        return made.new_page()

    yield open_one
    for made in contexts:
        made.close()


@pytest.fixture(params=LOOKS, ids=str)
def page_in_each_look(request: pytest.FixtureRequest, open_page: OpenPage) -> Page:
    """The test runs four times: light and dark, wide and narrow."""
    look: Look = request.param
    return open_page(theme=look.theme, width=look.width)


@pytest.fixture
def axe_violations() -> Callable[[Page], list[str]]:
    """`axe_violations(page)`: one line for each thing axe finds wrong; [] is what we want."""
    axe = Axe()

    def look_over(page: Page) -> list[str]:
        found = axe.run(page).response["violations"]
        return [
            f"{violation['id']}: {violation['help']} at {node['target']}"
            for violation in found
            for node in violation["nodes"]
        ]

    return look_over


@pytest.fixture
def stage(live_site: str) -> Stage:
    return Stage(live_site)


@pytest.fixture
def person(stage: Stage, page: Page) -> Iterator[Page]:
    """Ana at her browser; whatever the console calls an error fails the test."""
    wrong: list[str] = []
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield stage.sign_in(page)
    assert [line for line in wrong if "WebSocket" not in line] == []


@pytest.fixture
def stories(live_site: str, page: Page) -> Page:
    """The list, open for ana; Jira is connected, so that there is something to export to."""
    a_mapping(backlog())
    sign_in(page)
    return page
