"""The log of what Jira posted: who sees it, what it leaves out, and handling an event again."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from jira_integration import tasks
from jira_integration.models import AuditEntry, ExportedTicket, JiraConnection, WebhookDelivery
from stories_qa.models import Role, Story
from tests.jira_rows import a_backlog, a_connection, a_mapping, a_person, a_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> JiraConnection:
    """Two backlogs on one site; ana administers SHOP, kim OTHER, "ex" exports in SHOP."""
    site = a_connection()
    shop, other = a_backlog(stories=1), a_backlog("OTHER", stories=1)
    a_person("ana", shop, Role.ADMIN)
    a_person("ex", shop, Role.EXPORTER)
    a_person("kim", other, Role.ADMIN)
    a_person("lee", a_backlog("ELSE"), Role.ADMIN)
    for project, issue in ((shop, "11"), (other, "22")):
        a_ticket(a_mapping(project, site), Story.objects.get(project=project), issue_id=issue, issue_key=f"K-{issue}")
    return site


def delivered(connection: JiraConnection, **columns: Any) -> WebhookDelivery:
    columns = {"event": "jira:issue_updated", "issue_id": "11", "state": "handled", "identifier": "1"} | columns
    columns.setdefault("body", {"issue": {"id": "11", "fields": {"summary": "Said of SHOP"}}})
    return WebhookDelivery.objects.create(connection=connection, **columns)


def visit(name: str) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(username=name))
    return client


def log(connection: JiraConnection, name: str = "ana", **query: str) -> Any:
    return visit(name).get(f"/jira/connections/{connection.pk}/deliveries/", query)


def test_an_event_is_shown_with_what_became_of_it_and_cannot_act(connection: JiraConnection) -> None:
    hostile = {"issue": {"fields": {"summary": "</pre><script>alert(1)</script> \u202eabc"}}}
    delivered(connection, state="ignored", reason="sprint_started is not synced", body=hostile)

    page = log(connection).content.decode()

    assert "sprint_started is not synced" in page
    assert "K-11" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\\u202eabc" in page


def test_people_are_left_out_of_the_body(connection: JiraConnection) -> None:
    person = {"displayName": "Jonas Ortiz", "emailAddress": "jonas@acme.test", "accountId": "5b10"}
    delivered(connection, body={"user": person, "issue": {"fields": {"summary": "Kept"}}})

    page = log(connection).content.decode()

    assert "Kept" in page
    for personal in ("Jonas Ortiz", "jonas@acme.test", "5b10"):
        assert personal not in page


def test_only_admins_of_a_backlog_on_this_site_see_it(connection: JiraConnection) -> None:
    delivered(connection)

    assert log(connection).status_code == 200
    assert log(connection, "ex").status_code == 403
    assert log(connection, "lee").status_code == 404


def test_what_is_about_another_backlog_is_not_shown_to_who_is_no_member_of_it(connection: JiraConnection) -> None:
    delivered(connection)
    delivered(connection, identifier="2", issue_id="99", body={"issue": {"fields": {"summary": "Of nobody known"}}})

    assert "Said of SHOP" in log(connection, "ana").content.decode()
    page = log(connection, "kim").content.decode()
    assert "Said of SHOP" not in page
    assert "Of nobody known" not in page
    assert "It is about a backlog you are no member of." in page


def test_filters_narrow_the_list(connection: JiraConnection) -> None:
    delivered(connection)
    delivered(connection, identifier="2", state="failed", event="comment_created")

    assert len(log(connection).context["rows"]) == 2
    assert len(log(connection, state="failed").context["rows"]) == 1
    assert len(log(connection, event="comment_created").context["rows"]) == 1
    assert len(log(connection, state="handled", event="comment_created").context["rows"]) == 0
    assert len(log(connection, state="x", page="999").context["rows"]) == 2


def test_an_event_is_handled_again_by_an_admin(
    connection: JiraConnection, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    started: list[int] = []
    monkeypatch.setattr(tasks.handle_delivery, "delay", started.append)
    delivery = delivered(connection, state="failed", reason="Jira does not answer", attempts=10)
    address = f"/jira/connections/{connection.pk}/deliveries/{delivery.pk}/again/"

    assert visit("ex").post(address).status_code == 403
    assert visit("ana").get(address).status_code == 405
    with django_capture_on_commit_callbacks(execute=True):
        assert visit("ana").post(address).status_code == 303

    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason, delivery.attempts) == ("received", "", 0)
    assert started == [delivery.pk]
    assert AuditEntry.objects.filter(code="delivery_again").exists()
    assert ExportedTicket.objects.count() == 2
