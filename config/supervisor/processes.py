"""The processes of the local profile: started, watched and stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from config.supervisor.profile import CHECKOUT, CannotStart

KEEPER = Path(__file__).with_name("keeper.py")
TAIL_LINES = 20
TICK_SECONDS = 0.05


@dataclass(frozen=True)
class Child:
    """A process that leads a session and group of its own, so that Ctrl-C reaches the supervisor alone."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self) -> str:
        """The end of its log, indented, to be printed below a sentence."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join(f"    {line}" for line in lines) or "    (its log is empty)"


class Crew:
    """Starts processes, notices when one ends, and lets none outlive the supervisor."""

    def __init__(self, logs: Path, environment: Mapping[str, str], lock: IO[str]) -> None:
        self._logs = logs
        self._environment = dict(environment)
        self._children: list[Child] = []
        self._keeper = subprocess.Popen(
            [sys.executable, "-S", "-E", KEEPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            pass_fds=[lock.fileno()],
            text=True,
        )

    def start(self, name: str, command: Sequence[str | Path]) -> Child:
        """Start `command` in the checkout; it writes to <name>.log, the log of the run before is <name>.log.1."""
        log = self._logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        with log.open("wb") as sink:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=CHECKOUT,
                start_new_session=True,
            )
        self._tell_keeper(f"+{process.pid}")
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def run(self, name: str, command: Sequence[str | Path], stopping: Callable[[], bool]) -> None:
        """Run `command` to its end, or until `stopping`. CannotStart when it fails."""
        child = self.start(name, command)
        while child.process.poll() is None and not stopping():
            self.check(besides=child)
            time.sleep(TICK_SECONDS)
        if stopping():
            return
        self._children.remove(child)
        self._end_group(child)
        if child.process.returncode:
            raise CannotStart(f"`{name}` failed. The last lines of {child.log}:\n{child.last_lines()}")

    def check(self, besides: Child | None = None) -> None:
        """CannotStart, naming the process and the end of its log, when one has ended by itself."""
        for child in self._children:
            status = child.process.poll()
            if status is not None and child is not besides:
                how = f"exit status {status}" if status >= 0 else signal.Signals(-status).name
                raise CannotStart(
                    f"The {child.name} ended by itself ({how}). The last lines of {child.log}:\n{child.last_lines()}"
                )
        if self._keeper.poll() is not None:
            raise CannotStart("The process that would clean up after a kill is gone, so everything is stopped.")

    def stop(self, *, last: str, seconds: float, last_seconds: float) -> None:
        """Ask all to end, kill after `seconds`; then the same for `last`, which the others need to finish their work.

        The signal goes to each main process alone: its own children are its own to stop. What it leaves is killed.
        """
        self._stop([child for child in self._children if child.name != last], seconds)
        self._stop([child for child in self._children if child.name == last], last_seconds)
        self._children.clear()
        if self._keeper.stdin:
            self._keeper.stdin.close()
        self._keeper.wait()

    def _stop(self, children: Iterable[Child], seconds: float) -> None:
        waiting = list(children)
        for child in waiting:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + seconds
        for child in waiting:
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            self._end_group(child)

    def _end_group(self, child: Child) -> None:
        with suppress(ProcessLookupError):  # the usual case: it left nothing behind
            os.killpg(child.process.pid, signal.SIGKILL)
        self._tell_keeper(f"-{child.process.pid}")

    def _tell_keeper(self, line: str) -> None:
        if self._keeper.stdin and self._keeper.poll() is None:
            self._keeper.stdin.write(f"{line}\n")
            self._keeper.stdin.flush()
