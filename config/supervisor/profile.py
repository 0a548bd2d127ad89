"""What the local profile keeps in DATA_DIR and hands to its processes: secrets, ports, the environment."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from cryptography.fernet import Fernet

from config.supervisor.valkey import free_port, new_password

CHECKOUT = Path(__file__).resolve().parent.parent.parent
LOCK_SECONDS = 2.0  # a start right after a kill waits this long for the processes that are still going down
PORTS_TRIED = 100
RUNNING = "running.json"


class CannotStart(Exception):
    """A sentence for the person at the terminal: what is in the way and what to do."""


def open_data_dir(environ: Mapping[str, str]) -> Path:
    """DATA_DIR (var/ in the checkout), made for its owner alone when it is not there yet."""
    directory = Path(environ.get("DATA_DIR") or CHECKOUT / "var").resolve()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / "logs").mkdir(mode=0o700, exist_ok=True)
    except OSError as trouble:
        raise CannotStart(f"DATA_DIR {directory} cannot be used: {trouble.strerror}.") from trouble
    return directory


def lock(directory: Path, seconds: float = LOCK_SECONDS) -> IO[str]:
    """Take DATA_DIR for this process; the lock ends when the last holder of the returned file is gone."""
    file = (directory / "lock").open("a+")
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                file.close()
                raise CannotStart(
                    f"Stories & QA already runs on {directory} (process {holder}). Stop it first, or start this one "
                    "on other data: DATA_DIR=/some/folder make run"
                ) from None
            time.sleep(0.1)  # polled: flock cannot wait with a limit
        else:
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            return file


def read_secrets(directory: Path) -> dict[str, str]:
    """The secrets of this DATA_DIR by variable name, made on the first start, readable by their owner only.

    DJANGO_SECRET_KEY starts with "local-", which the production profile refuses.
    """
    path = directory / "secrets.json"
    if not path.exists():
        made = {
            "DJANGO_SECRET_KEY": f"local-{secrets.token_urlsafe(48)}",
            "FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode(),
            "VALKEY_PASSWORD": new_password(),
        }
        # Whole or not at all: half a file would lock its owner out of every stored login.
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file, indent=1)
        fresh.rename(path)
    try:
        known = json.loads(path.read_text())
        return {name: str(known[name]) for name in ("DJANGO_SECRET_KEY", "FIELD_ENCRYPTION_KEY", "VALKEY_PASSWORD")}
    except (ValueError, KeyError, TypeError) as trouble:
        raise CannotStart(
            f"{path} cannot be read as the secrets `make run` made. Restore it, or delete it to get new ones; "
            "Jira logins stored so far must then be entered again."
        ) from trouble


def note_running(directory: Path, variables: Mapping[str, str] | None) -> None:
    """Leave word of where everything listens, for commands in another terminal; None takes it away. Its owner's only:
    the queue's address holds its password."""
    path = directory / RUNNING
    if variables is None:
        path.unlink(missing_ok=True)
        return
    told = {name: variables[name] for name in ("REDIS_URL", "PORT", "SANDBOX_PORT")}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(told, file)


def read_running(directory: Path) -> dict[str, str]:
    """Where the running supervisor's processes listen; {} when none runs on this DATA_DIR."""
    try:
        with lock(directory, seconds=0):
            return {}
    except CannotStart:
        pass  # it holds the lock, so it runs
    try:
        return {name: str(value) for name, value in json.loads((directory / RUNNING).read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return {}


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a port whose last connections are only dying is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_port(name: str, wanted: str, taken: int | None = None) -> tuple[int, str]:
    """The port for `name` (PORT, SANDBOX_PORT) and a sentence when it is not the wanted one ("" when it is).

    "0" takes any free port. `taken` is ours already, though nobody listens on it yet.
    """
    try:
        first = int(wanted)
    except ValueError:
        first = -1
    if not 0 <= first <= 65535:
        raise CannotStart(f"{name} is {wanted!r}; it must be a port number such as 8000.")
    if first == 0:
        return free_port(), ""
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        if port != taken and is_free(port):
            return port, "" if port == first else f"Port {first} ({name}) is busy; using {port}."
    raise CannotStart(f"Port {first} ({name}) and the next {PORTS_TRIED - 1} are busy or not allowed. Set {name}.")


def environment(
    environ: Mapping[str, str],
    directory: Path,
    kept: Mapping[str, str],
    *,
    redis_url: str,
    port: int,
    sandbox_port: int,
) -> dict[str, str]:
    """The variables every process of the local profile runs with, on top of the person's own."""
    ours = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SQ_PROFILE": "local",
        "DATA_DIR": str(directory),
        "DJANGO_SECRET_KEY": kept["DJANGO_SECRET_KEY"],
        "FIELD_ENCRYPTION_KEY": kept["FIELD_ENCRYPTION_KEY"],
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
        "SANDBOX_URL": f"http://127.0.0.1:{sandbox_port}",
        "JIRA_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PYTHONUNBUFFERED": "1",
    }
    # A DATABASE_URL in the person's shell belongs to something else: this profile's data is in DATA_DIR alone.
    return {name: value for name, value in environ.items() if name != "DATABASE_URL"} | ours
