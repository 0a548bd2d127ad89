"""Starting `python -m config.supervisor` as a person would, and looking at what it starts and leaves."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.supervisor.profile import CHECKOUT

LISTENING = "0A"
LOOPBACK = "0100007F"  # 127.0.0.1, lowest byte first
START_SECONDS = 180.0  # two cores, both possibly busy with other tests


def parents() -> dict[int, int]:
    """pid → parent's pid of every living process; a zombie is dead."""
    found: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        if state not in "ZX":
            found[int(stat.parent.name)] = int(parent)
    return found


def descendants(pid: int) -> set[int]:
    """Children, their children and so on."""
    known = parents()
    family = {pid}
    while True:
        more = {child for child, parent in known.items() if parent in family} - family
        if not more:
            return family - {pid}
        family |= more


def listening_addresses(pids: set[int]) -> set[str]:
    """Local addresses, as Linux writes them in hexadecimal, on which these processes accept TCP connections."""
    sockets = set()
    for pid in pids:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed while we looked
                sockets.add(os.readlink(file))
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and f"socket:[{fields[9]}]" in sockets:
                found.add(fields[1].partition(":")[0])
    return found


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """True once `condition` holds, False after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)  # polled: other processes' lives are seen no other way
    return condition()


def all_gone(pids: set[int], seconds: float) -> bool:
    return until(lambda: not pids & parents().keys(), seconds)


class Supervisor:
    """One run; `said` is what it printed so far, both streams."""

    def __init__(self, data_dir: Path, **variables: str) -> None:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"REDIS_URL", "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "SQ_PROFILE"}
        }
        environment |= {"DATA_DIR": str(data_dir), "PORT": "0", "SANDBOX_PORT": "0"} | variables
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor"],
            cwd=CHECKOUT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.said += line

    def wait_until_it_says(self, words: str) -> None:
        until(lambda: words in self.said or self.process.poll() is not None, START_SECONDS)
        if self.process.poll() is not None:
            self._reader.join(5)  # its last words may still be on their way
        if words not in self.said:
            raise AssertionError(f"It never said {words!r}, but:\n{self.said}")

    @property
    def address(self) -> str:
        return self._found(r"Stories & QA\s+(http://\S+)/")

    @property
    def sandbox_address(self) -> str:
        return self._found(r"Sandbox Jira\s+(http://\S+)/")

    def _found(self, pattern: str) -> str:
        match = re.search(pattern, self.said)
        assert match, self.said
        return match[1]

    def family(self) -> set[int]:
        return descendants(self.process.pid)

    def end(self, how: signal.Signals) -> float:
        """Send the signal and wait for the end; returns the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(30)
        took = time.monotonic() - started
        self._reader.join(5)
        return took


@contextmanager
def supervisor(data_dir: Path, **variables: str) -> Iterator[Supervisor]:
    """A run that has said that all is up; whatever the test does, nothing of it stays."""
    run = Supervisor(data_dir, **variables)
    try:
        run.wait_until_it_says("Ctrl-C stops")
        yield run
    finally:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)


@contextmanager
def busy_port() -> Iterator[int]:
    """A loopback port somebody else listens on, whose next neighbour is free at this moment."""
    while True:
        with socket.socket() as holder, socket.socket() as neighbour:
            holder.bind(("127.0.0.1", 0))
            port: int = holder.getsockname()[1]
            try:
                neighbour.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            neighbour.close()
            holder.listen()
            yield port
            return
