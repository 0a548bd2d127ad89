"""The crew with small programs in the place of the real ones: every way a process can end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.supervisor.processes import Crew
from config.supervisor.profile import CHECKOUT, CannotStart, lock
from tests.supervisor.running import all_gone, descendants, parents, until

SLEEPER = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
# Deaf to SIGTERM, with a child of its own, as a worker that hangs in a task has beat.
STUBBORN_PROGRAM = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
print("up", flush=True)
time.sleep(600)
"""
STUBBORN = [sys.executable, "-S", "-c", STUBBORN_PROGRAM]
# Takes a moment to end, and writes down when it did.
SLOW_PROGRAM = """
import signal, sys, time
def end(number, frame):
    time.sleep(0.3)
    print(time.monotonic(), flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(600)
"""
SLOW = [sys.executable, "-S", "-c", SLOW_PROGRAM]
LOST_SUPERVISOR = """
import os, sys, time
from pathlib import Path
from config.supervisor.processes import Crew
from config.supervisor.profile import lock
folder = Path(sys.argv[1])
crew = Crew(folder, os.environ, lock(folder))
crew.start("stubborn", sys.argv[2:])
time.sleep(600)
"""


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    with lock(tmp_path) as held:
        one = Crew(tmp_path, {}, held)
        yield one
        one.stop(last="", seconds=0.1, last_seconds=0.1)


def test_a_process_that_ends_by_itself_is_named_with_the_end_of_its_log(crew: Crew) -> None:
    crew.start("sleeper", SLEEPER)
    broken = crew.start("worker", [sys.executable, "-c", "import sys; print('no broker'); sys.exit(3)"])
    broken.process.wait()

    with pytest.raises(CannotStart) as told:
        crew.check()

    assert "The worker ended by itself (exit status 3)" in str(told.value)
    assert "    no broker" in str(told.value)


def test_a_killed_process_is_named_with_its_signal(crew: Crew) -> None:
    child = crew.start("sandbox", SLEEPER)
    child.process.kill()
    child.process.wait()

    with pytest.raises(CannotStart, match=r"The sandbox ended by itself \(SIGKILL\)"):
        crew.check()


def test_nothing_is_said_while_all_live(crew: Crew) -> None:
    crew.start("web", SLEEPER)

    crew.check()


def test_a_step_that_fails_is_named_with_the_end_of_its_log(crew: Crew) -> None:
    with pytest.raises(CannotStart, match=r"(?s)`migrate` failed.*no such table"):
        crew.run("migrate", [sys.executable, "-c", "import sys; sys.exit('no such table')"], stopping=lambda: False)


def test_a_step_that_ends_well_is_no_reason_to_stop(crew: Crew) -> None:
    crew.run("migrate", [sys.executable, "-c", ""], stopping=lambda: False)

    crew.check()


def test_a_step_ends_early_when_another_process_dies(crew: Crew) -> None:
    crew.start("valkey", [sys.executable, "-c", ""])

    with pytest.raises(CannotStart, match="The valkey ended by itself"):
        crew.run("migrate", SLEEPER, stopping=lambda: False)


def test_the_log_of_the_run_before_is_kept_beside_the_new_one(crew: Crew, tmp_path: Path) -> None:
    for words in ("first", "second"):
        crew.run("seed", [sys.executable, "-c", f"print({words!r})"], stopping=lambda: False)

    assert (tmp_path / "seed.log").read_text() == "second\n"
    assert (tmp_path / "seed.log.1").read_text() == "first\n"


def test_what_does_not_stop_in_time_is_killed_with_its_own_children(tmp_path: Path) -> None:
    with lock(tmp_path) as held:
        crew = Crew(tmp_path, {}, held)
        child = crew.start("stubborn", STUBBORN)
        assert until(lambda: child.log.read_text() == "up\n", 20)
        family = descendants(child.process.pid) | {child.process.pid}
        started = time.monotonic()

        crew.stop(last="", seconds=0.5, last_seconds=0.5)

    assert len(family) == 2
    assert all_gone(family, seconds=2)
    assert 0.5 <= time.monotonic() - started < 3


def test_the_last_one_is_asked_only_when_the_others_are_gone(tmp_path: Path) -> None:
    with lock(tmp_path) as held:
        crew = Crew(tmp_path, {}, held)
        children = {name: crew.start(name, SLOW) for name in ("valkey", "worker")}
        assert until(lambda: all(child.log.read_text() == "up\n" for child in children.values()), 20)

        crew.stop(last="valkey", seconds=5, last_seconds=5)

    ended = {name: float(child.log.read_text().split()[1]) for name, child in children.items()}
    assert ended["valkey"] - ended["worker"] >= 0.3


def test_a_killed_supervisor_takes_everything_with_it_and_then_frees_its_data(tmp_path: Path) -> None:
    run = subprocess.Popen([sys.executable, "-c", LOST_SUPERVISOR, tmp_path, *STUBBORN], cwd=CHECKOUT)
    log = tmp_path / "stubborn.log"
    assert until(lambda: log.exists() and log.read_text() == "up\n", 20)
    family = descendants(run.pid)
    assert len(family) == 3, "keeper, the stubborn one, its child"

    run.send_signal(signal.SIGKILL)
    run.wait()

    assert all_gone(family, seconds=5)
    lock(tmp_path).close()


def test_the_keeper_has_nothing_to_do_after_a_proper_stop(tmp_path: Path) -> None:
    with lock(tmp_path) as held:
        crew = Crew(tmp_path, {}, held)
        keeper = crew._keeper.pid
        crew.start("web", SLEEPER)
        crew.stop(last="", seconds=2, last_seconds=2)

    assert keeper not in parents()
    assert crew._keeper.returncode == 0
