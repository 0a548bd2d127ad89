"""Who may open what: every address of the host against every kind of visitor."""

from __future__ import annotations

import pytest
from django.urls import get_resolver, reverse

from stories_qa.models import Project
from stories_qa.urls import urlpatterns
from tests.stories_qa.views.conftest import Visitor

# Address name → its arguments after the project's key, and the smallest role that may GET it ("post": by POST only).
PAGES: dict[str, tuple[list[str], str]] = {
    "stories": ([], "viewer"),
    "story": (["US-2"], "viewer"),
    "epics": ([], "viewer"),
    "epic": (["EP-1"], "viewer"),
    "test_cases": ([], "viewer"),
    "test_case": (["TC-4"], "viewer"),
    "test_cases_csv": (["xray"], "viewer"),
    "people": ([], "viewer"),
    "settings": ([], "viewer"),
    "story_new": ([], "editor"),
    "story_edit": (["US-2", "text"], "editor"),
    "story_delete": (["US-2"], "editor"),
    "epic_new": ([], "editor"),
    "epic_edit": (["EP-1"], "editor"),
    "epic_delete": (["EP-1"], "editor"),
    "test_case_new": ([], "editor"),
    "test_case_edit": (["TC-4"], "editor"),
    "test_case_delete": (["TC-4"], "editor"),
    "upload": ([], "editor"),
}
POST_ONLY = {"selection": ([], "editor")}
OF_NO_PROJECT = {"project_new"}
ELSEWHERE = {"upload_detail"}  # needs a file; tests/stories_qa/views/test_uploads.py
LADDER = ["viewer", "editor", "exporter", "admin"]


def address(name: str, arguments: list[str]) -> str:
    return reverse(f"stories_qa:{name}", args=["SHOP", *arguments])


def test_every_address_of_the_host_is_in_the_tables_above() -> None:
    assert {pattern.name for pattern in urlpatterns} == {*PAGES, *POST_ONLY, *OF_NO_PROJECT, *ELSEWHERE}
    assert get_resolver().namespace_dict["stories_qa"]


@pytest.mark.parametrize("name", [*PAGES, *POST_ONLY])
def test_who_is_not_signed_in_is_sent_to_the_sign_in_page_and_back(name: str, shop: Project, visit: Visitor) -> None:
    url = address(name, {**PAGES, **POST_ONLY}[name][0])

    answer = visit("").get(url)

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/sign-in/?next={url}"


@pytest.mark.parametrize("name", [*PAGES, *POST_ONLY])
@pytest.mark.parametrize("method", ["get", "post"])
def test_members_of_other_projects_find_nothing(name: str, method: str, shop: Project, visit: Visitor) -> None:
    answer = getattr(visit("stranger"), method)(address(name, {**PAGES, **POST_ONLY}[name][0]))

    assert answer.status_code == 404
    assert "Acme Commerce" not in answer.content.decode()


@pytest.mark.parametrize("role", LADDER)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_from_its_role_on(name: str, role: str, shop: Project, visit: Visitor) -> None:
    arguments, needed = PAGES[name]

    answer = visit(role).get(address(name, arguments))

    if LADDER.index(role) >= LADDER.index(needed):
        assert answer.status_code == 200
    else:
        assert answer.status_code == 403
        assert "Ask Admin Person" in answer.content.decode()


@pytest.mark.parametrize("name", ["story_edit", "story_delete", "epic_delete", "test_case_delete", "selection"])
def test_a_viewer_changes_nothing_by_post(name: str, shop: Project, visit: Visitor) -> None:
    before = (shop.storys.count(), shop.epics.count(), shop.test_cases.count())
    arguments = {**PAGES, **POST_ONLY}[name][0]

    answer = visit("viewer").post(address(name, arguments), {"title": "Mine", "do": "clear"})

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
        admin.get(address(name, PAGES[name][0]))
    answer = admin.get(address("selection", []))

    assert answer.status_code == 405
    assert (shop.storys.count(), shop.epics.count(), shop.test_cases.count()) == (2, 1, 1)
