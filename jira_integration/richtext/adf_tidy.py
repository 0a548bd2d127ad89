"""Inline nodes from a stranger's ADF document brought down to those that Markdown has a form for.

The document may be anything: unknown nodes, missing attributes, wrong types. Every word in it is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from jira_integration.richtext.marks import link_mark, safe_href
from jira_integration.richtext.parser import DATE, STATUS, clean
from jira_integration.richtext.result import Node, Notes
from jira_integration.richtext.shape import walk
from jira_integration.richtext.spaces import in_order, settle_spaces

_INLINE = "text hardBreak mention emoji status date inlineCard placeholder mediaInline inlineExtension"
INLINE_TYPES = frozenset(_INLINE.split())
_KEPT_STYLES = ("em", "strong", "strike")
_INVISIBLE_MARKS = ("annotation", "dataConsumer", "fragment", "breakout")  # hold no look that a reader would miss
_LINE_END = re.compile(r"\r\n?|\n")


def attributes(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node's attributes; an empty mapping where they are missing or something else."""
    attrs = node.get("attrs")
    return attrs if isinstance(attrs, Mapping) else {}


def children(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The node's child nodes; what is no node is left out, text nodes that came as bare strings are not."""
    content = node.get("content") if isinstance(node, Mapping) else node
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, Sequence) or isinstance(content, str | bytes):
        return []
    return [_as_node(child) for child in content if isinstance(child, Mapping | str) and child]


def _as_node(child: Mapping[str, Any] | str) -> Mapping[str, Any]:
    return {"type": "text", "text": child} if isinstance(child, str) else child


def kind_of(node: Mapping[str, Any]) -> str:
    kind = node.get("type")
    return kind if isinstance(kind, str) else ""


def string(value: Any) -> str:
    """A text attribute, cleaned; numbers as they would be printed, anything else as JSON."""
    if value is None:
        return ""
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, Mapping | list) else str(value)
    return clean(value)[0]


def words_of(node: Any) -> str:
    """Every text below a node, attributes that a reader sees included."""
    parts = []
    for each in walk(node):
        attrs = attributes(each)
        seen = [each.get("text"), *(attrs.get(name) for name in ("title", "text", "alt", "shortName", "url"))]
        words = next((string(value) for value in seen if isinstance(value, str) and value), "")
        if words:
            parts.append(words)
    return " ".join(parts)


def tidy(nodes: Sequence[Mapping[str, Any]], notes: Notes) -> list[Node]:
    """Text, hard breaks, statuses and dates only; marks in a fixed order; no white space at a style's edge."""
    return settle_spaces(list(_tidied(nodes, notes)))


def _tidied(nodes: Sequence[Mapping[str, Any]], notes: Notes) -> Iterator[Node]:
    for node in nodes:
        kind = kind_of(node)
        if kind == "hardBreak":
            yield {"type": "hardBreak"}
        elif kind == "status" and (status := _status(node)):
            yield status
        elif kind == "date" and (date := _date(node)):
            yield date
        else:
            marks = _marks(node, notes)
            if kind == "inlineCard":
                marks = _card_marks(node, marks)
            yield from _texts(_text(node, kind, notes), marks, notes)


def _texts(text: str, marks: list[Node], notes: Notes) -> Iterator[Node]:
    for number, line in enumerate(_LINE_END.split(text)):
        if number:
            notes.add("newline_in_text")
            yield {"type": "hardBreak"}
        if line:
            yield {"type": "text", "text": line, "marks": marks} if marks else {"type": "text", "text": line}


def _text(node: Mapping[str, Any], kind: str, notes: Notes) -> str:
    attrs = attributes(node)
    if kind == "text":
        return string(node.get("text"))
    if kind == "emoji":
        text = string(attrs.get("text"))
        if not text or text.startswith(":"):
            notes.add("emoji_as_text")
        return text or string(attrs.get("shortName"))
    if kind == "mention":
        notes.add("mention_as_text")
        name = string(attrs.get("text")) or string(attrs.get("id"))
        return name if name.startswith("@") else f"@{name}"
    if kind == "inlineCard":
        notes.add("card_as_link")
        return string(attrs.get("url")) or words_of({"attrs": attrs.get("data")}) or "[Jira card]"
    if kind == "status":
        notes.add("status_as_text")
        return f"[{string(attrs.get('text'))}]"
    if kind == "date":
        return day_of(attrs.get("timestamp")) or string(attrs.get("timestamp"))
    if kind in ("media", "mediaInline"):
        notes.add("media")
        name = string(attrs.get("alt")) or string(attrs.get("url")) or string(attrs.get("id"))
        return f"[Jira attachment: {name}]" if name else "[Jira attachment]"
    return placeholder(node, notes)


def placeholder(node: Mapping[str, Any], notes: Notes) -> str:
    """What stands for a node that has no form in Markdown: its type, its name and its words, in square brackets."""
    kind, attrs = kind_of(node) or "node", attributes(node)
    notes.add("unknown_node", kind)
    named = ("title", "text", "extensionTitle", "extensionKey", "alt", "url", "shortName", "id", "resourceId")
    parts = [string(attrs.get(name)) for name in named if attrs.get(name)]
    words = words_of({"content": children(node)})
    about = ", ".join(part for part in [*parts, string(node.get("text")), words] if part)
    return f"[Jira {string(kind)}: {about}]" if about else f"[Jira {string(kind)}]"


def _marks(node: Mapping[str, Any], notes: Notes) -> list[Node]:
    """The marks Markdown has, in order; code stands alone or with a link."""
    given = node.get("marks")
    kept: dict[str, Node] = {}
    for mark in given if isinstance(given, list) else []:
        kind = kind_of(mark) if isinstance(mark, Mapping) else ""
        if kind == "link":
            attrs = attributes(mark)
            href = string(attrs.get("href"))
            if safe_href(href):
                kept["link"] = link_mark(href, string(attrs.get("title")))
            else:
                notes.add("link_dropped")
        elif kind in _KEPT_STYLES or kind == "code":
            kept[kind] = {"type": kind}
        elif kind not in _INVISIBLE_MARKS:
            notes.add("mark_dropped", kind)
    if "code" in kept and len(kept) > 1:
        if any(style in kept for style in _KEPT_STYLES):
            notes.add("marks_on_code")
        kept = {kind: kept[kind] for kind in ("link", "code") if kind in kept}
    return in_order(list(kept.values()))


def _card_marks(node: Mapping[str, Any], marks: list[Node]) -> list[Node]:
    url = string(attributes(node).get("url"))
    if not url or not safe_href(url):
        return marks
    return in_order([link_mark(url), *(mark for mark in marks if mark["type"] != "link")])


def _status(node: Mapping[str, Any]) -> Node | None:
    attrs = attributes(node)
    text, color = string(attrs.get("text")), string(attrs.get("color"))
    if not STATUS.fullmatch(f"{{status:{color}|{text}}}"):
        return None
    return {"type": "status", "attrs": {"text": text, "color": color}}


def _date(node: Mapping[str, Any]) -> Node | None:
    timestamp = string(attributes(node).get("timestamp"))
    day = day_of(timestamp)
    if not DATE.fullmatch(f"{{date:{day}}}") or int(timestamp) % 86_400_000:
        return None
    return {"type": "date", "attrs": {"timestamp": timestamp}}


def day_of(timestamp: Any) -> str:
    """The UTC day of an ADF date (milliseconds since the epoch, as a string); "" when it is none."""
    try:
        return datetime.fromtimestamp(int(timestamp) / 1000, tz=UTC).strftime("%Y-%m-%d")
    except (TypeError, ValueError, OverflowError, OSError):
        return ""
