"""Markdown's tokens as an Atlassian document: one pass, no recursion, every output valid by the ADF schema.

What ADF does not allow in a place is brought into a form that it does, keeping every word, and noted.
https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import unescape

from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token

from jira_integration.richtext.adf_inline import LINE_BREAK, inline_nodes
from jira_integration.richtext.adf_lists import Item, finish_list
from jira_integration.richtext.marks import with_strong
from jira_integration.richtext.result import Node, Notes
from jira_integration.richtext.shape import ALLOWED, DEEPEST_LIST, name_tasks, paragraph
from jira_integration.richtext.spaces import settle_spaces

PANELS = {
    "INFO": "info",
    "NOTE": "note",
    "TIP": "tip",
    "WARNING": "warning",
    "ERROR": "error",
    "SUCCESS": "success",
    "IMPORTANT": "note",  # GitHub's names for the same
    "CAUTION": "error",
}
_PANEL = re.compile(r"\[!([A-Za-z]+)\][ \t]*(?:\n|$)")
TASK = re.compile(r"\[([ xX])\](?:[ \t]+|$)")
EXPAND_OPEN = re.compile(r"<details>\s*(?:<summary>([^<>\n]*)</summary>)?\s*", re.IGNORECASE)
EXPAND_CLOSE = re.compile(r"\s*</details>\s*", re.IGNORECASE)


def panel_type(inline: Token) -> str | None:
    """The panel that `[!NOTE]` opens; only when the mark stands alone on its line and is no link."""
    mark = _PANEL.match(inline.content)
    children = inline.children or []
    if not mark or not children or children[0].content.rstrip() != mark[0].strip():
        return None
    return PANELS.get(mark[1].upper())


class _Frame:
    """An open container: `kind` says which rules hold inside, `content` is where blocks go."""

    __slots__ = ("content", "item", "items", "kind", "start")

    def __init__(self, kind: str, content: list[Node]) -> None:
        self.kind = kind
        self.content = content
        self.item: Item | None = None
        self.items: list[Item] = []
        self.start: int | None = None  # of an ordered list


class AdfWriter:
    """Writes one document; not to be used twice."""

    def __init__(self, tokens: Sequence[Token], notes: Notes) -> None:
        self.tokens = tokens
        self.notes = notes
        self.frames = [_Frame("doc", [])]
        self.lists = 0
        self.has_tasks = False
        self.rows: list[list[Node]] = []
        self.expand_ends: set[int] = set()
        self.expand_pairs: dict[int, int] | None = None

    def document(self) -> Node:
        writers = _WRITERS
        for index, token in enumerate(self.tokens):
            write = writers.get(token.type)
            if write:
                write(self, token, index)
        content = self.frames[0].content
        document: Node = {"version": 1, "type": "doc", "content": content}
        return name_tasks(document) if self.has_tasks else document

    # -- paragraphs, headings, cells ------------------------------------------------------------------------------

    def _inline(self, token: Token, index: int) -> None:
        children = token.children or []
        frame = self.frames[-1]
        owner = self.tokens[index - 1]
        if owner.type == "paragraph_open":
            if frame.item and not frame.content and token.content.startswith("["):
                self._take_tick(token, frame.item)
            elif frame.kind == "panel" and not frame.content and _PANEL.match(token.content):
                children = children[2:]
                if not children:
                    return
        nodes = inline_nodes(token, children, self.notes)
        if owner.type == "heading_open":
            self._heading(int(owner.tag[1]), nodes)
        elif owner.type == "paragraph_open":
            if nodes or (frame.item and frame.item.state and not frame.content):  # a link without text leaves nothing
                frame.content.append(paragraph(nodes))
        else:
            header = owner.type == "th_open"
            if owner.attrs.get("style") not in (None, "text-align:left"):
                self.notes.add("table_alignment")
            self.rows[-1].append({"type": "tableHeader" if header else "tableCell", "content": [paragraph(nodes)]})

    def _heading(self, level: int, nodes: list[Node]) -> None:
        frame = self.frames[-1]
        if "heading" not in ALLOWED[frame.kind]:
            self.notes.add("heading_as_strong")
            frame.content.append(paragraph(with_strong(nodes)))
            return
        heading: Node = {"type": "heading", "attrs": {"level": level}}
        if nodes:
            heading["content"] = nodes
        frame.content.append(heading)

    def _take_tick(self, token: Token, item: Item) -> None:
        """`[x] ` at the start of a list item, unless it was escaped or is a link."""
        tick = TASK.match(token.content)
        first = token.children[0] if token.children else None
        if tick and first and first.type == "text" and first.content.startswith(tick[0]):
            first.content = first.content[tick.end() :]
            item.state = "TODO" if tick[1] == " " else "DONE"

    # -- blocks without blocks inside -----------------------------------------------------------------------------

    def _code(self, token: Token, index: int) -> None:
        code = token.content[:-1] if token.content.endswith("\n") else token.content
        block: Node = {"type": "codeBlock"}
        words = token.info.split()
        if words:
            block["attrs"] = {"language": unescapeAll(words[0])}
        if len(words) > 1:
            self.notes.add("code_info")
        if code:
            block["content"] = [{"type": "text", "text": code}]
        self.frames[-1].content.append(block)

    def _rule(self, token: Token, index: int) -> None:
        frame = self.frames[-1]
        if "rule" in ALLOWED[frame.kind]:
            frame.content.append({"type": "rule"})
        else:
            self.notes.add("rule_dropped")

    def _html(self, token: Token, index: int) -> None:
        frame = self.frames[-1]
        text = token.content.rstrip("\n")
        if index in self.expand_ends:
            self._close_quote(token, index)
            return
        opening = EXPAND_OPEN.fullmatch(text)
        if opening and self._open_expand(index, unescape(opening[1] or "")):
            return
        if not LINE_BREAK.sub("", text).strip():
            frame.content.append(paragraph([{"type": "hardBreak"} for _ in LINE_BREAK.findall(text)]))
            return
        self.notes.add("html_as_text")
        nodes: list[Node] = []
        for line in text.split("\n"):
            if nodes or not line:
                nodes.append({"type": "hardBreak"})
            if line:
                nodes.append({"type": "text", "text": line})
        frame.content.append(paragraph(nodes))

    # -- containers -----------------------------------------------------------------------------------------------

    def _open_quote(self, token: Token, index: int) -> None:
        frame = self.frames[-1]
        panel = self._panel_type(index)
        kind = "panel" if panel else "blockquote"
        if kind not in ALLOWED[frame.kind]:
            self.notes.add("panel" if panel else "quote_lifted")
            self.frames.append(_Frame(frame.kind, frame.content))
            return
        node: Node = {"type": kind, "content": []}
        if panel:
            node["attrs"] = {"panelType": panel}
        frame.content.append(node)
        self.frames.append(_Frame(kind, node["content"]))

    def _panel_type(self, index: int) -> str | None:
        if index + 2 >= len(self.tokens) or self.tokens[index + 1].type != "paragraph_open":
            return None
        return panel_type(self.tokens[index + 2])

    def _close_quote(self, token: Token, index: int) -> None:
        frame = self.frames.pop()
        if not frame.content:
            frame.content.append(paragraph())

    def _open_expand(self, index: int, title: str) -> bool:
        """`<details>` opens an expandable section if one is allowed here and `</details>` follows on the same level."""
        frame = self.frames[-1]
        kind = {"doc": "expand", "expand": "nestedExpand"}.get(frame.kind)
        if not kind or (end := self._expand_end(index)) is None:
            return False
        node: Node = {"type": kind, "attrs": {"title": title}, "content": []}
        frame.content.append(node)
        self.frames.append(_Frame(kind, node["content"]))
        self.expand_ends.add(end)
        return True

    def _expand_end(self, index: int) -> int | None:
        """Where the `</details>` of this `<details>` is; all pairs are found together, at the first one asked for."""
        if self.expand_pairs is None:
            self.expand_pairs = {}
            opened: dict[int, list[int]] = {}
            for position, token in enumerate(self.tokens):
                if token.nesting < 0:
                    opened.pop(token.level + 1, None)
                elif token.type == "html_block" and EXPAND_CLOSE.fullmatch(token.content):
                    if waiting := opened.get(token.level):
                        self.expand_pairs[waiting.pop()] = position
                elif token.type == "html_block" and EXPAND_OPEN.fullmatch(token.content):
                    opened.setdefault(token.level, []).append(position)
        return self.expand_pairs.get(index)

    def _open_list(self, token: Token, index: int) -> None:
        frame = _Frame("list", [])
        if token.type == "ordered_list_open":
            frame.start = int(token.attrs.get("start", 1))
        self.lists += 1
        if self.lists > DEEPEST_LIST:  # its items follow those of the list around it
            self.notes.add("list_too_deep")
            around = next(outer for outer in reversed(self.frames) if outer.kind == "list")
            frame.items = around.items
        self.frames.append(frame)

    def _close_list(self, token: Token, index: int) -> None:
        frame = self.frames.pop()
        self.lists -= 1
        if self.lists >= DEEPEST_LIST:
            return
        around = self.frames[-1]
        block = finish_list(frame.items, frame.start, "taskList" in ALLOWED[around.kind], self.notes)
        self.has_tasks = self.has_tasks or block["type"] == "taskList"
        around.content.append(block)

    def _open_item(self, token: Token, index: int) -> None:
        frame = _Frame("listItem", [])
        frame.item = Item(frame.content)
        self.frames[-1].items.append(frame.item)
        self.frames.append(frame)

    def _close_item(self, token: Token, index: int) -> None:
        self.frames.pop()

    # -- tables ---------------------------------------------------------------------------------------------------

    def _open_table(self, token: Token, index: int) -> None:
        self.rows = []

    def _open_row(self, token: Token, index: int) -> None:
        self.rows.append([])

    def _close_table(self, token: Token, index: int) -> None:
        frame = self.frames[-1]
        if "table" in ALLOWED[frame.kind]:
            rows = [{"type": "tableRow", "content": cells} for cells in self.rows]
            frame.content.append({"type": "table", "content": rows})
            return
        self.notes.add("table_as_text")
        for cells in self.rows:
            line: list[Node] = []
            for cell in cells:
                if line:
                    line.append({"type": "text", "text": " | "})
                line.extend(cell["content"][0].get("content", []))
            frame.content.append(paragraph(settle_spaces(line)))


_WRITERS: dict[str, Callable[[AdfWriter, Token, int], None]] = {
    "inline": AdfWriter._inline,
    "list_item_open": AdfWriter._open_item,
    "list_item_close": AdfWriter._close_item,
    "bullet_list_open": AdfWriter._open_list,
    "bullet_list_close": AdfWriter._close_list,
    "ordered_list_open": AdfWriter._open_list,
    "ordered_list_close": AdfWriter._close_list,
    "blockquote_open": AdfWriter._open_quote,
    "blockquote_close": AdfWriter._close_quote,
    "fence": AdfWriter._code,
    "code_block": AdfWriter._code,
    "hr": AdfWriter._rule,
    "html_block": AdfWriter._html,
    "table_open": AdfWriter._open_table,
    "tr_open": AdfWriter._open_row,
    "table_close": AdfWriter._close_table,
}
