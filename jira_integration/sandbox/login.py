"""Who is asking: Basic with an API token, and what Jira does when the token is wrong."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field

from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.settings import BadLogin, Login, SandboxSettings

NOT_AUTHENTICATED = "Client must be authenticated to access this resource."


@dataclass(frozen=True)
class Caller:
    """An account id, or empty for nobody, and the headers that every answer to it carries."""

    user: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def identify(authorization: str, settings: SandboxSettings, failed: dict[str, int]) -> Caller:
    """The caller of a request. `failed` counts wrong tokens by user name.

    Raises JiraProblem 401 for a login that is refused, 403 when Jira wants a CAPTCHA solved first.
    """
    if not authorization:
        return Caller()
    scheme, _, given = authorization.partition(" ")
    user, secret = _pair(given) if scheme.lower() == "basic" else ("", "")
    if settings.captcha_after and failed.get(user, 0) >= settings.captcha_after:
        raise JiraProblem(
            403,
            ["Basic auth with password is not allowed on this instance until a CAPTCHA is solved."],
            headers={
                "X-Seraph-LoginReason": "AUTHENTICATION_DENIED",
                "X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=/login",
            },
        )
    login = _known(settings.logins, user, secret)
    if login is not None:
        failed.pop(user, None)
        return Caller(login.account_id, {"X-AAccountId": login.account_id})
    failed[user] = failed.get(user, 0) + 1
    reason = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
    if settings.bad_login is BadLogin.ANONYMOUS:
        return Caller(headers=reason)
    raise JiraProblem(
        401, [NOT_AUTHENTICATED], headers={**reason, "WWW-Authenticate": 'OAuth realm="https%3A%2F%2Fsandbox"'}
    )


def _known(logins: tuple[Login, ...], user: str, secret: str) -> Login | None:
    for login in logins:
        if login.user == user and hmac.compare_digest(login.secret.encode(), secret.encode()):
            return login
    return None


def _pair(encoded: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    user, _, secret = text.partition(":")
    return user, secret
