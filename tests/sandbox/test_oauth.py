"""OAuth 2.0 (3LO): consent, tokens that rotate, and what takes them away."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.three_legs import (
    CALLBACK,
    CLOUD,
    SECRET,
    Tokens,
    ask_token,
    asked,
    consent,
    refresh,
    sign_in,
    through_gateway,
)
from tests.sandbox_server import Bearer, RunningSandbox

OTHER = "99887766-d4c3-4b2a-9f00-0123456789ab"


def test_who_is_not_signed_in_is_asked_to_and_led_on(sandbox: RunningSandbox) -> None:
    page = requests.get(f"{sandbox.url}/authorize", params=asked(), timeout=5)

    assert 'name="password"' in page.text
    assert "/authorize?audience=api.atlassian.com" in page.text


def test_a_consent_brings_a_code_and_the_state_back(sandbox: RunningSandbox) -> None:
    told = consent(sandbox)

    assert told["state"] == "a-state"
    assert told["code"]


def test_the_consent_page_names_the_scopes_and_the_sites_and_may_lead_back_to_the_app(sandbox: RunningSandbox) -> None:
    browser = requests.Session()
    browser.post(
        f"{sandbox.url}/login", data={"username": "jonas@example.test", "password": "jonas-password"}, timeout=5
    )

    page = browser.get(f"{sandbox.url}/authorize", params=asked(), timeout=5)

    assert all(text in page.text for text in ("write:jira-work", "another-team", "rehearsal", "Jonas Ortiz"))
    assert "form-action 'self' http://127.0.0.1:8000;" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("answer", "more", "error"),
    [
        ("deny", {}, "access_denied"),
        ("allow", {"response_type": "token"}, "unsupported_response_type"),
        ("allow", {"scope": "read:everything"}, "invalid_scope"),
    ],
)
def test_a_refusal_goes_back_to_the_app(sandbox: RunningSandbox, answer: str, more: dict[str, str], error: str) -> None:
    told = consent(sandbox, answer, **more)

    assert (told["error"], told["state"]) == (error, "a-state")


@pytest.mark.parametrize("more", [{"client_id": "other"}, {"redirect_uri": "javascript:alert(1)"}, {"audience": ""}])
def test_what_may_not_be_the_apps_address_is_not_gone_to(sandbox: RunningSandbox, more: dict[str, str]) -> None:
    page = requests.get(f"{sandbox.url}/authorize", params=asked(**more), timeout=5, allow_redirects=False)

    assert page.status_code == 400


def test_a_code_is_good_once_at_its_own_callback_and_not_for_long(sandbox: RunningSandbox) -> None:
    code = consent(sandbox)["code"]
    elsewhere = ask_token(sandbox, grant_type="authorization_code", code=code, redirect_uri="http://other.test/")
    first = ask_token(sandbox, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    second = ask_token(sandbox, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    late = consent(sandbox)["code"]
    sandbox.control("clock", {"advance_seconds": 3600})
    third = ask_token(sandbox, grant_type="authorization_code", code=late, redirect_uri=CALLBACK)

    assert [a.status_code for a in (elsewhere, first, second, third)] == [403, 200, 403, 403]
    assert first.json()["expires_in"] == 3600
    assert second.json()["error"] == "invalid_grant"


def test_without_offline_access_there_is_no_refresh_token(sandbox: RunningSandbox) -> None:
    assert sign_in(sandbox, scope="read:jira-work").refresh == ""


def test_a_wrong_client_secret_is_refused(sandbox: RunningSandbox) -> None:
    tokens = sign_in(sandbox)

    refused = ask_token(
        sandbox, grant_type="refresh_token", refresh_token=tokens.refresh, client_secret=SECRET + "x"
    )  # fmt: skip

    assert (refused.status_code, refused.json()["error"]) == (401, "access_denied")


def test_a_refresh_rotates_and_the_old_token_works_through_the_leeway(sandbox: RunningSandbox) -> None:
    tokens = sign_in(sandbox)
    first = refresh(sandbox, tokens.refresh).json()
    sandbox.control("clock", {"advance_seconds": 599})
    again = refresh(sandbox, tokens.refresh)

    assert first["refresh_token"] != tokens.refresh
    assert again.status_code == 200
    assert refresh(sandbox, first["refresh_token"]).status_code == 200
    assert refresh(sandbox, again.json()["refresh_token"]).status_code == 200


def test_a_reuse_after_the_leeway_revokes_the_whole_family(sandbox: RunningSandbox) -> None:
    tokens, other = sign_in(sandbox), sign_in(sandbox)
    fresh = refresh(sandbox, tokens.refresh).json()
    sandbox.control("clock", {"advance_seconds": 601})

    reused = refresh(sandbox, tokens.refresh)
    child = refresh(sandbox, fresh["refresh_token"])

    assert (reused.status_code, reused.json()["error_description"]) == (403, "Unknown or invalid refresh token.")
    assert (child.status_code, child.json()["error"]) == (403, "unauthorized_client")
    assert through_gateway(sandbox, "GET", "myself", fresh["access_token"]).status_code == 401
    assert refresh(sandbox, other.refresh).status_code == 200
    assert sandbox.control("oauth")[0]["revoked"] == 1


@pytest.mark.parametrize(("days", "status"), [(89, 200), (91, 403)])
def test_a_refresh_token_dies_of_idleness(sandbox: RunningSandbox, days: int, status: int) -> None:
    tokens = sign_in(sandbox)
    sandbox.control("clock", {"advance_seconds": days * 86_400})

    assert refresh(sandbox, tokens.refresh).status_code == status


def test_a_family_ends_after_a_year_however_often_it_was_used(sandbox: RunningSandbox) -> None:
    token, statuses = sign_in(sandbox).refresh, []
    for _ in range(5):
        sandbox.control("clock", {"advance_seconds": 80 * 86_400})
        answer = refresh(sandbox, token)
        statuses.append(answer.status_code)
        token = answer.json().get("refresh_token", "")

    assert statuses == [200, 200, 200, 200, 403]


def test_an_access_token_ends_with_the_sites_clock(sandbox: RunningSandbox) -> None:
    tokens = sign_in(sandbox)
    before = through_gateway(sandbox, "GET", "myself", tokens.access)
    sandbox.control("clock", {"advance_seconds": 3600})
    after = through_gateway(sandbox, "GET", "myself", tokens.access)
    sandbox.control("settings", {"ended_access_status": 403})
    odd = through_gateway(sandbox, "GET", "myself", tokens.access)

    assert (before.status_code, after.status_code, odd.status_code) == (200, 401, 403)
    assert after.json() == {"code": 401, "message": "Unauthorized"}


def test_a_withdrawn_consent_ends_everything(sandbox: RunningSandbox) -> None:
    tokens = sign_in(sandbox)
    sandbox.control("oauth", {"withdraw": True})

    assert refresh(sandbox, tokens.refresh).json()["error"] == "invalid_grant"
    assert through_gateway(sandbox, "GET", "myself", tokens.access).status_code == 401
    assert through_gateway(sandbox, "GET", "myself", sign_in(sandbox).access).status_code == 200


def test_a_second_consent_adds_a_site_to_the_same_grant_and_ours_is_not_the_first(sandbox: RunningSandbox) -> None:
    tokens = sign_in(sandbox)
    one = requests.get(f"{sandbox.url}/oauth/token/accessible-resources", auth=Bearer(tokens.access), timeout=5).json()
    sign_in(sandbox, site=OTHER)
    two = requests.get(f"{sandbox.url}/oauth/token/accessible-resources", auth=Bearer(tokens.access), timeout=5).json()

    assert [s["url"] for s in one] == [sandbox.url]
    assert [s["id"] for s in two] == [OTHER, CLOUD]
    assert "read:jira-work" in one[0]["scopes"]


def test_a_lost_answer_is_asked_for_again_with_the_same_token(sandbox: RunningSandbox) -> None:
    tokens = sign_in(sandbox)
    sandbox.faults({"kind": "close_after_write", "method": "POST", "path": "/oauth/token", "nth": 1})

    with pytest.raises(requests.ConnectionError):
        refresh(sandbox, tokens.refresh)

    assert refresh(sandbox, tokens.refresh).status_code == 200
    assert sandbox.write_requests() == []


def test_an_app_is_told_which_accounts_are_closed(sandbox: RunningSandbox) -> None:
    tokens = sign_in(sandbox, scope="report:personal-data")
    named = [{"accountId": f"5f0c1a7be8d4c30071b2aa0{n}", "updatedAt": "2026-01-01T00:00:00Z"} for n in (1, 5)]

    some = sandbox.call("POST", "/app/report-accounts/", auth=Bearer(tokens.access), json={"accounts": named})
    none = sandbox.call("POST", "/app/report-accounts/", auth=Bearer(tokens.access), json={"accounts": named[:1]})

    assert some.json() == {"accounts": [{"accountId": "5f0c1a7be8d4c30071b2aa05", "status": "closed"}]}
    assert none.status_code == 204


def test_tokens_are_never_listed(sandbox: RunningSandbox) -> None:
    tokens: Tokens = sign_in(sandbox)

    listed = str(sandbox.control("oauth"))

    assert tokens.access not in listed
    assert tokens.refresh not in listed


def test_somebody_else_may_sign_in_on_the_way_and_is_led_back(sandbox: RunningSandbox) -> None:
    browser = requests.Session()
    login = {"username": "jonas@example.test", "password": "jonas-password"}
    browser.post(f"{sandbox.url}/login", data=login, timeout=5)
    back = {"next": "/authorize?client_id=sandbox-client"}

    left = browser.post(f"{sandbox.url}/logout", data=back, timeout=5, allow_redirects=False)
    away = browser.post(
        f"{sandbox.url}/login", data=login | {"next": "//evil.example/"}, timeout=5, allow_redirects=False
    )

    assert left.headers["Location"] == back["next"]
    assert away.headers["Location"] == "/"


def test_the_site_that_is_here_is_chosen_already(sandbox: RunningSandbox) -> None:
    browser = requests.Session()
    login = {"username": "jonas@example.test", "password": "jonas-password"}
    browser.post(f"{sandbox.url}/login", data=login, timeout=5)

    text = browser.get(f"{sandbox.url}/authorize", params=asked(), timeout=5).text

    assert f'<option value="{CLOUD}" selected>' in text
    assert text.index(OTHER) < text.index(CLOUD)
