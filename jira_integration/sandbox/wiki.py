"""Wiki markup as Data Center keeps it: a text, with line ends of its own, and limits."""

from __future__ import annotations

import re
from typing import Any

from jira_integration.sandbox.adf import LIMIT, TOO_LONG

_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_wiki(value: Any) -> str | None:
    """What is stored for a text that was sent: CRLF line ends, no space at its end; an empty one is stored as nothing.

    Raises ValueError with Jira's sentence.
    """
    if not isinstance(value, str):
        raise ValueError("Operation value must be a string")
    if len(value) > LIMIT:
        raise ValueError(TOO_LONG)
    lines = _NOT_TEXT.sub("", value).replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\n")
    return "\r\n".join(lines) or None
