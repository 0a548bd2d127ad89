"""An Atlassian document as Markdown. The document comes from outside: any shape, any depth, never an exception."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from jira_integration.richtext.adf_tidy import (
    INLINE_TYPES,
    attributes,
    children,
    kind_of,
    placeholder,
    string,
    tidy,
    words_of,
)
from jira_integration.richtext.marks import safe_href
from jira_integration.richtext.md_escape import code_of, destination, escape_text, fence_for, guard_edges, guard_line
from jira_integration.richtext.md_inline import BREAK, inline_markdown
from jira_integration.richtext.md_table import table_lines
from jira_integration.richtext.result import Notes

Lines = list[str]
Tree = Mapping[str, Any]
DEEPEST_NODE = 40  # ADF's own rules end far above; below this only the words are kept

_PANEL_NAMES = {kind: kind.upper() for kind in ("info", "note", "tip", "warning", "error", "success")}
_LIST_FAMILY = {"bulletList": "bullet", "decisionList": "bullet", "taskList": "bullet", "orderedList": "ordered"}
_ITEM_START = re.compile(r"(?:[-*+]|1[.)]) \S")


class MarkdownWriter:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    def blocks(self, nodes: Sequence[Tree], depth: int, *, around: str = "doc", taken: str = "") -> list[Lines]:
        """Each block as its lines. Neighbouring lists get different signs, else they would be read as one.

        `around` is the kind of the container, `taken` the bullet that a list at the very start must not use.
        """
        written: list[Lines] = []
        sign, family = taken, ""
        for node in _paragraphs_for_loose(nodes):
            kind = kind_of(node)
            same = _LIST_FAMILY.get(kind, "")
            if same:
                avoid = sign if not written or same == family else ""
                sign = _next_sign(same, avoid)
                lines = self._list(node, depth, sign)
            else:
                lines = self.block(node, depth, around)
            if lines:
                written.append(lines)
                family = same
        return written

    def joined(self, nodes: Sequence[Tree], depth: int, *, around: str = "doc") -> Lines:
        return join_blocks(self.blocks(nodes, depth, around=around))

    def block(self, node: Tree, depth: int, around: str) -> Lines:
        if depth > DEEPEST_NODE:
            self.notes.add("nested_too_deep")
            return self._plain(words_of(node))
        write = _BLOCKS.get(kind_of(node))
        if write:
            return write(self, node, depth, around)
        return self._unknown(node, depth, around)

    def _plain(self, text: str) -> Lines:
        return guard_line(escape_text(" ".join(text.split()))).split("\n") if text.strip() else []

    def _drop_marks(self, node: Tree) -> None:
        """Alignment and indentation of a block."""
        marks = node.get("marks")
        for mark in marks if isinstance(marks, list) else []:
            self.notes.add("mark_dropped", kind_of(mark) if isinstance(mark, Mapping) else "")

    # -- text -----------------------------------------------------------------------------------------------------

    def _paragraph(self, node: Tree, depth: int, around: str) -> Lines:
        self._drop_marks(node)
        inside = children(node)
        blocks = [child for child in inside if kind_of(child) in _BLOCKS or kind_of(child) in _LIST_FAMILY]
        lines = self.text_lines([child for child in inside if child not in blocks])
        return join_blocks([lines, *self.blocks(blocks, depth + 1, around=around)])

    def text_lines(self, nodes: Sequence[Tree]) -> Lines:
        return paragraph_lines(inline_markdown(tidy(nodes, self.notes), self.notes))

    def _heading(self, node: Tree, depth: int, around: str) -> Lines:
        level = _whole(attributes(node).get("level"), 1, 6)
        self._drop_marks(node)
        text = inline_markdown(tidy(children(node), self.notes), self.notes)
        text = guard_edges(text.replace(BREAK, "<br>"))
        text = re.sub(r"(^|[ \t])(#+)$", lambda found: f"{found[1]}\\{found[2]}", text)
        return [f"{'#' * level} {text}".rstrip()]

    def _code(self, node: Tree, depth: int, around: str) -> Lines:
        attrs = attributes(node)
        if attrs.get("wrap") or attrs.get("hideLineNumbers"):
            self.notes.add("attribute_dropped", "codeBlock")
        code = "".join(string(child.get("text")) or words_of(child) for child in children(node))
        code = code.replace("\r\n", "\n").replace("\r", "\n")
        if around != "doc" and re.search(r"^[ ]*\t", code, re.MULTILINE):
            self.notes.add("code_tabs")
            code = re.sub(r"^[ \t]+", lambda found: found[0].expandtabs(4), code, flags=re.MULTILINE)
        language = string(attrs.get("language")).strip()
        language = re.sub(r"[\s\\&`]", lambda found: code_of(found[0]), language)
        fence = fence_for(code, least=3)
        return [fence + language, *(code.split("\n") if code else []), fence]

    def _rule(self, node: Tree, depth: int, around: str) -> Lines:
        return ["***" if around == "listItem" else "---"]

    # -- containers -----------------------------------------------------------------------------------------------

    def _quote(self, node: Tree, depth: int, around: str) -> Lines:
        return _quoted(self.joined(children(node), depth + 1, around="blockquote"))

    def _panel(self, node: Tree, depth: int, around: str) -> Lines:
        kind = string(attributes(node).get("panelType"))
        if kind not in _PANEL_NAMES:
            self.notes.add("panel", kind)
        inside = self.blocks(children(node), depth + 1, around="panel")
        first = next(iter(children(node)), {})
        apart = kind_of(first) != "paragraph" or not inside or not inside[0]
        body = join_blocks(inside)
        return _quoted([f"[!{_PANEL_NAMES.get(kind, 'NOTE')}]", *([""] if apart and body else []), *body])

    def _expand(self, node: Tree, depth: int, around: str) -> Lines:
        title = string(attributes(node).get("title"))
        body = self.joined(children(node), depth + 1, around="expand")
        if around not in ("doc", "expand"):
            self.notes.add("expand_as_text")
            heading = self.text_lines([{"type": "text", "text": title, "marks": [{"type": "strong"}]}] if title else [])
            return join_blocks([heading, body])
        summary = escape(" ".join(title.split("\n")), quote=False)
        return join_blocks([["<details>", f"<summary>{summary}</summary>"], body, ["</details>"]])

    def _columns(self, node: Tree, depth: int, around: str) -> Lines:
        self.notes.add("layout_dropped")
        return self.joined(children(node), depth + 1, around=around)

    def _through(self, node: Tree, depth: int, around: str) -> Lines:
        return self.joined(children(node), depth + 1, around=around)

    def _unknown(self, node: Tree, depth: int, around: str) -> Lines:
        """A placeholder that says what is missing; blocks inside it are still read."""
        inside = children(node)
        if not any(kind_of(child) in _BLOCKS or kind_of(child) in _LIST_FAMILY for child in inside):
            return self._plain(placeholder(node, self.notes))
        alone = {key: value for key, value in node.items() if key != "content"}
        return join_blocks(
            [self._plain(placeholder(alone, self.notes)), *self.blocks(inside, depth + 1, around=around)]
        )

    # -- lists ----------------------------------------------------------------------------------------------------

    def _list(self, node: Tree, depth: int, sign: str) -> Lines:
        if depth > DEEPEST_NODE:
            self.notes.add("nested_too_deep")
            return self._plain(words_of(node))
        kind = kind_of(node)
        if kind == "decisionList":
            self.notes.add("decision_as_list")
        number = _whole(attributes(node).get("order", 1), 0, 999_999_999)
        lines: Lines = []
        for item in _paragraphs_for_loose(children(node)):
            if kind_of(item) == "taskList":  # belongs to the task before it
                lines.extend(_indented(self._list(item, depth + 1, _next_sign("bullet", "")), 2 if lines else 0))
                continue
            marker = f"{number}{sign} " if kind == "orderedList" else f"{sign} "
            lines.extend(self._item(item, depth, marker, sign))
            number = min(number + 1, 999_999_999)
        return lines

    def _item(self, item: Tree, depth: int, marker: str, sign: str) -> Lines:
        kind, inside = kind_of(item), children(item)
        box = ""
        if kind in ("taskItem", "blockTaskItem"):
            box = "[x] " if attributes(item).get("state") == "DONE" else "[ ] "
        if kind not in ("listItem", "taskItem", "blockTaskItem", "decisionItem"):
            inside = [item]
        blocks = self.blocks(inside, depth + 1, around="listItem", taken=sign)
        if box and (not blocks or not inside or kind_of(inside[0]) not in (*INLINE_TYPES, "paragraph")):
            blocks.insert(0, [])
        body: Lines = []
        for number, lines in enumerate(blocks):
            if number and not (number == 1 and body and body != ["<br>"] and _ITEM_START.match(lines[0])):
                body.append("")
            body.extend(lines)
            if not number and box:
                body = [box + body[0] if body else box.rstrip(), *body[1:]]
        if not body:
            return [marker.rstrip()]
        first, *rest = body
        return [marker + first, *_indented(rest, len(marker))]

    # -- media and cards ------------------------------------------------------------------------------------------

    def _media(self, node: Tree, depth: int, around: str) -> Lines:
        attrs = attributes(node)
        url = string(attrs.get("url"))
        if not url or not safe_href(url):
            return self.text_lines([{**node, "type": "media"}])
        self.notes.add("image_as_link")
        return [f"![{escape_text(' '.join(string(attrs.get('alt')).split()), in_link=True)}]({destination(url)})"]

    def _card(self, node: Tree, depth: int, around: str) -> Lines:
        return self.text_lines([{**node, "type": "inlineCard"}])

    def _table(self, node: Tree, depth: int, around: str) -> Lines:
        return table_lines(node, self.notes)


def join_blocks(blocks: Sequence[Lines]) -> Lines:
    """The blocks' lines with an empty line between."""
    lines: Lines = []
    for block in blocks:
        if block:
            lines.extend(["", *block] if lines else block)
    return lines


