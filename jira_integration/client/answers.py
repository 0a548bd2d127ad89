"""What an answer means: told from status, headers, content type and error keys, on every answer alike.

Jira may treat a bad token as nobody and answer 200 with nothing in it, a proxy may answer with a login page: a good
status alone proves nothing. https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#status-codes
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from jira_integration.client.asking import Asked
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
from jira_integration.client.limits import limit_news, lowered, retry_after_seconds, wait_after_429

SILENT_429_SECONDS = 2.0  # a gateway's 429 may name no time; this is Atlassian's own first step
MESSAGE_CHARS = 500
MESSAGES = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, read to its end: status, headers with lower-case names, decoded body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """Jira's own words from an error body, made harmless; `code` is the gateway's.

    `alone`: {"message": …} without Jira's own keys, as its login filters write.
    """

    messages: tuple[str, ...] = ()
    field_errors: Mapping[str, str] = field(default_factory=dict)
    code: int | None = None
    alone: bool = False


def trouble_in(answer: Answer, asked: Asked, now: float, *, wanted: bool = False) -> JiraError | None:
    """The error an answer stands for, or None when it is what was asked for.

    `now` in seconds since the epoch; `wanted` when the caller reads this answer for itself, as it does 2xx.
    """
    said = read_error(answer, asked.redact) if answer.status >= 400 else Said()
    details: dict[str, Any] = {
        "status": answer.status,
        "method": asked.method,
        "path": asked.path,
        "jira_messages": said.messages,
        "request_id": request_id(answer.headers),
    }
    good = 200 <= answer.status < 300 or wanted
    text = f"{asked.method} {asked.path} was answered with {answer.status}"
    refused_login = login_trouble(answer.headers)
    if refused_login is not None:
        # A write that Jira accepted from nobody in particular may well stand there now.
        kind, code = refused_login
        return kind(f"{text}: {code.value}.", code=code, outcome_unknown=good and asked.writes, **details)
    if good and not reads_as_json(answer):
        code = ErrorCode.SSO_PAGE if looks_like_login(answer.body) else ErrorCode.NOT_JIRA
        page = JiraLoginError if code is ErrorCode.SSO_PAGE else JiraUnavailable
        return page(f"{text}, but not by Jira.", code=code, outcome_unknown=asked.writes, **details)
    details["field_errors"] = said.field_errors
    match answer.status:
        case status if good:
            return None
        case status if 300 <= status < 400:
            return redirect(answer, asked, text, details)
        case 401 if said.code == 401 and any("scope" in message.lower() for message in said.messages):
            # The gateway's own shape {"code", "message"}; only its wording tells, and it is not translated.
            return JiraScopeError(f"{text}: a scope is missing.", **details)
        case 401:
            return JiraLoginError(f"{text}.", **details)
        case 403 if said.alone and any("basic auth" in message.lower() for message in said.messages):
            # Data Center's login filter, in English whatever the language of the site.
            return JiraLoginError(f"{text}: basic authentication is off.", code=ErrorCode.BASIC_OFF, **details)
        case 403:
            return JiraForbidden(f"{text}.", **details)
        case 404:
            hidden = None if reads_as_json(answer) else ErrorCode.NOT_JIRA
            return JiraNotFound(f"{text}.", code=hidden, **details)
        case 410:
            return JiraRejected(f"{text}: Jira no longer has this.", code=ErrorCode.REMOVED_API, **details)
        case 429:
            del details["field_errors"]
            wait = wait_after_429(answer.headers, now)
            reason = limit_news(answer.headers, now).reason.value
            wait = SILENT_429_SECONDS if wait is None else wait
            return JiraRateLimited(f"{text}: wait {wait:.0f} s.", retry_after=wait, reason=reason, **details)
        case status if status >= 500 or status in {408, 425}:
            again = retry_after_seconds(answer.headers, now)
            return JiraUnavailable(f"{text}.", retry_after=again, outcome_unknown=asked.writes, **details)
        case status if status >= 400:
            return JiraRejected(f"{text}.", **details)
        case _:
            return JiraUnavailable(f"{text}.", code=ErrorCode.UNKNOWN, outcome_unknown=asked.writes, **details)


def lost(asked: Asked, code: ErrorCode, *, outcome_unknown: bool) -> JiraUnavailable:
    """No usable answer to a request; only a write has an outcome to be unknown."""
    return JiraUnavailable(
        f"{asked.method} {asked.path} got no usable answer: {code.value}.",
        code=code,
        outcome_unknown=asked.writes and outcome_unknown,
        method=asked.method,
        path=asked.path,
    )


def login_trouble(headers: Mapping[str, str]) -> tuple[type[JiraLoginError], ErrorCode] | None:
    """What Seraph, Jira's login filter, says of our login; it says so beside any status, 200 and 404 included.

    https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/#captcha
    """
    sent = lowered(headers)
    reasons = {part.strip().upper() for part in sent.get("x-seraph-loginreason", "").split(",")}
    denied = sent.get("x-authentication-denied-reason", "").upper()
    if "AUTHENTICATION_DENIED" in reasons or "CAPTCHA" in denied:
        return JiraCaptcha, ErrorCode.CAPTCHA
    if "AUTHENTICATED_FAILED" in reasons:
        return JiraLoginError, ErrorCode.BAD_LOGIN
    return None


def redirect(answer: Answer, asked: Asked, text: str, details: dict[str, Any]) -> JiraError:
    """Jira's API never redirects, so whatever does did not do what was asked; following would take our login along."""
    try:
        target = urlsplit(urljoin(asked.url, lowered(answer.headers).get("location", "")))
        elsewhere = (target.hostname or "") != (urlsplit(asked.url).hostname or "")
    except ValueError:
        return JiraUnavailable(f"{text}: it leads nowhere.", code=ErrorCode.REDIRECTED, **details)
    if elsewhere or re.search(r"login|signin|sign-in|sso|saml|oauth|auth/", target.path, re.IGNORECASE):
        return JiraLoginError(f"{text}: it leads to a sign-in page.", code=ErrorCode.SSO_PAGE, **details)
    return JiraUnavailable(f"{text}: it leads elsewhere.", code=ErrorCode.REDIRECTED, **details)


