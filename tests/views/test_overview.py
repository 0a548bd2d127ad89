"""How a backlog stands with Jira, and what happened."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from jira_integration import audit
from jira_integration.models import AuditEntry, WebhookDelivery
from jira_integration.tasks import build_plan, poll_connection
from stories_qa.models import Project, Role, Story
from tests.jira_rows import a_connection, a_mapping, a_person, a_plan, a_run, a_story, a_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira(project: Project, client: Client) -> Any:
    person = a_person("mira", project, Role.ADMIN, first_name="Mira", last_name="Kovač")
    client.force_login(person)
    return person


def overview(client: Client) -> str:
    answer = client.get("/p/SHOP/jira/")
    assert answer.status_code == 200
    return answer.content.decode()


def card(page: str, heading: str) -> str:
    return page.split(f'<h2 id="{heading}">')[1].split("</section>")[0]


def test_without_jira_the_page_is_the_invitation(mira: Any, client: Client) -> None:
    page = overview(client)

    assert "What it never does" in page
    assert re.search(r'href="/jira/connections/new/\?project=SHOP"\s*>\s*Connect Jira', page)


def test_who_cannot_connect_reads_whom_to_ask(mira: Any, project: Project, client: Client) -> None:
    client.force_login(a_person("jonas", project, Role.VIEWER))

    page = overview(client)

    assert "ask Mira Kovač" in page
    assert 'class="btn primary"' not in page


def test_a_set_up_that_was_left_goes_on_where_it_was(mira: Any, project: Project, client: Client) -> None:
    mapping = a_mapping(project, live=False, steps_done=["site", "sign-in"])

    page = overview(client)

    there = f"/jira/connections/{mapping.connection_id}/setup/project/?project=SHOP"
    assert re.search(rf'href="{re.escape(there)}"\s*>\s*Go on', page)


def test_numbers_link_to_the_filtered_list(mira: Any, project: Project, client: Client) -> None:
    mapping = a_mapping(project)
    a_ticket(mapping, a_story(project, 1))
    a_ticket(mapping, a_story(project, 2, version=4), story_version=3)
    a_ticket(mapping, a_story(project, 3), sync="conflict")
    a_story(project, 4)
    a_story(project, 5)

    page = overview(client)

    counts = dict(re.findall(r'<a href="/p/SHOP/stories/\?jira=(\w+)"><svg.*?<b>(\d+)</b>', page))
    assert counts == {"in_sync": "1", "changed_here": "1", "conflict": "1", "not_exported": "2"}


def test_what_stops_work_is_kept_apart_from_what_is_worth_a_look(mira: Any, project: Project, client: Client) -> None:
    soon = timezone.localdate() + timedelta(days=6)
    mapping = a_mapping(project, a_connection(secret_ends_on=soon))
    a_ticket(mapping, a_story(project, 1), sync="failed")
    a_run(a_plan(mapping, {}), state="interrupted")

    page = overview(client)

    assert "Export failed" in card(page, "needs-h")
    assert "was interrupted" in card(page, "needs-h")
    assert "token ends in 6 days" in card(page, "worth-h")
    assert "token" not in card(page, "needs-h")


def test_when_nothing_waits_it_says_so(mira: Any, project: Project, client: Client) -> None:
    a_mapping(project)

    assert "Nothing waits for you." in overview(client)


def test_an_old_look_at_jira_is_said_to_be_old(mira: Any, project: Project, client: Client) -> None:
    a_mapping(project, a_connection(checked_at=timezone.now() - timedelta(minutes=31)))

    assert "Not checked since" in overview(client)


def test_events_from_jira_are_counted(mira: Any, project: Project, client: Client) -> None:
    connection = a_connection()
    connection.keep_webhook_secret("a-secret-of-the-webhook")
    connection.save()
    a_mapping(project, connection)
    WebhookDelivery.objects.create(connection=connection, identifier="1", state="handled")
    WebhookDelivery.objects.create(connection=connection, identifier="2", state="failed")

    events = card(overview(client), "events-h")

    assert re.findall(r'<dd class="num">(\d+)</dd>', events) == ["2", "1", "0"]


def test_the_overview_asks_a_fixed_number_of_times(
    mira: Any, project: Project, client: Client, django_assert_max_num_queries: Any
) -> None:
    mapping = a_mapping(project)
    for number in range(1, 40):
        a_ticket(mapping, a_story(project, number))

    with django_assert_max_num_queries(55):
        overview(client)


def test_check_now_comes_back_to_where_it_was_pressed(mira: Any, project: Project, client: Client) -> None:
    a_mapping(project)
    story = a_story(project, 7)

    from_overview = client.post("/p/SHOP/jira/check/")
    from_story = client.post("/p/SHOP/jira/check/", {"story": "US-7"})

    assert from_overview["Location"] == "/p/SHOP/jira/"
    assert from_story["Location"] == "/p/SHOP/stories/US-7/"
    assert AuditEntry.objects.get(code="checked").object_ref == story.ref


def test_check_now_starts_a_look(
    mira: Any,
    project: Project,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    mapping = a_mapping(project)
    asked: list[int] = []
    monkeypatch.setattr(poll_connection, "delay", asked.append)

    with django_capture_on_commit_callbacks(execute=True):
        client.post("/p/SHOP/jira/check/")

    assert asked == [mapping.connection_id]


def test_a_broker_that_is_away_does_not_break_the_page(
    mira: Any,
    project: Project,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    a_mapping(project)
    a_story(project)

    def away(pk: int) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(build_plan, "delay", away)

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/p/SHOP/jira/plans/", {"everything": "1"})

    assert answer.status_code == 303


class TestAudit:
    def test_newest_first_in_sentences_with_the_run(self, mira: Any, project: Project, client: Client) -> None:
        audit.record("plan_made", {"count": 3}, user=mira, project_ref=project.ref)
        audit.record("run_started", {"run": 7, "create": 2, "update": 1}, user=mira, project_ref=project.ref)

        page = client.get("/audit/?project=SHOP").content.decode()

        assert page.index("Mira Kovač started run 7") < page.index("Mira Kovač previewed an export of 3 stories")
        assert 'href="/p/SHOP/jira/runs/7/"' in page

    def test_it_is_filtered_by_person_and_kind(self, mira: Any, project: Project, client: Client) -> None:
        audit.record("plan_made", {"count": 3}, user=mira, project_ref=project.ref)
        audit.record("checked", {"story": "US-1"}, actor="jira", actor_name="Jonas Ortiz", project_ref=project.ref)

        by_name = client.get("/audit/?who=jonas").content.decode()
        by_kind = client.get("/audit/?what=person").content.decode()
        nobody = client.get("/audit/?who=zzz").content.decode()

        assert "Jonas Ortiz asked" in by_name
        assert "Mira Kovač previewed" not in by_name
        assert "Mira Kovač previewed" in by_kind
        assert "Clear filters" in nobody

    def test_names_from_jira_are_escaped_and_shown_whole(self, mira: Any, project: Project, client: Client) -> None:
        audit.record("checked", {"story": "US-1"}, actor="jira", actor_name="<b>\u202eEve</b>", project_ref=project.ref)

        page = client.get("/audit/").content.decode()

        assert "&lt;b&gt;\\u202eEve&lt;/b&gt; asked" in page

    def test_it_is_filtered_by_story_issue_run_and_day(self, mira: Any, project: Project, client: Client) -> None:
        a_story(project, 142)
        ref = project.storys.get(key="US-142").ref
        old = audit.record("retried", {"run": 7, "count": 2}, user=mira, project_ref=project.ref)
        AuditEntry.objects.filter(pk=old.pk).update(at="2026-01-31T23:30:00Z")
        audit.record("checked", {"story": "before"}, user=mira, project_ref=project.ref, object_ref=ref)
        audit.record("unlinked", {"story": "US-9", "issue": "SHOP-9"}, user=mira, project_ref=project.ref)

        def found(query: str) -> list[str]:
            page = client.get(f"/audit/?{query}").content.decode()
            return [word for word in ("retried", "asked", "unlinked") if f"Mira Kovač {word}" in page]

        assert found("object=US-142") == ["asked"]
        assert found("object=shop-9") == ["unlinked"]
        assert found("object=7") == ["retried"]
        assert found("from=2026-01-31&to=2026-01-31") == ["retried"]
        assert found("from=2026-02-01") == ["asked", "unlinked"]
        assert found("from=yesterday") == ["retried", "asked", "unlinked"]
        assert found("project=ANOTHER") == ["retried", "asked", "unlinked"]

    def test_the_day_is_the_one_of_the_readers_zone(self, mira: Any, project: Project, client: Client) -> None:
        late = audit.record("checked", {"story": "US-1"}, user=mira, project_ref=project.ref)
        AuditEntry.objects.filter(pk=late.pk).update(at="2026-01-31T23:30:00Z")
        client.cookies["sq-zone"] = "Asia/Tokyo"

        assert "Mira Kovač asked" in client.get("/audit/?from=2026-02-01&to=2026-02-01").content.decode()
        assert "Mira Kovač asked" not in client.get("/audit/?to=2026-01-31").content.decode()

    def test_an_entry_opens_to_what_was_before_and_after(self, mira: Any, project: Project, client: Client) -> None:
        changes = [{"field": "Summary", "before": "<old>", "after": "new"}]
        audit.record("checked", {"story": "US-1", "changes": changes}, user=mira, project_ref=project.ref)

        page = client.get("/audit/").content.decode()

        assert "<del>&lt;old&gt;</del>" in page
        assert "<ins>new</ins>" in page

    def test_the_file_has_the_same_filter_and_its_cells_are_defused(
        self, mira: Any, project: Project, client: Client
    ) -> None:
        changes = [{"field": "Summary", "before": "=1+1", "after": "new"}]
        audit.record("checked", {"story": "US-1", "changes": changes}, user=mira, project_ref=project.ref)
        audit.record("plan_made", {"count": 3}, actor="system", project_ref=project.ref)
        audit.record("plan_made", {"count": 4}, user=mira, project_ref="project:of-others")

        everything = b"".join(client.get("/audit/csv/").streaming_content).decode()
        chosen = b"".join(client.get("/audit/csv/?what=person").streaming_content).decode()

        assert everything.count("previewed an export of 3") == 1
        assert "previewed an export of 4" not in everything
        assert chosen.splitlines()[1].endswith(",'=1+1,new")
        assert len(chosen.splitlines()) == 2

    def test_a_hundred_at_once(self, mira: Any, project: Project, client: Client) -> None:
        for number in range(105):
            audit.record("plan_made", {"count": number}, user=mira, project_ref=project.ref)

        first = client.get("/audit/").content.decode()
        more = client.get("/audit/?page=2", headers={"HX-Request": "true", "HX-Target": "more"}).content.decode()

        assert first.count("previewed") == 100
        assert "Show 5 more" in first
        assert more.count("previewed") == 5


def test_all_pages_stand_when_the_backlog_is_empty(mira: Any, project: Project, client: Client) -> None:
    a_mapping(project)

    for address in ("/p/SHOP/jira/", "/p/SHOP/jira/runs/", "/audit/"):
        assert client.get(address).status_code == 200
    assert not Story.objects.exists()
