"""A worker dies in the middle of an export, answers get lost: every story arrives once."""

from __future__ import annotations

import os
import signal
from collections import Counter

import pytest

from jira_integration.export.runs import confirm, resume
from jira_integration.models import ExportRun, RunItem
from stories_qa.models import Project, Story
from tests.chaos.worker import running_worker, send, wait_until
from tests.jira_rows import a_backlog
from tests.jira_site import connect, plan
from tests.sandbox_server import RunningSandbox, running_sandbox

pytestmark = pytest.mark.both_databases
STORIES = 200


def a_large_backlog() -> Project:
    backlog = a_backlog()
    Story.objects.bulk_create(
        Story(project=backlog, key=f"US-{number}", position=number, title=f"Story {number}")
        for number in range(1, STORIES + 1)
    )
    return backlog


def bulk_requests(sandbox: RunningSandbox) -> int:
    return sum(entry["path"].endswith("/issue/bulk") for entry in sandbox.write_requests())


def state_of(run: ExportRun) -> str:
    return ExportRun.objects.get(pk=run.pk).shown_state


def each_story_once(sandbox: RunningSandbox) -> bool:
    summaries = Counter(issue["fields"]["summary"] for issue in sandbox.issues())
    return summaries == Counter(f"Story {number}" for number in range(1, STORIES + 1))


def test_a_killed_worker_leaves_an_interrupted_run_that_continue_finishes(
    transactional_db: None, redis_url: str, settings: object
) -> None:
    settings.JIRA_LEASE_SECONDS = 3
    with running_sandbox() as sandbox:
        mapping = connect(a_large_backlog(), sandbox)
        run = confirm(plan(mapping), None)
        sandbox.control("settings", {"latency_ms": 2000})
        with running_worker(redis_url) as worker:
            send(redis_url, "export_run", run.pk)
            wait_until(lambda: bulk_requests(sandbox) >= 2, "two bulk requests are logged")
            os.killpg(worker.pid, signal.SIGKILL)
        wait_until(lambda: state_of(run) == "interrupted", "the run shows Interrupted", 3 + 2)
        sandbox.control("settings", {"latency_ms": 0})

        resume(ExportRun.objects.get(pk=run.pk), None)
        with running_worker(redis_url):
            send(redis_url, "export_run", run.pk)
            wait_until(lambda: state_of(run) == ExportRun.State.DONE, "the run is done")

        assert each_story_once(sandbox)
        assert set(RunItem.objects.filter(run=run).values_list("state", "confirmed")) == {("created", True)}


def test_lost_answers_to_every_batch_and_to_a_look_up_make_no_double(transactional_db: None, redis_url: str) -> None:
    with running_sandbox() as sandbox:
        mapping = connect(a_large_backlog(), sandbox)
        run = confirm(plan(mapping), None)
        bulk = {"method": "POST", "path": "/rest/api/3/issue/bulk", "kind": "close_after_write"}
        fetch = {"method": "POST", "path": "/rest/api/3/issue/bulkfetch", "nth": 2, "kind": "close_after_write"}
        sandbox.faults({**bulk, "nth": [1, 2, 3, 4]}, fetch)

        with running_worker(redis_url):
            send(redis_url, "export_run", run.pk)
            wait_until(lambda: state_of(run) == ExportRun.State.DONE, "the run is done")

        assert each_story_once(sandbox)
        assert run.events.filter(code="no_answer").count() == 4
