"""`make chaos`: ten thousand items, an answer in ten lost, workers killed twenty times and one stopped past its lease.

Not collected by itself: `pytest -s tests/chaos/long_run.py`. CHAOS_SEED, CHAOS_ITEMS, CHAOS_LEASE and CHAOS_KILLS
change it; the last line says what came of it, with the seed.
"""

from __future__ import annotations

import os
import signal
import time
from random import Random

from pytest_django import Settings

from jira_integration.export.runs import confirm, resume
from jira_integration.models import ExportRun, RunItem
from stories_qa.models import Epic, Project, Story
from tests.chaos.forks import forks
from tests.chaos.test_processes import BULK, faults_found, send
from tests.chaos.worker import environment_of_workers
from tests.jira_rows import a_backlog
from tests.jira_site import connect, plan
from tests.sandbox_server import running_sandbox

SEED = int(os.environ.get("CHAOS_SEED", "1"))
ITEMS = int(os.environ.get("CHAOS_ITEMS", "10000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "20"))
LEASE_SECONDS = float(os.environ.get("CHAOS_LEASE", "4"))
UNKNOWN_WAIT_SECONDS = 6.0
LATENCY_MS, LATENCY_PER_ISSUE_MS = 250, 10
PATIENCE_SECONDS = 1500.0
EPICS = 100


def ten_thousand() -> Project:
    backlog = a_backlog()
    epics = Epic.objects.bulk_create(
        Epic(project=backlog, key=f"EP-{number}", position=number, title=f"Epic {number}")
        for number in range(1, EPICS + 1)
    )
    Story.objects.bulk_create(
        Story(
            project=backlog,
            key=f"US-{number}",
            position=number,
            title=f"Story {number}",
            description="Some **bold** text",
            epic=epics[number % EPICS],
        )
        for number in range(1, ITEMS - EPICS + 1)
    )
    return backlog


def progress(run: ExportRun) -> int:
    return RunItem.objects.filter(run=run, confirmed=True).count()


def test_ten_thousand_items_arrive_once(transactional_db: None, redis_url: str, settings: Settings) -> None:
    rng = Random(SEED)
    settings.JIRA_LEASE_SECONDS = LEASE_SECONDS
    chosen = {"JIRA_LEASE_SECONDS": str(LEASE_SECONDS), "JIRA_UNKNOWN_WAIT_SECONDS": str(UNKNOWN_WAIT_SECONDS)}
    say(f"seed {SEED}: lease {LEASE_SECONDS} s (30 in production), look-up wait {UNKNOWN_WAIT_SECONDS} s (60)")
    latency = {"latency_ms": LATENCY_MS, "latency_per_issue_ms": LATENCY_PER_ISSUE_MS}
    with running_sandbox(**latency) as sandbox, forks(environment_of_workers(redis_url) | chosen) as workers:
        mapping = connect(ten_thousand(), sandbox)
        run = confirm(plan(mapping), None)
        sandbox.faults({"method": "POST", "path": BULK, "chance": 0.1, "seed": SEED, "kind": "close_after_write"})
        began = time.monotonic()
        deadline = began + PATIENCE_SECONDS
        # A kill each time the run has come a little further, so that all of them hit a run at work.
        moments = sorted(rng.uniform(0.0, 0.9 * ITEMS) for _ in range(KILLS))
        asleep = rng.randrange(KILLS)
        worker = workers.start(run.pk)
        for number, moment in enumerate(moments):
            while progress(run) < moment and time.monotonic() < deadline:
                go_on(run)
                time.sleep(0.1)
            time.sleep(rng.uniform(0.0, 1.0))  # the moment is drawn, not waited for
            if number == asleep:
                send(worker, signal.SIGSTOP)
                other = workers.start(run.pk)
                time.sleep(2 * LEASE_SECONDS)
                send(worker, signal.SIGCONT)
                worker = other
            say(f"{time.monotonic() - began:6.1f} s  {progress(run):>6} items  kill {number + 1}")
            send(worker, signal.SIGKILL)
            worker = workers.start(run.pk)
        while run.state not in ExportRun.ENDED and time.monotonic() < deadline:
            go_on(run)
            time.sleep(0.2)
        seconds = time.monotonic() - began

        found = faults_found(run, sandbox)

        lost = sum(bool(entry["fault"]) for entry in sandbox.log())
        say(
            f"seed {SEED}: {run.state} in {seconds:.0f} s, {len(sandbox.issues())} issues for {ITEMS} items, "
            f"{KILLS} SIGKILLs, 1 SIGSTOP, {lost} lost answers, {run.requests} requests counted by the run, "
            f"{len(sandbox.log())} by Jira; faults found: {len(found)}"
        )
        assert found[:50] == []


def go_on(run: ExportRun) -> None:
    run.refresh_from_db()
    if run.state == ExportRun.State.WAITING and run.not_before is None:
        say(f"a person continues the run, which waits for them: {run.reason_code}")
        resume(run, None)


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201
