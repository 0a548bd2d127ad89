from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.utils import timezone

from jira_integration.models import AuditEntry, JiraConnection
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.visits import Visitor, form_values, text_of

NEW_TOKEN = "a-quite-secret-new-token"


@pytest.fixture
def at_sign_in(visitor: Visitor, sandbox: RunningSandbox) -> str:
    """The address of step 2 of a fresh connection."""
    visitor.send("/jira/connections/new/?project=SHOP", site_url=sandbox.url)
    return visitor.step(JiraConnection.objects.get().pk, "sign-in")


def checks(response: HttpResponse) -> dict[str, str]:
    """Slug → result of each named check on the page."""
    found = re.findall(r'data-check="([\w-]+)" data-result="(\w+)"', response.content.decode())
    return dict(found)


def test_a_good_sign_in_names_the_account_the_end_and_what_it_can_read(
    visitor: Visitor, at_sign_in: str, sandbox: RunningSandbox
) -> None:
    ends = timezone.localdate() + timedelta(days=200)

    answer = visitor.send(
        at_sign_in, "test", user_name=sandbox.user, token=sandbox.token, secret_ends_on=ends.isoformat()
    )

    assert set(checks(answer).values()) == {"ok"}
    assert list(checks(answer)) == ["address", "sign-in", "account", "end", "projects"]
    said = text_of(answer)
    assert "“QA Bot (qa-bot@example.test)”. Everything we create in Jira carries this name." in said
    assert f"Until {ends.day} {ends:%B %Y}" in said
    assert "3 projects" in said
    connection = JiraConnection.objects.get()
    assert (connection.account_name, connection.state, connection.secret_ends_on) == ("QA Bot", "ok", ends)
    assert sandbox.write_requests() == []


def test_a_refused_token_is_explained_each_check_says_its_own_and_nothing_is_saved(
    visitor: Visitor, at_sign_in: str, sandbox: RunningSandbox
) -> None:
    answer = visitor.send(at_sign_in, user_name=sandbox.user, token=NEW_TOKEN)

    assert answer.status_code == 422
    assert checks(answer) == {
        "address": "ok",
        "sign-in": "failed",
        "account": "not_run",
        "end": "not_run",
        "projects": "not_run",
    }
    page = answer.content.decode()
    assert 'data-code="bad_login"' in page
    assert 'href="#id_token"' in page
    assert "Jira did not accept the e-mail and token." in text_of(answer)
    assert NEW_TOKEN not in page
    assert form_values(answer)["user_name"] == [sandbox.user]
    assert form_values(answer)["token"] == [""]
    assert JiraConnection.objects.get().secret is None


def test_jiras_200_for_nobody_is_a_refused_sign_in(visitor: Visitor, at_sign_in: str, sandbox: RunningSandbox) -> None:
    sandbox.faults(
        {
            "kind": "status",
            "path": "/rest/api/3/myself",
            "status": 200,
            "headers": {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"},
            "body": {},
        }
    )

    answer = visitor.send(at_sign_in, user_name=sandbox.user, token=NEW_TOKEN)

    assert checks(answer)["sign-in"] == "failed"
    assert 'data-code="bad_login"' in answer.content.decode()


def test_an_account_without_an_id_is_a_refused_sign_in(
    visitor: Visitor, at_sign_in: str, sandbox: RunningSandbox
) -> None:
    sandbox.faults({"kind": "status", "path": "/rest/api/3/myself", "status": 200, "body": {"displayName": "Nobody"}})

    answer = visitor.send(at_sign_in, user_name=sandbox.user, token=NEW_TOKEN)

    assert checks(answer)["sign-in"] == "failed"


def test_a_captcha_stops_the_trying_and_says_who_must_solve_it(
    visitor: Visitor, at_sign_in: str, sandbox: RunningSandbox
) -> None:
    denied = {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}
    sandbox.faults({"kind": "status", "path": "/rest/api/3/myself", "status": 403, "headers": denied, "body": {}})

    answer = visitor.send(at_sign_in, user_name=sandbox.user, token=NEW_TOKEN)

    assert 'data-code="captcha"' in answer.content.decode()
    assert f"Jira wants a CAPTCHA for {sandbox.user}" in text_of(answer)


def test_an_account_that_sees_no_project_is_let_in_with_a_warning(
    visitor: Visitor, at_sign_in: str, sandbox: RunningSandbox
) -> None:
    sandbox.faults(
        {
            "kind": "status",
            "path": "/rest/api/3/project/search",
            "status": 200,
            "body": {"values": [], "total": 0, "isLast": True},
        }
    )

    answer = visitor.send(at_sign_in, "test", user_name=sandbox.user, token=sandbox.token)

    assert checks(answer)["projects"] == "warning"
    assert JiraConnection.objects.get().secret is not None


def test_a_mistyped_replacement_leaves_the_saved_token_and_the_state_alone(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    pk = visitor.connect(sandbox)

    answer = visitor.send(visitor.step(pk, "sign-in"), token=NEW_TOKEN)

    connection = JiraConnection.objects.get()
    assert answer.status_code == 422
    assert connection.secret is not None
    assert connection.secret.open(connection.bound_to) == sandbox.token
    assert connection.state == JiraConnection.State.OK


def test_without_a_new_token_the_saved_one_is_tested_and_kept(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    AuditEntry.objects.all().delete()

    answer = visitor.send(visitor.step(pk, "sign-in"), secret_ends_on="2031-03-14")

    connection = JiraConnection.objects.get()
    assert answer.status_code == 303
    assert connection.secret is not None
    assert str(connection.secret_ends_on) == "2031-03-14"
    assert not AuditEntry.objects.filter(code="login_replaced").exists()


@pytest.mark.parametrize(
    ("changes", "said", "control"),
    [
        ({"token": ""}, "Enter the API token.", "id_token"),
        ({"token": "two words"}, "A token holds no spaces.", "id_token"),
        ({"user_name": ""}, "Enter the e-mail of the Jira account.", "id_user_name"),
        ({"secret_ends_on": "soon"}, "Write the date as 2027-03-14.", "id_secret_ends_on"),
        ({"login": "pat"}, "pat", "id_login_0"),
    ],
)
def test_each_control_says_its_own_error_and_the_summary_leads_to_it(
    visitor: Visitor, at_sign_in: str, changes: dict[str, str], said: str, control: str
) -> None:
    given = {"user_name": "qa-bot@example.test", "token": NEW_TOKEN, "login": "api_token"}

    answer = visitor.post(at_sign_in, {**given, **changes, "save": "1"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert f'<a href="#{control}">' in page
    assert f'id="{control}"' in page
    assert NEW_TOKEN not in page


def test_only_logins_that_work_with_this_jira_are_offered(visitor: Visitor, at_sign_in: str) -> None:
    page = visitor.get(at_sign_in).content.decode()

    assert re.findall(r'name="login" value="(\w+)"', page) == ["api_token", "oauth2"]
    assert "<fieldset" in page
    assert "<legend" in page
