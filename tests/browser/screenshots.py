"""Pictures of the running product for README and docs: `make screenshots` writes docs/images/*.png.

It starts the whole local profile in a folder of its own, walks the circle as a person does and stops everything again.
Each picture comes light and dark.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from config.supervisor.profile import CHECKOUT
from tests.browser.chromium import NONE_FOUND, find_chromium
from tests.browser.journey import SLOW, STORIES, arrive, connect_in_the_wizard, sign_in
from tests.sandbox_server import RunningSandbox
from tests.supervisor.running import supervisor

IMAGES = CHECKOUT / "docs" / "images"
WIDTH, HEIGHT = 1280, 800


def shoot(page: Page, name: str) -> None:
    """The page as it stands, in both themes; the pointer is put out of the way first."""
    page.mouse.move(WIDTH - 1, HEIGHT - 1)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.screenshot(path=IMAGES / f"{name}-{theme}.png")


def export_two_epics(page: Page) -> None:
    """Two of the three go to Jira; the picture is of the finished run."""
    for epic in ("Guest checkout", "Search that forgives"):
        page.get_by_role("checkbox", name=re.compile(f"stories in {epic}$")).click()
    page.get_by_role("button", name="Preview export of 16").click()
    page.get_by_role("button", name=re.compile("^Export .* to Jira$")).click(timeout=SLOW)
    expect(page.locator("#run-summary")).to_be_visible(timeout=SLOW)
    shoot(page, "run")


def change_both_sides(page: Page, sandbox: str) -> None:
    """A story edited here, an issue moved there."""
    page.goto(f"{STORIES}US-142/")
    page.get_by_role("link", name="Edit title and description").click()
    page.get_by_label("Title").fill("Guest can pay without making an account first")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#sync-US-142")).to_contain_text("Changed here")
    shoot(page, "story")
    page.goto(f"{STORIES}US-143/")
    issue = page.locator("#jira-panel [data-sync] a.key").inner_text()
    page.goto(f"{sandbox}/browse/{issue}")
    page.get_by_label(f"Move {issue} to").select_option(label="In Progress")
    page.get_by_role("button", name="Move").click()
    page.goto(f"{STORIES}US-143/")
    expect(page.locator("#section-properties")).to_contain_text("In progress", timeout=SLOW)


def walk(page: Page, sandbox: str) -> None:
    sign_in(page)
    connect_in_the_wizard(page, RunningSandbox(sandbox))
    export_two_epics(page)
    change_both_sides(page, sandbox)
    page.goto(STORIES)
    expect(page.locator("[data-live-state]")).to_have_text("Live")
    shoot(page, "stories")
    page.goto("/p/SHOP/jira/")
    page.get_by_role("button", name="Preview export of everything").click()
    expect(page.get_by_role("button", name=re.compile("^Export .* to Jira$"))).to_be_visible(timeout=SLOW)
    shoot(page, "preview")
    page.goto("/jira/connections/")
    page.locator("#main").get_by_role("link", name="Storefront").click()
    page.get_by_role("link", name="Change Fields").click()
    arrive(page, "Fields")
    shoot(page, "mapping")


def main() -> None:
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit(NONE_FOUND)
    IMAGES.mkdir(parents=True, exist_ok=True)
    root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's own sandbox refuses root
    with (
        tempfile.TemporaryDirectory(prefix="stories-qa-pictures-") as folder,
        supervisor(Path(folder) / "var", PORT="8000", SANDBOX_PORT="8001") as run,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--disable-gpu", *root])
        page = browser.new_page(
            base_url=run.address, viewport={"width": WIDTH, "height": HEIGHT}, locale="en-GB", timezone_id="UTC"
        )
        walk(page, run.sandbox_address)
        browser.close()
    sys.stdout.write(f"{len(list(IMAGES.glob('*.png')))} pictures in {IMAGES.relative_to(CHECKOUT)}\n")


if __name__ == "__main__":
    main()
