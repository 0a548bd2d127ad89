"""Waiting runs on the pages: their order, who may change it, pausing and resuming."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from jira_integration.conf import story_source
from jira_integration.export.line import line
from jira_integration.export.runs import confirm
from jira_integration.live import run_news, run_of
from jira_integration.models import AuditEntry, ExportRun
from stories_qa.models import Project, Role
from tests.jira_rows import a_mapping, a_person, a_plan, a_story

pytestmark = pytest.mark.django_db


@pytest.fixture
def runs(project: Project, ana: Any) -> list[ExportRun]:
    """One that goes on, three that wait."""
    mapping = a_mapping(project)
    made = [confirm(a_plan(mapping, {a_story(project, number): "create"}), ana) for number in range(1, 5)]
    ExportRun.objects.filter(pk=made[0].pk).update(state="waiting")
    return made


def page_of(client: Client, run: ExportRun) -> str:
    return client.get(f"/p/SHOP/jira/runs/{run.pk}/").content.decode()


def post(client: Client, run: ExportRun, act: str, **form: str) -> Any:
    return client.post(f"/p/SHOP/jira/runs/{run.pk}/{act}/", form)


def order(runs: list[ExportRun]) -> list[int]:
    return list(line(runs[0]).values_list("pk", flat=True))


def test_a_waiting_run_says_its_place_and_after_whom(runs: list[ExportRun], client: Client) -> None:
    active, first, second, third = runs

    assert f"Next in line, after run {active.pk}" in page_of(client, first)
    assert f"2nd in line, after run {first.pk}" in page_of(client, second)
    assert f"3rd in line, after run {second.pk}" in page_of(client, third)
    assert "in line" not in page_of(client, active)


def test_only_who_stands_behind_somebody_can_be_moved(runs: list[ExportRun], client: Client) -> None:
    _active, first, second, third = runs

    found = [set(re.findall(r'id="(up|front)-', page_of(client, run))) for run in (first, second, third)]

    assert found == [set(), {"front"}, {"up", "front"}]


def test_the_list_shows_the_line_and_changes_it(runs: list[ExportRun], client: Client) -> None:
    _active, first, second, third = runs
    page = client.get("/p/SHOP/jira/runs/").content.decode()
    assert re.findall(r'id="waits-(\d+)"', page) == [str(run.pk) for run in (first, second, third)]

    answer = post(client, third, "move", back="runs")
    assert (answer.status_code, answer["Location"]) == (303, "/p/SHOP/jira/runs/#line")
    post(client, second, "move", to="front")

    assert order(runs) == [second.pk, first.pk, third.pk]
    assert AuditEntry.objects.filter(code="run_moved_up", user__username="ana").count() == 2


def test_pages_of_the_others_learn_their_new_place(runs: list[ExportRun], project: Project, client: Client) -> None:
    _active, first, _second, third = runs
    seen = ExportRun.objects.get(pk=first.pk).seq

    post(client, third, "move", to="front")

    moved = run_of(first.pk)
    info = story_source().project_by_ref(project.ref)
    assert moved is not None and info is not None
    assert moved.seq > seen
    news = run_news(moved, info, AuditEntry.objects.latest("pk").user, after=seen)
    assert f"2nd in line, after run {third.pk}" in news.html


def test_a_paused_run_says_so_until_it_is_resumed(runs: list[ExportRun], client: Client) -> None:
    _active, first, second, _third = runs

    post(client, first, "pause")
    paused = page_of(client, first)
    assert "Paused: it keeps this place" in paused
    assert 'id="run-continue"' in paused
    assert 'http-equiv="refresh"' not in paused
    assert "Next in line" in page_of(client, second)

    post(client, first, "continue")

    assert "Paused: it keeps" not in page_of(client, first)
    assert "2nd in line" in page_of(client, second)
    assert set(AuditEntry.objects.values_list("code", flat=True)) >= {"run_paused_by", "run_continued"}


def test_a_run_in_line_can_be_cancelled(runs: list[ExportRun], client: Client) -> None:
    _active, first, second, _third = runs
    assert re.search(r"Cancel\s*</button>", page_of(client, first))

    post(client, first, "stop")

    first.refresh_from_db()
    assert first.state == "stopped"
    assert "Next in line" in page_of(client, second)


def test_what_cannot_be_done_is_said_on_the_page(runs: list[ExportRun], client: Client) -> None:
    active, first, _second, _third = runs

    assert "This run is the next to go." in post(client, first, "move").content.decode()
    assert "This run does not wait in line." in post(client, active, "move").content.decode()
    assert post(client, active, "move").status_code == 409


@pytest.mark.parametrize("act", ["pause", "move", "stop", "continue"])
def test_a_viewer_and_an_editor_change_nothing(
    act: str, runs: list[ExportRun], project: Project, client: Client
) -> None:
    before = order(runs), list(ExportRun.objects.values_list("pk", "state"))
    for role in (Role.VIEWER, Role.EDITOR):
        client.force_login(a_person(f"{role}-person", project, role))

        assert post(client, runs[3], act).status_code == 403
        assert "To the front" not in page_of(client, runs[3])
    assert (order(runs), list(ExportRun.objects.values_list("pk", "state"))) == before


def test_who_is_no_member_does_not_learn_that_the_run_exists(runs: list[ExportRun], client: Client) -> None:
    client.force_login(a_person("stranger"))

    assert post(client, runs[3], "pause").status_code == 404
    assert post(client, runs[3], "move").status_code == 404