def paragraph_lines(text: str) -> Lines:
    """Inline Markdown as the lines of a paragraph: a line break is a backslash at a line's end, or <br> at an edge."""
    inner = text.strip(BREAK)
    if not inner:
        return ["<br>" * len(text)] if text else []
    before, after = text.index(inner), len(text) - text.index(inner) - len(inner)
    lines = inner.split(BREAK)
    lines = [guard_line(line) if line or number else line for number, line in enumerate(lines)]
    lines = [f"{line}\\" for line in lines[:-1]] + [lines[-1] + "<br>" * after]
    lines[0] = "<br>" * before + lines[0]
    return lines


def _quoted(lines: Lines) -> Lines:
    return [f"> {line}" if line else ">" for line in lines] or [">"]


def _indented(lines: Lines, width: int) -> Lines:
    return [" " * width + line if line else line for line in lines]


def _next_sign(family: str, avoid: str) -> str:
    signs = ".)" if family == "ordered" else "-*+"
    return next(sign for sign in signs if sign != avoid)


def _whole(value: Any, least: int, most: int) -> int:
    try:
        return max(least, min(most, int(value)))
    except (TypeError, ValueError, OverflowError):
        return max(least, 1)


def _paragraphs_for_loose(nodes: Sequence[Tree]) -> list[Tree]:
    """Inline nodes that stand where blocks belong, as they do in broken documents, gathered into paragraphs."""
    gathered: list[Tree] = []
    loose: list[Tree] = []
    for node in nodes:
        if kind_of(node) in INLINE_TYPES:
            loose.append(node)
            continue
        if loose:
            gathered.append({"type": "paragraph", "content": loose})
            loose = []
        gathered.append(node)
    if loose:
        gathered.append({"type": "paragraph", "content": loose})
    return gathered


_BLOCKS: dict[str, Callable[[MarkdownWriter, Tree, int, str], Lines]] = {
    "doc": MarkdownWriter._through,
    "paragraph": MarkdownWriter._paragraph,
    "heading": MarkdownWriter._heading,
    "codeBlock": MarkdownWriter._code,
    "rule": MarkdownWriter._rule,
    "blockquote": MarkdownWriter._quote,
    "panel": MarkdownWriter._panel,
    "expand": MarkdownWriter._expand,
    "nestedExpand": MarkdownWriter._expand,
    "layoutSection": MarkdownWriter._columns,
    "layoutColumn": MarkdownWriter._columns,
    "mediaSingle": MarkdownWriter._through,
    "mediaGroup": MarkdownWriter._through,
    "media": MarkdownWriter._media,
    "caption": MarkdownWriter._paragraph,
    "blockCard": MarkdownWriter._card,
    "embedCard": MarkdownWriter._card,
    "table": MarkdownWriter._table,
    "listItem": MarkdownWriter._through,
    "taskItem": MarkdownWriter._paragraph,
    "blockTaskItem": MarkdownWriter._through,
    "decisionItem": MarkdownWriter._paragraph,
}
