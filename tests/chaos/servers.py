"""A Valkey and a Postgres of a test's own that it may kill and start again, at the same address."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from config.supervisor import valkey
from tests import postgres


@dataclass
class Server:
    """`command` in the foreground; what it prints goes to `log`."""

    url: str
    command: list[Any]
    log: Path
    popen: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as sink:
            self.process = subprocess.Popen(self.command, stdout=sink, stderr=subprocess.STDOUT, **self.popen)

    def end(self, how: int) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None


@contextmanager
def own_valkey() -> Iterator[Server]:
    """Without persistence: killed, it has forgotten everything."""
    binary = valkey.installed_binary() or valkey.wheel_binary()
    assert binary is not None, "These tests need Valkey or Redis on this machine."
    with tempfile.TemporaryDirectory(prefix="stories-qa-valkey-") as directory:
        port, password = valkey.free_port(), valkey.new_password()
        conf = valkey.write_conf(Path(directory), port=port, password=password, append_only=False)
        server = Server(valkey.url_of(port, password), [binary, conf], Path(directory) / "log")
        server.start()
        try:
            assert valkey.wait_until_ready(server.url)
            yield server
        finally:
            server.end(signal.SIGKILL)


@contextmanager
def own_postgres() -> Iterator[Server]:
    found = postgres.installation()
    assert found is not None, postgres.NONE_FOUND
    drop = postgres.unprivileged()
    with tempfile.TemporaryDirectory(prefix="stories-qa-pg-") as directory:
        base = Path(directory)
        base.chmod(0o755)
        chosen = postgres.reachable(found, base, drop)
        cluster = base / "cluster"
        cluster.mkdir(mode=0o700)
        if drop:
            os.chown(cluster, drop["user"], drop["group"])
        initdb = [chosen.bin / "initdb", "-D", cluster, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync"]
        subprocess.run([*initdb, "--locale=C.UTF-8"], capture_output=True, cwd="/", check=True, **drop)
        # FAST lets a commit wait for the disk, and a crash forgets it: what is written before a request must not be.
        command = [chosen.bin / "postgres", "-D", cluster, "-k", cluster, "-c", "listen_addresses=", *postgres.FAST]
        url = f"postgres://postgres@{quote(str(cluster), safe='')}/postgres"
        server = Server(url, command, base / "log", {"cwd": "/", **drop})
        server.start()
        try:
            assert server.process is not None
            postgres.wait_until_ready(server.process, cluster, server.log)
            yield server
        finally:
            server.end(signal.SIGINT)
