"""The question put to Jira: its path, parameters and body, written so that no value can change where it goes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

Params = Mapping[str, str | int | bool | Collection[str]]

READING_POSTS = frozenset(
    {
        "/rest/api/3/search/jql",
        "/rest/api/3/issue/bulkfetch",
        "/rest/api/3/search/approximate-count",
        "/rest/api/2/search",
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. `writes` is false for reads, also for those that Jira takes as POST."""

    method: str
    path: str
    url: str
    writes: bool
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = field(default=None, repr=False)
    redact: Callable[[str], str] = field(default=str, repr=False)


def reads(method: str, path: str) -> bool:
    """Whether a request changes nothing in Jira, so that it may be sent again."""
    return method in {"GET", "HEAD"} or (method == "POST" and path in READING_POSTS)


def filled(path: str, at: Mapping[str, str]) -> str:
    """The path with its names in braces replaced by quoted values.

    Raises ValueError for a value that would change the path (empty, or made of dots).
    """

    def value(name: re.Match[str]) -> str:
        text = str(at[name[1]])
        if not text.strip("."):
            raise ValueError(f"{name[1]} is empty or made of dots.")
        return quote(text, safe="")

    return re.sub(r"\{(\w+)\}", value, path)


def encoded(value: Any) -> bytes:
    """JSON as UTF-8; half an emoji, which UTF-8 cannot hold, goes as an escape. Raises ValueError for NaN."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def query(params: Params) -> tuple[tuple[str, str], ...]:
    """Query parameters as Jira reads them: true and false in lower case, lists by commas, empty ones left out."""
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        match value:
            case bool():
                pairs.append((name, "true" if value else "false"))
            case str() | int():
                pairs.append((name, str(value)))
            case _:
                pairs.append((name, ",".join(value)))
    return tuple((name, value) for name, value in pairs if value)
