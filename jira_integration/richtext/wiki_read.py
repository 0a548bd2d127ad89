"""Jira wiki markup as an ADF document of ours; from there, `adf_read` makes Markdown of it.

The markup comes from outside: whatever is not understood stays as text. Nothing here raises.
https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all
"""

from __future__ import annotations

import re

from jira_integration.richtext.adf_lists import BOXES, Item, finish_list
from jira_integration.richtext.marks import with_strong
from jira_integration.richtext.parser import clean
from jira_integration.richtext.result import Node, Notes
from jira_integration.richtext.shape import DEEPEST_LIST, name_tasks, paragraph
from jira_integration.richtext.spaces import settle_spaces
from jira_integration.richtext.wiki_read_code import take_out_code
from jira_integration.richtext.wiki_read_inline import InlineReader, plain
from jira_integration.richtext.wiki_write import PANEL_COLORS

_AROUND = re.compile(r"(?<!\\)\{(quote|panel)(:[^}\n]*)?\}")
_HEADING = re.compile(r"[ \t]*h([1-6])\.(?:[ \t]+|$)(.*)")
_BLOCK_QUOTE = re.compile(r"[ \t]*bq\.[ \t]+(.*)")
_RULE = re.compile(r"[ \t]*-{4,}[ \t]*")
_ITEM = re.compile(r"[ \t]*([*#]{1,100}|-)[ \t]+(.*)")
_CODE_LINE = re.compile(r"[ \t]*\x00(\d+)\x00[ \t]*")
_CELL = re.compile(r"\|\|?")
_KINDS_BY_COLOR = {color: kind for kind, color in PANEL_COLORS.items()}
_STATES_BY_BOX = {box: state for state, box in BOXES.items()}


def read_wiki(text: str, notes: Notes) -> Node:
    """The document a text in wiki markup shows."""
    text = clean(text)[0].replace("\r\n", "\n").replace("\r", "\n")
    text, codes = take_out_code(text)
    content = WikiReader(notes, codes).blocks(text)
    return name_tasks({"version": 1, "type": "doc", "content": content})


