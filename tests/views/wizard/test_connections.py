from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from jira_integration.models import AuditEntry, JiraConnection, ProjectMapping
from stories_qa.models import Project, Role
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.conftest import member
from tests.views.wizard.visits import Visitor, text_of

LIST = "/jira/connections/?project=SHOP"


def test_without_a_connection_the_page_invites_to_make_one(visitor: Visitor) -> None:
    answer = visitor.get(LIST)

    assert "No Jira is connected yet." in text_of(answer)
    assert 'href="/jira/connections/new/?project=SHOP"' in answer.content.decode()


def test_each_site_is_shown_with_its_state_account_and_backlogs(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")

    said = text_of(visitor.get(LIST))

    assert "Rehearsal Jira" in said
    assert "Jira connected" in said
    assert "QA Bot" in said
    assert "Storefront → SHOP · not turned on yet" in said


def test_backlogs_of_others_are_not_named(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    secret = Project.objects.create(key="HUSH", name="Secret plans")
    ProjectMapping.objects.create(connection_id=pk, project_ref=secret.ref, jira_project_key="HSH")

    page = visitor.get(LIST).content.decode()

    assert "Secret plans" not in page
    assert "HSH" not in page


def test_a_site_opens_for_a_backlog_that_it_serves(
    client: Client, visitor: Visitor, sandbox: RunningSandbox, mira: User
) -> None:
    pk = visitor.connect(sandbox)
    other = JiraConnection.objects.create(name="Other", site_url="https://other.atlassian.net", deployment="cloud")

    page = visitor.get(LIST).content.decode()

    assert f'href="/jira/connections/{pk}/setup/sign-in/?project=SHOP"' in page
    assert f"/jira/connections/{other.pk}/" not in page  # SHOP goes elsewhere, and there is no other backlog


def test_a_backlog_that_is_set_up_goes_on_where_it_was_left(
    visitor: Visitor, sandbox: RunningSandbox, backlog: Project
) -> None:
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")

    answer = visitor.get("/jira/connections/new/?project=SHOP")

    assert answer["Location"] == visitor.step(pk, "fields")


def test_an_admin_of_another_backlog_cannot_set_up_this_one(
    client: Client, visitor: Visitor, sandbox: RunningSandbox, backlog: Project
) -> None:
    pk = visitor.connect(sandbox)
    own = Project.objects.create(key="APP", name="App")
    theo = member(own, "theo", Role.ADMIN)
    client.force_login(theo)

    assert client.get(visitor.step(pk, "fields")).status_code == 404
    assert client.post(visitor.step(pk, "review"), {"save": "1"}).status_code == 404


def test_a_change_of_what_backlogs_share_stands_in_the_trail_of_each(
    visitor: Visitor, sandbox: RunningSandbox, backlog: Project
) -> None:
    pk = visitor.connect(sandbox)
    other = Project.objects.create(key="APP", name="App")
    ProjectMapping.objects.create(connection_id=pk, project_ref=other.ref)

    visitor.send(visitor.step(pk, "sign-in"), "disconnect")

    told = AuditEntry.objects.filter(code="login_forgotten").values_list("project_ref", flat=True)
    assert set(told) == {backlog.ref, other.ref}
