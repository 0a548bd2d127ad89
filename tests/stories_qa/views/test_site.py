"""Signing in and out, the theme, error pages, and what every page must keep."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.contrib.auth import get_user_model
from django.test import Client, override_settings
from django.urls import path

from config import urls as site_urls
from stories_qa.models import Project
from tests.stories_qa.views.conftest import Visitor

PAGES = [
    "/p/SHOP/stories/",
    "/p/SHOP/stories/new/",
    "/p/SHOP/stories/US-2/",
    "/p/SHOP/stories/US-2/edit/text/",
    "/p/SHOP/stories/US-2/edit/criteria/",
    "/p/SHOP/stories/US-2/edit/properties/",
    "/p/SHOP/stories/US-2/delete/",
    "/p/SHOP/epics/",
    "/p/SHOP/epics/new/",
    "/p/SHOP/epics/EP-1/",
    "/p/SHOP/epics/EP-1/edit/",
    "/p/SHOP/tests/",
    "/p/SHOP/tests/new/",
    "/p/SHOP/tests/TC-4/",
    "/p/SHOP/tests/TC-4/edit/",
    "/p/SHOP/import/",
    "/p/SHOP/people/",
    "/p/SHOP/settings/",
    "/projects/new/",
    "/password/",
    "/nowhere/",
]


class Marks(HTMLParser):
    """What the checks below look at."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.ids = [attrs["id"] for _tag, attrs in self.found if attrs.get("id")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("address", PAGES)
def test_every_page_keeps_the_rules_of_the_house(address: str, shop: Project, visit: Visitor) -> None:
    answer = visit("admin").get(address)
    page = answer.content.decode()
    marks = Marks(page)

    assert sum(tag == "h1" for tag, _attrs in marks.found) == 1
    assert '<html lang="en"' in page
    assert re.search(r"<title>[^<]+ · Stories &amp; QA</title>|<title>[^<]+ · Stories & QA</title>", page)
    assert len(marks.ids) == len(set(marks.ids)), sorted(one for one in marks.ids if marks.ids.count(one) > 1)
    for tag, attrs in marks.found:
        assert "style" not in attrs and not [name for name in attrs if name.startswith("on")], attrs
        assert tag != "script" or attrs.get("src"), attrs
        if tag == "time":
            assert attrs.get("datetime") and attrs.get("title")
        if tag == "button":
            assert "disabled" not in attrs
        for name in ("aria-describedby", "aria-labelledby"):
            for one in (attrs.get(name) or "").split():
                assert one in marks.ids, (name, one)
    posts = [attrs for tag, attrs in marks.found if tag == "form" and attrs.get("method") == "post"]
    tokens = [attrs for _tag, attrs in marks.found if attrs.get("name") == "csrfmiddlewaretoken"]
    assert len(posts) == len(tokens)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'self'" in policy


def test_signing_in_leads_to_the_page_that_was_asked_for(shop: Project) -> None:
    get_user_model().objects.create_user("ana", password="correct horse")
    client = Client()

    answer = client.post(
        "/sign-in/?next=/p/SHOP/stories/", {"username": "ana", "password": "correct horse", "next": "/password/"}
    )

    assert answer.headers["Location"] == "/password/"


