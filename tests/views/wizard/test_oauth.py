"""Signing in at Atlassian: there, the consent in the sandbox, and back."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from jira_integration.models import AuditEntry, JiraConnection, OAuthGrant
from stories_qa.models import Project, Role
from tests.sandbox.three_legs import CLIENT, CLOUD, SECRET, consent
from tests.sandbox_server import RunningSandbox, running_sandbox
from tests.views.wizard.conftest import member
from tests.views.wizard.visits import Visitor, text_of

CALLBACK = "/jira/oauth/callback/"
OTHER = "99887766-d4c3-4b2a-9f00-0123456789ab"


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        settings.JIRA_AUTH_BASE_URL = settings.JIRA_GATEWAY_BASE_URL = running.url
        settings.JIRA_OAUTH_CLIENT_ID, settings.JIRA_OAUTH_CLIENT_SECRET = CLIENT, SECRET
        settings.JIRA_PUBLIC_URL = "http://127.0.0.1:8000"
        yield running


@pytest.fixture
def connection(visitor: Visitor, sandbox: RunningSandbox) -> JiraConnection:
    visitor.send("/jira/connections/new/?project=SHOP", site_url=sandbox.url)
    return JiraConnection.objects.get()


def begin(visitor: Visitor, connection: JiraConnection) -> dict[str, str]:
    """Press the button; what our redirect asks Atlassian for."""
    page = visitor.send(visitor.step(connection.pk, "sign-in"), "kind", login="oauth2")
    start = f"/jira/connections/{connection.pk}/oauth/start/?project=SHOP"
    assert start in page.content.decode().replace("&amp;", "&")
    answer = visitor.client.get(start)
    assert answer.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


def consented(
    sandbox: RunningSandbox, asked: dict[str, str], site: str = CLOUD, answer: str = "allow"
) -> dict[str, str]:
    return consent(sandbox, answer, site, **asked)


def test_a_consent_signs_in_and_leads_to_the_next_step(
    visitor: Visitor, connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    answer = visitor.get(CALLBACK, data=consented(sandbox, begin(visitor, connection)))

    assert answer.status_code == 303
    assert "/setup/project/" in answer["Location"]
    connection.refresh_from_db()
    assert (connection.login, connection.through_gateway, connection.cloud_id) == ("oauth2", True, CLOUD)
    assert (connection.account_name, connection.state) == ("QA Bot", "ok")
    assert connection.secret_ends_on is not None
    grant = OAuthGrant.objects.get()
    assert grant.refresh_token is not None
    secrets = [one.open(OAuthGrant.bound_to(connection)) for one in (grant.refresh_token, grant.access_token) if one]
    shown = [visitor.get(visitor.step(connection.pk, step)).content.decode() for step in ("sign-in", "project")]
    assert "QA Bot consented on" in shown[0]
    assert not [secret for secret in secrets for page in visitor.pages if secret in page]
    assert AuditEntry.objects.filter(code="login_made").count() == 1
    tested = visitor.send(visitor.step(connection.pk, "sign-in"), "test")
    assert "The sign-in works and is saved" in text_of(tested)


@pytest.mark.parametrize("wrong", ["used", "made_up", "old", "elsewhere"])
def test_a_state_counts_once_for_ten_minutes_and_in_one_browser(
    visitor: Visitor, connection: JiraConnection, sandbox: RunningSandbox, wrong: str, client: Client, mira: object
) -> None:
    back = consented(sandbox, begin(visitor, connection))
    if wrong == "used":
        visitor.get(CALLBACK, data=back)
        OAuthGrant.objects.all().delete()
    elif wrong == "made_up":
        back["state"] = "made-up"
    elif wrong == "old":
        session = visitor.client.session
        session["jira_oauth_states"] = {back["state"]: {**session["jira_oauth_states"][back["state"]], "at": 0}}
        session.save()
    else:
        visitor = Visitor(Client())
        visitor.client.force_login(mira)  # type: ignore[arg-type]

    answer = visitor.client.get(CALLBACK, data=back, follow=True)

    assert "belongs to no sign-in that is under way here" in text_of(answer)
    assert not OAuthGrant.objects.exists()


def test_a_refused_consent_says_so_and_saves_nothing(
    visitor: Visitor, connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    answer = visitor.get(CALLBACK, data=consented(sandbox, begin(visitor, connection), answer="deny"))

    assert answer.status_code == 422
    assert "Nobody consented at Atlassian." in text_of(answer)
    assert not OAuthGrant.objects.exists()


def test_a_consent_without_a_needed_scope_asks_for_another(
    visitor: Visitor, connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    asked = begin(visitor, connection) | {"scope": "read:jira-work offline_access"}

    answer = visitor.get(CALLBACK, data=consented(sandbox, asked))

    assert "does not cover this" in text_of(answer)
    assert not OAuthGrant.objects.exists()


def other_sites(visitor: Visitor, connection: JiraConnection, sandbox: RunningSandbox) -> HttpResponse:
    answer = visitor.get(CALLBACK, data=consented(sandbox, begin(visitor, connection), site=OTHER))
    assert answer.status_code == 303
    return visitor.get(answer["Location"])


def test_a_consent_for_another_site_is_never_taken_for_this_one(
    visitor: Visitor, connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    page = other_sites(visitor, connection, sandbox)

    assert "another-team.example.test" in text_of(page)
    assert "at-" not in str(dict(visitor.client.session))  # the tokens wait sealed
    assert not OAuthGrant.objects.exists()
    connection.refresh_from_db()
    assert connection.account_id == ""


def test_a_second_consent_that_adds_a_site_finds_the_one_that_is_meant(
    visitor: Visitor, connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    other_sites(visitor, connection, sandbox)

    answer = visitor.get(CALLBACK, data=consented(sandbox, begin(visitor, connection)))

    assert "/setup/project/" in answer["Location"]
    assert OAuthGrant.objects.get().connection == connection
    connection.refresh_from_db()
    assert connection.cloud_id == CLOUD  # though another site stands first in Atlassian's list


def test_a_chosen_site_becomes_a_connection_of_its_own(
    visitor: Visitor, connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    other = JiraConnection.objects.create(name="Elsewhere", site_url="http://127.0.0.1:9", deployment="cloud")
    JiraConnection.objects.filter(pk=connection.pk).update(site_url="http://127.0.0.1:10")
    back = consented(sandbox, begin(visitor, connection))
    page = visitor.get(visitor.get(CALLBACK, data=back)["Location"])
    assert sandbox.url in text_of(page)

    answer = visitor.post("/jira/oauth/sites/?project=SHOP", {"site": CLOUD})

    assert answer.status_code == 303
    made = JiraConnection.objects.get(site_url=sandbox.url)
    assert OAuthGrant.objects.get().connection == made
    assert made.pk not in (connection.pk, other.pk)
    again = visitor.client.post("/jira/oauth/sites/?project=SHOP", {"site": CLOUD}, follow=True)
    assert "belongs to no sign-in" in text_of(again)


def test_forgetting_the_sign_in_says_where_it_still_stands(
    visitor: Visitor, connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    visitor.get(CALLBACK, data=consented(sandbox, begin(visitor, connection)))

    answer = visitor.send(visitor.step(connection.pk, "sign-in"), "disconnect")

    said = text_of(visitor.get(answer["Location"]))
    assert "Take it away at id.atlassian.com, Connected apps." in said
    assert not OAuthGrant.objects.exists()
    connection.refresh_from_db()
    assert (connection.account_id, connection.through_gateway, connection.state) == ("", False, "setup")


def test_a_token_replaces_a_grant(visitor: Visitor, connection: JiraConnection, sandbox: RunningSandbox) -> None:
    visitor.get(CALLBACK, data=consented(sandbox, begin(visitor, connection)))
    given = {"login": "api_token", "user_name": sandbox.user, "token": sandbox.token, "save": "1"}

    answer = visitor.post(visitor.step(connection.pk, "sign-in"), given)

    assert answer.status_code == 303
    connection.refresh_from_db()
    assert (connection.login, connection.through_gateway) == ("api_token", False)
    assert not OAuthGrant.objects.exists()


def test_without_an_app_the_step_says_who_can_set_one_up(
    visitor: Visitor, connection: JiraConnection, settings: Settings
) -> None:
    settings.JIRA_OAUTH_CLIENT_ID = ""

    page = visitor.send(visitor.step(connection.pk, "sign-in"), "kind", login="oauth2")
    started = visitor.get(f"/jira/connections/{connection.pk}/oauth/start/?project=SHOP")

    assert "No OAuth app is set up here" in text_of(page)
    assert "Atlassian does not know our OAuth app." in text_of(started)


def test_who_may_not_connect_cannot_begin_a_consent(
    connection: JiraConnection, backlog: Project, client: Client
) -> None:
    client.force_login(member(backlog, "theo", Role.EDITOR))

    assert client.get(f"/jira/connections/{connection.pk}/oauth/start/?project=SHOP").status_code in (403, 404)
    assert client.get(CALLBACK).status_code in (403, 404)
    assert client.get("/jira/oauth/sites/").status_code in (403, 404)
