"""The plug-in in a project that is not ours: no stories_qa, no templates and no style sheets of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def met() -> dict[str, Any]:
    """What `walk.py` met, in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SQ_", "DJANGO_", "FIELD_"))}
    walked = subprocess.run(
        [sys.executable, "-m", "tests.bare_host.walk"],
        cwd=ROOT,
        env=kept,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert walked.returncode == 0, walked.stderr
    found: dict[str, Any] = json.loads(walked.stdout.splitlines()[-1])
    return found


def test_its_settings_have_no_errors(met: dict[str, Any]) -> None:
    assert met["errors"] == []


def test_every_page_stands(met: dict[str, Any]) -> None:
    pages = {address: status for address, status in met.items() if address.startswith("/")}

    assert len(pages) >= 12
    assert set(pages.values()) == {200}


def test_the_host_is_invited_to_connect(met: dict[str, Any]) -> None:
    assert met["invited"]


def test_its_stories_can_be_chosen_by_key_or_ref_previewed_and_sent(met: dict[str, Any]) -> None:
    assert met["previewed"] == 303
    assert met["chosen"] == ["note:1", "note:2"]
    assert met["planned"]
    assert met["run"]


def test_its_own_rights_hold(met: dict[str, Any]) -> None:
    assert met["visitor"] == 403
    assert met["stranger"] == 302


def test_a_status_comes_back_from_jira(met: dict[str, Any]) -> None:
    assert met["status"] == "done"


def test_nothing_of_our_host_was_needed(met: dict[str, Any]) -> None:
    assert met["host modules"] == []
