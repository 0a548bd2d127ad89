"""What DATA_DIR holds and what the environment asks for: the clear sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.supervisor import __main__ as program
from config.supervisor import profile, valkey
from config.supervisor.profile import CannotStart
from tests.supervisor.running import busy_port


@pytest.mark.parametrize("wanted", ["eighty", "-1", "65536", "80.5"])
def test_a_port_that_is_no_port_is_refused_with_an_example(wanted: str) -> None:
    with pytest.raises(CannotStart, match=r"PORT is .* must be a port number such as 8000"):
        profile.choose_port("PORT", wanted)


def test_a_port_promised_to_the_pages_is_not_given_to_the_sandbox() -> None:
    with busy_port() as busy:
        free, _ = profile.choose_port("PORT", str(busy))
        other, sentence = profile.choose_port("SANDBOX_PORT", str(free), taken=free)

    assert other != free
    assert sentence == f"Port {free} (SANDBOX_PORT) is busy; using {other}."


def test_secrets_are_made_once(tmp_path: Path) -> None:
    first = profile.read_secrets(tmp_path)

    assert profile.read_secrets(tmp_path) == first
    assert profile.read_secrets(tmp_path.joinpath("..").resolve() / tmp_path.name) == first


@pytest.mark.parametrize("content", ["", "{", "[]", "null", json.dumps({"DJANGO_SECRET_KEY": "local-x"})])
def test_damaged_secrets_are_never_replaced_by_themselves(content: str, tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(content)

    with pytest.raises(CannotStart, match="Restore it, or delete it"):
        profile.read_secrets(tmp_path)

    assert path.read_text() == content


def test_a_data_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(CannotStart, match="cannot be used: Not a directory"):
        profile.open_data_dir({"DATA_DIR": str(tmp_path / "file" / "var")})


def test_a_database_of_the_persons_own_shell_is_left_alone(tmp_path: Path) -> None:
    kept = profile.read_secrets(tmp_path)
    theirs = {"DATABASE_URL": "postgres://elsewhere/production", "LANG": "C.UTF-8", "SQ_PROFILE": "production"}

    made = profile.environment(theirs, tmp_path, kept, redis_url="redis://x", port=8000, sandbox_port=8001)

    assert "DATABASE_URL" not in made
    assert made["LANG"] == "C.UTF-8"
    assert made["SQ_PROFILE"] == "local"
    assert made["SANDBOX_URL"] == "http://127.0.0.1:8001"
    assert made["JIRA_PUBLIC_URL"] == "http://127.0.0.1:8000"


def test_the_wheel_has_a_server_for_this_machine() -> None:
    found = valkey.wheel_binary()

    assert found is not None and found.is_file()


def test_without_any_queue_server_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "wheel_binary", lambda: None)
    monkeypatch.setattr(valkey, "installed_binary", lambda: None)
    for name, value in {"DATA_DIR": str(tmp_path), "PORT": "0", "SANDBOX_PORT": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("REDIS_URL", raising=False)

    with pytest.raises(CannotStart, match="Install one of them, or set REDIS_URL"):
        program.run(lambda: False)
