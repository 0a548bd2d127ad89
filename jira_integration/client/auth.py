"""How a request proves who it is. A login is an object handed to the transport; it never shows itself.

A grant that has to be renewed is one more class with the same methods (client/oauth.py); nothing else in this package
knows which one it holds.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, MutableMapping
from typing import Protocol

from jira_integration.client.exceptions import JiraError

HIDDEN = "[hidden]"
SHORTEST_SECRET = 6  # characters; hiding a shorter one would hide half the words of every message


class Secret(str):
    """A secret's text that no repr shows: not a traceback with local variables, nor a dict it lies in."""

    __slots__ = ()

    def __repr__(self) -> str:
        return HIDDEN


def without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    return text


class Auth(Protocol):
    async def ready(self) -> None:
        """Called before every try, in the event loop: what has to be renewed is renewed here.

        Raises JiraLoginError when only a person can do that, JiraUnavailable when it cannot be done now.
        """

    async def refused(self, trouble: JiraError) -> bool:
        """Jira answered 401, 403 or 404. Whether this login has another proof by now, to try with once."""

    def apply(self, headers: MutableMapping[str, str]) -> None:
        """Add what proves the login to the headers of one request."""

    def redact(self, text: str) -> str:
        """The same text without the secret, for what Jira or a proxy echoes back."""


class Unchanging:
    """A login that is what it is: nothing to renew, and no second try after a refusal."""

    __slots__ = ()

    async def ready(self) -> None:
        """Nothing to renew."""

    async def refused(self, trouble: JiraError) -> bool:
        return False


class BasicToken(Unchanging):
    """Cloud: an Atlassian account's e-mail and API token. Data Center: a user's name and password.

    https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/
    https://developer.atlassian.com/server/jira/platform/basic-authentication/
    """

    __slots__ = ("_header", "_secrets", "user")

    def __init__(self, user: str, token: str) -> None:
        self.user = user
        pair = b64encode(f"{user}:{token}".encode()).decode("ascii")
        self._header = f"Basic {pair}"
        self._secrets = (pair, token)

    def apply(self, headers: MutableMapping[str, str]) -> None:
        headers["Authorization"] = self._header

    def redact(self, text: str) -> str:
        return without(text, self._secrets)

    def __repr__(self) -> str:
        return f"BasicToken({self.user!r}, {HIDDEN})"


class Bearer(Unchanging):
    """Data Center's personal access token.

    https://confluence.atlassian.com/enterprise/using-personal-access-tokens-1026032365.html
    """

    __slots__ = ("_token",)

    def __init__(self, token: str) -> None:
        self._token = token

    def apply(self, headers: MutableMapping[str, str]) -> None:
        headers["Authorization"] = f"Bearer {self._token}"

    def redact(self, text: str) -> str:
        return without(text, (self._token,))

    def __repr__(self) -> str:
        return f"Bearer({HIDDEN})"


class Anonymous(Unchanging):
    """No login: what the first look at an address uses, before a person has typed a secret."""

    def apply(self, headers: MutableMapping[str, str]) -> None:
        """Nothing to add."""

    def redact(self, text: str) -> str:
        return text

    def __repr__(self) -> str:
        return "Anonymous()"
