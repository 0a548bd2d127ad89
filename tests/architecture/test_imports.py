"""The import rules of pyproject.toml hold, and each of them catches what it is there for."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "jira_integration", "stories_qa")
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
# contract, new file, what it says
BREACHES = [
    ("layers", "jira_integration/models/planted.py", "import jira_integration.views"),
    ("layers", "jira_integration/mapping/planted.py", "from jira_integration import export"),
    ("layers", "jira_integration/client/planted.py", "def late():\n    import jira_integration.models"),
    ("layers", "jira_integration/planted.py", "# a module that nobody gave a layer"),
    ("host", "jira_integration/export/planted.py", "from stories_qa.models import Story"),
    ("host", "jira_integration/views/planted.py", "import config.celery"),
    ("one-door", "stories_qa/views/planted.py", "from jira_integration.models import ExportedTicket"),
    ("one-door", "stories_qa/planted.py", "import jira_integration.contracts"),
    ("no-django", "jira_integration/client/planted.py", "from django.conf import settings"),
    ("no-django", "jira_integration/richtext/planted.py", "import jira_integration.conf"),
    ("requests", "jira_integration/client/planted.py", "import requests"),
    ("requests", "stories_qa/planted.py", "from requests import get"),
    ("sandbox-alone", "jira_integration/views/planted.py", "from jira_integration.sandbox import server"),
    ("sandbox-alone", "stories_qa/planted.py", "import jira_integration.sandbox"),
    ("sandbox-own-code", "jira_integration/sandbox/planted.py", "import jira_integration.client"),
    ("sandbox-own-code", "jira_integration/sandbox/planted.py", "from jira_integration.richtext import result"),
    ("sandbox-own-code", "jira_integration/sandbox/planted.py", "import django"),
]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three packages and the rules, to plant breaches in."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", root)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__", "static", "templates")
        )
    return root


def test_every_import_keeps_the_rules() -> None:
    ended = lint(ROOT)

    assert ended.returncode == 0, ended.stdout
    assert f"{len(CONTRACTS)} kept, 0 broken" in ended.stdout


def test_every_rule_has_a_planted_breach() -> None:
    assert {contract["id"] for contract in CONTRACTS} == {contract for contract, _, _ in BREACHES}


def test_what_must_work_without_django_is_in_the_rule_as_soon_as_it_exists() -> None:
    rule = next(contract for contract in CONTRACTS if contract["id"] == "no-django")
    pure = [name for name in ("client", "richtext", "merge") if list((ROOT / "jira_integration").glob(f"{name}*"))]

    assert set(rule["source_modules"]) == {f"jira_integration.{name}" for name in pure}


@pytest.mark.parametrize(("contract", "file", "content"), BREACHES)
def test_a_planted_breach_is_caught(contract: str, file: str, content: str, copy: Path) -> None:
    name = next(one["name"] for one in CONTRACTS if one["id"] == contract)
    planted = copy / file
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(content + "\n")
    try:
        ended = lint(copy)
    finally:
        planted.unlink()

    assert ended.returncode != 0
    assert f"{name} BROKEN" in ended.stdout
