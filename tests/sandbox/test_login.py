"""Logins: good, wrong, absent, and what Jira lets nobody see."""

from __future__ import annotations

import pytest

from jira_integration.sandbox.settings import BadLogin
from tests.sandbox.test_issues import story
from tests.sandbox_server import RunningSandbox, running_sandbox

WRONG = ("qa-bot@example.test", "wrong")


def test_a_good_login_is_named_in_a_header(sandbox: RunningSandbox) -> None:
    answer = sandbox.call("GET", "myself")

    assert answer.headers["X-AAccountId"] == answer.json()["accountId"]
    assert answer.json()["timeZone"] == "America/New_York"


def test_a_wrong_token_is_refused_with_the_reason_in_a_header(sandbox: RunningSandbox) -> None:
    answer = sandbox.call("GET", "issue/SHOP-1", auth=WRONG)

    assert answer.status_code == 401
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"


def test_some_sites_treat_a_wrong_token_as_nobody() -> None:
    with running_sandbox(bad_login=BadLogin.ANONYMOUS) as sandbox:
        sandbox.call("POST", "issue", json=story())

        projects = sandbox.call("GET", "project/search", auth=WRONG)
        issue = sandbox.call("GET", "issue/SHOP-1", auth=WRONG)

        assert (projects.status_code, projects.json()["values"]) == (200, [])
        assert issue.status_code == 404
        assert (
            projects.headers["X-Seraph-LoginReason"] == issue.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
        )
        assert sandbox.call("POST", "issue", json=story(), auth=WRONG).status_code == 401


@pytest.mark.parametrize(("path", "status"), [("serverInfo", 200), ("myself", 401), ("project/SHOP", 404)])
def test_without_a_login_little_is_answered(sandbox: RunningSandbox, path: str, status: int) -> None:
    answer = sandbox.call("GET", path, auth=None)

    assert answer.status_code == status
    assert "X-Seraph-LoginReason" not in answer.headers


def test_after_too_many_failures_only_a_captcha_helps() -> None:
    with running_sandbox(captcha_after=2) as sandbox:
        for _ in range(2):
            sandbox.call("GET", "myself", auth=WRONG)

        answer = sandbox.call("GET", "myself")

        assert answer.status_code == 403
        assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATION_DENIED"
        assert "CAPTCHA_CHALLENGE" in answer.headers["X-Authentication-Denied-Reason"]


def test_the_token_can_be_another() -> None:
    with running_sandbox(token="other") as sandbox:
        assert sandbox.call("GET", "myself").status_code == 200
        assert sandbox.call("GET", "myself", auth=("qa-bot@example.test", "sandbox-token")).status_code == 401
