"""White space at the edge of bold, italic and struck text stands outside it: Markdown cannot write it inside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jira_integration.richtext.marks import MARK_ORDER
from jira_integration.richtext.result import Node

STYLES = ("em", "strong", "strike")


def settle_spaces(nodes: Sequence[Node]) -> list[Node]:
    """The same inline nodes, no style starting or ending on white space, neighbours of the same marks joined."""
    parts = list(_split(nodes))
    for style in STYLES:
        _settle(parts, style)
    return join_texts(parts)


def _split(nodes: Sequence[Node]) -> Iterator[Node]:
    """Texts that have a style, cut into space, words, space; the rest untouched."""
    for node in nodes:
        text = node.get("text", "")
        if node["type"] != "text" or not any(mark["type"] in STYLES for mark in node.get("marks", [])):
            yield node
            continue
        words = text.strip()
        start = text.find(words) if words else len(text)
        for part in (text[:start], words, text[start + len(words) :] if words else ""):
            if part:
                yield {**node, "text": part}


def _settle(parts: list[Node], style: str) -> None:
    """Take the style off white space that has no word of the same style on both sides."""
    waiting: list[int] = []
    open_run = False
    for index, part in enumerate(parts):
        if not _has(part, style):
            for place in waiting:
                _strip(parts, place, style)
            waiting, open_run = [], False
        elif part["text"].strip():
            waiting, open_run = [], True
        elif open_run:
            waiting.append(index)
        else:
            _strip(parts, index, style)
    for place in waiting:
        _strip(parts, place, style)


def _has(part: Node, style: str) -> bool:
    return part["type"] == "text" and any(mark["type"] == style for mark in part.get("marks", []))


def _strip(parts: list[Node], index: int, style: str) -> None:
    part = dict(parts[index])
    marks = [mark for mark in part["marks"] if mark["type"] != style]
    part.pop("marks")
    parts[index] = {**part, "marks": marks} if marks else part


def join_texts(nodes: Sequence[Node]) -> list[Node]:
    """Neighbouring texts with the same marks made one."""
    joined: list[Node] = []
    for node in nodes:
        last = joined[-1] if joined else None
        if last and node["type"] == "text" == last["type"] and node.get("marks", []) == last.get("marks", []):
            joined[-1] = {**last, "text": last["text"] + node["text"]}
        else:
            joined.append(node)
    return joined


def in_order(marks: Sequence[Node]) -> list[Node]:
    return sorted(marks, key=lambda mark: MARK_ORDER.get(mark["type"], 99))
