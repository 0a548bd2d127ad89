"""Figures by day and by hour: written as things happen, read for the overview's charts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from jira_integration import audit
from jira_integration.charts import Chart, Series
from jira_integration.figures import count_stories, head_room, runs_by_day, stories_by_day
from jira_integration.models import ProjectMapping, RequestHour, StoryDay
from stories_qa.models import Project, Role
from tests.jira_rows import a_backlog, a_mapping, a_person, a_story, a_ticket
from tests.jira_site import connect, export
from tests.sandbox_server import running_sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return a_backlog(stories=3)


def test_the_last_look_of_a_day_stays(project: Project) -> None:
    mapping = a_mapping(project)
    count_stories()
    a_ticket(mapping, project.storys.get(key="US-1"))

    count_stories()

    assert StoryDay.objects.get().counts == {"not_exported": 2, "in_sync": 1}
    by_day = stories_by_day(project.ref, {"in_sync": 3})
    assert list(by_day.values())[-1] == {"in_sync": 3}  # today is what it is now
    assert len(by_day) == 14


def test_a_run_counts_by_its_last_end(project: Project) -> None:
    for failed in (2, 0):
        values = {"run": 7, "created": 5, "updated": 1, "failed": failed}
        audit.record("run_finished", values, project_ref=project.ref)
    audit.record("run_finished", {"run": 8, "created": 1, "updated": 0, "failed": 3}, project_ref="another")

    today = list(runs_by_day(project.ref).values())[-1]

    assert (today.created, today.updated, today.failed) == (5, 1, 0)


def test_what_jira_said_of_its_limit_in_an_hour_gone_by_says_nothing_now(project: Project) -> None:
    connection = a_mapping(project).connection
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    RequestHour.objects.create(connection=connection, hour=hour - timedelta(hours=1), requests=9, allowed=100, left=5)
    assert head_room(connection.pk).percent is None

    RequestHour.objects.create(connection=connection, hour=hour, requests=4, limited=1, allowed=200, left=50)

    room = head_room(connection.pk)
    assert (room.percent, room.this_hour, room.limited, len(room.hours)) == (25, 4, 1, 24)


@pytest.mark.django_db(transaction=True)
def test_an_export_counts_its_requests_and_the_ones_that_were_put_off() -> None:
    with running_sandbox() as sandbox:
        project = a_backlog()
        mapping = connect(project, sandbox)
        a_story(project, 1)
        sandbox.clear_log()
        RequestHour.objects.all().delete()
        rule = {"method": "POST", "path": ".*/issue/bulk", "kind": "status", "status": 429, "times": 1}
        sandbox.faults({**rule, "headers": {"Retry-After": "0"}})

        export(mapping)

        hours = RequestHour.objects.filter(connection=mapping.connection)
        assert sum(hours.values_list("requests", flat=True)) == len(sandbox.log())


def test_bars_are_stacked_and_the_least_is_seen() -> None:
    chart = Chart("c", "T", "W", ["a", "b"], [Series("x", "f-ok", [1000, 0]), Series("y", "f-bad", [1, 0])])

    first, second = chart.rects

    assert float(second.height) == 1.5
    assert float(first.y) + float(first.height) == 72
    assert float(second.y) + float(second.height) == pytest.approx(float(first.y))
    assert chart.rows == [("a", [1000, 1]), ("b", [0, 0])]
    assert Chart("c", "T", "W", ["a"], []).empty


def test_the_overview_draws_its_charts_and_says_them_in_tables(project: Project, client: Client) -> None:
    mapping: ProjectMapping = a_mapping(project)
    client.force_login(a_person("ana", project, Role.ADMIN))
    audit.record("run_finished", {"run": 7, "created": 5, "updated": 1, "failed": 0}, project_ref=project.ref)
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    RequestHour.objects.create(connection=mapping.connection, hour=hour, requests=40, limited=3)

    html = client.get("/p/SHOP/jira/").content.decode()

    for chart, said in (
        ("chart-stories", "0 of 3 stories match Jira today."),
        ("chart-runs", "6 created or updated in two weeks, 0 failed."),
        ("chart-requests", "40 requests in 24 hours. Jira asked us to slow down 3 times."),
    ):
        part = html.split(f'id="{chart}"')[1].split("</section>")[0]
        assert said in part
        assert "<desc" in part and "<rect" in part and "<table" in part
        assert "style=" not in part
