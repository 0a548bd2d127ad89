"""Lets `manage.py` in a plain checkout work on what `make run` keeps, with nothing to set."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import MutableMapping, Sequence

from config.supervisor.profile import CannotStart, environment, open_data_dir, read_running, read_secrets

# Any of these says that somebody decides the profile; then nothing is made up.
DECIDED = ("SQ_PROFILE", "DJANGO_SECRET_KEY", "DATABASE_URL")
NEED_NO_TABLES = ("migrate", "makemigrations", "check", "help", "jira_sandbox", "collectstatic")


def join(environ: MutableMapping[str, str], argv: Sequence[str]) -> None:
    """Put the local profile's variables into `environ` when none is decided; says so on standard error.

    Commands meet the running site when there is one: its queue, its addresses. A database that is not there yet is
    made first.
    """
    if any(environ.get(name) for name in DECIDED) or environ["DJANGO_SETTINGS_MODULE"] != "config.settings":
        return
    os.umask(0o077)  # what is written here is for its owner alone, as by `make run`
    try:
        directory = open_data_dir(environ)
        kept = read_secrets(directory)
    except CannotStart as trouble:
        sys.exit(str(trouble))
    running = read_running(directory)
    environ.update(
        environment(
            environ,
            directory,
            kept,
            redis_url=running.get("REDIS_URL", ""),
            port=int(running.get("PORT", environ.get("PORT") or 8000)),
            sandbox_port=int(running.get("SANDBOX_PORT", environ.get("SANDBOX_PORT") or 8001)),
        )
    )
    sys.stderr.write(f"Local profile, data in {directory} (no DJANGO_SECRET_KEY is set).\n")
    command = argv[1] if len(argv) > 1 else "help"
    if not (directory / "db.sqlite3").exists() and command not in NEED_NO_TABLES:
        subprocess.run([sys.executable, argv[0], "migrate", "--verbosity", "0"], env=dict(environ), check=True)  # noqa: S603
