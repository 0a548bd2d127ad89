"""Every page of the site, in every state there is: axe in both themes and two widths, no sideways scrolling, targets
large enough, nothing inline that the content policy would forbid, no error in the console.

The pages are counted against the URL confs: a page without an entry in every_state.py makes a test here fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page, Route

from stories_qa.views import errors
from tests.browser.conftest import HEIGHT, OpenPage
from tests.browser.every_state import World, a_world, every_page
from tests.browser.journey import elsewhere, let_in
from tests.sandbox_server import RunningSandbox, running_sandbox

# Addresses that answer no page: what they are instead.
NO_PAGE = {
    "home": "leads to the first project",
    "login": "looked at by itself below",
    "logout": "a form posts to it",
    "theme": "a form posts to it",
    "stories_qa:selection": "a form posts to it",
    "stories_qa:comment_new": "a form posts to it",
    "jira_integration:delivery_again": "a form posts to it",
    "jira_integration:comment_send": "a form posts to it",
    "jira_integration:comment_choose": "a form posts to it",
    "jira_integration:setup_comments": "a form posts to it",
    "jira_integration:setup_find": "a piece of a page",
    "jira_integration:mapping_use_again": "a form posts to it",
    "jira_integration:check_now": "a form posts to it",
    "jira_integration:news": "pieces of pages",
    "jira_integration:ticket_look": "a form posts to it",
    "jira_integration:ticket_again": "a form posts to it",
    "jira_integration:ticket_unlink": "a form posts to it",
    "jira_integration:plan_create": "a form posts to it",
    "jira_integration:plan_live": "a piece of a page",
    "jira_integration:plan_export": "a form posts to it",
    "jira_integration:plan_refresh": "a form posts to it",
    "jira_integration:plan_discard": "a form posts to it",
    "jira_integration:plan_csv": "a file",
    "stories_qa:test_cases_csv": "a file",
    "jira_integration:doctor_run": "a form posts to it",
    "jira_integration:doctor_bundle": "a file",
    "jira_integration:audit_csv": "a file",
    "jira_integration:run_live": "pieces of a page",
    "jira_integration:run_stop": "a form posts to it",
    "jira_integration:run_pause": "a form posts to it",
    "jira_integration:run_move": "a form posts to it",
    "jira_integration:run_continue": "a form posts to it",
    "jira_integration:run_retry": "a form posts to it",
    "jira_integration:run_item_retry": "a form posts to it",
    "jira_integration:run_csv": "a file",
    "jira_integration:oauth_start": "leads to Atlassian",
    "jira_integration:oauth_callback": "Atlassian leads to it, and it leads on",
    "jira_integration:oauth_sites": "needs a consent that is under way",
    "jira_integration:webhook": "Jira posts to it",
    "jira_integration:webhook_live": "a piece of a page",
}
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
SMALLEST_TARGET = 24  # CSS pixels, WCAG 2.5.8
TOO_SMALL = """(least) => [...document.querySelectorAll("a[href],button,input,select,summary,textarea")]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && one.type !== "hidden")
  .filter((one) => !one.closest(".vh,.skip"))
  .filter((one) => !(one.matches("p a, li a.inline, .prose a") && !one.matches(".btn")))
  .filter((one) => {
    const shape = (one.closest("label") || one).getBoundingClientRect();
    return shape.width > 0 && (shape.width < least || shape.height < least);
  })
  .map((one) => `${one.outerHTML.slice(0, 120)} ${JSON.stringify(one.getBoundingClientRect())}`)"""
LOOKS = [("light", 1280), ("dark", 1280), ("dark", 390), ("light", 390)]
NARROWEST = 320


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def world(live_site: str, sandbox: RunningSandbox) -> World:
    made: World = elsewhere(lambda: a_world(sandbox))
    return made


def names_of(patterns: list[URLPattern | URLResolver], space: str = "") -> set[str]:
    """Every URL name below these, with its namespace; the admin site's are its own."""
    found: set[str] = set()
    for one in patterns:
        if isinstance(one, URLPattern):
            found.add(f"{space}{one.name}")
        elif one.namespace != "admin":
            found |= names_of(one.url_patterns, f"{one.namespace}:" if one.namespace else space)
    return found


