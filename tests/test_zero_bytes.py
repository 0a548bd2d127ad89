"""A zero byte in an address or a form: Postgres cannot store or compare one, and no page may break by it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from stories_qa.models import AcceptanceCriterion, Project, Role, Story, TestCase
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_run, an_epic

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

ZERO = "a\x00b"
FIELDS = {"title": "Pay", "status": "backlog", "priority": "medium", "last_result": "not_run"}


@pytest.fixture
def project() -> Project:
    project = a_backlog(stories=2)
    an_epic(project)
    mapping = a_mapping(project)
    plan = a_plan(mapping, {Story.objects.get(key="US-1"): "create"})
    a_run(plan, state="done")
    return project


@pytest.fixture
def mira(project: Project, client: Client) -> Any:
    person = a_person("mira", project, Role.ADMIN)
    client.force_login(person)
    return person


@pytest.mark.parametrize(
    "address",
    [
        "/p/SHOP/stories/?q=%00",
        "/p/SHOP/stories/?epic=%00",
        "/p/SHOP/stories/?assignee=%00",
        "/p/SHOP/stories/?label=%00",
        "/p/SHOP/stories/?status=%00",
        "/p/SHOP/stories/?jira=%00",
        "/p/SHOP/stories/?sort=%00",
        "/p/SHOP/stories/US-%00/",
        "/p/SHOP/epics/EP-%00/",
        "/p/SHOP/tests/TC-%00/",
        "/p/SHOP/tests/?q=%00",
        "/p/SHOP/tests/?result=%00",
        "/p/SHOP/tests/new/?story=%00",
        "/p/SHOP/stories/new/?epic=%00",
        "/p/%00/stories/",
        "/p/%00/jira/",
        "/p/SHOP/jira/runs/?show=%00",
        "/p/SHOP/jira/news/?keys=%00",
        "/audit/?project=%00&who=%00&what=%00",
        "/jira/connections/new/?project=%00",
        "/sign-in/?next=%00",
        "/?project=%00",
    ],
)
def test_no_page_breaks_by_one_in_its_address(address: str, mira: Any, client: Client) -> None:
    assert client.get(address).status_code in {200, 302, 400, 404}


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/p/SHOP/stories/new/", FIELDS | {"title": ZERO}),
        ("/p/SHOP/stories/new/", FIELDS | {"description": ZERO}),
        ("/p/SHOP/stories/new/", FIELDS | {"labels": ZERO}),
        ("/p/SHOP/stories/new/", FIELDS | {"epic": ZERO}),
        ("/p/SHOP/stories/new/", FIELDS | {"assignee": ZERO}),
        ("/p/SHOP/stories/new/", FIELDS | {"points": ZERO}),
        ("/p/SHOP/epics/new/", FIELDS | {"title": ZERO}),
        ("/p/SHOP/tests/new/", FIELDS | {"story": ZERO}),
        ("/p/SHOP/tests/new/", FIELDS | {"preconditions": ZERO}),
        ("/p/SHOP/people/", {"person": ZERO, "role": "viewer"}),
        ("/projects/new/", {"name": ZERO, "key": "ZERO"}),
        ("/sign-in/", {"username": ZERO, "password": ZERO}),
        ("/jira/connections/new/?project=SHOP", {"site_url": f"https://{ZERO}.test", "save": "1"}),
        ("/p/SHOP/jira/plans/", {"story": ZERO}),
        ("/p/SHOP/jira/plans/", {"epic": ZERO}),
        ("/p/SHOP/jira/plans/", {"all": "1", "filter": "epic=%00&label=%00"}),
        ("/p/SHOP/jira/check/", {"story": ZERO}),
        ("/p/SHOP/stories/selection/", {"key": ZERO, "act": "add"}),
        ("/p/SHOP/stories/selection/", {"act": "status", "status": ZERO}),
    ],
)
def test_a_form_with_one_is_refused_or_led_on(address: str, form: dict[str, str], mira: Any, client: Client) -> None:
    answer = client.post(address, form)

    assert answer.status_code in {200, 302, 303, 400, 404, 422}
    assert Story.objects.count() == 2


def test_text_with_one_says_so_beside_the_field_and_keeps_the_rest(mira: Any, client: Client) -> None:
    answers = [
        client.post("/p/SHOP/stories/new/", FIELDS | {"title": ZERO}),
        client.post("/p/SHOP/stories/US-1/edit/criteria/", dict.fromkeys(("text", "given", "when", "then"), ZERO)),
        client.post("/p/SHOP/tests/new/", FIELDS | {"action": ZERO, "expected": ""}),
    ]

    for answer in answers:
        assert answer.status_code == 422
        assert "This holds a character that cannot be stored (code 0)" in answer.content.decode()
    assert not AcceptanceCriterion.objects.exists() and not TestCase.objects.exists()
