"""Text styles and link addresses: what may be combined, and which addresses may be followed."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

from jira_integration.richtext.result import Node

# The order Jira's editor gives marks in. A fixed order makes the same text the same bytes.
MARK_ORDER = {name: rank for rank, name in enumerate(("link", "em", "strong", "strike", "subsup", "underline", "code"))}

_ACTIVE = re.compile(r"(?:javascript|vbscript|data|file|livescript|mocha|jar|view-source|blob|filesystem):")
_IGNORED_IN_SCHEMES = re.compile(r"[\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")


def safe_href(href: str) -> bool:
    """Whether a link may stand: relative, or any scheme that neither runs code nor reads local files.

    Browsers skip white space and control characters inside a scheme, and addresses arrive encoded in more than one
    way, so the scheme is looked at after taking all of that off.
    """
    plain = _IGNORED_IN_SCHEMES.sub("", href).lower()
    if _ACTIVE.match(plain):
        return False
    if "&" not in plain[:120] and "%" not in plain[:40]:
        return True
    return not _ACTIVE.match(_IGNORED_IN_SCHEMES.sub("", unquote(unescape(plain))).lower())


def link_mark(href: str, title: str = "") -> Node:
    title = " ".join(title.split())
    return {"type": "link", "attrs": {"href": href, "title": title} if title else {"href": href}}


def with_strong(nodes: list[Node]) -> list[Node]:
    """The same inline nodes in bold; code takes no bold."""
    for node in nodes:
        marks = node.get("marks", [])
        if node["type"] != "text" or any(mark["type"] in ("code", "strong") for mark in marks):
            continue
        node["marks"] = sorted([*marks, {"type": "strong"}], key=lambda mark: MARK_ORDER[mark["type"]])
    return nodes


def text_node(text: str, marks: list[Node] | None = None) -> Node:
    return {"type": "text", "text": text, "marks": marks} if marks else {"type": "text", "text": text}
