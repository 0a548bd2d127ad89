"""ADF's inline nodes as one piece of Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.common.utils import isMdAsciiPunct, isPunctChar

from jira_integration.richtext.adf_inline import inline_nodes
from jira_integration.richtext.adf_tidy import day_of
from jira_integration.richtext.md_escape import code_of, destination, escape_text, inline_code, link_title
from jira_integration.richtext.parser import PARSER
from jira_integration.richtext.result import Node, Notes
from jira_integration.richtext.spaces import STYLES, join_texts

BREAK = "\n"  # how a line break is written until the block it is in decides between "\" at a line's end and <br>
_DELIMITERS = {"strong": "**", "strike": "~~"}


def inline_markdown(nodes: Sequence[Node], notes: Notes) -> str:
    """Markdown for tidy nodes (see `adf_tidy`); line breaks are `BREAK`.

    Markdown cannot write every overlap of styles. Where a style might be misread the result is read again, and if it
    says something else, styles are taken off: bold or italic may be lost, words never.
    """
    styles = {mark["type"] for node in nodes for mark in node.get("marks", [])} & set(STYLES)
    if not styles:
        return _Writer(nodes, "*").write()
    for em in "*_":
        text = _Writer(nodes, em).write()
        if reads_as(text, nodes):
            return text
    notes.add("mark_dropped", "overlapping styles")
    return _Writer(join_texts([_without_styles(node) for node in nodes]), "*").write()


def reads_as(text: str, nodes: Sequence[Node]) -> bool:
    """Whether the Markdown, read as a paragraph's inside, gives these nodes."""
    inline = PARSER.parseInline(text.replace(BREAK, "<br>"))[0]
    return inline_nodes(inline, inline.children or [], Notes()) == list(nodes)


def _without_styles(node: Node) -> Node:
    marks = [mark for mark in node.get("marks", []) if mark["type"] not in STYLES]
    bare = {key: value for key, value in node.items() if key != "marks"}
    return {**bare, "marks": marks} if marks else bare


class _Writer:
    """Opens and closes styles over a run of nodes. `em` is the sign for italic, `*` or `_`."""

    def __init__(self, nodes: Sequence[Node], em: str) -> None:
        self.nodes = nodes
        self.delimiters = {**_DELIMITERS, "em": em}
        self.out: list[str] = []
        self.open: list[Node] = []
        self.closed_on_word = False

    def write(self) -> str:
        for index, node in enumerate(self.nodes):
            wanted = [mark for mark in node.get("marks", []) if mark["type"] != "code"]
            keep = 0
            while keep < len(self.open) and self.open[keep] in wanted:
                keep += 1
            self._close(keep)
            opening = [mark for mark in wanted if mark not in self.open]
            if self._is_bare_address(index, opening):
                self._put(f"<{node['text']}>")
                continue
            opening.sort(key=lambda mark: (-self._run(index, mark), mark["type"] != "link"))
            self._open(opening, node)
            self._put(self._words(node))
        self._close(0)
        return "".join(self.out)

    def _words(self, node: Node) -> str:
        kind = node["type"]
        if kind == "hardBreak":
            return BREAK
        if kind == "status":
            return f"{{status:{node['attrs']['color']}|{node['attrs']['text']}}}"
        if kind == "date":
            return f"{{date:{day_of(node['attrs']['timestamp'])}}}"
        if any(mark["type"] == "code" for mark in node.get("marks", [])):
            return inline_code(node["text"])
        return escape_text(node["text"], in_link=any(mark["type"] == "link" for mark in self.open))

    def _run(self, index: int, mark: Node) -> int:
        """Over how many nodes from here the mark goes on."""
        length = 0
        for node in self.nodes[index:]:
            if mark not in node.get("marks", []):
                break
            length += 1
        return length

    def _is_bare_address(self, index: int, opening: list[Node]) -> bool:
        """A link whose words are its address, and that goes into angle brackets unchanged."""
        if [mark["type"] for mark in opening] != ["link"] or self._run(index, opening[0]) != 1:
            return False
        node, attrs = self.nodes[index], opening[0]["attrs"]
        text = node["text"]
        return (
            attrs == {"href": text}
            and len(node["marks"]) == len(self.open) + 1
            and text.startswith(("http://", "https://"))
            and not any(char.isspace() or char in "<>\\" for char in text)
            and PARSER.normalizeLink(text) == text == PARSER.normalizeLinkText(text)
        )

    def _open(self, marks: list[Node], node: Node) -> None:
        for mark in marks:
            if mark["type"] == "link":
                self._put("[")
            else:
                if self.out and _is_word(self.out[-1][-1]) and self._needs_edge(mark, marks, node):
                    last = self.out[-1]
                    self.out[-1] = last[:-1] + code_of(last[-1])
                self._put(self.delimiters[mark["type"]])
            self.open.append(mark)

    def _needs_edge(self, mark: Node, marks: list[Node], node: Node) -> bool:
        """After a word, a sign opens only before a word (and `_` not even then)."""
        first = node["text"][0] if node["type"] == "text" else "{"
        code = any(each["type"] == "code" for each in node.get("marks", []))
        return self.delimiters[mark["type"]] == "_" or mark is not marks[-1] or code or not _is_word(first)

    def _close(self, keep: int) -> None:
        while len(self.open) > keep:
            mark = self.open.pop()
            if mark["type"] == "link":
                attrs = mark["attrs"]
                title = link_title(attrs["title"]) if attrs.get("title") else ""
                self._put(f"]({destination(attrs['href'])}{title})")
                continue
            delimiter = self.delimiters[mark["type"]]
            on_word = _is_word(self.out[-1][-1]) and delimiter != "_"
            self._put(delimiter)
            self.closed_on_word = on_word
            self.closing = True

    closing = False

    def _put(self, text: str) -> None:
        """Append; a word right after a closing sign that follows no word is written so that the sign closes."""
        if self.closing and not self.closed_on_word and text and _is_word(text[0]):
            text = code_of(text[0]) + text[1:]
        self.closing = False
        if text:
            self.out.append(text)


def _is_word(char: str) -> bool:
    return not (char.isspace() or isMdAsciiPunct(ord(char)) or isPunctChar(char))
