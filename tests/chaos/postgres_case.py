"""What test_restarts runs on a Postgres of its own, which is restarted when the file CHAOS_RESTART appears."""

from __future__ import annotations

import os
from pathlib import Path

from django.db import OperationalError, connection

from jira_integration.export.runs import confirm
from jira_integration.models import ExportRun
from tests.chaos.forks import forks
from tests.chaos.test_killed_worker import a_large_backlog, bulk_requests
from tests.chaos.test_processes import BULK, faults_found
from tests.chaos.worker import environment_of_workers, wait_until
from tests.jira_site import connect, plan
from tests.sandbox_server import running_sandbox

PLEASE = Path(os.environ.get("CHAOS_RESTART", ""))


def database_answers() -> bool:
    connection.close()
    try:
        return ExportRun.objects.exists()
    except OperationalError:
        return False


def test_a_run_ends_right_whatever_its_database_does(transactional_db: None, redis_url: str) -> None:
    assert connection.vendor == "postgresql"
    with running_sandbox(latency_ms=700) as sandbox, forks(environment_of_workers(redis_url)) as workers:
        mapping = connect(a_large_backlog(), sandbox)
        run = confirm(plan(mapping), None)
        sandbox.faults({"method": "POST", "path": BULK, "nth": 3, "kind": "close_after_write"})
        workers.start(run.pk)
        wait_until(lambda: bulk_requests(sandbox) >= 1, "the first batch is on its way")

        PLEASE.touch()
        wait_until(lambda: not PLEASE.exists(), "Postgres was restarted")
        wait_until(database_answers, "Postgres answers")
        workers.start(run.pk)  # the task that broke off has come to its end; the sweep would start another
        wait_until(lambda: ended(run), "the run has ended")

        assert faults_found(run, sandbox) == []


def ended(run: ExportRun) -> bool:
    run.refresh_from_db()
    return run.state in ExportRun.ENDED
