"""Accounts: inviting somebody, choosing a password, being slowed down, seeing where one is signed in."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from pytest_django import Settings

from stories_qa.models import Membership, Project, Role, SignedIn
from tests.stories_qa.views.conftest import Visitor

PEOPLE = "/p/SHOP/people/"
NEW = {"do": "invite", "invite-email": "mira@acme.test", "invite-name": "Mira Kovač", "invite-role": "exporter"}
PASSWORD = "a-long-enough-pass"


def link_in(text: str) -> str:
    found = re.search(r"http://testserver(/password/reset/[^/\s]+/[^/\s\"]+/)", text)
    assert found is not None, text
    return found[1]


def choose_password(visitor: Client, link: str, password: str = PASSWORD) -> None:
    form = visitor.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    answer = visitor.post(address, {"new_password1": password, "new_password2": password})
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")


def sign_in(visitor: Client, name: str, password: str) -> int:
    return visitor.post("/sign-in/", {"username": name, "password": password}).status_code


def test_somebody_invited_chooses_a_password_and_is_a_member_with_the_role(shop: Project, visit: Visitor) -> None:
    answer = visit("admin").post(PEOPLE, NEW, follow=True)

    assert "mira@acme.test got an e-mail with a link." in answer.content.decode()
    assert mail.outbox[0].to == ["mira@acme.test"]
    assert shop.name in mail.outbox[0].body
    mira = Client()
    choose_password(mira, link_in(str(mail.outbox[0].body)))
    assert sign_in(mira, "mira@acme.test", PASSWORD) == 302
    assert Membership.objects.get(project=shop, user__email="mira@acme.test").role == Role.EXPORTER
    assert "Mira" in mira.get("/p/SHOP/stories/").content.decode()


def test_the_link_of_an_invitation_works_once(shop: Project, visit: Visitor) -> None:
    visit("admin").post(PEOPLE, NEW)
    link = link_in(str(mail.outbox[0].body))
    choose_password(Client(), link)

    again = Client().get(link, follow=True)

    assert "This link does not work any more" in again.content.decode()


def test_without_a_mail_server_the_link_is_shown_once_to_whoever_invites(
    shop: Project, visit: Visitor, settings: Settings
) -> None:
    settings.SENDS_MAIL = False
    admin = visit("admin")

    shown = admin.post(PEOPLE, NEW, follow=True).content.decode()

    assert mail.outbox == []
    choose_password(Client(), link_in(shown))
    assert "/password/reset/" not in admin.get(PEOPLE).content.decode()


@pytest.mark.parametrize("email", ["ana@acme.test", "ANA@acme.test", "not an address", ""])
def test_an_invitation_that_cannot_be_made_says_why_and_makes_nobody(email: str, shop: Project, visit: Visitor) -> None:
    get_user_model().objects.create_user("ana", "ana@acme.test")
    before = get_user_model().objects.count()

    answer = visit("admin").post(PEOPLE, NEW | {"invite-email": email})

    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert (get_user_model().objects.count(), mail.outbox) == (before, [])


@pytest.mark.parametrize("role", ["viewer", "editor", "exporter"])
def test_who_is_no_admin_invites_nobody(role: str, shop: Project, visit: Visitor) -> None:
    assert visit(role).post(PEOPLE, NEW).status_code == 403
    assert mail.outbox == []


def test_a_new_link_is_made_only_by_an_admin_of_every_project_of_the_invited(shop: Project, visit: Visitor) -> None:
    admin = visit("admin")
    admin.post(PEOPLE, NEW)
    member = shop.memberships.get(user__email="mira@acme.test")
    elsewhere = Project.objects.create(key="ELSE", name="Elsewhere")

    admin.post(PEOPLE, {"do": "invite_again", "member": member.pk})
    assert len(mail.outbox) == 2
    elsewhere.memberships.create(user=member.user, role=Role.ADMIN)
    refused = admin.post(PEOPLE, {"do": "invite_again", "member": member.pk}, follow=True)

    assert len(mail.outbox) == 2
    assert "Ask its admin for the link." in refused.content.decode()


def test_a_member_with_a_password_gets_no_link_from_an_admin(shop: Project, visit: Visitor) -> None:
    admin = visit("admin")
    ana = get_user_model().objects.create_user("ana", "ana@acme.test", PASSWORD)
    member = shop.memberships.create(user=ana, role=Role.VIEWER)

    admin.post(PEOPLE, {"do": "invite_again", "member": member.pk})

    assert mail.outbox == []


@pytest.mark.django_db
def test_a_forgotten_password_is_replaced_and_every_browser_signed_out() -> None:
    ana = get_user_model().objects.create_user("ana", "ana@acme.test", PASSWORD)
    elsewhere = Client()
    assert sign_in(elsewhere, "ana", PASSWORD) == 302

    Client().post("/password/reset/", {"email": "ana@acme.test"})
    choose_password(Client(), link_in(str(mail.outbox[0].body)), "another-long-pass")

    assert elsewhere.get("/account/").status_code == 302
    assert sign_in(Client(), "ana", PASSWORD) == 422
    assert sign_in(Client(), "ana", "another-long-pass") == 302
    assert SignedIn.objects.filter(user=ana).count() == 1


@pytest.mark.django_db
def test_asking_for_a_link_says_the_same_whether_or_not_there_is_an_account() -> None:
    get_user_model().objects.create_user("ana", "ana@acme.test", PASSWORD)

    known = Client().post("/password/reset/", {"email": "ana@acme.test"}, follow=True)
    unknown = Client().post("/password/reset/", {"email": "nobody@acme.test"}, follow=True)

    assert known.redirect_chain == unknown.redirect_chain == [("/password/reset/sent/", 302)]
    assert len(known.content) == len(unknown.content)  # but for the nonces


@pytest.mark.django_db
def test_guessing_is_stopped_for_that_name_and_address_alone() -> None:
    for name in ("ana", "ben"):
        get_user_model().objects.create_user(name, f"{name}@acme.test", PASSWORD)
    guesser = Client()

    answers = [sign_in(guesser, "ana", f"guess {number}") for number in range(10)]
    right = guesser.post("/sign-in/", {"username": "ana", "password": PASSWORD})

    assert set(answers[:9]) == {422}
    assert right.status_code == 429
    assert "Too many tries" in right.content.decode()
    assert sign_in(Client(), "ben", PASSWORD) == 302
    assert (
        Client(REMOTE_ADDR="192.0.2.7").post("/sign-in/", {"username": "ana", "password": PASSWORD}).status_code == 302
    )


@pytest.mark.django_db
def test_a_name_that_does_not_exist_is_stopped_in_the_same_way() -> None:
    answers = [sign_in(Client(), "nobody-here", "a guess") for _ in range(11)]

    assert answers[-1] == 429


@pytest.mark.django_db
def test_the_account_page_shows_each_browser_and_ends_the_others() -> None:
    get_user_model().objects.create_user("ana", "ana@acme.test", PASSWORD)
    firefox = Client(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")
    phone = Client(HTTP_USER_AGENT="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1")
    for browser in (firefox, phone):
        assert sign_in(browser, "ana", PASSWORD) == 302

    page = firefox.get("/account/").content.decode()
    assert ("Firefox on Linux" in page, "Safari on iOS" in page) == (True, True)
    assert page.count("This browser") == 1
    firefox.post("/account/", {"do": "end_others"})

    assert phone.get("/account/").status_code == 302
    assert firefox.get("/account/").status_code == 200


@pytest.mark.django_db
def test_nobody_ends_a_session_of_somebody_else() -> None:
    for name in ("ana", "ben"):
        get_user_model().objects.create_user(name, f"{name}@acme.test", PASSWORD)
    ana, ben = Client(), Client()
    sign_in(ana, "ana", PASSWORD)
    sign_in(ben, "ben", PASSWORD)

    ana.post("/account/", {"do": "end", "browser": SignedIn.objects.get(user__username="ben").pk})

    assert ben.get("/account/").status_code == 200


@pytest.mark.django_db
def test_changing_the_password_signs_the_other_browsers_out_and_keeps_this_one() -> None:
    get_user_model().objects.create_user("ana", "ana@acme.test", PASSWORD)
    here, there = Client(), Client()
    for browser in (here, there):
        sign_in(browser, "ana", PASSWORD)

    words = {"old_password": PASSWORD, "new_password1": "another-long-pass", "new_password2": "another-long-pass"}
    assert here.post("/password/", words).status_code == 302

    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302
    assert SignedIn.objects.count() == 1


@pytest.mark.django_db
def test_two_accounts_do_not_share_an_e_mail_address() -> None:
    get_user_model().objects.create_user("ana", "ana@acme.test", PASSWORD)
    ben = get_user_model().objects.create_user("ben", "ben@acme.test", PASSWORD)
    visitor = Client()
    visitor.force_login(ben)

    answer = visitor.post("/account/", {"do": "save", "first_name": "Ben", "last_name": "", "email": "Ana@acme.test"})

    assert answer.status_code == 422
    assert "Another account has this e-mail address." in answer.content.decode()


def test_times_are_written_in_the_zone_of_the_browser(shop: Project, visit: Visitor) -> None:
    visitor = visit("admin")
    visitor.cookies["sq-zone"] = "Asia/Tokyo"
    hours = {}
    for zone in ("Asia/Tokyo", "America/New_York", "No/Such_Zone"):
        visitor.cookies["sq-zone"] = zone
        answer = visitor.get("/account/")
        found = re.search(r"<time [^>]*>[^<]*?(\d\d):\d\d</time>", answer.content.decode())
        assert found is not None
        hours[zone] = int(found[1])

    assert (hours["Asia/Tokyo"] - hours["No/Such_Zone"]) % 24 == 9
    assert (hours["No/Such_Zone"] - hours["America/New_York"]) % 24 in (4, 5)
