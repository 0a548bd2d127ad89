"""Who is asking: Basic or Bearer, and what Jira does when the login is wrong."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.settings import BadLogin, Flavour, Login, SandboxSettings

NOT_AUTHENTICATED = "Client must be authenticated to access this resource."
_UNAUTHORIZED_PAGE = (
    "<html><head><title>Unauthorized (401)</title></head><body><h1>Unauthorized (401)</h1>"
    "<p>Encountered a &quot;401 - Unauthorized&quot; error while loading this page.</p></body></html>"
)
_DENIED_PAGE = (
    "<html><head><title>Forbidden (403)</title></head><body>"
    "<p>Basic Authentication Failure - Reason : AUTHENTICATION_DENIED</p></body></html>"
)


@dataclass(frozen=True)
class Caller:
    """An account id, or empty for nobody, and the headers that every answer to it carries."""

    user: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    app: int = 0  # the number of the consent, when an OAuth app asks


def identify(headers: Mapping[str, str], settings: SandboxSettings, failed: dict[str, int], base: str) -> Caller:
    """The caller of a request. `failed` counts wrong logins by user name; `base` is the site's address.

    Raises JiraProblem 401 for a login that is refused, 403 when Jira wants a CAPTCHA solved first.
    """
    authorization = headers.get("authorization", "")
    if not authorization:
        return Caller()
    scheme, _, given = authorization.partition(" ")
    if settings.flavour is Flavour.DATACENTER:
        return _on_data_center(scheme.lower(), given.strip(), settings, failed, base)
    user, secret = basic_pair(given) if scheme.lower() == "basic" else ("", "")
    _refuse_captcha(settings, failed, user, base)
    login = None if settings.token_ended else _with_token(settings.logins, user, secret)
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


def _on_data_center(scheme: str, given: str, settings: SandboxSettings, failed: dict[str, int], base: str) -> Caller:
    """A personal access token as Bearer, or user name and password; a wrong password is answered with a web page."""
    failure = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
    if scheme == "bearer":
        found = next((x for x in settings.logins if _same(x.secret, given)), None)
        if found is None or settings.token_ended:
            raise JiraProblem(401, headers=failure, body={"message": NOT_AUTHENTICATED, "status-code": 401})
        return Caller(found.account_id, {"X-AUSERNAME": found.user, "X-Seraph-LoginReason": "OK"})
    if not settings.basic_auth:
        raise JiraProblem(403, body={"message": "Basic Authentication has been disabled on this instance."})
    user, password = basic_pair(given) if scheme == "basic" else ("", "")
    _refuse_captcha(settings, failed, user, base)
    login = next((x for x in settings.logins if x.user == user and _same(x.password, password)), None)
    if login is None:
        failed[user] = failed.get(user, 0) + 1
        challenge = {"WWW-Authenticate": f'OAuth realm="{base.replace(":", "%3A").replace("/", "%2F")}"'}
        raise JiraProblem(401, headers={**failure, **challenge}, body=_UNAUTHORIZED_PAGE)
    failed.pop(user, None)
    return Caller(login.account_id, {"X-AUSERNAME": login.user, "X-Seraph-LoginReason": "OK"})


def _refuse_captcha(settings: SandboxSettings, failed: Mapping[str, int], user: str, base: str) -> None:
    """Only a sign-in on the login page clears it."""
    if not settings.captcha_after or failed.get(user, 0) < settings.captcha_after:
        return
    on_server = settings.flavour is Flavour.DATACENTER
    address = f"{base}/login.jsp" if on_server else "/login"
    raise JiraProblem(
        403,
        ["Basic auth with password is not allowed on this instance until a CAPTCHA is solved."],
        headers={
            "X-Seraph-LoginReason": "AUTHENTICATION_DENIED",
            "X-Authentication-Denied-Reason": f"CAPTCHA_CHALLENGE; login-url={address}",
        },
        body=_DENIED_PAGE if on_server else None,
    )


def _with_token(logins: tuple[Login, ...], user: str, secret: str) -> Login | None:
    return next((x for x in logins if x.user == user and _same(x.secret, secret)), None)


def _same(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode())


def basic_pair(encoded: str) -> tuple[str, str]:
    """User and secret of a Basic header, both empty for what is none."""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    user, _, secret = text.partition(":")
    return user, secret
