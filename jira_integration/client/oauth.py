"""OAuth 2.0 (3LO) with Atlassian: the way to consent, tokens for a code, tokens for a refresh token, whose sites.

Refresh tokens rotate: each answer brings a new one and ends the one that was sent. Sent again within ten minutes the
old one still works; after that it counts as stolen, and Atlassian ends the whole family. Where tokens are kept and who
may refresh is the store's matter (`TokenStore`); this module sends each request once.
https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from jira_integration.client.answers import Answer, Said, read_error
from jira_integration.client.auth import HIDDEN, Secret, without
from jira_integration.client.exceptions import ErrorCode, JiraError, JiraLoginError, JiraRejected, JiraScopeError
from jira_integration.client.reading import read, read_json, read_rows, unreadable
from jira_integration.client.schemas import JiraModel, Text
from jira_integration.client.transport import Transport

# Classic scopes, which Atlassian recommends. Without offline_access there is no refresh token.
NEEDED_SCOPES = ("read:jira-work", "write:jira-work", "read:jira-user")
ASKED_SCOPES = (*NEEDED_SCOPES, "manage:jira-webhook", "offline_access")
AUTHORIZE, TOKEN, RESOURCES = "/authorize", "/oauth/token", "/oauth/token/accessible-resources"


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """The app registered at developer.atlassian.com that people consent to."""

    client_id: str
    client_secret: str = field(repr=False)


class Tokens(JiraModel):
    """What the token address gave. `expires_in` in seconds; `scope` as granted, separated by spaces."""

    access_token: str
    refresh_token: Text = ""
    expires_in: int = 3600
    scope: Text = ""

    def __repr__(self) -> str:
        return f"Tokens({HIDDEN}, expires_in={self.expires_in})"

    __str__ = __repr__


class Resource(JiraModel):
    """A site the grant reaches. `id` is its cloud id, `url` its address for people."""

    id: str
    url: str
    name: Text = ""
    scopes: list[str] = []


def authorize_url(base_url: str, app: OAuthApp, redirect_uri: str, state: str) -> str:
    """Where a person's browser goes to consent."""
    asked = {
        "audience": "api.atlassian.com",
        "client_id": app.client_id,
        "scope": " ".join(ASKED_SCOPES),
        "redirect_uri": redirect_uri,
        "state": state,
        "response_type": "code",
        "prompt": "consent",
    }
    return f"{base_url.rstrip('/')}{AUTHORIZE}?{urlencode(asked)}"


async def tokens_for_code(transport: Transport, app: OAuthApp, code: str, redirect_uri: str) -> Tokens:
    """The first pair of tokens, for the code that came with the person's browser. Raises JiraScopeError when less
    was granted than an export needs, JiraLoginError (reconnect) when the code is not, or no more, worth anything."""
    granted = await _tokens(
        transport, app, {"grant_type": "authorization_code", "code": Secret(code), "redirect_uri": redirect_uri}, code
    )
    missing = sorted(set(NEEDED_SCOPES) - set(granted.scope.split())) if granted.scope else []
    if missing or not granted.refresh_token:
        raise JiraScopeError(f"The grant lacks {' '.join(missing) or 'offline_access'}.", path=TOKEN)
    return granted


async def refreshed(transport: Transport, app: OAuthApp, refresh_token: str) -> Tokens:
    """The next pair of tokens. After JiraUnavailable with `outcome_unknown` the token that was sent may be used up."""
    granted = await _tokens(
        transport, app, {"grant_type": "refresh_token", "refresh_token": Secret(refresh_token)}, refresh_token
    )
    return granted if granted.refresh_token else granted.model_copy(update={"refresh_token": refresh_token})


async def _tokens(transport: Transport, app: OAuthApp, asked: dict[str, str], secret: str) -> Tokens:
    hidden = [Secret(app.client_secret), Secret(secret)]
    body = {**asked, "client_id": app.client_id, "client_secret": hidden[0]}
    answer = await transport.request("POST", TOKEN, json=body, also=refused, hidden=hidden)
    if refused(answer):
        raise why(answer, lambda text: without(text, hidden))
    return read(Tokens, answer, TOKEN, wrote=True)


