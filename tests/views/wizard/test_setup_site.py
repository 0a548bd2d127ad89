from __future__ import annotations

import json
import re

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from pytest_django import Settings

from jira_integration.client.exceptions import ErrorCode, JiraUnavailable
from jira_integration.forms.setup import SiteForm
from jira_integration.models import AuditEntry, JiraConnection, ProjectMapping
from jira_integration.views.setup_site import explain_on
from stories_qa.models import Membership, Project, Role
from tests.sandbox_server import RunningSandbox, running_sandbox
from tests.views.wizard.other_sites import site_that_answers
from tests.views.wizard.visits import Visitor, form_values, text_of

NEW = "/jira/connections/new/?project=SHOP"


def enter(visitor: Visitor, address: str) -> HttpResponse:
    return visitor.send(NEW, site_url=address)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter the address of your Jira."),
        ("http://acme.atlassian.net", "The address must start with https://."),
        ("https://192.168.1.7", "192.168.1.7 may not be used from here."),
        ("https://169.254.169.254/latest/meta-data", "169.254.169.254 may not be used from here."),
        ("https://[::ffff:10.0.0.1]", "may not be used from here."),
        ("https://acme.atlassian.net:22", "may not be used from here."),
        ("https://jira.invalid", "There is no Jira at jira.invalid. The name could not be found."),
        ("https://user:secret@acme.atlassian.net", "is not the address of a site."),
        ("javascript:alert(1)", "is not the address of a site."),
        ("https://0x7f000001", "is not the address of a site."),
        ("acme atlassian", "is not the address of a site."),
    ],
)
def test_an_address_that_cannot_be_used_is_said_beside_the_field_and_saves_nothing(
    visitor: Visitor, typed: str, said: str
) -> None:
    answer = enter(visitor, typed)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert text_of(answer).count(said) == 2  # in the summary and beside the field, in the same words
    assert 'href="#id_site_url"' in page
    assert 'aria-invalid="true"' in page
    assert "<title>Error: Jira site" in page
    assert form_values(answer)["site_url"] == [typed]
    assert not JiraConnection.objects.exists()


def test_http_offers_https_as_one_button(visitor: Visitor) -> None:
    page = enter(visitor, "http://jira.acme.test/browse/SHOP-1").content.decode()

    assert 'name="use" value="https://jira.acme.test/browse/SHOP-1"' in page


def test_a_misspelt_cloud_address_asks_whether_the_right_one_was_meant() -> None:
    form = SiteForm({"site_url": "https://acme.atlasian.net"})
    form.is_valid()

    instead = explain_on(form, "https://acme.atlasian.net", JiraUnavailable("no", code=ErrorCode.DNS))

    assert instead == "https://acme.atlassian.net"
    assert "Did you mean acme.atlassian.net?" in str(form.errors["site_url"])


@pytest.mark.parametrize(
    ("body", "more", "said"),
    [
        ("<html><h1>Our intranet</h1></html>", {}, "Something answered, but not as Jira does."),
        ("<html><form><input type=password></form></html>", {}, "A sign-in page answered instead of Jira."),
        ("[]", {"content_type": "application/json"}, "Something answered, but not as Jira does."),
        ('{"hello": 1}', {"content_type": "application/json"}, "Something answered, but not as Jira does."),
        ("{", {"content_type": "application/json"}, "Something answered, but not as Jira does."),
        ("gone", {"status": 404}, "Something answered, but not as Jira does."),
        ("", {"status": 503}, "Jira does not answer."),
        (
            "",
            {"status": 302, "Location": "https://login.acme.test/saml?next=1"},
            "A sign-in page answered instead of Jira.",
        ),
    ],
)
def test_what_answers_but_is_not_jira_is_told_apart(
    visitor: Visitor, body: str, more: dict[str, object], said: str
) -> None:
    with site_that_answers(body, **more) as address:  # type: ignore[arg-type]
        answer = enter(visitor, address)

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not JiraConnection.objects.exists()


def test_nobody_at_the_port_is_said(visitor: Visitor) -> None:
    with site_that_answers("") as address:
        pass

    answer = enter(visitor, address)

    assert "Nothing answers at 127.0.0.1" in text_of(answer)


