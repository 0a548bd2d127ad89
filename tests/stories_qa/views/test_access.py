"""What roles may not change, and who visits what is not there. Who gets in where: tests/test_roles.py."""

from __future__ import annotations

import pytest
from django.urls import reverse

from stories_qa.models import Project
from tests.stories_qa.views.conftest import Visitor

# Address name → its arguments after the project's key.
ARGUMENTS: dict[str, list[str]] = {
    "story": ["US-2"],
    "story_edit": ["US-2", "text"],
    "story_delete": ["US-2"],
    "epic_delete": ["EP-1"],
    "test_case_delete": ["TC-4"],
    "selection": [],
}


def address(name: str, arguments: list[str]) -> str:
    return reverse(f"stories_qa:{name}", args=["SHOP", *arguments])


@pytest.mark.parametrize("name", ["story_edit", "story_delete", "epic_delete", "test_case_delete", "selection"])
def test_a_viewer_changes_nothing_by_post(name: str, shop: Project, visit: Visitor) -> None:
    before = (shop.storys.count(), shop.epics.count(), shop.test_cases.count())

    answer = visit("viewer").post(address(name, ARGUMENTS[name]), {"title": "Mine", "do": "clear"})

    assert answer.status_code == 403
    assert (shop.storys.count(), shop.epics.count(), shop.test_cases.count()) == before


@pytest.mark.parametrize("role", ["viewer", "editor", "exporter"])
def test_only_an_admin_changes_roles(role: str, shop: Project, visit: Visitor) -> None:
    member = shop.memberships.get(user__username="viewer")

    answer = visit(role).post(
        reverse("stories_qa:people", args=["SHOP"]), {"do": "role", "member": member.pk, "role": "admin"}
    )

    assert answer.status_code == 403
    assert shop.memberships.get(pk=member.pk).role == "viewer"


@pytest.mark.parametrize(
    ("name", "key"),
    [("story", "US-999"), ("epic", "EP-999"), ("test_case", "TC-999"), ("story_delete", "US-999"), ("epic_edit", "X")],
)
def test_a_key_that_is_not_there_is_a_404_page(name: str, key: str, shop: Project, visit: Visitor) -> None:
    answer = visit("admin").get(address(name, [key]))

    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_a_viewer_sees_no_buttons_that_would_be_refused(shop: Project, visit: Visitor) -> None:
    page = visit("viewer").get(address("story", ["US-2"])).content.decode()

    assert "/edit/" not in page
    assert "Delete story" not in page


def test_no_get_changes_anything(shop: Project, visit: Visitor) -> None:
    admin = visit("admin")

    for name in ("story_delete", "epic_delete", "test_case_delete"):
        admin.get(address(name, ARGUMENTS[name]))
    answer = admin.get(address("selection", []))

    assert answer.status_code == 405
    assert (shop.storys.count(), shop.epics.count(), shop.test_cases.count()) == (2, 1, 1)
