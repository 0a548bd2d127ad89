"""Jira's length limit: 32,767 characters, kept by cutting where a block ends.

On Data Center it counts the wiki text; on Cloud, by reports from the field, the document's JSON. Jira is written in
Java, whose characters are UTF-16 units: an emoji counts two.
"""

from __future__ import annotations

import json
from typing import Any

from jira_integration.richtext.marks import link_mark, safe_href
from jira_integration.richtext.result import Node, Notes
from jira_integration.richtext.shape import paragraph
from jira_integration.richtext.wiki_write import WikiWriter

JIRA_LIMIT = 32_767
MORE_TEXT = "… The full text is in Stories & QA"
# Markdown several times longer than the limit cannot fit; cutting it first bounds the time a hostile text can take.
_PARSED_PER_LIMIT = 4


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def json_units(value: Any) -> int:
    """Length of the value as compact JSON, in UTF-16 units."""
    return units(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def precut(text: str, limit: int | None) -> tuple[str, bool]:
    """The text, or its beginning up to a line end when it is far too long to fit, and whether it was cut."""
    if limit is None or len(text) <= limit * _PARSED_PER_LIMIT:
        return text, False
    head = text[: limit * _PARSED_PER_LIMIT]
    line_end = head.rfind("\n")
    return (head[:line_end] if line_end > len(head) // 2 else head), True


def more_paragraph(more_url: str, more_text: str) -> Node:
    marks = [link_mark(more_url)] if more_url and safe_href(more_url) else []
    return paragraph([{"type": "text", "text": more_text or "…", **({"marks": marks} if marks else {})}])


def fit_document(
    document: Node, limit: int | None, more_url: str, more_text: str, notes: Notes, *, already_cut: bool = False
) -> Node:
    """The document, cut at a block border if its JSON is longer than `limit`, with a last paragraph that says so."""
    if limit is None or (not already_cut and json_units(document) <= limit):
        return document
    notes.add("cut")
    ending = more_paragraph(more_url, more_text)
    room = limit - json_units({**document, "content": [ending]}) - 1
    content = _take(document["content"], room)
    return {**document, "content": [*content, ending]}


def _take(nodes: list[Node], room: int) -> list[Node]:
    """As many of the nodes, from the first on, as fit into `room`; of the next one, as much of its inside as fits."""
    taken: list[Node] = []
    for node in nodes:
        size = json_units(node) + 1
        if size <= room:
            taken.append(node)
            room -= size
            continue
        # A part of the next one is worth having only where little else would be left, or it is a long one.
        part = _part(node, room)
        if part:
            taken.append(part)
        break
    return taken


def _part(node: Node, room: int) -> Node | None:
    if "content" in node:
        shell = {**node, "content": []}
        inside = _take(node["content"], room - json_units(shell) - 1)
        return {**node, "content": inside} if inside else None
    if node["type"] != "text":
        return None
    text = node["text"]
    space = room - json_units({**node, "text": ""}) - 8
    if space < 40:
        return None
    low, high = 0, len(text)
    while low < high:  # the longest beginning that fits; escaping makes lengths uneven
        middle = (low + high + 1) // 2
        if json_units(text[:middle]) - 2 <= space:
            low = middle
        else:
            high = middle - 1
    head = text[:low]
    word_end = head.rfind(" ")
    head = head[:word_end] if word_end > low // 2 else head
    return {**node, "text": head} if head else None


def fit_wiki(
    document: Node, limit: int | None, more_url: str, more_text: str, notes: Notes, *, already_cut: bool = False
) -> str:
    """The document as wiki markup, cut as `fit_document` cuts, by the length of the markup."""
    writer = WikiWriter(notes)
    blocks = writer.blocks_of(document)
    whole = "\n\n".join(text for _, text in blocks)
    if limit is None or (not already_cut and units(whole) <= limit):
        return whole
    notes.add("cut")
    ending = writer.text({"type": "doc", "content": [more_paragraph(more_url, more_text)]})
    room = limit - units(ending)
    kept: list[str] = []
    for node, text in blocks:
        if units(text) + 2 > room:
            kept.extend(_wiki_part(node, room - 2, writer))
            break
        kept.append(text)
        room -= units(text) + 2
    return "\n\n".join([*kept, ending])


def _wiki_part(node: Node, room: int, writer: WikiWriter) -> list[str]:
    """As much of one block as its markup fits into `room`; the block is cut by its JSON, so the measure is searched."""
    best = ""
    low, high = 0, min(json_units(node), max(room, 1) * 12)
    while high - low > 32:
        middle = (low + high) // 2
        part = _part(node, middle)
        text = writer.text({"type": "doc", "content": [part]}) if part else ""
        if units(text) <= room:
            best, low = text, middle
        else:
            high = middle
    return [best] if best else []
