from __future__ import annotations

import json

import pytest

from jira_integration.client.answers import Answer, harmless, trouble_in
from jira_integration.client.asking import Asked
from jira_integration.client.auth import BasicToken
from jira_integration.client.exceptions import (
    ErrorCode,
    JiraCaptcha,
    JiraError,
    JiraForbidden,
    JiraLoginError,
    JiraNotFound,
    JiraRateLimited,
    JiraRejected,
    JiraScopeError,
    JiraUnavailable,
)
from tests.client.conftest import TOKEN, Payload

JSON = {"content-type": "application/json;charset=UTF-8"}
HTML = {"content-type": "text/html"}
LOGIN_PAGE = b"<!doctype html><form action='/login'><input type='password'></form>"
NOW = 1_790_000_000.0


def asked(*, writes: bool = False) -> Asked:
    return Asked(
        method="POST" if writes else "GET",
        path="/rest/api/3/x",
        url="https://acme.atlassian.net/rest/api/3/x",
        writes=writes,
        redact=BasicToken("mira@acme.test", TOKEN).redact,
    )


def trouble(
    status: int, body: bytes = b"{}", headers: dict[str, str] | None = None, *, writes: bool = False
) -> JiraError | None:
    return trouble_in(Answer(status, JSON if headers is None else headers, body), asked(writes=writes), NOW)


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, b"{}", JSON),
        (200, b"[]", {"content-type": "application/problem+json"}),
        (200, b' {"a": 1}', {}),
        (201, b"", {}),
        (204, b"", {"content-type": "text/html"}),
        (200, b"{}", JSON | {"x-seraph-loginreason": "OK"}),
        (200, b"{}", JSON | {"retry-after": "0", "x-ratelimit-remaining": "0"}),
    ],
)
def test_a_good_answer_is_no_trouble(status: int, body: bytes, headers: dict[str, str]) -> None:
    assert trouble(status, body, headers) is None


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, JiraRejected, ErrorCode.REJECTED),
        (401, JiraLoginError, ErrorCode.BAD_LOGIN),
        (403, JiraForbidden, ErrorCode.FORBIDDEN),
        (404, JiraNotFound, ErrorCode.NOT_FOUND),
        (408, JiraUnavailable, ErrorCode.UNAVAILABLE),
        (409, JiraRejected, ErrorCode.REJECTED),
        (410, JiraRejected, ErrorCode.REMOVED_API),
        (413, JiraRejected, ErrorCode.REJECTED),
        (418, JiraRejected, ErrorCode.REJECTED),
        (422, JiraRejected, ErrorCode.REJECTED),
        (429, JiraRateLimited, ErrorCode.RATE_LIMITED),
        (500, JiraUnavailable, ErrorCode.UNAVAILABLE),
        (503, JiraUnavailable, ErrorCode.UNAVAILABLE),
        (199, JiraUnavailable, ErrorCode.UNKNOWN),
    ],
)
def test_a_status_is_sorted_by_who_has_to_act(status: int, kind: type[JiraError], code: ErrorCode) -> None:
    found = trouble(status)

    assert type(found) is kind
    assert found.code is code
    assert found.status == status


@pytest.mark.parametrize("status", [200, 401, 404])
@pytest.mark.parametrize("reason", ["AUTHENTICATED_FAILED", "authenticated_failed", "OUT, AUTHENTICATED_FAILED"])
def test_a_login_jira_took_for_nobody_is_a_bad_login_whatever_the_status(status: int, reason: str) -> None:
    found = trouble(status, headers=JSON | {"X-Seraph-LoginReason": reason})

    assert type(found) is JiraLoginError
    assert found.code is ErrorCode.BAD_LOGIN


@pytest.mark.parametrize("status", [200, 401, 403])
@pytest.mark.parametrize(
    "header",
    [
        {"x-seraph-loginreason": "AUTHENTICATION_DENIED"},
        {"x-authentication-denied-reason": "CAPTCHA_CHALLENGE; login-url=https://acme.test/login.jsp"},
    ],
)
def test_a_captcha_is_told_apart_from_a_bad_login(status: int, header: dict[str, str]) -> None:
    found = trouble(status, headers=JSON | header)

    assert type(found) is JiraCaptcha
    assert found.code is ErrorCode.CAPTCHA


def test_a_missing_scope_is_told_apart_from_a_bad_login(payload: Payload) -> None:
    found = trouble(401, payload("error__scope"))

    assert type(found) is JiraScopeError


def test_an_answer_without_the_account_header_is_no_trouble_by_itself() -> None:
    assert trouble(200, b"{}", JSON) is None


@pytest.mark.parametrize(("status", "writes", "unknown"), [(200, False, False), (200, True, True), (201, True, True)])
def test_a_login_page_with_a_good_status_is_a_sign_in_page(status: int, writes: bool, unknown: bool) -> None:
    found = trouble(status, LOGIN_PAGE, HTML, writes=writes)

    assert type(found) is JiraLoginError
    assert found.code is ErrorCode.SSO_PAGE
    assert found.outcome_unknown is unknown


