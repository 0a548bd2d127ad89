"""What the preview promises comes from what was measured."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jira_integration import ledger
from jira_integration.export.pace import GUESS_SECONDS, expected_seconds
from jira_integration.models import ExportRun, ProjectMapping
from jira_integration.promise import expected_words, kept
from stories_qa.models import Project, Role
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_run, a_story

pytestmark = pytest.mark.django_db


@pytest.fixture
def mapping(db: None) -> ProjectMapping:
    return a_mapping(a_backlog())


def ended(mapping: ProjectMapping, seconds: float, requests: int, **plan: Any) -> ExportRun:
    story = a_story(Project.objects.get(), 1 + ExportRun.objects.count())
    now = timezone.now()
    columns = {
        "state": "done",
        "requests": requests,
        "finished_at": now,
        "started_at": now - timedelta(seconds=seconds),
    }
    return a_run(a_plan(mapping, {story: "create"}, **plan), {story.key: "created"}, **columns)


def test_without_a_measured_run_it_is_a_guess_and_says_so(mapping: ProjectMapping) -> None:
    assert expected_seconds(mapping.connection_id, 10) == (10 * GUESS_SECONDS, 0)
    assert "a guess" in expected_words(a_plan(mapping, {}, seconds_expected=8))


def test_the_median_of_the_last_runs_is_promised_and_what_held_one_up_does_not_count(mapping: ProjectMapping) -> None:
    for seconds in (10, 20, 90):
        ended(mapping, seconds, 10)
    ledger.note(ended(mapping, 3600, 10).pk, "waiting", {"code": "rate_limited"})

    seconds, runs = expected_seconds(mapping.connection_id, 5)

    assert (round(seconds, 3), runs) == (10.0, 3)
    words = expected_words(a_plan(mapping, {}, seconds_expected=seconds, measured_runs=runs))
    assert words == "10 s, as fast as the last 3 runs"


def test_a_promise_that_was_kept_needs_no_word(mapping: ProjectMapping) -> None:
    run = ended(mapping, 5, 7, requests_expected=7, seconds_expected=5)

    assert kept(run, 5.0).words == ""
    assert kept(run, 5.0).requests == "7 sent, 7 promised"


def test_what_differs_says_why_on_the_run_page(mapping: ProjectMapping, client: Client) -> None:
    run = ended(mapping, 90, 12, requests_expected=7, seconds_expected=5)
    ledger.note(run.pk, "no_answer", {"count": 1})
    client.force_login(a_person("ana", Project.objects.get(), Role.VIEWER))

    page = client.get(f"/p/SHOP/jira/runs/{run.pk}/").content.decode()

    assert "12 sent, 7 promised" in page
    assert "Answers got lost, and what was sent was looked up." in page
