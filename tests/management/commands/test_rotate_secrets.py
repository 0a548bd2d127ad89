"""Changing the encryption key of a site that works on: real processes, each with the keys of its moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.sandbox_server import RunningSandbox, running_sandbox

CHECKOUT = Path(__file__).resolve().parent.parent.parent.parent
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
STORIES = 120


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


class Site:
    """An installation on a disk, used by one command after the other."""

    def __init__(self, folder: Path, sandbox: RunningSandbox) -> None:
        self.folder, self.sandbox = folder, sandbox

    def start(self, *words: str, keys: str) -> subprocess.Popen[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "SQ_PROFILE": "local",
            "DJANGO_SECRET_KEY": "a-key-of-this-test-" + "x" * 50,
            "FIELD_ENCRYPTION_KEY": keys,
            "DATA_DIR": str(self.folder),
            "TOKEN": self.sandbox.token,
            "HOOK": "a-webhook-secret",
        }
        command = [sys.executable, "manage.py", *words]
        return subprocess.Popen(
            command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *words: str, keys: str) -> tuple[int, str, str]:
        process = self.start(*words, keys=keys)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def rotated(self, *words: str, keys: str) -> dict[str, int]:
        _status, out, err = self.run("rotate_secrets", "--json", *words, keys=keys)
        assert out, err
        found: dict[str, int] = json.loads(out)
        return found


@pytest.fixture
def site(tmp_path: Path, sandbox: RunningSandbox) -> Site:
    site = Site(tmp_path, sandbox)
    backlog = tmp_path / "stories.txt"
    backlog.write_text("".join(f"As a buyer I want thing {number}\n" for number in range(STORIES)))
    connect = ["jira_connect", "--name", "S", "--url", sandbox.url, "--auth", "api_token", "--user", sandbox.user]
    connect += ["--secret-env", "TOKEN", "--jira-project", "SHOP", "--webhook-secret-env", "HOOK"]
    for words in (["migrate"], ["import_backlog", str(backlog), "--project", "WEB"], connect):
        status, _out, err = site.run(*words, keys=OLD)
        assert status == 0, err
    return site


def test_a_key_is_changed_while_an_export_runs_and_the_old_one_can_go(site: Site, sandbox: RunningSandbox) -> None:
    sandbox.clear_log()
    sandbox.control("settings", {"latency_ms": 400})
    export = site.start("jira_export", "--connection", "1", "--all", "--wait", "--json", keys=f"{NEW},{OLD}")
    until = time.monotonic() + 60
    while not sandbox.write_requests():  # it is in the midst of it
        assert time.monotonic() < until
        time.sleep(0.1)

    before = site.rotated("--check", keys=f"{NEW},{OLD}")
    rotation = site.rotated(keys=f"{NEW},{OLD}")

    out, err = export.communicate(timeout=120)
    sandbox.control("settings", {"latency_ms": 0})
    assert export.returncode == 0, err
    assert json.loads(out)["counts"]["created"] == STORIES
    assert (before["older_keys_needed"], rotation["older_keys_needed"]) == (True, False)
    assert rotation["renewed"] == before["renewed"] >= 3  # the token, the webhook's secret, the canary
    assert site.run("jira_sync", keys=NEW)[0] == 0
    assert site.run("check", "--database", "default", keys=NEW)[0] == 0


def test_without_the_old_key_the_start_says_what_is_wrong(site: Site) -> None:
    checked = site.run("check", "--database", "default", keys=NEW)
    rotated = site.rotated(keys=NEW)
    synced = site.run("jira_sync", keys=NEW)

    assert checked[0] != 0
    assert "FIELD_ENCRYPTION_KEY does not open" in checked[2]
    assert rotated["unreadable"] >= 3
    assert rotated["older_keys_needed"]
    assert synced[0] == 2
    assert "FIELD_ENCRYPTION_KEY" in synced[2]


def test_a_rotation_that_was_done_finds_nothing_more_to_do(site: Site) -> None:
    first = site.rotated(keys=f"{NEW},{OLD}")
    second = site.rotated(keys=f"{NEW},{OLD}")

    assert second["renewed"] == 0
    assert second["current"] == first["renewed"]
