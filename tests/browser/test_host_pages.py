"""What test_every_page does not look at: open and refused forms, text twice as large, focus under a bar, motion."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from stories_qa.models import BacklogUpload
from tests.browser.conftest import OpenPage
from tests.browser.shop import backlog, sign_in

PAGES = [
    "/p/SHOP/stories/",
    "/p/SHOP/stories/?q=zzz",
    "/p/SHOP/stories/new/",
    "/p/SHOP/stories/US-2/",
    "/p/SHOP/stories/US-2/edit/text/",
    "/p/SHOP/stories/US-2/edit/criteria/",
    "/p/SHOP/stories/US-2/edit/properties/",
    "/p/SHOP/stories/US-2/delete/",
    "/p/SHOP/epics/",
    "/p/SHOP/epics/new/",
    "/p/SHOP/epics/EP-1/",
    "/p/SHOP/tests/",
    "/p/SHOP/tests/new/",
    "/p/SHOP/tests/TC-64/",
    "/p/SHOP/tests/TC-64/edit/",
    "/p/SHOP/import/",
    "/p/SHOP/people/",
    "/p/SHOP/settings/",
    "/projects/new/",
    "/password/",
    "/nowhere/",
]
HIDDEN_FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body || at.closest(".top,.side,.float,.bar,.skip")) return "";
  const shape = at.getBoundingClientRect();
  if (!shape.width) return "";
  const spots = [[.5, .5], [.1, .5], [.9, .5], [.5, .15], [.5, .85]];
  const seen = spots.some(([x, y]) => {
    const top = document.elementFromPoint(shape.left + shape.width * x, shape.top + shape.height * y);
    return top && (at.contains(top) || top.contains(at));
  });
  return seen ? "" : at.outerHTML.slice(0, 120);
}"""


def test_axe_finds_nothing_where_something_is_open_or_wrong(
    page_in_each_look: Page, axe_violations: Callable[[Page], list[str]]
) -> None:
    project = backlog()
    row = {"kind": "story", "line": 1, "key": "", "title": "Pay", "change": "new", "epic": "", "fields": []}
    problem = {"line": 2, "reason": "It has no title.", "code": "x", "kept": False}
    report = {"stories": 1, "new": 1, "rows": [row], "problems": [problem, problem | {"kept": True}]}
    made = {
        state: BacklogUpload.objects.create(
            project=project,
            file="x",
            file_name=f"{state}.txt",
            state=state,
            report=report | {"error": "Not a backlog."},
        )
        for state in ("reading", "ready", "done", "failed")
    }
    page, found = page_in_each_look, {}
    sign_in(page)
    page.locator("input[name=story]").first.click()
    page.locator(".float").wait_for()
    found["bar"] = axe_violations(page)
    page.keyboard.press("?")
    found["keys"] = axe_violations(page)
    page.goto("/p/SHOP/stories/new/")
    page.get_by_role("button", name="Create story").click()
    page.locator("[data-error-summary]").wait_for()
    found["error"] = axe_violations(page)
    for state, upload in made.items():
        page.goto(f"/p/SHOP/import/{upload.uid}/")
        found[state] = axe_violations(page)
    page.goto("/p/SHOP/people/")
    page.get_by_role("button", name="Add to the project").click()
    page.locator("[data-error-summary]").wait_for()
    found["people"] = axe_violations(page)
    page.locator(".account > summary").click()
    found["account"] = axe_violations(page)

    assert {where: lines for where, lines in found.items() if lines} == {}


def test_no_page_scrolls_sideways_at_320_pixels_or_with_text_twice_as_large(
    live_site: str, open_page: OpenPage
) -> None:
    project = backlog()
    project.storys.filter(key="US-2").update(title="W" * 400, description="https://example.test/" + "x" * 300)
    project.storys.filter(key="US-3").update(labels=["l" * 120])
    small, large = open_page(width=320), open_page(width=1280)
    wide = {}
    for page in (small, large):
        sign_in(page)
    for address in PAGES:
        small.goto(address)
        large.goto(address)
        large.evaluate("document.documentElement.style.fontSize = '200%'")
        for name, page in (("320", small), ("200 %", large)):
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                wide[f"{address} at {name}"] = over

    assert wide == {}


def test_focus_is_never_hidden_under_a_bar(live_site: str, open_page: OpenPage) -> None:
    backlog()
    page = open_page()
    sign_in(page)
    page.locator("input[name=story]").first.click()
    page.locator(".float").wait_for()
    hidden = []

    for _step in range(90):
        page.keyboard.press("Tab")
        if at := page.evaluate(HIDDEN_FOCUS):
            hidden.append(at)

    assert hidden == []


def test_nothing_moves_for_who_wants_no_motion(live_site: str, open_page: OpenPage) -> None:
    backlog()
    page = open_page(reduced_motion="reduce")
    sign_in(page)

    assert page.evaluate("document.getAnimations().filter((one) => one.playState === 'running').length") == 0
