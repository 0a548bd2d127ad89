"""Markdown's inline tokens as ADF's inline nodes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from markdown_it.token import Token

from jira_integration.richtext.marks import link_mark, safe_href
from jira_integration.richtext.result import Node, Notes
from jira_integration.richtext.spaces import settle_spaces

_ODD_SPACE = re.compile(r"[\n\r\x0b\x0c\u2028\u2029]")
_EDGES = re.compile(r"[<!`{]")  # what can leave white space at the edge of a style, where plain Markdown cannot
LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_STYLES = {"strong": "strong", "em": "em", "s": "strike"}
_STYLE_ORDER = ("em", "strong", "strike")


def inline_nodes(inline: Token, children: Sequence[Token], notes: Notes) -> list[Node]:
    """The nodes of an inline token; `children` are its own, or those left when a mark at the start was taken off."""
    nodes = InlineWriter(notes).write(children)
    content = inline.content
    if "&" in content:  # entities bring line ends and other white space where Markdown's own text has none
        for node in nodes:
            if node["type"] == "text":
                node["text"] = _ODD_SPACE.sub(" ", node["text"])
        return settle_spaces(nodes)
    return settle_spaces(nodes) if len(nodes) > 1 and _EDGES.search(content) else nodes


class InlineWriter:
    """Turns the children of one inline token into nodes: neighbours of the same style are one text node."""

    __slots__ = ("_depth", "_empty_from", "_link", "_links", "_marks", "nodes", "notes")

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.nodes: list[Node] = []
        self._depth = {"em": 0, "strong": 0, "strike": 0}
        self._links: list[Node | None] = []
        self._link: Node | None = None
        self._marks: list[Node] = []
        self._empty_from = -1

    def write(self, children: Sequence[Token]) -> list[Node]:
        for token in children:
            kind = token.type
            if kind == "text":
                self._text(token.content)
            elif kind == "softbreak":
                self._text(" ")
            elif kind == "hardbreak":
                self.nodes.append({"type": "hardBreak"})
            elif kind == "code_inline":
                self._code(token.content)
            elif kind == "link_open":
                self._open_link(token)
            elif kind == "link_close":
                self._close_link()
            elif kind == "image":
                self._image(token)
            elif kind == "html_inline":
                self._html(token.content)
            elif kind == "jira_status":
                color, text = token.meta["groups"]
                self.nodes.append({"type": "status", "attrs": {"text": text, "color": color}})
            elif kind == "jira_date":
                self._date(token)
            elif token.nesting:
                self._style(_STYLES[token.tag], token.nesting)
            else:
                self._text(token.content)
        return self.nodes

    def _text(self, text: str) -> None:
        if not text:
            return
        if self.nodes:
            last = self.nodes[-1]
            if last["type"] == "text" and last.get("marks", []) == self._marks:
                last["text"] += text
                return
        if self._marks:
            self.nodes.append({"type": "text", "text": text, "marks": list(self._marks)})
        else:
            self.nodes.append({"type": "text", "text": text})

    def _with_marks(self, text: str, marks: list[Node]) -> None:
        before, self._marks = self._marks, marks
        self._text(text)
        self._marks = before

    def _code(self, text: str) -> None:
        """ADF lets code stand with a link, with nothing else."""
        if any(self._depth.values()):
            self.notes.add("marks_on_code")
        self._with_marks(text, [self._link, {"type": "code"}] if self._link else [{"type": "code"}])

    def _style(self, name: str, step: int) -> None:
        self._depth[name] += step
        self._renew()

    def _renew(self) -> None:
        self._marks = [self._link] if self._link else []
        self._marks += [{"type": name} for name in _STYLE_ORDER if self._depth[name]]

    def _open_link(self, token: Token) -> None:
        href = str(token.attrs.get("href", ""))
        if safe_href(href):
            self._links.append(link_mark(href, str(token.attrs.get("title", ""))))
        else:
            self.notes.add("link_dropped")
            self._links.append(None)
        self._empty_from = len(self.nodes)
        self._link = self._links[-1]
        self._renew()

    def _close_link(self) -> None:
        mark = self._links.pop()
        if mark and len(self.nodes) == self._empty_from and mark["attrs"]["href"]:
            self._text(mark["attrs"]["href"])
        self._link = self._links[-1] if self._links else None
        self._renew()

    def _image(self, token: Token) -> None:
        """Jira shows no picture from elsewhere without an upload, so a picture becomes a link to it."""
        source = str(token.attrs.get("src", ""))
        label = _plain(token.children or []) or source
        self.notes.add("image_as_link")
        if self._link or not source or not safe_href(source):
            self._text(label if safe_href(source) else _plain(token.children or []))
            return
        link = link_mark(source, str(token.attrs.get("title", "")))
        self._with_marks(label, [link, *self._marks])

    def _html(self, text: str) -> None:
        if LINE_BREAK.fullmatch(text):
            self.nodes.append({"type": "hardBreak"})
            return
        self.notes.add("html_as_text")
        self._text(" ".join(text.split("\n")))

    def _date(self, token: Token) -> None:
        try:
            day = datetime.strptime(token.meta["groups"][0], "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:  # 30 February
            self._text(token.content)
            return
        self.nodes.append({"type": "date", "attrs": {"timestamp": str(int(day.timestamp()) * 1000)}})


def _plain(children: Sequence[Token]) -> str:
    """An image's alternative text: the words alone."""
    parts = []
    for token in children:
        if token.type == "image":
            parts.append(_plain(token.children or []))
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        else:
            parts.append(token.content)
    return "".join(parts)
