"""Data Center: who is let in and how, and how often."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.test_issues import make, story
from tests.sandbox_server import Bearer, RunningSandbox


@pytest.mark.parametrize(("auth", "status"), [(Bearer("sandbox-token"), 200), (("qa-bot", "sandbox-password"), 200),
                                              (("qa-bot", "sandbox-token"), 401), (Bearer("wrong"), 401)])  # fmt: skip
def test_tokens_are_bearers_and_passwords_are_basic(data_center: RunningSandbox, auth: Any, status: int) -> None:
    assert data_center.call("GET", "myself", auth=auth).status_code == status


def test_a_refused_password_is_a_web_page_and_a_refused_token_is_json(data_center: RunningSandbox) -> None:
    password = data_center.call("GET", "myself", auth=("qa-bot", "wrong"))
    token = data_center.call("GET", "myself", auth=Bearer("wrong"))

    assert password.headers["content-type"].startswith("text/html")
    assert password.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    assert token.json()["status-code"] == 401


def test_passwords_can_be_switched_off_and_tokens_run_out(data_center: RunningSandbox) -> None:
    data_center.control("settings", {"basic_auth": False})
    off = data_center.call("GET", "myself", auth=("qa-bot", "sandbox-password"))
    on = data_center.call("GET", "myself")
    data_center.control("settings", {"token_ended": True})

    assert (off.status_code, off.json()["message"]) == (403, "Basic Authentication has been disabled on this instance.")
    assert on.status_code == 200
    assert data_center.call("GET", "myself").status_code == 401


def test_a_captcha_names_the_login_page_and_tokens_go_on(data_center: RunningSandbox) -> None:
    data_center.control("settings", {"captcha_after": 1})
    data_center.call("GET", "myself", auth=("qa-bot", "wrong"))

    denied = data_center.call("GET", "myself", auth=("qa-bot", "sandbox-password"))

    assert denied.status_code == 403
    assert denied.headers["X-Authentication-Denied-Reason"] == (
        f"CAPTCHA_CHALLENGE; login-url={data_center.url}/login.jsp"
    )
    assert denied.headers["X-Seraph-LoginReason"] == "AUTHENTICATION_DENIED"
    assert data_center.call("GET", "myself").status_code == 200


def test_every_answer_tells_the_users_limit(data_center: RunningSandbox) -> None:
    data_center.control("clock", {"stop": True})
    data_center.control("settings", {"user_limit": 2, "user_fill_rate": 1})

    first, second, third = (data_center.call("GET", "myself") for _ in range(3))

    assert (first.status_code, first.headers["Retry-After"], first.headers["X-RateLimit-Remaining"]) == (200, "0", "1")
    assert second.headers["X-RateLimit-FillRate"] == "1"
    assert (third.status_code, third.headers["Retry-After"]) == (429, "1")
    assert data_center.call("GET", "myself", auth=Bearer("jonas-token")).status_code == 200


def test_a_hidden_issue_is_forbidden_and_nobody_is_asked_to_sign_in(data_center: RunningSandbox) -> None:
    key = make(data_center, story())
    data_center.control("project", {"project": "SHOP", "denied": ["BROWSE_PROJECTS"]})

    assert data_center.call("GET", f"issue/{key}").status_code == 403
    assert "Login Required" in data_center.call("GET", f"issue/{key}", auth=None).json()["errorMessages"]


def test_a_browser_is_refused_before_anybody_asks_who_it_is(data_center: RunningSandbox) -> None:
    refused = data_center.call("POST", "issue", json=story(), headers={"User-Agent": "Mozilla/5.0"})

    assert (refused.status_code, refused.text) == (403, "XSRF check failed")
