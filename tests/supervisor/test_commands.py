"""Commands in a plain checkout: they join what `make run` keeps, and never guess where somebody has decided."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from config.supervisor.profile import lock, note_running, open_data_dir, read_running

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def manage(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py with nothing of the test's own settings in its environment."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, cwd=CHECKOUT, env=kept | variables, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_command_in_a_plain_checkout_makes_its_database_and_says_where(tmp_path: Path) -> None:
    backlog = tmp_path / "stories.txt"
    backlog.write_text("As a buyer I want to pay\nAs a buyer I want a receipt\n")
    data = tmp_path / "data"

    done = manage("import_backlog", str(backlog), "--project", "SHOP", "--json", DATA_DIR=str(data))

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"][0]["new"] == 2
    assert str(data) in done.stderr
    assert (data / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert (data / "db.sqlite3").stat().st_mode & 0o077 == 0


def test_a_command_does_not_guess_where_a_secret_or_a_database_was_given(tmp_path: Path) -> None:
    half_set = manage("export_backlog", DATA_DIR=str(tmp_path), DJANGO_SECRET_KEY="x" * 60)
    other_database = manage("export_backlog", DATA_DIR=str(tmp_path), DATABASE_URL="sqlite:///elsewhere.sqlite3")

    assert half_set.returncode != 0
    assert "FIELD_ENCRYPTION_KEY" in half_set.stderr
    assert other_database.returncode != 0
    assert "DJANGO_SECRET_KEY" in other_database.stderr


def test_where_the_site_listens_is_told_only_while_it_runs(tmp_path: Path) -> None:
    directory = open_data_dir({"DATA_DIR": str(tmp_path)})
    listening = {"REDIS_URL": "redis://:secret@127.0.0.1:7000/0", "PORT": "8100", "SANDBOX_PORT": "8101"}
    note_running(directory, listening)

    assert read_running(directory) == {}
    with lock(directory):
        assert read_running(directory) == listening
    note_running(directory, None)
    with lock(directory):
        assert read_running(directory) == {}
