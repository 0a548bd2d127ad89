"""Exports over real HTTP by real processes that are killed, stopped and woken at moments drawn from a number: every
story once, and nothing sent by a process that slept through its lease.

`make chaos` plays 25; CHAOS_PROCESSES=1 CHAOS_SEED=7 plays the seventh alone.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from random import Random

import pytest
from pytest_django import Settings

from jira_integration.export.runs import confirm, resume
from jira_integration.models import ExportedTicket, ExportRun, RunItem
from stories_qa.models import Epic, Project, Story
from tests.chaos.forks import Forks, forks
from tests.chaos.worker import environment_of_workers
from tests.jira_rows import a_backlog
from tests.jira_site import connect, plan
from tests.sandbox_server import RunningSandbox, running_sandbox

pytestmark = pytest.mark.both_databases
FIRST = int(os.environ.get("CHAOS_SEED", "1"))
SCHEDULES = int(os.environ.get("CHAOS_PROCESSES", "6"))
LEASE_SECONDS = 2.0
PATIENCE_SECONDS = 90.0
BULK = "/rest/api/3/issue/bulk"


@pytest.fixture
def workers(transactional_db: None, redis_url: str, settings: Settings) -> Iterator[Forks]:
    settings.JIRA_LEASE_SECONDS = LEASE_SECONDS
    chosen = {"JIRA_LEASE_SECONDS": str(LEASE_SECONDS), "JIRA_BATCH_SIZE": "10"}
    with forks(environment_of_workers(redis_url) | chosen) as running:
        yield running


def a_backlog_of(rng: Random) -> Project:
    backlog = a_backlog()
    epics = [
        Epic.objects.create(project=backlog, key=f"EP-{number}", position=number, title=f"Epic {number}")
        for number in range(1, 4)
    ]
    Story.objects.bulk_create(
        Story(
            project=backlog,
            key=f"US-{number}",
            position=number,
            title=f"Story {number}",
            epic=rng.choice([*epics, None]),
            status="in_progress" if number % 20 == 0 else "backlog",
        )
        for number in range(1, rng.choice((60, 120, 200)) + 1)
    )
    return backlog


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SCHEDULES))
def test_every_story_arrives_once_whoever_is_killed_or_stopped(workers: Forks, seed: int) -> None:
    rng = Random(seed)
    with running_sandbox(latency_ms=rng.choice((30, 150, 400))) as sandbox:
        mapping = connect(a_backlog_of(rng), sandbox)
        run = confirm(plan(mapping), None)
        lost = {"method": "POST", "path": BULK, "chance": 0.1, "seed": seed, "kind": "close_after_write"}
        sandbox.faults(lost)

        torment(workers, run, rng)
        wait_for_the_end(workers, run)

        assert faults_found(run, sandbox) == []


def torment(workers: Forks, run: ExportRun, rng: Random) -> None:
    """Two workers at a time; some are killed, some are stopped for longer than a lease and woken again."""
    worker = workers.start(run.pk)
    workers.start(run.pk)
    for _ in range(rng.randint(1, 4)):
        time.sleep(rng.uniform(0.05, 1.2))  # the moment is drawn, not waited for
        if rng.random() < 0.6:
            send(worker, signal.SIGKILL)
        else:
            send(worker, signal.SIGSTOP)
            workers.start(run.pk)
            time.sleep(LEASE_SECONDS + 1.0)
            send(worker, signal.SIGCONT)
        worker = workers.start(run.pk)


def send(worker: int, number: int) -> None:
    with suppress(ProcessLookupError):  # it has done its work
        os.kill(worker, number)


def wait_for_the_end(workers: Forks, run: ExportRun) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        run.refresh_from_db()
        if run.state in ExportRun.ENDED:
            return
        if run.state == ExportRun.State.WAITING and run.not_before is None:
            resume(run, None)
        time.sleep(0.1)
    raise AssertionError(f"The run is still {run.state} ({run.reason_code}) after {PATIENCE_SECONDS} s.")


def faults_found(run: ExportRun, sandbox: RunningSandbox) -> list[str]:
    """What must not be: an issue twice, an unknown one, an item without one, a create sent for what was there."""
    found = [] if run.state == ExportRun.State.DONE else [f"the run ended {run.state}"]
    issues = sandbox.issues()
    uids = Counter(issue["properties"]["stories-qa.item"]["uid"] for issue in issues)
    found += [f"{uid} stands in Jira {count} times" for uid, count in uids.items() if count > 1]
    known = {str(uid): issue_id for uid, issue_id in ExportedTicket.objects.values_list("uid", "issue_id")}
    found += [
        f"{issue['key']} is unknown to the ledger"
        for issue in issues
        if known.get(issue["properties"]["stories-qa.item"]["uid"]) != issue["id"]
    ]
    found += [
        f"{item} ({item.error_code})"
        for item in RunItem.objects.filter(run=run).exclude(state="created", confirmed=True)
    ]
    found += [f"{uid} was never made" for uid in known.keys() - uids.keys()]
    sent = Counter(uid for body in creates(sandbox) for uid in uids_in(body))
    found += [f"{uid} was sent {count} times" for uid, count in sent.items() if count > 1]
    return found


def creates(sandbox: RunningSandbox) -> list[dict[str, object]]:
    """The bodies of bulk creates. Each was carried out: no fault here keeps Jira from it."""
    return [entry["body"] for entry in sandbox.write_requests() if entry["path"] == BULK]


def uids_in(body: dict[str, object]) -> list[str]:
    updates = json.loads(json.dumps(body))["issueUpdates"]
    return [update["properties"][0]["value"]["uid"] for update in updates]
