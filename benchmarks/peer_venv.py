"""The peers' own environment: made when it is missing, below DATA_DIR (var/), never part of the project's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PEERS = ("jira", "atlassian-python-api")


class NoPeers(Exception):
    """They cannot be installed here; the text says why."""


def peer_python() -> Path:
    """The interpreter that has the peers. Raises NoPeers."""
    folder = Path(os.environ.get("DATA_DIR") or ROOT / "var") / "bench-peers"
    python, stamp = folder / "bin" / "python", folder / "installed"
    if not stamp.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as trouble:
            raise NoPeers(f"pip could not install {' and '.join(PEERS)}: {trouble}") from trouble
        stamp.write_text("yes\n")
    return python


def peer(python: Path, *arguments: str | int) -> dict[str, Any]:
    """One run of peers.py."""
    command = [str(python), str(Path(__file__).with_name("peers.py")), *map(str, arguments)]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=7200)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


if __name__ == "__main__":
    print(peer_python(), file=sys.stdout)
