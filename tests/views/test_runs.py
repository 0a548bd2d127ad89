"""The page of a run."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from jira_integration.catalogue import sentence
from jira_integration.models import ExportRun, RunEvent, RunItem
from stories_qa.models import Project, Role
from tests.jira_rows import a_backlog, a_person, a_story
from tests.views.run_pages import started

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return a_backlog(stories=6)


def shown(client: Client, run: ExportRun, query: str = "") -> str:
    answer = client.get(f"/p/SHOP/jira/runs/{run.pk}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def buttons(page: str) -> set[str]:
    return set(re.findall(r'id="run-(stop|pause|continue|retry)"', page))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"state": "queued"}, {"pause", "stop"}),
        ({"state": "running"}, {"pause", "stop"}),
        ({"state": "waiting"}, {"pause", "stop", "continue"}),
        ({"state": "stopping"}, set()),
        ({"state": "pausing"}, {"stop"}),
        ({"state": "paused"}, {"stop", "continue"}),
        ({"state": "running", "lease_until": timezone.now() - timedelta(minutes=1)}, {"pause", "stop", "continue"}),
        ({"state": "interrupted"}, {"pause", "stop", "continue"}),
        ({"state": "stopped"}, {"continue", "retry"}),
        ({"state": "done"}, {"retry"}),
        ({"state": "partly_done"}, {"retry"}),
        ({"state": "failed"}, {"retry"}),
    ],
)
def test_each_state_has_its_buttons(
    columns: dict[str, Any], expected: set[str], ana: Any, project: Project, client: Client
) -> None:
    run = started(project, {"US-1": "failed"}, **columns)

    assert buttons(shown(client, run)) == expected


def test_a_viewer_sees_the_run_without_buttons(project: Project, client: Client) -> None:
    client.force_login(a_person("jonas", project, Role.VIEWER))
    run = started(project, {"US-1": "failed"}, state="partly_done")

    page = shown(client, run)

    assert buttons(page) == set()
    assert "Retry" not in page


def test_the_bar_says_in_words_what_it_shows(ana: Any, project: Project, client: Client) -> None:
    run = started(project, {"US-1": "created", "US-2": "updated", "US-3": "failed", "US-4": "unconfirmed"})

    page = shown(client, run)

    assert 'aria-valuetext="4 of 6 finished: 2 done, 1 failed, 1 unconfirmed"' in page
    assert 'aria-valuenow="4"' in page
    assert "<title>Run " in page
    assert "You can leave. The run goes on." in page


def test_a_run_that_is_being_paused_says_what_comes_first(ana: Any, project: Project, client: Client) -> None:
    page = shown(client, started(project, state="pausing"))

    assert "What is being sent is finished first." in page
    assert "The run goes on" not in page


def test_a_finished_run_has_a_sentence_and_no_socket(ana: Any, project: Project, client: Client) -> None:
    states = {f"US-{n}": "created" for n in range(1, 5)} | {"US-5": "failed", "US-6": "unconfirmed"}
    run = started(project, states, state="partly_done", finished_at=timezone.now())

    page = shown(client, run)

    assert "4 of 6 items are in Jira. 1 failed, 1 unconfirmed." in page
    assert "ws-connect" not in page
    assert "http-equiv" not in page
    assert "Retry 2" in page


def test_a_run_that_went_well_says_so(ana: Any, project: Project, client: Client) -> None:
    run = started(project, {f"US-{n}": "created" for n in range(1, 7)}, state="done")

    page = shown(client, run)

    assert "All 6 items are in Jira." in page
    assert buttons(page) == set()


def test_without_scripts_an_active_run_loads_itself_again(ana: Any, project: Project, client: Client) -> None:
    page = shown(client, started(project))

    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in page
    assert 'ws-connect="/ws/runs/' in page


def test_a_failed_item_says_what_why_and_what_jira_said(ana: Any, project: Project, client: Client) -> None:
    run = started(project, {"US-1": "failed"}, state="partly_done")
    run.items.filter(state="failed").update(
        error_code="priority_not_allowed",
        error_values={"value": "Blocker", "allowed": ["High", "Low"]},
        jira_said=["priority: <b>invalid</b> \u202egnp.exe"],
    )

    page = shown(client, run)

    assert "Jira did not accept the priority “Blocker”." in page
    assert "What Jira said" in page
    assert "&lt;b&gt;invalid&lt;/b&gt; \\u202egnp.exe" in page
    assert "\u202e" not in page


def test_three_equal_failures_are_one_message(ana: Any, project: Project, client: Client) -> None:
    run = started(project, {"US-1": "failed", "US-2": "failed", "US-3": "failed", "US-4": "failed"}, state="failed")
    run.items.filter(state="failed").update(error_code="required_field", error_values={"field": "Team"})
    run.items.filter(story_key="US-4").update(error_values={"field": "Squad"})

    page = shown(client, run)

    assert "3 failed for the same reason: Jira needs “Team”" in page
    assert page.count("“Team”") == 1
    assert page.count("“Squad”") == 1


def test_one_cause_can_be_retried_alone(ana: Any, project: Project, client: Client) -> None:
    run = started(project, {f"US-{n}": "failed" for n in range(1, 5)}, state="failed")
    run.items.filter(state="failed").update(error_code="required_field", error_values={"field": "Team"})
    run.items.filter(story_key="US-4").update(error_code="priority_not_allowed", error_values={})
    assert "Retry these 3" in shown(client, run)

    client.post(f"/p/{project.key}/jira/runs/{run.pk}/retry/", {"cause": "required_field"})

    states = dict(run.items.values_list("story_key", "state"))
    assert [states[f"US-{n}"] for n in range(1, 5)] == ["queued", "queued", "queued", "failed"]


def test_equal_failures_of_different_stories_count_as_equal(ana: Any, project: Project, client: Client) -> None:
    run = started(project, {f"US-{n}": "failed" for n in range(1, 5)}, state="failed")
    for item in run.items.filter(state="failed"):
        item.error_code, item.error_values = "epic_failed", {"epic": "EP-1", "story": item.story_key}
        item.save()

    assert "4 failed for the same reason" in shown(client, run)


def test_attempts_are_listed_under_the_row(ana: Any, project: Project, client: Client) -> None:
    run = started(project, {"US-1": "created"})
    item = run.items.get(story_key="US-1")
    RunItem.objects.filter(pk=item.pk).update(attempt=2)
    RunEvent.objects.create(run=run, item=item, code="no_answer", values={"number": 1, "count": 1})

    page = shown(client, run)

    assert "Attempt 2" in page
    assert escape(sentence("no_answer", {"number": 1, "count": 1, "story": "US-1"})) in page


def test_a_wait_counts_down_and_promises(ana: Any, project: Project, client: Client) -> None:
    later = timezone.now() + timedelta(seconds=12)
    run = started(project, {"US-1": "sending"}, state="waiting", not_before=later, reason_code="rate_limited")

    page = shown(client, run)

    assert "Jira asked us to slow down." in page
    assert f'data-countdown="{later.isoformat()}"' in page
    assert "Nothing is lost and nothing is sent twice." in page


def test_a_lost_worker_is_said_with_the_way_on(ana: Any, project: Project, client: Client) -> None:
    run = started(project, lease_until=timezone.now() - timedelta(seconds=1))

    page = shown(client, run)

    assert "Interrupted" in page
    assert "Continue with the rest" in page
    assert "stopped in the middle" in page


def test_filters_show_their_rows(ana: Any, project: Project, client: Client) -> None:
    states = {"US-1": "created", "US-2": "failed", "US-3": "unconfirmed", "US-4": "sending", "US-5": "skipped"}
    run = started(project, states)

    def keys(show: str) -> set[str]:
        return set(re.findall(r'<tbody\s+id="item-(US-\d)"', shown(client, run, f"?show={show}")))

    assert keys("needs") == {"US-2", "US-3"}
    assert keys("progress") == {"US-4"}
    assert keys("done") == {"US-1"}
    assert keys("queued") == {"US-6"}
    assert keys("out") == {"US-5"}
    assert len(keys("all")) == len(keys("nonsense")) == 6


def test_a_large_run_shows_a_hundred_rows_and_asks_a_fixed_number_of_times(
    ana: Any, client: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    for number in range(7, 251):
        a_story(project, number)
    run = started(project)

    with django_assert_max_num_queries(50):
        page = shown(client, run)
    more = client.get(f"/p/SHOP/jira/runs/{run.pk}/?page=2", headers={"HX-Request": "true", "HX-Target": "more"})
    last = shown(client, run, "?page=99")

    assert page.count('<tbody id="item-') == 100
    assert "100 of 250 shown" in page
    assert more.content.decode().count('<tbody id="item-') == 100
    assert last.count('<tbody id="item-') == 50


def test_stopping_a_queued_run_ends_it(ana: Any, project: Project, client: Client) -> None:
    run = started(project, state="queued")

    answer = client.post(f"/p/SHOP/jira/runs/{run.pk}/stop/")

    assert answer.status_code == 303
    run.refresh_from_db()
    assert run.state == "stopped"
    assert "Continue with the rest" in shown(client, run)


def test_retrying_touches_only_what_failed(ana: Any, project: Project, client: Client) -> None:
    run = started(project, {"US-1": "created", "US-2": "failed", "US-3": "unchanged"}, state="partly_done")
    run.items.filter(state="queued").update(state="created")

    client.post(f"/p/SHOP/jira/runs/{run.pk}/retry/")

    assert list(run.items.filter(state="queued").values_list("story_key", flat=True)) == ["US-2"]


def test_what_makes_no_sense_in_a_state_is_said_on_the_page(ana: Any, project: Project, client: Client) -> None:
    run = started(project, {f"US-{n}": "created" for n in range(1, 7)}, state="done")

    for act in ("stop", "continue", "retry"):
        answer = client.post(f"/p/SHOP/jira/runs/{run.pk}/{act}/")

        assert answer.status_code == 409
        assert 'role="alert"' in answer.content.decode()


def test_the_csv_holds_every_item(ana: Any, project: Project, client: Client) -> None:
    run = started(project, {"US-1": "created", "US-2": "failed"}, state="partly_done")
    run.items.filter(story_key="US-2").update(error_code="required_field", error_values={"field": "Team"}, title="@x")

    body = b"".join(client.get(f"/p/SHOP/jira/runs/{run.pk}/csv/").streaming_content).decode()
    rows = {row["\ufeffKey"]: row for row in csv.DictReader(io.StringIO(body))}

    assert len(rows) == 6
    assert rows["US-1"]["Result"] == "Created"
    assert rows["US-1"]["Address"].startswith("https://acme.atlassian.net/browse/SHOP-")
    assert rows["US-2"]["Title"] == "'@x"
    assert "Team" in rows["US-2"]["Reason"]


def test_what_changed_since_the_preview_can_be_previewed_again(ana: Any, project: Project, client: Client) -> None:
    run = started(project, {"US-1": "moved_on"}, state="partly_done")
    run.items.filter(state="moved_on").update(error_code="issue_changed_since_preview")

    page = shown(client, run)

    assert "changed in Jira after the preview." in page
    form = page.split('id="again-US-1"')[0].rsplit("<form", 1)[1]
    assert f'name="story" value="{run.items.get(state="moved_on").story_ref}"' in form


def test_a_run_whose_bodies_are_gone_shows_its_results_and_offers_a_new_preview(
    ana: Any, project: Project, client: Client
) -> None:
    run = started(project, {"US-1": "created", "US-2": "failed"}, state="stopped", finished_at=timezone.now())
    run.items.filter(state="failed").update(error_code="rejected")
    run.plan.emptied_at = timezone.now()
    run.plan.save()

    page = shown(client, run)

    assert buttons(page) == set()
    assert "What this run sent is not kept any more." in page
    assert "Preview again" in page
    assert "SHOP-100" in page
    assert "Retry" not in page
    refused = client.post(f"/p/SHOP/jira/runs/{run.pk}/retry/")
    assert refused.status_code == 409
    assert "removed after 90 days" in refused.content.decode()
    assert client.get(f"/p/SHOP/jira/runs/{run.pk}/csv/").status_code == 200