def test_data_center_is_recognised_by_what_it_answers_and_its_own_logins_are_offered(visitor: Visitor) -> None:
    body = json.dumps({"deploymentType": "DataCenter", "version": "10.3.24", "baseUrl": "https://jira.acme.test"})
    with site_that_answers(body, "application/json") as address:
        answer = enter(visitor, address)

    connection = JiraConnection.objects.get()
    page = visitor.get(answer["Location"])
    assert (answer.status_code, connection.deployment) == (303, "datacenter")
    assert "Jira Data Center 10.3.24, " in text_of(page)
    assert re.findall(r'name="login" value="(\w+)"', page.content.decode()) == ["pat", "basic"]


def test_a_text_that_is_no_certificate_is_said_beside_its_field(visitor: Visitor) -> None:
    answer = visitor.send(NEW, site_url="https://jira.acme.test", ca_pem="our certificate")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is no certificate in what was pasted." in text_of(answer)
    assert 'href="#id_ca_pem"' in page
    assert "<details open>" in page


def test_a_page_of_jira_is_cut_to_the_site_and_what_was_cut_is_shown(visitor: Visitor, sandbox: RunningSandbox) -> None:
    answer = enter(visitor, f"{sandbox.url}/jira/software/projects/SHOP/boards/1?x=2")

    assert answer.status_code == 303
    assert JiraConnection.objects.get().site_url == sandbox.url
    said = text_of(visitor.get(answer["Location"]))
    assert "Jira Cloud, Rehearsal Jira, answers at" in said
    assert "“/jira/software/projects/SHOP/boards/1?x=2” was cut off." in said


def test_a_changed_address_takes_the_token_with_it_and_asks_again(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    with running_sandbox() as other:
        answer = visitor.send(visitor.step(pk, "site"), site_url=other.url)

    connection = JiraConnection.objects.get()
    assert connection.site_url == other.url
    assert (connection.secret, connection.secret_hint, connection.account_name) == (None, "", "")
    assert answer["Location"] == visitor.step(pk, "sign-in")
    assert "The token for" in text_of(visitor.get(answer["Location"]))
    assert visitor.get(visitor.step(pk, "project"))["Location"] == visitor.step(pk, "sign-in")
    assert AuditEntry.objects.filter(code="connection_changed").exists()


def test_the_same_address_again_keeps_the_token(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)

    visitor.send(visitor.step(pk, "site"))

    assert JiraConnection.objects.get().secret is not None


def test_a_second_backlog_shares_the_connection_of_its_site(
    visitor: Visitor, sandbox: RunningSandbox, mira: object
) -> None:
    pk = visitor.connect(sandbox)
    other = Project.objects.create(key="APP", name="App")
    Membership.objects.create(project=other, user=mira, role=Role.ADMIN)

    answer = visitor.send("/jira/connections/new/?project=APP", site_url=sandbox.url)

    assert JiraConnection.objects.count() == 1
    assert ProjectMapping.objects.get(project_ref=other.ref).connection_id == pk
    assert "was connected already; its sign-in is used." in text_of(visitor.get(answer["Location"]))


def test_two_connections_never_get_the_same_address(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    other = JiraConnection.objects.create(
        name="Other",
        site_url="https://other.atlassian.net",
        deployment="cloud",
        created_by=User.objects.get(username="mira"),
    )
    ProjectMapping.objects.all().delete()

    answer = visitor.send(visitor.step(other.pk, "site"), site_url=sandbox.url)

    assert answer.status_code == 422
    assert "is connected already." in text_of(answer)
    assert JiraConnection.objects.get(pk=pk).site_url == sandbox.url


def test_the_rehearsal_jira_is_offered_only_where_there_is_one(visitor: Visitor, settings: Settings) -> None:
    settings.SANDBOX_URL = ""
    without = visitor.get(NEW)
    settings.SANDBOX_URL = "http://127.0.0.1:8001"
    offered = visitor.get(NEW)
    filled = visitor.get(f"{NEW}&fill=sandbox")

    assert "rehearsal" not in text_of(without)
    assert "Fill in the rehearsal Jira" in text_of(offered)
    assert form_values(filled)["site_url"] == ["http://127.0.0.1:8001"]
