"""The outer form of request bodies: what Jira's JSON reader refuses before any rule of Jira's is asked."""

from __future__ import annotations

from typing import Any

from jira_integration.sandbox.errors import JiraProblem

Shape = type | list[type]
_REFUSED = "Invalid request payload. Refer to the REST API documentation and try again."


def shaped(body: Any, **kinds: Shape) -> dict[str, Any]:
    """The body as an object whose members, where present and not null, have these types; `[str]` is a list of texts.

    Raises JiraProblem 400 otherwise.
    """
    if not isinstance(body, dict):
        raise JiraProblem(400, [_REFUSED])
    for name, kind in kinds.items():
        value = body.get(name)
        if value is None:
            continue
        if isinstance(kind, list):
            fits = isinstance(value, list) and all(isinstance(one, kind[0]) for one in value)
        else:
            fits = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        if not fits:
            raise JiraProblem(400, [_REFUSED])
    return body


def as_id(text: Any) -> int:
    """A number from an address or a body; -1, which no row has, for what cannot be one."""
    text = str(text)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1
