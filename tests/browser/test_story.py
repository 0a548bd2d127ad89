"""What a person does on a story's page: edit a part, meet a colleague's save, leave, make a new one."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from stories_qa.models import Story
from stories_qa.writing import change
from tests.browser.shop import LIST


def test_a_section_is_edited_in_place_and_the_focus_comes_back(stories: Page) -> None:
    stories.goto(f"{LIST}US-2/")
    stories.get_by_role("link", name="Edit title and description").click()
    expect(stories.get_by_label("Title")).to_be_focused()
    stories.get_by_label("Title").fill("Pay at once")
    stories.get_by_role("button", name="Save").click()

    expect(stories.get_by_role("heading", level=1)).to_have_text("Pay at once")
    expect(stories.get_by_role("link", name="Edit title and description")).to_be_focused()
    expect(stories).to_have_url(re.compile(r"/US-2/$"))


def test_a_refused_section_shows_its_summary_in_focus_and_keeps_what_was_typed(stories: Page) -> None:
    stories.goto(f"{LIST}US-2/")
    stories.get_by_role("link", name="Edit title and description").click()
    stories.get_by_label("Description").fill("My words")
    stories.get_by_label("Title").fill("")
    stories.get_by_role("button", name="Save").click()

    summary = stories.get_by_role("alert")
    expect(summary).to_contain_text("There is a problem")
    expect(summary).to_be_focused()
    expect(stories).to_have_title(re.compile("^Error: US-2"))
    expect(stories.get_by_label("Description")).to_have_value("My words")
    summary.get_by_role("link", name="Enter a title.").click()
    expect(stories.get_by_label("Title")).to_be_focused()


def test_somebody_elses_save_is_shown_beside_mine(stories: Page) -> None:
    stories.goto(f"{LIST}US-2/")
    stories.get_by_role("link", name="Edit title and description").click()
    stories.get_by_label("Title").fill("Mine")
    change(Story.objects.get(key="US-2"), {"title": "Theirs"}, expected_version=None, by="Mira Kovač")
    stories.get_by_role("button", name="Save").click()

    alert = stories.get_by_role("alert")
    expect(alert).to_contain_text("Mira Kovač saved this while you were writing")
    expect(alert).to_be_focused()
    expect(stories.get_by_label("Title")).to_have_value("Mine")
    expect(stories.locator("#section-text")).to_contain_text("Theirs")
    stories.get_by_role("button", name="Save").click()
    expect(stories.get_by_role("heading", level=1)).to_have_text("Mine")


def test_criteria_are_moved_by_buttons_and_the_focus_moves_along(stories: Page) -> None:
    stories.goto(f"{LIST}US-2/edit/criteria/")
    stories.get_by_role("button", name="Move 1 down").click()

    expect(stories.get_by_role("button", name="Move 2 up")).to_be_focused()
    expect(stories.locator("#announce")).to_have_text("Moved to place 2 of 2")
    stories.get_by_role("button", name="Add Given, When, Then").click()
    expect(stories.get_by_label("Given")).to_be_focused()
    stories.get_by_label("Given").fill("a cart")
    stories.get_by_role("button", name="Save").click()

    expect(stories.locator("#section-criteria li")).to_have_text(["Second", "First", re.compile("Given a cart")])


def test_escape_leaves_a_form_and_asks_when_something_was_typed(stories: Page) -> None:
    stories.goto(f"{LIST}US-2/")
    edit = stories.get_by_role("link", name="Edit title and description")
    asked: list[str] = []
    stories.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    edit.click()
    expect(stories.get_by_label("Title")).to_be_focused()
    stories.keyboard.press("Escape")
    expect(edit).to_be_focused()
    edit.click()
    expect(stories.get_by_label("Title")).to_be_focused()
    stories.get_by_label("Title").fill("Half a thought")

    stories.keyboard.press("Escape")

    expect(edit).to_be_focused()
    assert asked == ["Leave without saving what you wrote?"]
    expect(stories.get_by_role("heading", level=1)).to_have_text("Pay as a guest")


def test_a_double_click_makes_one_story(stories: Page) -> None:
    stories.goto(f"{LIST}new/")
    stories.get_by_label("Title").fill("Only once")
    stories.get_by_role("button", name="Create story").dblclick()

    expect(stories.get_by_role("heading", level=1)).to_have_text("Only once")
    assert Story.objects.filter(title="Only once").count() == 1
