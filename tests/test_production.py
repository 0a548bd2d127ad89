"""The production profile: silent when all is set, and no start with what belongs to a laptop or is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def complete(tmp_path: Path) -> dict[str, str]:
    """Every variable docs/settings.md asks for, and nothing of the environment of the tests."""
    return {
        "PATH": os.environ["PATH"],
        "SQ_PROFILE": "production",
        "DJANGO_SECRET_KEY": "k7" * 40 + "!Xq",
        "FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "stories.example.com",
        "DATABASE_URL": "postgres://stories:secret@db.invalid/stories",
        "REDIS_URL": "redis://:secret@redis.invalid:6379/0",
        "JIRA_PUBLIC_URL": "https://stories.example.com",
        "DATA_DIR": str(tmp_path),
    }


def check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_with_every_variable_set_the_deployment_checks_and_python_have_nothing_to_say(
    complete: dict[str, str],
) -> None:
    done = check(complete)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "System check identified no issues (0 silenced).\n"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DJANGO_SECRET_KEY", "local-abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghij", "is the one `make run` made"),
        ("DJANGO_SECRET_KEY", None, "Set DJANGO_SECRET_KEY"),
        ("FIELD_ENCRYPTION_KEY", None, "Set FIELD_ENCRYPTION_KEY"),
        ("FIELD_ENCRYPTION_KEY", " , ", "FIELD_ENCRYPTION_KEY"),
        ("FIELD_ENCRYPTION_KEY", "not-a-key", "FIELD_ENCRYPTION_KEY"),
        ("DEBUG", "1", "DEBUG is set in production"),
        ("DEBUG", "True", "DEBUG is set in production"),
        ("ALLOWED_HOSTS", None, "Set ALLOWED_HOSTS"),
        ("DATABASE_URL", None, "Set DATABASE_URL"),
        ("REDIS_URL", None, "Set REDIS_URL"),
        ("SQ_PROFILE", "prod", "it must be production, local or test"),
    ],
)
def test_it_refuses_to_start(complete: dict[str, str], name: str, value: str | None, said: str) -> None:
    if value is None:
        del complete[name]
    else:
        complete[name] = value

    done = check(complete)

    assert done.returncode != 0
    assert said in done.stderr
    secrets = [complete.get(one, "") for one in ("DJANGO_SECRET_KEY", "FIELD_ENCRYPTION_KEY") if one != name]
    assert not any(secret and secret in done.stdout + done.stderr for secret in secrets)


def test_production_is_what_an_unsaid_profile_means(complete: dict[str, str]) -> None:
    del complete["SQ_PROFILE"], complete["ALLOWED_HOSTS"]

    assert "Set ALLOWED_HOSTS" in check(complete).stderr


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_debug_that_is_off_is_fine(complete: dict[str, str], value: str) -> None:
    assert check(complete | {"DEBUG": value}).returncode == 0