def reads_as_json(answer: Answer) -> bool:
    """Whether the body is Jira's JSON by its type, or nothing at all (204, an empty 201)."""
    if not answer.body.strip():
        return True
    kind = lowered(answer.headers).get("content-type", "").split(";")[0].strip().lower()
    if kind:
        return kind.endswith(("/json", "+json"))
    return answer.body.lstrip()[:1] in {b"{", b"["}


def looks_like_login(body: bytes) -> bool:
    """Whether a web page asks for a login: single sign-on before Jira. Only told apart for better words."""
    page = body[:50_000].lower()
    return any(
        mark in page
        for mark in (
            b'type="password"',
            b"type='password'",
            b"type=password",
            b"samlrequest",
            b"login",
            b"single sign-on",
        )
    )


def read_error(answer: Answer, redact: Callable[[str], str]) -> Said:
    """Every shape of error body that Jira, its gateway and its filters send; nothing from a web page."""
    if not reads_as_json(answer):
        return Said()
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return Said()
    if not isinstance(body, dict):
        return Said()
    messages: list[Any] = []
    for key in ("errorMessages", "warningMessages"):
        found = body.get(key)
        messages += found if isinstance(found, list) else []
    errors = body.get("errors")
    if isinstance(errors, list):  # bulk delete: [{"message": …}]
        messages += [entry.get("message") for entry in errors if isinstance(entry, dict)]
    fields = errors if isinstance(errors, dict) else {}
    messages += [body.get(key) for key in ("message", "errorMessage", "error_description", "error")]
    said = [harmless(text, redact) for text in messages if isinstance(text, str) and text.strip()]
    code = body.get("code")
    return Said(
        messages=tuple(dict.fromkeys(said))[:MESSAGES],
        field_errors={harmless(str(name), redact): harmless(str(text), redact) for name, text in fields.items()},
        code=code if isinstance(code, int) else None,
        alone="message" in body and not {"errorMessages", "errors"} & set(body),
    )


def harmless(text: str, redact: Callable[[str], str] = str) -> str:
    """Jira's words as one line of plain text: no tags, no control or direction characters, no secret, at most 500."""
    text = re.sub(r"<[^<>]*>?", " ", redact(text[:10_000]))
    text = "".join(" " if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else char for char in text)
    text = " ".join(text.split())
    return text if len(text) <= MESSAGE_CHARS else text[: MESSAGE_CHARS - 1] + "…"


def request_id(headers: Mapping[str, str]) -> str:
    """The id Atlassian's support can find this request by."""
    sent = lowered(headers)
    for name in ("atl-traceid", "x-arequestid", "x-request-id"):
        if re.fullmatch(r"[A-Za-z0-9._:@/-]{1,100}", sent.get(name, "")):
            return sent[name]
    return ""
