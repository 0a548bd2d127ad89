"""Our ADF documents as Jira wiki markup, for Data Center, which knows no ADF.

https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jira_integration.richtext.adf_lists import BOXES
from jira_integration.richtext.adf_read import join_blocks
from jira_integration.richtext.adf_tidy import attributes, children, kind_of, string, tidy, words_of
from jira_integration.richtext.md_table import flat_cell
from jira_integration.richtext.result import Node, Notes
from jira_integration.richtext.wiki_escape import guard_line
from jira_integration.richtext.wiki_inline import BREAK, inline_wiki

# What Data Center's {code} can colour; any other name there is an error in the reader's face.
_LANGUAGES = (
    "actionscript3 ada applescript bash c c# c++ cpp css erlang go groovy haskell html java javascript js json lua "
    "none nyan objc perl php python r rainbow ruby scala sh sql swift visualbasic xml yaml"
)
LANGUAGES = frozenset(_LANGUAGES.split())
# Data Center has one panel; Atlassian's own colours tell the kinds apart.
PANEL_COLORS = {
    "info": "#deebff",
    "note": "#eae6ff",
    "tip": "#e3fcee",
    "success": "#e3fcef",
    "warning": "#fffae6",
    "error": "#ffebe6",
}
_DEEPEST = 40
Tree = Mapping[str, Any]


class WikiWriter:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    def text(self, document: Tree) -> str:
        return "\n\n".join(text for _, text in self.blocks_of(document))

    def blocks_of(self, document: Tree) -> list[tuple[Node, str]]:
        """The document's blocks, each with its markup."""
        written = [(dict(node), "\n".join(self.block(dict(node), 0))) for node in children(document)]
        return [(node, text) for node, text in written if text]

    def block(self, node: Tree, depth: int) -> list[str]:
        kind, inside = kind_of(node), children(node)
        if depth > _DEEPEST:
            self.notes.add("nested_too_deep")
            return [guard_line(self._inline([{"type": "text", "text": words_of(node)}]))]
        match kind:
            case "paragraph":
                return self._lines(inside)
            case "heading":
                return [f"h{attributes(node).get('level', 1)}. {self._line(inside) or '&nbsp;'}"]
            case "codeBlock":
                return self._code(node)
            case "rule":
                return ["----"]
            case "blockquote":
                return ["{quote}", *self._blocks(inside, depth), "{quote}"]
            case "panel":
                color = PANEL_COLORS.get(string(attributes(node).get("panelType")), PANEL_COLORS["note"])
                return [f"{{panel:bgColor={color}}}", *self._blocks(inside, depth), "{panel}"]
            case "expand" | "nestedExpand":
                self.notes.add("expand_as_text")
                title = {"type": "text", "text": string(attributes(node).get("title")), "marks": [{"type": "strong"}]}
                return join_blocks([self._lines([title]) if title["text"] else [], self._blocks(inside, depth)])
            case "bulletList" | "orderedList" | "taskList":
                return self._list(node, "", depth)
            case "table":
                return [self._row(row) for row in inside]
            case _:
                return self._lines([node])

    def _blocks(self, nodes: Sequence[Tree], depth: int) -> list[str]:
        return join_blocks([self.block(node, depth + 1) for node in nodes])

    def _inline(self, nodes: Sequence[Tree]) -> str:
        return inline_wiki(tidy(nodes, self.notes), self.notes)

    def _lines(self, nodes: Sequence[Tree]) -> list[str]:
        """A paragraph. A line end is a line break to the renderer; where breaks follow each other, `\\\\` stands."""
        text = self._inline(nodes)
        inner = text.strip(BREAK)
        if not inner:
            return ["\\\\ " * len(text) + "&nbsp;"] if text else []
        before, after = text.index(inner), len(text) - text.index(inner) - len(inner)
        lines: list[str] = []
        empty = before
        for line in inner.split(BREAK):
            if not line:
                empty += 1
                continue
            lines.append("\\\\ " * empty + guard_line(line))
            empty = 0
        lines[-1] += ("\\\\ " * after).rstrip()
        return lines

    def _line(self, nodes: Sequence[Tree]) -> str:
        """All on one line, as headings, list items and cells need it."""
        parts = [guard_line(part) for part in self._inline(nodes).split(BREAK)]
        return "\\\\ ".join(parts)

    def _code(self, node: Tree) -> list[str]:
        code = "".join(string(child.get("text")) for child in children(node))
        language = string(attributes(node).get("language")).strip()
        parameters = f":{language}" if language.lower() in LANGUAGES else ""
        if language and not parameters:
            self.notes.add("code_language", language)
            named = re.sub(r"[^\w#+.-]", "", language)
            parameters = f":title={named}" if named else ""
        tag = "{code}" if "{code" not in code else "{noformat}"
        if "{code" in code and "{noformat" in code:
            self.notes.add("code_as_text")
            lines = [{"type": "text", "text": line, "marks": [{"type": "code"}]} for line in code.split("\n") if line]
            return [line for node in lines for line in self._lines([node])]
        opening = f"{{code{parameters}}}" if tag == "{code}" else tag
        return [opening, *(code.split("\n") if code else []), tag]

    # -- lists and tables -----------------------------------------------------------------------------------------

    def _list(self, node: Tree, outer: str, depth: int) -> list[str]:
        kind = kind_of(node)
        marks = outer + ("#" if kind == "orderedList" else "*")
        if kind == "orderedList" and attributes(node).get("order", 1) != 1:
            self.notes.add("list_start")
        lines: list[str] = []
        for item in children(node):
            if kind_of(item) == "taskList":
                lines.extend(self._list(item, marks, depth + 1))
            else:
                lines.extend(self._item(item, marks, depth))
        return lines

    def _item(self, item: Tree, marks: str, depth: int) -> list[str]:
        inside = children(item)
        if kind_of(item) == "taskItem":
            box = BOXES["DONE" if attributes(item).get("state") == "DONE" else "TODO"]
            return [f"{marks} {box} {self._line(inside)}".rstrip()]
        first = ""
        lines: list[str] = []
        for number, block in enumerate(inside):
            kind = kind_of(block)
            if number and kind_of(inside[number - 1]).endswith("List") and not kind.endswith("List"):
                self.notes.add("order_of_blocks")
            if kind in ("bulletList", "orderedList", "taskList") and depth < _DEEPEST:
                before = kind_of(inside[number - 1]) if number else ""
                if before.endswith("List") and (before == "orderedList") == (kind == "orderedList"):
                    self.notes.add("lists_joined")
                lines.extend(self._list(block, marks, depth + 1))
            elif kind == "codeBlock":
                lines.extend(self._code(block))
            elif number:
                self.notes.add("item_paragraphs")
                lines.append(self._line(children(block)))
            else:
                first = self._line(children(block))
        return [f"{marks} {first or '&nbsp;'}", *lines]

    def _row(self, row: Tree) -> str:
        line = ""
        for cell in children(row):
            sign = "||" if kind_of(cell) == "tableHeader" else "|"
            line += sign + (self._line(list(flat_cell(cell, self.notes))) or " ")
        return line + ("||" if children(row) and kind_of(children(row)[-1]) == "tableHeader" else "|")
