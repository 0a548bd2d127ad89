"""Inline nodes as wiki markup."""

from __future__ import annotations

from collections.abc import Sequence

from jira_integration.richtext.adf_tidy import day_of
from jira_integration.richtext.result import Node, Notes
from jira_integration.richtext.wiki_escape import escape_text, link_address

BREAK = "\n"
_SIGNS = {"strong": "*", "em": "_", "strike": "-"}


def inline_wiki(nodes: Sequence[Node], notes: Notes) -> str:
    """Wiki markup for tidy nodes; line breaks are `BREAK`.

    A style next to a letter is written in braces, `un{*}believ{*}able`: without them the sign would stay a sign.
    """
    out: list[str] = []
    opened: list[tuple[Node, bool]] = []  # a mark, and whether it is in braces
    for index, node in enumerate(nodes):
        wanted = [mark for mark in node.get("marks", []) if mark["type"] != "code"]
        keep = 0
        while keep < len(opened) and opened[keep][0] in wanted:
            keep += 1
        while len(opened) > keep:
            out.append(_closing(*opened.pop()))
        opening = [mark for mark in wanted if mark not in [each for each, _ in opened]]
        if _is_bare_address(node, opening, _run(nodes, index, opening[0]) if opening else 0):
            out.append(f"[{node['text']}]")
            continue
        opening.sort(key=lambda mark: (-_run(nodes, index, mark), mark["type"] != "link"))
        for mark in opening:
            if mark["type"] == "link" and not _keeps_address(mark["attrs"]["href"]):
                notes.add("link_address")
            braced = mark["type"] != "link" and _touches_word(nodes, index, mark)
            out.append("[" if mark["type"] == "link" else _sign(mark, braced))
            opened.append((mark, braced))
        out.append(_words(node, last=index == len(nodes) - 1, notes=notes))
    while opened:
        out.append(_closing(*opened.pop()))
    return "".join(out)


def _is_bare_address(node: Node, opening: list[Node], run: int) -> bool:
    """A link whose words are its address: the address alone will do."""
    if run != 1 or [mark["type"] for mark in opening] != ["link"] or node.get("marks", [])[-1]["type"] == "code":
        return False
    href = opening[0]["attrs"]["href"]
    return bool(opening[0]["attrs"] == {"href": node["text"]} and link_address(href) == href and "://" in href)


def _keeps_address(href: str) -> bool:
    return link_address(href).replace("&#38;", "&") == href


def _run(nodes: Sequence[Node], index: int, mark: Node) -> int:
    length = 0
    for node in nodes[index:]:
        if mark not in node.get("marks", []):
            break
        length += 1
    return length


def _touches_word(nodes: Sequence[Node], index: int, mark: Node) -> bool:
    """Whether a style starts or ends beside anything but white space or the end of the line."""
    before = nodes[index - 1] if index else None
    after_at = index + _run(nodes, index, mark)
    after = nodes[after_at] if after_at < len(nodes) else None
    return not (_is_open(before, -1) and _is_open(after, 0))


def _is_open(node: Node | None, at: int) -> bool:
    return node is None or node["type"] == "hardBreak" or (node["type"] == "text" and node["text"][at].isspace())


def _sign(mark: Node, braced: bool) -> str:
    sign = _SIGNS[mark["type"]]
    return f"{{{sign}}}" if braced else sign


def _closing(mark: Node, braced: bool) -> str:
    if mark["type"] != "link":
        return _sign(mark, braced)
    attrs = mark["attrs"]
    title = escape_text(" ".join(attrs["title"].split())) if attrs.get("title") else ""
    return f"|{link_address(attrs['href'])}{f'|{title}' if title else ''}]"


def _words(node: Node, *, last: bool, notes: Notes) -> str:
    kind = node["type"]
    if kind == "hardBreak":
        return BREAK
    if kind == "status":
        notes.add("status_as_text")
        return f"*\\[{escape_text(node['attrs']['text'], more=True)}\\]*"
    if kind == "date":
        notes.add("date_as_text")
        return day_of(node["attrs"]["timestamp"])
    text = node["text"]
    if any(mark["type"] == "code" for mark in node.get("marks", [])):
        return f"{{{{{_edges(escape_text(text, more=True))}}}}}"
    return escape_text(text, more=not last)


def _edges(text: str) -> str:
    """White space at the edges of code kept: the renderer would show the braces."""
    if text[0].isspace():
        text = f"&#{ord(text[0])};{text[1:]}"
    return f"{text[:-1]}&#{ord(text[-1])};" if text[-1].isspace() else text
