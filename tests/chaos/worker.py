"""A real Celery worker in a process of its own, on the test's database and broker, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from celery import Celery
from django.db import connection

WAIT_SECONDS = 60


def environment_of_workers(redis_url: str) -> dict[str, str]:
    """This process's, with the test's own database and broker in it."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        database_url = f"sqlite:///{database['NAME']}"
    else:
        host, port = database["HOST"].replace("/", "%2F"), database["PORT"]
        where = f"{host}:{port}" if port else host
        database_url = f"postgres://{database['USER']}:{database['PASSWORD']}@{where}/{database['NAME']}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
    }


@contextmanager
def running_worker(redis_url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a worker with one process; killed at the end if it still lives."""
    environment = environment_of_workers(redis_url)
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool=solo", "--without-gossip"]
    worker = subprocess.Popen([*command, "--without-mingle", "-l", "WARNING"], env=environment, start_new_session=True)
    try:
        yield worker
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def send(redis_url: str, task: str, *args: object) -> None:
    """Put a task on the broker, as the site would."""
    with Celery(broker=redis_url) as app:
        app.send_task(f"jira_integration.tasks.{task}", args=args)


def wait_until(true: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> float:
    """Ask again and again until it holds; seconds it took. Fails after `seconds`."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"After {seconds} s still not: {what}")
        time.sleep(0.05)
    return time.monotonic() - began
