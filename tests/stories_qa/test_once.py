"""A form that makes something makes it once, without scripts, and whatever people do with Back and reload."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone

from stories_qa.models import Epic, Membership, Project, Role, Story, Submission, TestCase

FORMS: list[tuple[str, dict[str, str], type[Any]]] = [
    (
        "/p/SHOP/stories/new/",
        {"title": "Pay <b>at once</b>", "status": "backlog", "priority": "medium"},
        Story,
    ),
    ("/p/SHOP/epics/new/", {"title": "Checkout", "status": "backlog"}, Epic),
    ("/p/SHOP/tests/new/", {"title": "Pay by card", "last_result": "not_run"}, TestCase),
    ("/projects/new/", {"name": "Second shop", "key": "SECOND"}, Project),
]
every_form = pytest.mark.parametrize(("url", "typed", "kind"), FORMS, ids=["story", "epic", "test case", "project"])


def signed_in() -> Client:
    project = Project.objects.create(key="SHOP", name="Shop")
    ana = get_user_model().objects.create_user("ana")
    Membership.objects.create(project=project, user=ana, role=Role.EDITOR)
    client = Client()
    client.force_login(ana)
    return client


@pytest.fixture
def ana(db: None) -> Client:
    return signed_in()


def form_at(client: Client, url: str) -> dict[str, str]:
    """The token of the form as the page has it."""
    found = re.search(r'name="once" value="(\w+)"', client.get(url).content.decode())
    assert found is not None
    return {"once": found.group(1)}


@every_form
def test_sending_it_twice_leads_to_what_the_first_made(
    url: str, typed: dict[str, str], kind: type[Any], ana: Client
) -> None:
    before = kind.objects.count()
    form = form_at(ana, url) | typed

    first, second = ana.post(url, form), ana.post(url, form)

    assert (first.status_code, second.status_code) == (303, 303), second.content.decode()
    assert first.headers["Location"] == second.headers["Location"]
    assert kind.objects.count() == before + 1


@every_form
def test_a_new_form_with_the_same_words_makes_another_or_says_why_not(
    url: str, typed: dict[str, str], kind: type[Any], ana: Client
) -> None:
    before = kind.objects.count()
    ana.post(url, form_at(ana, url) | typed)

    second = ana.post(url, form_at(ana, url) | typed)

    if kind is Project:
        assert second.status_code == 422
        assert "SECOND is taken" in second.content.decode()
    else:
        assert kind.objects.count() == before + 2


def test_going_back_and_writing_something_else_makes_another(ana: Client) -> None:
    url, typed, _kind = FORMS[0]
    form = form_at(ana, url) | typed
    ana.post(url, form)

    ana.post(url, form | {"title": "Another thought"})

    assert Story.objects.filter(title="Another thought").count() == 1
    assert Story.objects.count() == 2


def test_after_a_delete_the_same_form_makes_it_again(ana: Client) -> None:
    url, typed, _kind = FORMS[0]
    form = form_at(ana, url) | typed
    made = ana.post(url, form).headers["Location"]
    ana.post(f"{made}delete/")

    again = ana.post(url, form).headers["Location"]

    assert again != made
    assert ana.get(again).status_code == 200


def test_a_refused_form_keeps_its_token_and_makes_one(ana: Client) -> None:
    url, typed, _kind = FORMS[0]
    token = form_at(ana, url)

    refused = ana.post(url, token | typed | {"title": ""})

    assert refused.status_code == 422
    assert f'value="{token["once"]}"' in refused.content.decode()
    assert not Story.objects.exists()


def test_nobody_is_led_to_what_somebody_else_made(ana: Client) -> None:
    url, typed, _kind = FORMS[0]
    form = form_at(ana, url) | typed
    ana.post(url, form)
    other = get_user_model().objects.create_user("ben")
    Membership.objects.create(project=Project.objects.get(), user=other, role=Role.EDITOR)
    client = Client()
    client.force_login(other)

    client.post(url, form)

    assert Story.objects.count() == 2


def test_a_day_later_it_is_forgotten(ana: Client) -> None:
    url, typed, _kind = FORMS[0]
    ana.post(url, form_at(ana, url) | typed)
    Submission.objects.update(made_at=timezone.now() - timedelta(hours=25))

    ana.post(url, form_at(ana, url) | typed)

    assert Submission.objects.count() == 1


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
@every_form
def test_two_at_the_same_moment_make_one(url: str, typed: dict[str, str], kind: type[Any]) -> None:
    client = signed_in()
    before = kind.objects.count()
    form, start, cookies = form_at(client, url) | typed, Barrier(4), client.cookies

    def send() -> str:
        sender = Client()
        sender.cookies = cookies
        start.wait(10)
        try:
            return str(sender.post(url, form).headers.get("Location"))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as people:
        went = {done.result(60) for done in [people.submit(send) for _one in range(4)]}

    assert len(went) == 1 and went != {"None"}
    assert kind.objects.count() == before + 1
