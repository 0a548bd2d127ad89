"""
JiraError
├── JiraAddressRefused   the address may not be used        fix the address; nothing was sent
├── JiraUnavailable      network trouble, timeout, 5xx      try again later; `.outcome_unknown` after a write
├── JiraRateLimited      429; `.retry_after` in seconds     wait that long, at least
├── JiraLoginError       401, refused or expired login      stop, ask the user to reconnect
│   ├── JiraCaptcha      too many failed logins             stop at once, a browser must solve it
│   └── JiraScopeError   the grant lacks a scope            ask the user to consent again
├── JiraForbidden        403, one project or action         ask a Jira admin
├── JiraNotFound         404                                gone or hidden: never believe it alone
└── JiraRejected         other 4xx; `.field_errors`         fix the mapping

Callers sort by class (who must act); pages sort by `.code` (which words to show).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class ErrorCode(StrEnum):
    """What was recognised, by status, header or error key; never by Jira's wording, which is translated."""

    BAD_LOGIN = "bad_login"
    CAPTCHA = "captcha"
    LOGIN_EXPIRED = "login_expired"  # given by whoever knows the login's end date; the wire cannot tell
    BASIC_OFF = "basic_off"  # Data Center's admins switched user names and passwords off
    RECONNECT = "reconnect"  # the OAuth grant is over: a person signs in anew
    OAUTH_APP = "oauth_app"  # Atlassian does not know our client id and secret
    SCOPE = "scope"
    SSO_PAGE = "sso_page"
    NOT_JIRA = "not_jira"
    DNS = "dns"
    TLS = "tls"
    REFUSED = "refused"  # nobody listens at that address and port
    NOT_HTTPS = "not_https"
    BAD_ADDRESS = "bad_address"  # cannot be read as the address of a site
    FORBIDDEN_ADDRESS = "forbidden_address"  # the guard does not let us go there
    REDIRECTED = "redirected"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    REJECTED = "rejected"
    REMOVED_API = "removed_api"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"


class JiraError(Exception):
    """Something between us and Jira went wrong.

    The text is for logs: method, path and status, never a header, a credential or a body. What Jira said stands in
    `jira_messages` and `field_errors` (by Jira field id): plain text, tags and control characters taken out, still
    untrusted. `request_id` is Jira's own, for its support. `outcome_unknown`: a write may have been carried out.
    """

    default_code = ErrorCode.UNKNOWN

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        method: str = "",
        path: str = "",
        jira_messages: tuple[str, ...] = (),
        field_errors: Mapping[str, str] | None = None,
        request_id: str = "",
        code: ErrorCode | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.method = method
        self.path = path
        self.jira_messages = jira_messages
        self.field_errors = dict(field_errors or {})
        self.request_id = request_id
        self.code = code or self.default_code
        self.outcome_unknown = outcome_unknown

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r}, code={self.code.value!r}, status={self.status!r})"


class JiraAddressRefused(JiraError):
    """The address is not one we may talk to; nothing was sent."""

    default_code = ErrorCode.FORBIDDEN_ADDRESS


class JiraUnavailable(JiraError):
    """No usable answer. `.retry_after` (seconds) when Jira named a time, as a 503 may."""

    default_code = ErrorCode.UNAVAILABLE

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        status: int | None = None,
        method: str = "",
        path: str = "",
        jira_messages: tuple[str, ...] = (),
        field_errors: Mapping[str, str] | None = None,
        request_id: str = "",
        code: ErrorCode | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(
            message,
            status=status,
            method=method,
            path=path,
            jira_messages=jira_messages,
            field_errors=field_errors,
            request_id=request_id,
            code=code,
            outcome_unknown=outcome_unknown,
        )
        self.retry_after = retry_after


class JiraRateLimited(JiraError):
    """Jira asked us to slow down and did nothing. `.retry_after` in seconds is a minimum; `.reason` is Jira's word."""

    default_code = ErrorCode.RATE_LIMITED

    def __init__(
        self,
        message: str,
        *,
        retry_after: float = 0.0,
        reason: str = "",
        status: int | None = 429,
        method: str = "",
        path: str = "",
        jira_messages: tuple[str, ...] = (),
        request_id: str = "",
    ) -> None:
        super().__init__(
            message, status=status, method=method, path=path, jira_messages=jira_messages, request_id=request_id
        )
        self.retry_after = retry_after
        self.reason = reason


class JiraLoginError(JiraError):
    """Jira does not know us (any more). Never repeated by itself: failed tries bring a CAPTCHA."""

    default_code = ErrorCode.BAD_LOGIN


class JiraCaptcha(JiraLoginError):
    """Too many failed sign-ins; every further try makes it worse until a person signs in by browser."""

    default_code = ErrorCode.CAPTCHA


class JiraScopeError(JiraLoginError):
    """The grant lacks a scope; refreshing it cannot help, a person must consent again."""

    default_code = ErrorCode.SCOPE


class JiraForbidden(JiraError):
    """The account may not do this in this project."""

    default_code = ErrorCode.FORBIDDEN


class JiraNotFound(JiraError):
    """Gone, or hidden from this account; Jira answers the same for both."""

    default_code = ErrorCode.NOT_FOUND


class JiraRejected(JiraError):
    """Jira understood and refused: a field is missing, unknown, too long or off the screen."""

    default_code = ErrorCode.REJECTED