@pytest.mark.parametrize(
    ("body", "kind"), [(b"<html>Welcome</html>", "text/html"), (b"hello", "text/plain"), (b"<a/>", "application/xml")]
)
def test_another_page_with_a_good_status_is_not_jira(body: bytes, kind: str) -> None:
    found = trouble(200, body, {"content-type": kind})

    assert type(found) is JiraUnavailable
    assert found.code is ErrorCode.NOT_JIRA


def test_a_web_page_that_says_not_found_is_not_jira_either() -> None:
    found = trouble(404, b"<html>Not here</html>", HTML)

    assert type(found) is JiraNotFound
    assert found.code is ErrorCode.NOT_JIRA


@pytest.mark.parametrize(
    ("location", "kind", "code"),
    [
        ("https://login.acme.test/sso", JiraLoginError, ErrorCode.SSO_PAGE),
        ("//evil.test/", JiraLoginError, ErrorCode.SSO_PAGE),
        ("/login.jsp?os_destination=x", JiraLoginError, ErrorCode.SSO_PAGE),
        ("/jira/rest/api/3/x", JiraUnavailable, ErrorCode.REDIRECTED),
        ("", JiraUnavailable, ErrorCode.REDIRECTED),
        ("https://[broken", JiraUnavailable, ErrorCode.REDIRECTED),
    ],
)
def test_a_redirect_is_never_an_answer_and_a_write_was_not_done(
    location: str, kind: type[JiraError], code: ErrorCode
) -> None:
    found = trouble(302, b"", {"location": location}, writes=True)

    assert type(found) is kind
    assert found.code is code
    assert not found.outcome_unknown


@pytest.mark.parametrize(
    ("body", "messages", "fields"),
    [
        ({"errorMessages": ["A", "A"], "errors": {}}, ("A",), {}),
        ({"errorMessages": [], "errors": {"summary": "B"}, "status": 400}, (), {"summary": "B"}),
        ({"errorMessages": None, "errors": None, "warningMessages": ["W"]}, ("W",), {}),
        ({"errors": [{"message": "C"}, {"message": None}, 7]}, ("C",), {}),
        ({"code": 400, "message": "D"}, ("D",), {}),
        ({"error": "invalid_grant", "error_description": "E"}, ("E", "invalid_grant"), {}),
        ({"errorMessage": "F"}, ("F",), {}),
        ([1], (), {}),
        ("text", (), {}),
    ],
)
def test_every_shape_of_error_body_is_read(body: object, messages: tuple[str, ...], fields: dict[str, str]) -> None:
    found = trouble(400, json.dumps(body).encode())

    assert found is not None
    assert found.jira_messages == messages
    assert found.field_errors == fields


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"<html>long page</html>"])
def test_a_broken_error_body_hides_nothing_but_itself(body: bytes) -> None:
    found = trouble(400, body)

    assert type(found) is JiraRejected
    assert found.jira_messages == ()


def test_jiras_words_are_made_plain_text() -> None:
    words = "Field <a href='x'>Team</a>\n is\u202e missing\x00 <script>alert(1)</script>" + "x" * 600

    plain = harmless(words)

    assert plain.startswith("Field Team is missing alert(1)")
    assert not {"<", ">", "\n", "\u202e", "\x00"} & set(plain)
    assert len(plain) == 500
    assert plain.endswith("…")


def test_a_secret_that_comes_back_in_jiras_words_is_taken_out() -> None:
    found = trouble(400, json.dumps({"errorMessages": [f"Token {TOKEN} is wrong"], "errors": {"f": TOKEN}}).encode())

    assert found is not None
    assert found.jira_messages == ("Token [hidden] is wrong",)
    assert found.field_errors == {"f": "[hidden]"}


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 425])
def test_a_broken_server_leaves_the_outcome_of_a_write_unknown_and_of_a_read_untouched(status: int) -> None:
    wrote, read = trouble(status, writes=True), trouble(status)

    assert wrote is not None
    assert read is not None
    assert wrote.outcome_unknown
    assert not read.outcome_unknown


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 429])
def test_a_refusal_leaves_no_doubt_that_a_write_was_not_done(status: int) -> None:
    found = trouble(status, writes=True)

    assert found is not None
    assert not found.outcome_unknown


def test_an_unavailable_jira_may_name_a_time() -> None:
    found = trouble(503, headers=JSON | {"retry-after": "90"})

    assert isinstance(found, JiraUnavailable)
    assert found.retry_after == 90.0


def test_a_rate_limit_names_its_reason() -> None:
    found = trouble(429, b"", {"retry-after": "3", "ratelimit-reason": "jira-per-issue-on-write"})

    assert isinstance(found, JiraRateLimited)
    assert (found.retry_after, found.reason) == (3.0, "jira-per-issue-on-write")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"atl-traceid": "8d1f"}, "8d1f"),
        ({"x-arequestid": "600x1"}, "600x1"),
        ({"x-request-id": "<script>"}, ""),
        ({}, ""),
    ],
)
def test_jiras_request_id_is_kept_when_it_looks_like_one(headers: dict[str, str], found: str) -> None:
    error = trouble(400, headers=JSON | headers)

    assert error is not None
    assert error.request_id == found
