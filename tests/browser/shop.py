"""A backlog long enough to page through, its list open for a person, and the list's parts by their names."""

from __future__ import annotations

import re

from django.contrib.auth import get_user_model
from playwright.sync_api import Locator, Page

from stories_qa.lifetime import create
from stories_qa.models import Epic, Membership, Project, Story, TestCase
from stories_qa.writing import change

LIST = "/p/SHOP/stories/"
STORIES = 62


def backlog() -> Project:
    """Project SHOP, its admin ana (password "ana") and 62 stories: US-2 to US-63, all but the last in one epic."""
    project = Project.objects.create(key="SHOP", name="Acme Commerce")
    ana = get_user_model().objects.create_user("ana", password="ana", first_name="Ana", last_name="Lindqvist")
    Membership.objects.create(project=project, user=ana, role="admin")
    epic = create(Epic, project, {"title": "Guest checkout"}, by="Ana")
    for number in range(STORIES):
        in_epic = None if number == STORIES - 1 else epic
        title = "Pay as a guest" if number == 0 else f"Story number {number}"
        create(Story, project, {"title": title, "epic": in_epic}, by="Ana")
    story = project.storys.get(key="US-2")
    change(story, {"criteria": [{"text": "First"}, {"text": "Second"}]}, expected_version=None, by="Ana")
    create(TestCase, project, {"title": "Pay by card", "story": story, "steps": [{"action": "Pay"}]}, by="Ana")
    return project


def sign_in(page: Page, then: str = LIST) -> None:
    page.goto(f"/sign-in/?next={then}")
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill("ana")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{then}")


def box(page: Page, key: str) -> Locator:
    return page.get_by_role("checkbox", name=re.compile(f"^Select {key} "))


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Selected stories")