class WikiReader:
    def __init__(self, notes: Notes, codes: list[tuple[str, str]]) -> None:
        self.notes = notes
        self.codes = codes
        self.inline = InlineReader(notes, codes)

    def blocks(self, text: str, *, inside: bool = False) -> list[Node]:
        """`inside` a quote or panel, where neither may stand again."""
        content: list[Node] = []
        at = 0
        while True:
            opening = _AROUND.search(text, at) if not inside else None
            closing = self._closing(text, opening) if opening else None
            if not opening or not closing:
                content.extend(self._lines(text[at:]))
                return content
            content.extend(self._lines(text[at : opening.start()]))
            content.append(self._container(opening, text[opening.end() : closing.start()]))
            at = closing.end()

    def _closing(self, text: str, opening: re.Match[str]) -> re.Match[str] | None:
        return re.compile(rf"(?<!\\)\{{{opening[1]}\}}").search(text, opening.end())

    def _container(self, opening: re.Match[str], text: str) -> Node:
        content = self.blocks(text, inside=True)
        if opening[1] == "quote":
            return {"type": "blockquote", "content": _quotable(content) or [paragraph()]}
        found = re.search(r"bgColor=(#\w{6})", opening[2] or "")
        kind = _KINDS_BY_COLOR.get(found[1].lower() if found else "", "")
        title = re.search(r"title=([^|}]*)", opening[2] or "")
        if not kind:
            self.notes.add("panel")
        if title and title[1].strip():
            content.insert(0, paragraph(with_strong([{"type": "text", "text": plain(title[1].strip())}])))
        return {"type": "panel", "attrs": {"panelType": kind or "note"}, "content": content or [paragraph()]}

    # -- lines ----------------------------------------------------------------------------------------------------

    def _lines(self, text: str) -> list[Node]:
        content: list[Node] = []
        waiting: list[str] = []
        lines = text.split("\n")
        at = 0
        while at < len(lines):
            line = lines[at]
            taken = self._block_at(lines, at)
            if taken is None and line.strip():
                waiting.append(line)
                at += 1
                continue
            if waiting:
                content.extend(self._paragraph(waiting))
                waiting = []
            if taken is None:
                at += 1
                continue
            node, at = taken
            content.append(node)
        return [*content, *self._paragraph(waiting)]

    def _block_at(self, lines: list[str], at: int) -> tuple[Node, int] | None:
        line = lines[at]
        start = line.lstrip()[:1]
        if not start or start not in "hb-*#|\x00":
            return None
        if found := _HEADING.fullmatch(line):
            words = self._words(found[2])
            heading: Node = {"type": "heading", "attrs": {"level": int(found[1])}}
            return ({**heading, "content": words} if words else heading), at + 1
        if found := _BLOCK_QUOTE.fullmatch(line):
            return {"type": "blockquote", "content": [paragraph(self._words(found[1]))]}, at + 1
        if _RULE.fullmatch(line):
            return {"type": "rule"}, at + 1
        if found := _CODE_LINE.fullmatch(line):
            return self._code(int(found[1])), at + 1
        if _ITEM.fullmatch(line):
            return self._list(lines, at)
        return self._table(lines, at) if start == "|" else None

    def _words(self, text: str) -> list[Node]:
        text = text.strip(" \t")
        if text.endswith("&nbsp;") and not text[:-6].strip("\\ "):  # stands where the renderer needs something to stand
            text = text[:-6]
        return self.inline.read(text) if text else []

    def _paragraph(self, lines: list[str]) -> list[Node]:
        """Lines of text, each line end a line break; a code block among them stands apart."""
        content: list[Node] = []
        nodes: list[Node] = []
        for number, line in enumerate(lines):
            if number and nodes:
                nodes.append({"type": "hardBreak"})
            nodes.extend(self._words(line))
        if nodes:
            content.append(paragraph(settle_spaces(nodes)))
        return content

    def _code(self, number: int) -> Node:
        language, code = self.codes[number]
        block: Node = {"type": "codeBlock"}
        if language:
            block["attrs"] = {"language": language}
        if code:
            block["content"] = [{"type": "text", "text": code}]
        return block

    # -- lists ----------------------------------------------------------------------------------------------------

    def _list(self, lines: list[str], at: int) -> tuple[Node, int]:
        """The list that starts on this line: it ends at an empty line, or where another kind of list begins."""
        entries: list[tuple[str, list[str]]] = []
        first = lines[at].lstrip()[0]
        while at < len(lines) and lines[at].strip():
            found = _ITEM.fullmatch(lines[at])
            if found and found[1][0] != first:
                break
            if found:
                signs = found[1][:DEEPEST_LIST]
                if len(found[1]) > DEEPEST_LIST:
                    self.notes.add("list_too_deep")
                entries.append((signs.replace("-", "*"), [found[2]]))
            elif _HEADING.fullmatch(lines[at]) or _RULE.fullmatch(lines[at]) or lines[at].lstrip()[0] == "|":
                break
            else:
                entries[-1][1].append(lines[at])
            at += 1
        return self._nested(entries, 0), at

    def _nested(self, entries: list[tuple[str, list[str]]], level: int) -> Node:
        ordered = entries[0][0][level] == "#"
        items: list[Item] = []
        at = 0
        while at < len(entries):
            signs, lines = entries[at]
            below = at
            if len(signs) == level + 1:
                items.append(self._item(lines))
                below = at + 1
            elif not items:
                items.append(Item([]))
            end = below
            while end < len(entries) and len(entries[end][0]) > level + 1:
                end += 1
            for group in _by_sign(entries[below:end], level + 1):
                items[-1].content.append(self._nested(group, level + 1))
            at = end
        return finish_list(items, 1 if ordered else None, True, self.notes)

    def _item(self, lines: list[str]) -> Item:
        content: list[Node] = []
        waiting: list[str] = []
        for line in lines:
            if found := _CODE_LINE.fullmatch(line):
                content.extend(self._paragraph(waiting))
                waiting = []
                content.append(self._code(int(found[1])))
            else:
                waiting.append(line)
        content.extend(self._paragraph(waiting))
        item = Item(content)
        words = content[0].get("content", []) if content and content[0]["type"] == "paragraph" else []
        text = words[0].get("text", "") if words and not words[0].get("marks") else ""
        if text[:1] in _STATES_BY_BOX and (len(text) == 1 or text[1] == " "):
            item.state = _STATES_BY_BOX[text[0]]
            rest = [{**words[0], "text": text[2:]}] if text[2:] else []
            content[0] = paragraph([*rest, *words[1:]])
        return item

    # -- tables ---------------------------------------------------------------------------------------------------

    def _table(self, lines: list[str], at: int) -> tuple[Node, int]:
        rows: list[Node] = []
        while at < len(lines) and lines[at].lstrip().startswith("|"):
            line = lines[at].strip()
            at += 1
            # a cell goes on over line ends until its row is closed
            while not line.endswith("|") and at < len(lines) and lines[at].strip() and lines[at].lstrip()[0] != "|":
                line += "\\\\ " + lines[at].strip()
                at += 1
            rows.append({"type": "tableRow", "content": self._cells(line)})
        return {"type": "table", "content": rows}, at

    def _cells(self, line: str) -> list[Node]:
        cells: list[Node] = []
        sign, start = "", 0
        for found in _separators(line):
            if sign:
                cells.append(self._cell(sign, line[start : found.start()]))
            sign, start = found[0], found.end()
        if line[start:].strip() or not cells:
            cells.append(self._cell(sign, line[start:]))
        return cells

    def _cell(self, sign: str, text: str) -> Node:
        kind = "tableHeader" if sign == "||" else "tableCell"
        return {"type": kind, "content": [paragraph(self._words(text))]}


def _separators(line: str) -> list[re.Match[str]]:
    """The bars between cells: not those that are escaped or stand in a link."""
    found = []
    at = 0
    while at < len(line):
        if line[at] == "\\":
            at += 2
        elif line[at] == "[" and (end := _link_end(line, at)):
            at = end
        elif line[at] == "|" and (bar := _CELL.match(line, at)):
            found.append(bar)
            at = bar.end()
        else:
            at += 1
    return found


def _link_end(line: str, start: int) -> int | None:
    link = re.compile(r"\[(?:\\.|[^\]\[\\\n])*\]").match(line, start)
    return link.end() if link else None


def _by_sign(entries: list[tuple[str, list[str]]], level: int) -> list[list[tuple[str, list[str]]]]:
    """Entries of one item's nested lists, a new group where bullets turn into numbers or back."""
    groups: list[list[tuple[str, list[str]]]] = []
    for entry in entries:
        if groups and groups[-1][-1][0][level] == entry[0][level]:
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return groups


def _quotable(nodes: list[Node]) -> list[Node]:
    """What a quote may hold: headings in bold, rules left out, tables as they are (only Markdown reads this)."""
    kept: list[Node] = []
    for node in nodes:
        if node["type"] == "heading":
            node = paragraph(with_strong(node.get("content", [])))
        if node["type"] != "rule":
            kept.append(node)
    return kept
