from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from jira_integration.models import AuditEntry, JiraConnection, ProjectMapping
from stories_qa.models import Project
from tests.sandbox_server import RunningSandbox, running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def backlog() -> Project:
    return Project.objects.create(key="WEB", name="Web shop")


def connect(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> tuple[int, str, str]:
    """(exit status, standard output, standard error) of the command with what is right unless changed."""
    monkeypatch.setenv("TOKEN", changes.pop("token", sandbox.token))
    asked = {"name": "Rehearsal", "url": sandbox.url, "auth": "api_token", "user": sandbox.user, "secret_env": "TOKEN"}
    asked |= {"jira_project": "SHOP", "json": True} | changes
    out, err = StringIO(), StringIO()
    try:
        call_command("jira_connect", **asked, stdout=out, stderr=err)
    except CommandError as stopped:
        return stopped.returncode, out.getvalue(), f"{err.getvalue()}{stopped}"
    except SystemExit as left:
        return int(left.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_a_backlog_is_mapped_as_suggested_and_turned_on(
    sandbox: RunningSandbox, backlog: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", "a-webhook-secret")

    status, out, err = connect(sandbox, monkeypatch, webhook_secret_env="HOOK")

    connection = JiraConnection.objects.get()
    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "connection": connection.pk,
        "webhook_url": f"/jira/webhooks/{connection.uid}/",
    }
    assert (connection.name, connection.account_name, connection.state) == ("Rehearsal", "QA Bot", "ok")
    assert connection.webhook_secret is not None
    assert connection.webhook_secret.open(connection.bound_to) == "a-webhook-secret"
    mapping = ProjectMapping.objects.get(project_ref=backlog.ref)
    assert (mapping.live, mapping.jira_project_key, mapping.epic_type_id) == (True, "SHOP", "10010")
    assert mapping.fields.filter(kind="story").count() == 8
    assert mapping.statuses.filter(incoming=False).count() == 5
    assert sandbox.token not in json.dumps(list(AuditEntry.objects.values_list("values", flat=True)))


def test_connecting_twice_keeps_what_people_mapped(
    sandbox: RunningSandbox, backlog: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(sandbox, monkeypatch)
    mapping = ProjectMapping.objects.get()
    mapping.fields.filter(story_field="points").delete()

    status, _out, _err = connect(sandbox, monkeypatch, name="Another name")

    assert status == 0
    assert JiraConnection.objects.get().name == "Another name"
    assert not mapping.fields.filter(story_field="points").exists()
    mapping.refresh_from_db()
    assert mapping.version == 1


def test_a_required_field_that_nothing_fills_is_said_and_exits_with_1(
    sandbox: RunningSandbox, backlog: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, out, err = connect(sandbox, monkeypatch, jira_project="MOB")

    assert status == 1
    assert "Jira needs “Team” for every new Story." in err
    assert ProjectMapping.objects.get().live
    assert json.loads(out)["connection"] == JiraConnection.objects.get().pk


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"token": "wrong-token-wrong"}, "Jira did not accept the e-mail and token."),
        ({"jira_project": "NOPE"}, "There is no project NOPE at "),
        ({"jira_project": "OLD"}, "is archived."),
        ({"jira_project": "RO"}, "may not create issues in RO."),
        ({"url": "http://192.168.7.7"}, "The address must start with https://."),
        ({"url": "https://192.168.7.7"}, "may not be used from here."),
        ({"url": "not an address"}, "is not the address of a site."),
        ({"project": "NOPE"}, "There is no project NOPE here."),
        ({"secret_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE is not set"),
        ({"auth": "pat"}, "is Jira Cloud, which does not know --auth pat. Use api_token or oauth2."),
        ({"auth": "oauth2"}, "Atlassian does not know our OAuth app."),
        ({"ca_file": "/no/such/file.pem"}, "/no/such/file.pem cannot be read"),
        ({"user": ""}, "Add --user"),
    ],
)
def test_what_cannot_be_connected_says_why_exits_with_2_and_turns_nothing_on(
    sandbox: RunningSandbox,
    backlog: Project,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    sentence: str,
) -> None:
    status, out, err = connect(sandbox, monkeypatch, **changes)

    assert (status, out) == (2, "")
    assert sentence in err
    assert not ProjectMapping.objects.filter(live=True).exists()
    assert sandbox.token not in err


def test_two_backlogs_must_be_told_apart(
    sandbox: RunningSandbox, backlog: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project.objects.create(key="APP", name="App")

    status, _out, err = connect(sandbox, monkeypatch)

    assert status == 2
    assert "Add --project KEY" in err
    assert "APP, WEB" in err
