"""The script behind the Makefile: what it installs, from where, and what it says when it cannot."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import dev

PIP_CONF = """
[global]
index-url = https://index.example.test/simple
extra-index-url =
    https://one.example.test/simple
    https://two.example.test/simple
find-links = /wheels /more-wheels
[install]
index-url = https://install.example.test/simple
[freeze]
timeout = 10
"""


@pytest.fixture
def pip_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip configured by a file alone, uv not at all."""
    for variable in (*dev.UV_VARIABLES.values(), "UV_INDEX_STRATEGY", "PIP_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "pip.conf").write_text(PIP_CONF)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """dev.py in an empty checkout whose .venv is made and filled in name only; the list says with which files."""
    installed: list[str] = []
    for name in ("RUN_LOCK", "DEV_LOCK"):
        path = tmp_path / getattr(dev, name).name
        path.write_text(f"{name} 1\n")
        monkeypatch.setattr(dev, name, path)
    monkeypatch.setattr(dev, "STAMP", tmp_path / "installed.json")
    monkeypatch.setattr(dev, "make_venv", lambda: None)
    monkeypatch.setattr(dev, "install_with_uv", lambda lock: not installed.append(lock.name))
    return installed


def test_uv_is_told_what_pip_is_configured_with(pip_conf: None) -> None:
    told = dev.uv_environment()

    assert told["UV_DEFAULT_INDEX"] == "https://install.example.test/simple"
    assert told["UV_INDEX"] == "https://one.example.test/simple https://two.example.test/simple"
    assert told["UV_FIND_LINKS"] == "/wheels,/more-wheels"
    assert "UV_NO_INDEX" not in told


def test_the_environment_goes_before_pips_file(pip_conf: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://asked.example.test/simple")

    assert dev.uv_environment()["UV_DEFAULT_INDEX"] == "https://asked.example.test/simple"


def test_what_is_meant_for_uv_stays(pip_conf: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example.test/simple")

    assert dev.uv_environment()["UV_DEFAULT_INDEX"] == "https://uv.example.test/simple"


def test_a_lock_is_installed_once(checkout: list[str]) -> None:
    dev.install(dev.DEV_LOCK)
    dev.install(dev.DEV_LOCK)

    assert checkout == ["requirements-dev.txt"]


def test_a_changed_lock_is_installed_again(checkout: list[str]) -> None:
    dev.install(dev.DEV_LOCK)
    dev.DEV_LOCK.write_text("DEV_LOCK 2\n")
    dev.install(dev.DEV_LOCK)

    assert checkout == ["requirements-dev.txt", "requirements-dev.txt"]


def test_running_needs_nothing_more_than_developing(checkout: list[str]) -> None:
    dev.install(dev.DEV_LOCK)
    dev.install(dev.RUN_LOCK)

    assert checkout == ["requirements-dev.txt"]


def test_developing_needs_more_than_running(checkout: list[str]) -> None:
    dev.install(dev.RUN_LOCK)
    dev.install(dev.DEV_LOCK)

    assert checkout == ["requirements.txt", "requirements-dev.txt"]
    assert set(json.loads(dev.STAMP.read_text())) == {"requirements.txt", "requirements-dev.txt"}


def test_a_failed_install_is_tried_again_next_time(checkout: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "install_with_uv", lambda lock: False)
    monkeypatch.setattr(dev, "PYTHON", "false")

    with pytest.raises(dev.subprocess.CalledProcessError):
        dev.install(dev.DEV_LOCK)

    assert not dev.STAMP.exists()


def test_a_python_without_venv_is_told_which_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "works", lambda command: False)
    monkeypatch.setattr(dev.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(dev, "apt_install", lambda *packages: False)

    with pytest.raises(SystemExit, match=r"apt-get install python3\.\d+-venv"):
        dev.make_venv()


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_another_python_is_refused_with_what_to_type(
    version: tuple[int, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev.sys, "version_info", (*version, 0))

    assert dev.main(["run"]) == 1
    assert "make run PYTHON=python3.12" in capsys.readouterr().err


@pytest.mark.parametrize(("passed", "status"), [(True, 0), (False, 1)])
def test_one_failed_step_fails_the_whole(passed: bool, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.report({"mypy": (True, 1.0), "djlint": (passed, 0.5)}) == status
    assert ("Failed: djlint." in capsys.readouterr().out) is not passed


def test_every_target_of_the_makefile_is_one_of_the_scripts() -> None:
    makefile = (dev.ROOT / "Makefile").read_text()

    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    for target in phony[1].split():
        assert f"dev.py {target}\n" in makefile
        assert callable(getattr(dev, target))


def test_the_pipeline_runs_the_test_command_and_nothing_else() -> None:
    run = dev.ROOT / ".ci" / "run"

    assert run.stat().st_mode & 0o111
    assert run.read_text().splitlines()[-1] == "exec make test"
