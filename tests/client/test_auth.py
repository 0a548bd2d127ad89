from __future__ import annotations

import base64

import pytest

from jira_integration.client.auth import Anonymous, Auth, BasicToken
from tests.client.conftest import TOKEN


def test_an_api_token_is_sent_the_way_jira_cloud_asks_for() -> None:
    headers: dict[str, str] = {}

    BasicToken("mira@acme.test", TOKEN).apply(headers)

    kind, pair = headers["Authorization"].split()
    assert kind == "Basic"
    assert base64.b64decode(pair).decode() == f"mira@acme.test:{TOKEN}"


def test_letters_of_every_script_go_into_the_login() -> None:
    headers: dict[str, str] = {}

    BasicToken("žiga@acme.test", "tökén").apply(headers)

    assert headers["Authorization"].isascii()


@pytest.mark.parametrize("show", [repr, str, lambda login: f"{login}", lambda login: str([login])])
def test_a_login_does_not_show_its_secret(show: object) -> None:
    login = BasicToken("mira@acme.test", TOKEN)
    headers: dict[str, str] = {}
    login.apply(headers)

    shown = show(login)  # type: ignore[operator]

    assert TOKEN not in shown
    assert headers["Authorization"].split()[1] not in shown
    assert "mira@acme.test" in shown


def test_a_secret_is_taken_out_of_a_text_in_both_forms() -> None:
    login = BasicToken("mira@acme.test", TOKEN)
    headers: dict[str, str] = {}
    login.apply(headers)

    assert login.redact(f"{TOKEN} and {headers['Authorization']}") == "[hidden] and Basic [hidden]"


def test_a_typed_letter_that_is_no_token_does_not_garble_what_jira_says() -> None:
    assert BasicToken("mira@acme.test", "t").redact("Story not found.") == "Story not found."


def test_nobody_in_particular_sends_no_login() -> None:
    headers: dict[str, str] = {}
    nobody: Auth = Anonymous()

    nobody.apply(headers)

    assert headers == {}
    assert nobody.redact("text") == "text"
