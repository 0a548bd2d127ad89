"""A person's consent in the sandbox, as a browser would give it, and the tokens that come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.sandbox_server import Bearer, RunningSandbox

CLIENT, SECRET, CALLBACK = "sandbox-client", "sandbox-client-secret", "http://127.0.0.1:8000/jira/oauth/callback/"
SCOPES = "read:jira-work write:jira-work read:jira-user manage:jira-webhook offline_access"
CLOUD = "11223344-a1b2-4c33-8d44-def012345678"


def asked(**more: str) -> dict[str, str]:
    """The query of the consent page."""
    return {
        "audience": "api.atlassian.com", "client_id": CLIENT, "scope": SCOPES, "redirect_uri": CALLBACK,
        "state": "a-state", "response_type": "code", "prompt": "consent", **more,
    }  # fmt: skip


def consent(
    sandbox: RunningSandbox, answer: str = "allow", site: str = CLOUD, user: str = "qa-bot@example.test", **more: str
) -> dict[str, str]:
    """Sign in and answer; what the app's callback is told."""
    browser = requests.Session()
    password = "jonas-password" if user.startswith("jonas") else "sandbox-password"
    signed_in = browser.post(
        f"{sandbox.url}/login", data={"username": user, "password": password, "next": "/"}, timeout=5
    )
    assert signed_in.status_code == 200
    page = browser.get(f"{sandbox.url}/authorize", params=asked(**more), timeout=5, allow_redirects=False)
    if page.status_code == 200:
        form = {"answer": answer, "site": site}
        page = browser.post(
            f"{sandbox.url}/authorize", params=asked(**more), data=form, timeout=5, allow_redirects=False
        )
    assert page.status_code == 303, page.text
    return {name: values[0] for name, values in parse_qs(urlsplit(page.headers["Location"]).query).items()}


def ask_token(sandbox: RunningSandbox, **given: str) -> requests.Response:
    body = {"client_id": CLIENT, "client_secret": SECRET, **given}
    return requests.post(f"{sandbox.url}/oauth/token", json=body, timeout=5)


def refresh(sandbox: RunningSandbox, token: str) -> requests.Response:
    return ask_token(sandbox, grant_type="refresh_token", refresh_token=token)


@dataclass
class Tokens:
    access: str
    refresh: str


def sign_in(sandbox: RunningSandbox, **more: str) -> Tokens:
    """The whole way to the first tokens."""
    code = consent(sandbox, **more)["code"]
    answer = ask_token(sandbox, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert answer.status_code == 200, answer.text
    return Tokens(answer.json()["access_token"], answer.json().get("refresh_token", ""))


def through_gateway(
    sandbox: RunningSandbox, method: str, path: str, token: str, *, cloud: str = CLOUD, **more: Any
) -> requests.Response:
    return sandbox.call(method, f"/ex/jira/{cloud}/rest/api/3/{path}", auth=Bearer(token), **more)
