"""What a person does with the list of stories: by mouse, by keyboard, on a phone, without a script."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from stories_qa.models import Story
from tests.browser.conftest import OpenPage
from tests.browser.shop import LIST, STORIES, backlog, bar, box, sign_in
from tests.jira_rows import a_mapping


def test_search_updates_the_list_and_the_address_and_back_restores_both(stories: Page) -> None:
    stories.get_by_label("Search stories").press_sequentially("guest")

    expect(stories.locator("#story-rows tr[id]")).to_have_count(1)
    expect(stories).to_have_url(re.compile(r"\?q=guest$"))
    expect(stories.get_by_label("Search stories")).to_be_focused()
    expect(stories.locator("#announce")).to_have_text("1 story")

    stories.get_by_role("link", name="Pay as a guest").click()
    expect(stories.get_by_role("heading", level=1)).to_have_text("Pay as a guest")
    stories.go_back()

    expect(stories.locator("#story-rows tr[id]")).to_have_count(1)
    expect(stories.get_by_label("Search stories")).to_have_value("guest")


def test_fifty_more_are_added_below_and_can_be_selected(stories: Page) -> None:
    stories.get_by_role("link", name="Show 12 more").click()

    expect(stories.locator("#story-rows tr[id]")).to_have_count(STORIES)
    expect(stories.locator("#announce")).to_have_text("62 of 62 stories shown")
    box(stories, "US-63").click()
    expect(bar(stories)).to_contain_text("1 selected")


def test_the_bar_counts_all_and_clear_empties(stories: Page) -> None:
    expect(bar(stories)).to_have_count(0)

    page_box = stories.get_by_role("checkbox", name="Select all stories on this page")
    box(stories, "US-2").click()
    expect(bar(stories)).to_contain_text("1 selected")
    assert page_box.evaluate("box => box.indeterminate")
    page_box.click()
    expect(bar(stories)).to_contain_text("50 selected")
    stories.get_by_role("button", name="Select all 62").click()
    expect(bar(stories)).to_contain_text("All 62 matching stories selected")
    expect(stories.get_by_role("button", name="Preview export of 62")).to_be_visible()
    stories.reload()
    expect(bar(stories)).to_contain_text("All 62 matching stories selected")
    assert page_box.is_checked()

    stories.get_by_role("button", name="Clear selection").click()

    expect(bar(stories)).to_have_count(0)
    expect(page_box).not_to_be_checked()
    expect(stories.locator("#announce")).to_have_text("Selection cleared")


def test_the_box_of_an_epic_takes_all_of_it(stories: Page) -> None:
    stories.get_by_role("checkbox", name="Select all 61 stories in Guest checkout").click()

    expect(bar(stories)).to_contain_text("61 selected")


def test_shift_click_selects_a_range_and_the_selection_survives_filters(stories: Page) -> None:
    box(stories, "US-3").click()
    box(stories, "US-7").click(modifiers=["Shift"])
    expect(bar(stories)).to_contain_text("5 selected")

    stories.get_by_label("Search stories").fill("guest")

    expect(bar(stories)).to_contain_text("5 of 5 selected are hidden by the filter")


def test_the_keyboard_selects_ranges_toggles_rows_and_clears(stories: Page) -> None:
    box(stories, "US-3").focus()
    stories.keyboard.press("Space")
    box(stories, "US-6").focus()
    stories.keyboard.press("Shift+Space")
    expect(bar(stories)).to_contain_text("4 selected")
    stories.get_by_role("link", name="Pay as a guest").focus()
    stories.keyboard.press("x")
    expect(bar(stories)).to_contain_text("5 selected")

    stories.keyboard.press("Escape")

    expect(bar(stories)).to_have_count(0)


def test_quick_ticks_arrive_in_their_order(stories: Page) -> None:
    for number in range(2, 12):
        box(stories, f"US-{number}").click()
    expect(bar(stories)).to_contain_text("10 selected")
    for number in (2, 3, 2, 3, 2, 3):
        box(stories, f"US-{number}").click()

    expect(bar(stories)).to_contain_text("8 selected")
    stories.wait_for_load_state("networkidle")
    stories.reload()
    expect(bar(stories)).to_contain_text("8 selected")


def test_status_is_set_on_the_selected_ones(stories: Page) -> None:
    box(stories, "US-2").click()
    box(stories, "US-3").click()
    expect(bar(stories)).to_contain_text("2 selected")
    stories.locator("summary", has_text="Set status").click()
    stories.get_by_label("New status").select_option("Done")
    stories.get_by_role("button", name="Set on 2 stories").click()

    expect(stories.get_by_text("2 stories changed: Done.")).to_be_visible()
    assert Story.objects.filter(status="done").count() == 2


def test_single_keys_work_can_be_listed_and_turned_off(stories: Page) -> None:
    stories.keyboard.press("/")
    expect(stories.get_by_label("Search stories")).to_be_focused()
    stories.keyboard.press("c")  # in a field it is a letter
    expect(stories.get_by_label("Search stories")).to_have_value("c")
    stories.goto(LIST)
    stories.keyboard.press("?")
    dialog = stories.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    stories.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    stories.keyboard.press("c")
    expect(stories.get_by_role("heading", level=1)).to_have_text("New story")
    stories.keyboard.press("g")
    stories.goto("/p/SHOP/epics/")
    stories.keyboard.press("g")
    stories.keyboard.press("s")
    expect(stories.get_by_role("heading", level=1)).to_have_text("Stories")
    stories.keyboard.press("g")
    stories.keyboard.press("r")
    expect(stories).to_have_url(re.compile("/p/SHOP/jira/runs/$"))

    stories.goto("/p/SHOP/settings/")
    stories.get_by_label("Single keys act").uncheck()
    stories.get_by_role("button", name="Save settings").click()
    stories.keyboard.press("?")

    expect(dialog).to_be_hidden()


def test_the_skip_link_comes_first_and_leads_into_the_page(stories: Page) -> None:
    stories.keyboard.press("Tab")
    expect(stories.get_by_role("link", name="Skip to content")).to_be_focused()

    stories.keyboard.press("Enter")

    assert stories.evaluate("document.activeElement.id") == "main"


def test_the_theme_is_switched_without_a_reload_and_stays(stories: Page) -> None:
    asked: list[str] = []
    stories.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    toggle = stories.get_by_role("button", name="Switch colour theme")

    toggle.click()
    toggle.click()

    assert stories.evaluate("document.documentElement.dataset.theme") == "dark"
    assert asked == []
    answer = stories.reload()
    assert answer is not None and 'data-theme="dark"' in answer.text()
    assert stories.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


def test_a_list_that_cannot_be_loaded_says_so_and_keeps_its_rows(stories: Page) -> None:
    stories.route("**/stories/?q=*", lambda route: route.abort())

    stories.get_by_label("Search stories").fill("guest")

    expect(stories.locator("strong", has_text="Could not load the stories.")).to_be_visible()
    expect(stories.locator("#story-rows tr[id]")).to_have_count(50)


def test_a_session_that_ended_leads_to_sign_in_and_back(stories: Page) -> None:
    stories.goto(f"{LIST}?status=not-done")
    stories.context.clear_cookies(name="stories_qa_session")

    stories.get_by_label("Search stories").fill("guest")
    stories.wait_for_url("**/sign-in/**")
    stories.get_by_label("Username").fill("ana")
    stories.get_by_label("Password").fill("ana")
    stories.get_by_role("button", name="Sign in").click()

    expect(stories).to_have_url(re.compile(r"/p/SHOP/stories/\?status=not-done"))


def test_without_a_script_everything_on_the_list_and_the_story_works(live_site: str, open_page: OpenPage) -> None:
    a_mapping(backlog())
    page = open_page(java_script_enabled=False)
    sign_in(page)

    page.get_by_label("Search stories").fill("number 1")
    page.get_by_label("Status", exact=True).select_option("Not done")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("q=number"))
    box(page, "US-3").check()
    page.get_by_role("button", name="Remember the ticked ones").click()
    expect(bar(page)).to_contain_text("1 selected")
    page.goto(f"{LIST}?page=2")
    expect(bar(page)).to_contain_text("1 selected")
    page.get_by_role("button", name="Clear selection").click()
    expect(bar(page)).to_have_count(0)

    page.goto(f"{LIST}US-2/")
    page.get_by_role("link", name="Edit acceptance criteria").click()
    page.get_by_role("button", name="Remove 1").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#section-criteria li")).to_have_text(["Second"])
    page.get_by_role("link", name="Delete story").click()
    page.get_by_role("button", name="Delete US-2").click()
    expect(page.get_by_text("US-2 is deleted.")).to_be_visible()
    page.get_by_role("button", name="Switch colour theme").click()
    assert page.locator("html").get_attribute("data-theme") == "light"


def test_a_phone_shows_the_whole_row_and_the_menu(live_site: str, open_page: OpenPage) -> None:
    backlog()
    page = open_page(width=390)
    sign_in(page)
    row = page.locator("#row-US-2")

    for part in (row.get_by_role("link", name="Pay as a guest"), row.locator(".badge"), row.locator(".key.only-sm")):
        shape = part.bounding_box()
        assert shape is not None and shape["x"] >= 0 and shape["x"] + shape["width"] <= 390
    page.locator("summary", has=page.locator("use[href$='#menu']")).click()
    page.get_by_role("navigation", name="Main (small screens)").get_by_role("link", name="Epics").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Epics")
