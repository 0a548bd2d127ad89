"""A sandbox Jira in a thread of the test's process, on a free port, driven over real HTTP."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from jira_integration.sandbox.app import create_app
from jira_integration.sandbox.model import Site
from jira_integration.sandbox.server import make_server
from jira_integration.sandbox.settings import Flavour, SandboxSettings
from tests.private_ca import Issued

USER = "qa-bot@example.test"
TOKEN = "sandbox-token"


@dataclass
class RunningSandbox:
    """`url` is the site's address; the rest asks or commands it through /_sandbox (docs/sandbox.md)."""

    url: str
    user: str = USER
    token: str = TOKEN
    password: str = ""
    flavour: Flavour = Flavour.CLOUD
    verify: str | bool = True  # a file of certificates to trust

    def log(self) -> list[dict[str, Any]]:
        """Every REST request so far: n, method, path, query, status, at, done, write, issues, body, answer."""
        return self.control("log")["requests"]

    def write_requests(self) -> list[dict[str, Any]]:
        return [entry for entry in self.log() if entry["write"]]

    def clear_log(self) -> None:
        self._ask("DELETE", "log")

    def issues(self) -> list[dict[str, Any]]:
        """Every issue with all fields and properties, by id, index lag or not."""
        return self.control("issues")

    def deliveries(self) -> list[dict[str, Any]]:
        return self.control("deliveries")

    def faults(self, *rules: dict[str, Any]) -> None:
        """Replace the fault rules; none takes all away."""
        self.control("faults", list(rules))

    def control(self, name: str, body: Any = None) -> Any:
        """GET /_sandbox/<name> without a body, POST with one."""
        return self._ask("GET" if body is None else "POST", name, body)

    def _ask(self, method: str, name: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/_sandbox/{name}", json=body, timeout=10, verify=self.verify)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """A REST request as the bot: `call("GET", "myself")`; a path with a leading slash is taken as it is.

        On Data Center with the bot's personal access token, unless `auth` says otherwise.
        """
        on_cloud = self.flavour is Flavour.CLOUD
        address = self.url + path if path.startswith("/") else f"{self.url}/rest/api/{3 if on_cloud else 2}/{path}"
        login = (self.user, self.token) if on_cloud else Bearer(self.token)
        timeout = more.pop("timeout_seconds", 20)
        return requests.request(
            method, address, auth=more.pop("auth", login), timeout=timeout, verify=self.verify, **more
        )


@dataclass(frozen=True)
class Bearer(requests.auth.AuthBase):
    """A personal or OAuth access token."""

    token: str

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@contextmanager
def running_sandbox(
    change: Callable[[Site], None] | None = None,
    *,
    tls: Issued | None = None,
    trust: Path | None = None,
    sabotage: Sequence[str] = (),
    **settings: Any,
) -> Iterator[RunningSandbox]:
    """Start a sandbox with `SandboxSettings(**settings)`, request bodies kept in the log; stop it at the end.

    `change` may alter the site before it answers anybody. With `tls` it speaks https; `trust` is the file of
    certificates that its commands trust (tests/private_ca.py makes both).
    """
    settings.setdefault("keep_bodies", True)
    app = create_app(SandboxSettings(**settings), sabotage)
    if change is not None:
        change(app.state.jira.site)
    files = {"tls_cert": str(tls.cert), "tls_key": str(tls.key)} if tls else {}
    server = make_server(app, **files)
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("The sandbox did not start.")
        time.sleep(0.01)
    made = app.state.jira.settings
    try:
        address = f"{'https' if tls else 'http'}://127.0.0.1:{bound.getsockname()[1]}{made.context}"
        yield RunningSandbox(address, made.user, made.token, made.password, made.flavour, str(trust) if trust else True)
    finally:
        server.should_exit = True
        thread.join(10)
        bound.close()
        assert not thread.is_alive(), "The sandbox did not stop."
