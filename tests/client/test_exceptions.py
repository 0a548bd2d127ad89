from __future__ import annotations

import pickle

import pytest

from jira_integration.client import exceptions
from jira_integration.client.exceptions import ErrorCode, JiraError, JiraLoginError, JiraRateLimited, JiraUnavailable

KINDS = [kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, JiraError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_error_stands_in_the_tree_drawn_above_them(kind: type[JiraError]) -> None:
    assert exceptions.__doc__ is not None
    assert kind.__name__ in exceptions.__doc__


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_being_sent_to_another_process(kind: type[JiraError]) -> None:
    error = kind("GET /x was answered with 400.", status=400, method="GET", path="/x", jira_messages=("No.",))

    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is kind
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_what_has_to_do_with_the_login_can_be_caught_together() -> None:
    assert {kind.__name__ for kind in KINDS if issubclass(kind, JiraLoginError)} == {
        "JiraLoginError",
        "JiraCaptcha",
        "JiraScopeError",
    }


def test_an_error_has_the_code_of_its_kind_unless_told_otherwise() -> None:
    assert JiraRateLimited("slow down", retry_after=3).code is ErrorCode.RATE_LIMITED
    assert JiraUnavailable("gone", code=ErrorCode.DNS).code is ErrorCode.DNS
