"""The same backlog goes to Jira Cloud and to Jira Data Center, by each login that is typed, and reads back the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from jira_integration.models import ExportedTicket, JiraConnection
from jira_integration.richtext import adf_to_markdown, wiki_to_markdown
from jira_integration.sandbox.settings import Flavour
from stories_qa.models import AcceptanceCriterion, Epic, Project, Story
from tests.sandbox.three_legs import CLIENT, SECRET, sign_in
from tests.sandbox_server import RunningSandbox, running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def a_backlog() -> Project:
    project = Project.objects.create(key="WEB", name="Storefront")
    epic = Epic.objects.create(project=project, key="EP-1", title="Checkout", description="All of *it*")
    for number in (1, 2, 3):
        story = Story.objects.create(
            project=project,
            key=f"US-{number}",
            title=f"Pay by card {number}",
            description="As a **guest** I want to pay\n\n- with a [card](https://cards.test)\n- `at once` {code}",
            priority="urgent",
            points=number,
            labels=["checkout", "q3"],
            status="in_progress" if number == 2 else "backlog",
            epic=epic if number != 3 else None,
        )
        AcceptanceCriterion.objects.create(story=story, text="It is paid", position=1)
    return project


def ran(command: str, **options: Any) -> Any:
    out = StringIO()
    try:
        call_command(command, **options, json=True, stdout=out)
    except SystemExit as ended:
        pytest.fail(f"{command} ended with {ended.code}: {out.getvalue()}")
    return json.loads(out.getvalue())


def said(value: Any) -> str:
    """A description in words, whichever kind of Jira it comes from."""
    return (wiki_to_markdown(value) if isinstance(value, str) else adf_to_markdown(value)).value.strip()


def read_back(sandbox: RunningSandbox, connection: JiraConnection) -> dict[str, Any]:
    """What Jira holds of each story: told by our refs, in words that both kinds of Jira have."""
    issues = {issue["id"]: issue for issue in sandbox.issues()}
    keys = {ticket.issue_id: ticket.story_ref for ticket in ExportedTicket.objects.filter(connection=connection)}
    by_key = {issue["key"]: keys.get(issue["id"]) for issue in issues.values()}
    found = {}
    for issue_id, ref in keys.items():
        fields = issues[issue_id]["fields"]
        parent = fields.get("parent") or {}
        epic = parent.get("key") or next(
            (value for value in fields.values() if isinstance(value, str) and value in by_key), None
        )
        found[ref] = {
            "summary": fields["summary"],
            "description": said(fields["description"]) if fields["description"] else "",
            "priority": (fields["priority"] or {}).get("name"),
            "labels": sorted(fields["labels"]),
            "status": fields["status"]["name"],
            "epic": by_key.get(epic),
        }
    return found


def round_trip(sandbox: RunningSandbox, jira_login: str, user: str, secret: str) -> dict[str, Any]:
    """Connect, export, ask for news, export again; what Jira holds then."""
    os.environ["SECRET"] = secret
    asked = {"url": sandbox.url, "auth": jira_login, "user": user, "secret_env": "SECRET", "jira_project": "SHOP"}
    number = ran("jira_connect", name=jira_login, project="WEB", **asked)["connection"]
    export = ran("jira_export", connection=number, project="WEB", all=True, wait=True)
    assert export["state"] in ("done", "planned"), export
    held = read_back(sandbox, JiraConnection.objects.get(pk=number))
    news = ran("jira_sync", connection=number, full=True)
    assert (news["conflicts"], news["missing"]) == (0, 0)
    again = ran("jira_export", connection=number, project="WEB", all=True, wait=True)
    assert [item["state"] for item in again["items"]] == ["unchanged"] * len(export["items"]), again
    return held


@pytest.fixture(autouse=True)
def secret_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken away at the end, whatever a test put there."""
    monkeypatch.setenv("SECRET", "")


@pytest.fixture
def in_cloud(settings: Settings) -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        settings.JIRA_AUTH_BASE_URL = settings.JIRA_GATEWAY_BASE_URL = sandbox.url
        settings.JIRA_OAUTH_CLIENT_ID, settings.JIRA_OAUTH_CLIENT_SECRET = CLIENT, SECRET
        yield sandbox


def expected(project: Project, sandbox: RunningSandbox) -> dict[str, Any]:
    held = round_trip(sandbox, "api_token", sandbox.user, sandbox.token)
    epic = project.epics.get()
    assert len(held) == 4
    assert {one["epic"] for one in held.values()} == {None, epic.ref}
    return held


@pytest.mark.parametrize("version", ["8.20", "9.12", "10.3"])
@pytest.mark.parametrize(("jira_login", "secret"), [("pat", "sandbox-token"), ("basic", "sandbox-password")])
def test_data_center_holds_what_cloud_holds(
    in_cloud: RunningSandbox, version: str, jira_login: str, secret: str
) -> None:
    cloud = expected(a_backlog(), in_cloud)

    with running_sandbox(flavour=Flavour.DATACENTER, context="/jira", dc_version=version) as sandbox:
        own = round_trip(sandbox, jira_login, sandbox.user if jira_login == "basic" else "", secret)

    assert own == cloud
    assert JiraConnection.objects.get(login=jira_login).deployment == "datacenter"


@pytest.mark.parametrize("jira_login", ["oauth2", "api_token"])
def test_through_the_gateway_cloud_holds_the_same(in_cloud: RunningSandbox, jira_login: str) -> None:
    """By a grant, and by an API token with scopes, which the site itself refuses; either replaces the login that was
    there, and no ticket is lost or made twice."""
    site = expected(a_backlog(), in_cloud)
    secret = sign_in(in_cloud).refresh if jira_login == "oauth2" else "sandbox-scoped-token"

    held = round_trip(in_cloud, jira_login, in_cloud.user if jira_login == "api_token" else "", secret)

    assert held == site
    assert len([issue for issue in in_cloud.issues() if issue["fields"]["project"]["key"] == "SHOP"]) == 4
    assert JiraConnection.objects.get().through_gateway
