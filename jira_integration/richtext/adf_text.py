"""All the words of an ADF document, for searching and comparing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_integration.richtext.adf_tidy import INLINE_TYPES, attributes, day_of, kind_of, string
from jira_integration.richtext.shape import walk

_SEEN = {"expand": "title", "nestedExpand": "title", "media": "alt", "emoji": "shortName", "placeholder": "text"}


def plain_text(document: Mapping[str, Any] | None) -> str:
    """The words in order, one line to a block; any document, however deep or broken."""
    lines = [""]
    for node in walk(document):
        kind, attrs = kind_of(node), attributes(node)
        if kind not in INLINE_TYPES and lines[-1]:
            lines.append("")
        if kind == "hardBreak":
            lines.append("")
        elif kind == "date":
            lines[-1] += day_of(attrs.get("timestamp"))
        else:
            words = node.get("text") or attrs.get("text") or attrs.get(_SEEN.get(kind, "url"))
            lines[-1] += string(words) if isinstance(words, str) else ""
    return "\n".join(line for line in lines if line)