def refused(answer: Answer) -> bool:
    """A definite no, which names its reason in the body."""
    return 400 <= answer.status < 500 and answer.status not in {408, 425, 429}


def why(answer: Answer, redact: Callable[[str], str]) -> JiraError:
    """Atlassian's refusal as one of our errors, by its error code; only where one code has two meanings by its words.

    A code is one word. Anything longer may be what we sent, said back by a proxy on the way, and is no reason.
    https://datatracker.ietf.org/doc/html/rfc6749#section-5.2
    """
    said: Said = read_error(answer, redact)
    try:
        error = str(read_json(dict[str, Any], answer, TOKEN).get("error", ""))
    except JiraError:
        error = ""
    error = error if re.fullmatch(r"[a-z_]{1,40}", error) else ""
    about_token = any("refresh_token" in message or "refresh token" in message.lower() for message in said.messages)
    details: dict[str, Any] = {"status": answer.status, "method": "POST", "path": TOKEN, "jira_messages": said.messages}
    text = f"POST {TOKEN} was refused with {answer.status}: {error or 'no reason given'}."
    if error == "invalid_grant" or (error == "unauthorized_client" and about_token):
        return JiraLoginError(text, code=ErrorCode.RECONNECT, **details)
    if error in {"invalid_client", "unauthorized_client", "access_denied"} or answer.status == 401:
        return JiraLoginError(text, code=ErrorCode.OAUTH_APP, **details)
    return JiraRejected(text, **details)


async def accessible_resources(transport: Transport) -> list[Resource]:
    """Every site the grant reaches: consents add up, so there may be several, in no order."""
    answer = await transport.request("GET", RESOURCES)
    return read_rows(Resource, read_json(list[Any], answer, RESOURCES), RESOURCES)


async def tenant_cloud_id(transport: Transport) -> str:
    """The cloud id of a site, asked of the site itself; tokens with scopes need it, and have no list of sites."""
    path = "/_edge/tenant_info"
    found = read_json(dict[str, Any], await transport.request("GET", path), path).get("cloudId")
    if not isinstance(found, str) or not found:
        raise unreadable(path)
    return found


def gateway_url(base_url: str, cloud_id: str) -> str:
    """What API paths are appended to for OAuth, and for API tokens with scopes."""
    return f"{base_url.rstrip('/')}/ex/jira/{cloud_id}"


class TokenStore(Protocol):
    """Where the tokens of one grant are kept, for all workers."""

    async def access_token(self) -> str:
        """One that is good for this request; renewed before, if its time is nearly over.

        Raises JiraLoginError (reconnect) when the grant is over, JiraUnavailable when it cannot be renewed now.
        """

    async def after(self, token: str) -> str:
        """The one that follows `token`, which Jira refused before its time; the same when it was not refused after
        all. Raises like `access_token`."""

    async def accepted(self, token: str) -> bool:
        """Whether Jira still knows whose token this is."""


class GrantLogin:
    """A login by a grant: each try carries the token that is good at that time."""

    def __init__(self, store: TokenStore) -> None:
        self._store = store
        self._token = ""
        self._seen: set[str] = set()

    async def ready(self) -> None:
        self._take(await self._store.access_token())

    async def refused(self, trouble: JiraError) -> bool:
        """A 403 or 404 may be about the token too: whether it is, is asked before it is believed."""
        before = self._token
        if isinstance(trouble, JiraScopeError):
            return False
        if trouble.status != 401 and await self._store.accepted(before):
            return False
        self._take(await self._store.after(before))
        return self._token != before

    def _take(self, token: str) -> None:
        self._token = Secret(token)
        self._seen.add(self._token)

    def apply(self, headers: MutableMapping[str, str]) -> None:
        headers["Authorization"] = f"Bearer {self._token}"

    def redact(self, text: str) -> str:
        return without(text, self._seen)

    def __repr__(self) -> str:
        return f"GrantLogin({HIDDEN})"


def same_site(resources: Collection[Resource], site_url: str) -> Resource | None:
    """The site of this address among those of a grant; never simply the first."""
    wanted = site_url.rstrip("/").lower()
    return next((one for one in resources if one.url.rstrip("/").lower() == wanted), None)
