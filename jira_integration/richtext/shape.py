"""Which ADF block may stand in which, as the ADF schema has it (no headings in lists, no tables in quotes, ...)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from jira_integration.richtext.result import Node

_LISTS = {"bulletList", "orderedList"}
_IN_NESTED_EXPAND = {"paragraph", "heading", "codeBlock", "taskList", "rule", "panel", "blockquote", *_LISTS}
ALLOWED: Mapping[str, frozenset[str]] = {
    "doc": frozenset(_IN_NESTED_EXPAND | {"table", "expand"}),
    "expand": frozenset(_IN_NESTED_EXPAND | {"table", "nestedExpand"}),
    "nestedExpand": frozenset(_IN_NESTED_EXPAND),
    "panel": frozenset({"paragraph", "heading", "codeBlock", "taskList", "rule", *_LISTS}),
    "blockquote": frozenset({"paragraph", "codeBlock", *_LISTS}),
    "listItem": frozenset({"paragraph", "codeBlock", "taskList", *_LISTS}),
}
# Jira's editor nests lists six deep; what comes from elsewhere may go further, but there must be an end.
DEEPEST_LIST = 8


def paragraph(content: list[Node] | None = None) -> Node:
    return {"type": "paragraph", "content": content} if content else {"type": "paragraph"}


def walk(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every node below and including this one, in document order, however deep and however badly formed."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, Mapping):
            yield current
            current = current.get("content")
        if isinstance(current, list):
            waiting.extend(reversed(current))


def name_tasks(document: Node) -> Node:
    """Give every task and task list its localId, from its place and its text: the same document, the same ids."""
    number = 0
    for node in walk(document):
        if node.get("type") in ("taskList", "taskItem"):
            number += 1
            words = "".join(str(part.get("text", "")) for part in walk(node)) if node["type"] == "taskItem" else "list"
            digest = sha256(f"{number}:{words}".encode("utf-8", "replace")).hexdigest()
            node["attrs"]["localId"] = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    return document
