"""How a request proves who it is. A login is an object handed to the transport; it never shows itself.

Other kinds (a personal access token, an OAuth grant behind a token store) are further classes with the same two
methods; nothing else in this package knows which one it holds.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, MutableMapping
from typing import Protocol

HIDDEN = "[hidden]"
SHORTEST_SECRET = 6  # characters; hiding a shorter one would hide half the words of every message


def without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    return text


class Auth(Protocol):
    def apply(self, headers: MutableMapping[str, str]) -> None:
        """Add what proves the login to the headers of one request."""

    def redact(self, text: str) -> str:
        """The same text without the secret, for what Jira or a proxy echoes back."""


class BasicToken:
    """An Atlassian account's e-mail and API token, in the form Jira Cloud asks for.

    https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/
    """

    __slots__ = ("_header", "_secrets", "email")

    def __init__(self, email: str, token: str) -> None:
        self.email = email
        pair = b64encode(f"{email}:{token}".encode()).decode("ascii")
        self._header = f"Basic {pair}"
        self._secrets = (pair, token)

    def apply(self, headers: MutableMapping[str, str]) -> None:
        headers["Authorization"] = self._header

    def redact(self, text: str) -> str:
        return without(text, self._secrets)

    def __repr__(self) -> str:
        return f"BasicToken({self.email!r}, {HIDDEN})"


class Anonymous:
    """No login: what the first look at an address uses, before a person has typed a secret."""

    def apply(self, headers: MutableMapping[str, str]) -> None:
        """Nothing to add."""

    def redact(self, text: str) -> str:
        return text

    def __repr__(self) -> str:
        return "Anonymous()"