def test_a_wrong_password_answers_422_and_is_not_shown_again(shop: Project) -> None:
    answer = Client().post("/sign-in/", {"username": "viewer", "password": "hunter22"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is a problem" in page and "<title>Error: Sign in" in page
    assert "hunter22" not in page and 'value="viewer"' in page


def test_sign_in_never_leads_to_another_site(shop: Project) -> None:
    get_user_model().objects.create_user("ana", password="correct horse")

    answer = Client().post("/sign-in/", {"username": "ana", "password": "correct horse", "next": "https://evil.test/"})

    assert answer.headers["Location"] == "/"


def test_signing_out_needs_a_post(shop: Project, visit: Visitor) -> None:
    client = visit("viewer")

    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert client.get("/p/SHOP/stories/").status_code == 302


def test_the_password_is_changed_and_said_so(shop: Project) -> None:
    user = get_user_model().objects.create_user("ana", password="correct horse")
    client = Client()
    client.force_login(user)
    new = {"new_password1": "battery staple 9", "new_password2": "battery staple 9"}

    refused = client.post("/password/", {"old_password": "wrong", **new})
    taken = client.post("/password/", {"old_password": "correct horse", **new}, follow=True)

    assert refused.status_code == 422
    assert "Your password is changed." in taken.content.decode()
    user.refresh_from_db()
    assert user.check_password("battery staple 9")


def test_the_start_is_the_first_project_or_an_invitation_to_make_one(shop: Project, visit: Visitor) -> None:
    get_user_model().objects.create_user("alone")

    assert visit("viewer").get("/").headers["Location"] == "/p/SHOP/stories/"
    assert "You are in no project yet" in visit("alone").get("/").content.decode()
    assert visit("").get("/").headers["Location"] == "/sign-in/?next=/"


def test_an_htmx_request_without_a_session_sends_the_whole_page_to_sign_in(shop: Project, visit: Visitor) -> None:
    answer = visit("").get(
        "/p/SHOP/stories/?q=a",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/p/SHOP/stories/?q=guest&status=ready"},
    )

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in/?next=%2Fp%2FSHOP%2Fstories%2F%3Fq%3Dguest%26status%3Dready"


def test_an_htmx_request_cannot_name_another_site_to_come_back_to(shop: Project, visit: Visitor) -> None:
    answer = visit("").get(
        "/p/SHOP/stories/", headers={"HX-Request": "true", "HX-Current-URL": "https://evil.test/p/SHOP/stories/"}
    )

    assert answer.headers["HX-Redirect"] == "/sign-in/?next=%2F"


def test_the_theme_is_written_into_the_page_by_the_server(shop: Project, visit: Visitor) -> None:
    client = visit("viewer")

    answer = client.post("/theme/", {"theme": "dark", "next": "/p/SHOP/epics/"})
    page = client.get("/p/SHOP/epics/").content.decode()
    client.post("/theme/", {"theme": "system", "next": "https://evil.test"})

    assert answer.headers["Location"] == "/p/SHOP/epics/"
    assert '<html lang="en" data-theme="dark">' in page
    assert "data-theme=" not in client.get("/p/SHOP/epics/").content.decode().split(">")[1]


def test_single_keys_can_be_turned_off(shop: Project, visit: Visitor) -> None:
    client = visit("viewer")

    client.post("/p/SHOP/settings/", {"theme": ""})
    off = client.get("/p/SHOP/settings/").content.decode()
    client.post("/p/SHOP/settings/", {"theme": "", "keys": "on"})

    assert 'data-keys="off"' in off
    assert 'data-keys="off"' not in client.get("/p/SHOP/settings/").content.decode()


def broken(_request: object) -> None:
    raise RuntimeError("secret detail")


urlpatterns = [path("broken/", broken), *site_urls.urlpatterns]
handler500 = site_urls.handler500


@override_settings(ROOT_URLCONF="tests.stories_qa.views.test_site")
def test_our_own_fault_shows_a_reference_that_is_in_the_log_and_no_detail(
    shop: Project, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(raise_request_exception=False)

    answer = client.get("/broken/")

    page = answer.content.decode()
    assert answer.status_code == 500
    assert "secret detail" not in page
    reference = re.findall(r"<code>([0-9a-f]{8})</code>", page)[0]
    assert reference in caplog.text


def test_a_form_without_its_token_is_refused_with_a_page(shop: Project) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.get(username="editor"))

    answer = client.post("/p/SHOP/stories/new/", {"title": "x"})

    assert answer.status_code == 403
    assert "Nothing was changed." in answer.content.decode()
