"""A sandbox in a process of its own, so that its work is never counted as ours.

`python -m benchmarks.rehearsal PORT` serves until it is ended; request and answer bodies are kept in its log.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[1]
USER, TOKEN = "qa-bot@example.test", "sandbox-token"


class Rehearsal:
    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, name: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/_sandbox/{name}", json=body, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def empty(self, *, latency_ms: int = 0, latency_per_issue_ms: int = 0) -> None:
        """As at the first start, with this latency."""
        self.ask("POST", "reset", {})
        self.ask("POST", "settings", {"latency_ms": latency_ms, "latency_per_issue_ms": latency_per_issue_ms})

    def faults(self, *rules: dict[str, Any]) -> None:
        self.ask("POST", "faults", list(rules))

    def log(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", "log")["requests"]
        return found

    def summaries(self) -> list[str]:
        return [issue["fields"]["summary"] for issue in self.ask("GET", "issues")]


@contextmanager
def rehearsal() -> Iterator[Rehearsal]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    program = subprocess.Popen([sys.executable, "-m", "benchmarks.rehearsal", str(port)], cwd=ROOT)
    site = Rehearsal(f"http://127.0.0.1:{port}")
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                site.log()
                break
            except requests.ConnectionError:
                if program.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("The sandbox did not start.") from None
                time.sleep(0.05)
        yield site
    finally:
        program.terminate()
        program.wait(20)


def main(port: int) -> None:
    from jira_integration.sandbox.app import create_app
    from jira_integration.sandbox.server import make_server
    from jira_integration.sandbox.settings import SandboxSettings

    make_server(create_app(SandboxSettings(keep_bodies=True)), port=port).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
