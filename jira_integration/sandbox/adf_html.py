"""Atlassian documents as HTML, by the sandbox's own reading of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jira_integration.sandbox.page import Html, fill, join

_SIMPLE = {
    "paragraph": "p",
    "blockquote": "blockquote",
    "bulletList": "ul",
    "listItem": "li",
    "table": "table",
    "tableRow": "tr",
    "decisionList": "ul",
    "mediaGroup": "div",
    "layoutSection": "div",
    "layoutColumn": "div",
}
_MARKS = {"strong": "strong", "em": "em", "strike": "s", "code": "code", "underline": "u"}
_ALLOWED_LINKS = ("http://", "https://", "mailto:")


def to_html(node: Any, shift: int = 2) -> Html:
    """A document or a part of it; what is not known is named, never dropped in silence.

    `shift` is added to heading levels: a document stands under a page's own second-level heading.
    """
    if not isinstance(node, dict):
        return Html("")
    kind, attrs = node.get("type", ""), node.get("attrs", {})
    if kind == "doc":
        levels = [b["attrs"]["level"] for b in node["content"] if b.get("type") == "heading"]
        shift = 3 - min(levels, default=1)
    inside = join(to_html(child, shift) for child in node.get("content", []))
    match kind:
        case "doc":
            return inside
        case "text":
            return _marked(node)
        case "hardBreak":
            return Html("<br>")
        case "rule":
            return Html("<hr>")
        case "heading":
            return fill("<h$n>$inside</h$n>", n=max(3, min(int(attrs["level"]) + shift, 6)), inside=inside)
        case "orderedList":
            return fill('<ol start="$n">$inside</ol>', n=int(attrs.get("order", 1)), inside=inside)
        case "tableCell" | "tableHeader":
            tag = "td" if kind == "tableCell" else "th"
            spans = {"c": int(attrs.get("colspan", 1)), "r": int(attrs.get("rowspan", 1))}
            return fill(f'<{tag} colspan="$c" rowspan="$r">$inside</{tag}>', inside=inside, **spans)
        case "codeBlock":
            return fill("<pre><code>$inside</code></pre>", inside=inside)
        case "panel":
            return fill('<div class="panel panel-$kind">$inside</div>', kind=_panel(attrs), inside=inside)
        case "expand" | "nestedExpand":
            title = attrs.get("title") or "More"
            return fill("<details><summary>$title</summary>$inside</details>", title=title, inside=inside)
        case "taskList":
            return fill('<ul class="tasks">$inside</ul>', inside=inside)
        case "taskItem" | "blockTaskItem" | "decisionItem":
            mark = {"DONE": "☑", "TODO": "☐"}.get(str(attrs.get("state")), "◇")
            return fill("<li>$mark $inside</li>", mark=mark, inside=inside)
        case "mention" | "emoji" | "status":
            text = attrs.get("text") or attrs.get("shortName") or ""
            return fill('<span class="inline-$kind">$text</span>', kind=kind, text=text)
        case "date":
            return fill("<time>$day</time>", day=_day(attrs.get("timestamp")))
        case "inlineCard" | "blockCard" | "embedCard":
            return _link(str(attrs.get("url", "")), fill("$url", url=attrs.get("url", "")))
        case "mediaSingle":
            return fill("<figure>$inside</figure>", inside=inside)
        case _ if kind in _SIMPLE:
            return fill(f"<{_SIMPLE[kind]}>$inside</{_SIMPLE[kind]}>", inside=inside)
        case _:
            return fill('<span class="unknown">[$kind]</span> $inside', kind=kind, inside=inside)


def _panel(attrs: dict[str, Any]) -> str:
    kind = str(attrs.get("panelType", "info"))
    return kind if kind in {"info", "note", "tip", "warning", "error", "success"} else "info"


def _day(timestamp: Any) -> str:
    try:
        return f"{datetime.fromtimestamp(int(timestamp) / 1000, tz=UTC):%Y-%m-%d}"
    except (ValueError, TypeError, OverflowError, OSError):
        return str(timestamp)


def _marked(node: dict[str, Any]) -> Html:
    text = fill("$text", text=node["text"])
    for mark in node.get("marks", []):
        kind, attrs = mark.get("type"), mark.get("attrs", {})
        if kind in _MARKS:
            text = fill(f"<{_MARKS[kind]}>$text</{_MARKS[kind]}>", text=text)
        elif kind == "subsup":
            tag = "sub" if attrs.get("type") == "sub" else "sup"
            text = fill(f"<{tag}>$text</{tag}>", text=text)
        elif kind == "link":
            text = _link(str(attrs.get("href", "")), text)
    return text


def _link(address: str, text: Html) -> Html:
    if not address.lower().startswith(_ALLOWED_LINKS):
        return fill("$text ($address)", text=text, address=address) if address else text
    return fill('<a href="$address" rel="noreferrer">$text</a>', address=address, text=text)