class Inline(HTMLParser):
    """Collects what a page must not have in it: style attributes, on…= attributes, scripts without a nonce."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if "style" in given or any(name.startswith("on") for name in given):
            self.found.append(f"<{tag} {given}>")
        if tag in ("script", "style") and not given.get("nonce") and not given.get("src"):
            self.found.append(f"<{tag}> without a nonce")


class Eyes:
    """Looks a page over in every look and keeps what is wrong with it."""

    def __init__(self, page: Page) -> None:
        self.page, self.axe = page, Axe()
        self.wrong: list[str] = []  # "address: what"
        self.said: list[str] = []
        page.on("console", lambda line: self.said.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def look_at(self, address: str, *, status: int = 200) -> None:
        self.said.clear()
        page, found = self.page, []
        page.set_viewport_size({"width": 1280, "height": HEIGHT})
        answer = page.goto(address)
        assert answer is not None
        if answer.status != status:
            found.append(f"answers {answer.status}")
        inline = Inline()
        inline.feed(answer.text())
        found += inline.found
        for theme, width in LOOKS:
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": HEIGHT})
            where = f"{theme} {width}"
            found += [f"{where}: {line}" for line in self._axe()]
            if theme == "light":
                found += [f"{where}: too small {one}" for one in page.evaluate(TOO_SMALL, SMALLEST_TARGET)]
        page.set_viewport_size({"width": NARROWEST, "height": HEIGHT})
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            found.append(f"scrolls {over} px sideways at {NARROWEST}")
        found += [line for line in self.said if not (status != 200 and f"status of {status}" in line)]
        self.wrong += [f"{address}: {line}" for line in found]

    def _axe(self) -> list[str]:
        violations = self.axe.run(self.page, options=RULES).response["violations"]
        return [f"{one['id']} at {node['target']}" for one in violations for node in one["nodes"][:3]]


def nothing_wrong(*looked: Eyes) -> None:
    lines = [line for eyes in looked for line in eyes.wrong]
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)


@pytest.fixture
def eyes(world: World, page: Page, live_site: str) -> Eyes:
    let_in(page, get_user_model().objects.get(username="ana"), live_site)
    return Eyes(page)


def test_every_address_of_the_site_is_looked_at_or_is_no_page(world: World) -> None:
    known = set(every_page(world)) | set(NO_PAGE)

    assert names_of(get_resolver().url_patterns) == known


@pytest.mark.parametrize("part", ["stories_qa", "plans", "runs", "conflicts", "setup", "rest"])
def test_every_page_is_sound_in_every_look(part: str, world: World, eyes: Eyes) -> None:
    parts = {
        "jira_integration:plan": "plans",
        "jira_integration:run": "runs",
        "jira_integration:conflicts": "conflicts",
        "jira_integration:conflict": "conflicts",
        "jira_integration:conflicts_preview": "conflicts",
        "jira_integration:runs": "runs",
        "jira_integration:run_create": "runs",
        "jira_integration:run_item_create": "runs",
        "jira_integration:setup_step": "setup",
        "jira_integration:setup_trial": "setup",
        "jira_integration:mapping_versions": "setup",
        "jira_integration:mapping_copy": "setup",
        "jira_integration:connection_new": "setup",
        "jira_integration:connections": "setup",
    }
    pages = every_page(world)
    mine = [
        name for name in pages if parts.get(name, "stories_qa" if name.startswith("stories_qa") else "rest") == part
    ]
    assert mine

    for name in mine:
        for address in pages[name]:
            eyes.look_at(address)

    nothing_wrong(eyes)


def test_pages_that_refuse_are_sound_in_every_look(world: World, live_site: str, open_page: OpenPage) -> None:
    people = get_user_model().objects
    stranger, viewer, nobody = open_page(), open_page(), open_page()
    let_in(viewer, people.get(username="vic"), live_site)
    let_in(nobody, people.get(username="nobody"), live_site)
    signing_in, looking, projectless = Eyes(stranger), Eyes(viewer), Eyes(nobody)
    request = RequestFactory().get("/")
    request.user = people.get(username="ana")  # type: ignore[attr-defined]
    request.resolver_match = None
    broken = {
        "400": errors.bad_request(request, ValueError()),
        "403": errors.forbidden(request, ValueError()),
        "500": errors.server_error(request),
    }

    def play(route: Route) -> None:
        code = route.request.url.rstrip("/").rpartition("/")[2]
        route.fulfill(status=int(code), body=broken[code].content, content_type="text/html; charset=utf-8")

    viewer.route("**/broken/*/", play)

    signing_in.look_at("/sign-in/")
    looking.look_at("/p/SHOP/stories/new/", status=403)
    looking.look_at("/jira/connections/", status=403)
    looking.look_at("/p/SHOP/stories/")
    looking.look_at(f"/p/SHOP/jira/plans/{world.plans['ready'].pk}/")
    looking.look_at(f"/p/SHOP/jira/runs/{world.runs['partly_done'].pk}/")
    looking.look_at("/p/NEW/stories/", status=404)
    looking.look_at("/nowhere/", status=404)
    for code in broken:
        looking.look_at(f"/broken/{code}/", status=int(code))
    projectless.look_at("/")

    nothing_wrong(signing_in, looking, projectless)
