"""Workers that start at once, for schedules that kill many: `python -m tests.chaos.forks` loads the site, then forks.

A run's number on a line of its input starts a worker that drives the run until it has ended, taking it up again
whenever it may; the worker's process id comes back on a line. No broker: what starts a task is not what is tried here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django


def main() -> None:
    django.setup()
    from jira_integration import tasks  # noqa: F401 - loaded before the first fork

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the killed
    for line in sys.stdin:
        worker = os.fork()
        if worker == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            work(int(line))
            os._exit(0)
        print(worker, flush=True)  # noqa: T201


def work(run_id: int) -> None:
    from asgiref.sync import async_to_sync

    from jira_integration import halts, tasks
    from jira_integration.models import ExportRun

    while async_to_sync(tasks.carry_out)(run_id).state not in ExportRun.ENDED:
        time.sleep(0.1)  # polled, as beat does
        halts.interrupted()


class Forks:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.started: list[int] = []

    def start(self, run_id: int) -> int:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{run_id}\n")
        self.process.stdin.flush()
        self.started.append(int(self.process.stdout.readline()))
        return self.started[-1]


@contextmanager
def forks(environment: dict[str, str]) -> Iterator[Forks]:
    command = [sys.executable, "-m", "tests.chaos.forks"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True, start_new_session=True)
    try:
        yield Forks(process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its workers are in its session
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


if __name__ == "__main__":
    main()
