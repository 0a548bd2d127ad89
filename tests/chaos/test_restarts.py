"""Valkey or Postgres goes away in the middle of an export and comes back: the run ends right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import redis

from jira_integration.export.runs import confirm
from jira_integration.models import ExportRun, JiraPause
from tests.chaos.forks import forks
from tests.chaos.servers import Server, own_postgres, own_valkey
from tests.chaos.test_killed_worker import a_large_backlog, bulk_requests
from tests.chaos.test_processes import BULK, faults_found
from tests.chaos.worker import environment_of_workers, running_worker, send, wait_until
from tests.jira_site import connect, plan
from tests.sandbox_server import running_sandbox

ROOT = Path(__file__).resolve().parents[2]


def restart(server: Server) -> None:
    """Killed without a word, and back two seconds later, empty."""
    server.end(signal.SIGKILL)
    time.sleep(2)  # the workers meet its absence
    server.start()
    wait_until(lambda: answers(server.url), "Valkey answers")


def answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def due(run: ExportRun, redis_url: str) -> bool:
    """Whether it has ended; as beat would, the sweep is called now and then."""
    run.refresh_from_db()
    if run.state not in ExportRun.ENDED:
        send(redis_url, "sweep_runs")
        time.sleep(1)
    return run.state in ExportRun.ENDED


def test_a_run_ends_right_when_valkey_is_killed_under_it_and_comes_back(transactional_db: None) -> None:
    with own_valkey() as server, running_sandbox(latency_ms=700) as sandbox, running_worker(server.url):
        mapping = connect(a_large_backlog(), sandbox)
        run = confirm(plan(mapping), None)
        sandbox.faults({"method": "POST", "path": BULK, "nth": 3, "kind": "close_after_write"})
        send(server.url, "export_run", run.pk)
        wait_until(lambda: bulk_requests(sandbox) >= 1, "the first batch is on its way")

        restart(server)
        wait_until(lambda: due(run, server.url), "the run has ended")

        assert faults_found(run, sandbox) == []


def test_a_pause_of_an_hour_survives_a_valkey_that_forgot_everything(transactional_db: None) -> None:
    with own_valkey() as server, running_sandbox() as sandbox, forks(environment_of_workers(server.url)) as workers:
        mapping = connect(a_large_backlog(), sandbox)
        run = confirm(plan(mapping), None)
        sandbox.faults({"method": "POST", "path": BULK, "kind": "rate_limited", "retry_after": 3600, "times": 1})
        workers.start(run.pk)
        wait_until(lambda: ExportRun.objects.get(pk=run.pk).state == ExportRun.State.WAITING, "the run waits")
        assert JiraPause.objects.count() == 1
        asked = bulk_requests(sandbox)

        restart(server)
        ExportRun.objects.filter(pk=run.pk).update(state=ExportRun.State.QUEUED, not_before=None)
        workers.start(run.pk)
        wait_until(lambda: ExportRun.objects.get(pk=run.pk).state == ExportRun.State.WAITING, "the run waits again")

        run.refresh_from_db()
        assert bulk_requests(sandbox) == asked
        assert run.not_before is not None
        assert (run.not_before - run.created_at).total_seconds() > 3000


def test_a_run_ends_right_when_postgres_goes_down_under_it_and_comes_back(redis_url: str, tmp_path: Path) -> None:
    """In a test run of its own: this one may live on SQLite."""
    with own_postgres() as server:
        assert server.process is not None
        please = tmp_path / "restart"
        case = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/chaos/postgres_case.py"]
        told = {"DATABASE_URL": server.url, "CHAOS_RESTART": str(please), "TEST_REDIS_URL": redis_url}
        with (tmp_path / "said").open("wb") as said:
            running = subprocess.Popen(
                case, cwd=ROOT, env=os.environ | told, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                while running.poll() is None:
                    if please.exists():
                        server.end(signal.SIGQUIT)  # "immediate": as a crash
                        time.sleep(2)  # the workers meet its absence
                        server.start()
                        please.unlink()
                    time.sleep(0.05)
            finally:
                if running.poll() is None:
                    os.killpg(running.pid, signal.SIGKILL)
                    running.wait()

        assert running.returncode == 0, (tmp_path / "said").read_text()
