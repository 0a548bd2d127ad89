"""One line of wiki markup as ADF's inline nodes: styles, links, pictures, escapes."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

from jira_integration.richtext.marks import link_mark, safe_href
from jira_integration.richtext.result import Node, Notes
from jira_integration.richtext.spaces import in_order, settle_spaces

CODE = "\x00"  # stands around the number of a code block that was taken out; no text holds it
_STYLES = {"*": "strong", "_": "em", "-": "strike", "+": "underline", "^": "sup", "~": "sub", "??": "em"}
_TOKEN = re.compile(
    r"(?P<break>\\\\[ \t]*)"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<entity>&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)"
    r"|\{\{(?P<mono>(?:\\.|\{(?!\{)|[^\\\n{])*?)\}\}(?!\})"
    r"|\{(?P<braced>[*_+^~-]|\?\?)\}"
    r"|(?P<color>\{color(?::[^}\n]{0,40})?\})"
    r"|\[(?P<link>(?:\\.|[^\[\]\\\n])+)\]"
    r"|!(?P<image>[^\s!|][^!|\n]{0,300}(?:\|[^!\n]{0,300})?)!"
    r"|(?P<url>(?<![\w/])https?://[^\s|\]\[{}\"<>\\\x00]*[^\s|\]\[{}\"<>\\\x00.,;:!?'()*_])"
    r"|(?P<emoticon>\([yn/x!?+*-]\))"
    r"|(?P<style>\?\?|[*_+^~-])"
    r"|\x00(?P<code>\d+)\x00"
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_EMOTICONS = {
    "(y)": "👍",
    "(n)": "👎",
    "(/)": "✅",
    "(x)": "❌",
    "(!)": "⚠️",
    "(?)": "❓",
    "(+)": "\u2795",
    "(-)": "\u2796",
}
_ADDRESS = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9+.-]{1,20}:|/|#|\?|\.{1,2}/|%7[Ee]|%5[Ee])")


class _Sign:
    """A style sign met in the text, until it is known whether it opens, closes, or is a plain character."""

    __slots__ = ("closes", "opens", "sign")

    def __init__(self, sign: str, opens: bool, closes: bool) -> None:
        self.sign = sign
        self.opens = opens
        self.closes = closes


class InlineReader:
    def __init__(self, notes: Notes, codes: list[tuple[str, str]]) -> None:
        self.notes = notes
        self.codes = codes  # language and text of the code blocks taken out

    def read(self, text: str, marks: tuple[str, ...] = (), link: Node | None = None) -> list[Node]:
        parts = self._parts(text, link)
        nodes: list[Node] = []
        for part, styles in _paired(parts):
            if isinstance(part, dict):
                if part["type"] == "text":
                    part = _styled(part, styles)
                nodes.append(part)
            elif part:
                nodes.append(_styled({"type": "text", "text": part, **({"marks": [link]} if link else {})}, styles))
        return settle_spaces(nodes)

    def _parts(self, text: str, link: Node | None) -> list[str | Node | _Sign]:
        parts: list[str | Node | _Sign] = []
        at = 0
        for found in _TOKEN.finditer(text):
            if found.start() > at:
                parts.append(text[at : found.start()])
            at = found.end()
            parts.extend(self._part(found, text, link))
        if at < len(text):
            parts.append(text[at:])
        return parts

    def _part(self, found: re.Match[str], text: str, link: Node | None) -> list[str | Node | _Sign]:
        kind, value = str(found.lastgroup), found[str(found.lastgroup)]
        linked = [link] if link else []
        match kind:
            case "break":
                return [{"type": "hardBreak"}]
            case "escaped":
                return [value]
            case "entity":
                return [unescape(value)]
            case "mono":
                code = plain(value)
                return [{"type": "text", "text": code, "marks": [*linked, {"type": "code"}]}] if code else [found[0]]
            case "braced":
                return [_Sign(value, True, True)]
            case "color":
                self.notes.add("mark_dropped", "color")
                return []
            case "link":
                return [found[0]] if link else self._link(found[0], value)
            case "image":
                return self._image(found[0], value, link)
            case "url":
                return [value] if link else [_linked(value, value)]
            case "emoticon":
                return [_EMOTICONS.get(value, value)]
            case "code":
                return [{"type": "text", "text": self.codes[int(value)][1], "marks": [*linked, {"type": "code"}]}]
        before, after = text[: found.start()][-1:], text[found.end() :][:1]
        opens = bool(after) and not after.isspace() and not before.isalnum()
        closes = bool(before) and not before.isspace() and not after.isalnum()
        if value in "^~":
            opens, closes = bool(after) and not after.isspace(), bool(before) and not before.isspace()
        return [_Sign(value, opens, closes)]

    def _link(self, whole: str, inside: str) -> list[str | Node | _Sign]:
        fields = re.split(r"(?<!\\)\|", inside)
        label, address = ("", fields[0]) if len(fields) == 1 else (fields[0], fields[1])
        address = address.strip()
        if address.startswith("~"):
            self.notes.add("mention_as_text")
            return [f"@{plain(address[1:])}"]
        if address.startswith("^"):
            self.notes.add("media")
            return [f"[Jira attachment: {plain(address[1:])}]"]
        if not label and not _ADDRESS.match(address):
            return ["[", *self._parts(inside, None), "]"]
        address = plain(address)
        if address[:3].lower() in ("%7e", "%5e"):
            address = unquote(address[:3]) + address[3:]
        if not safe_href(address):
            self.notes.add("link_dropped")
            return [plain(label or address)]
        mark = link_mark(address, plain(fields[2]) if len(fields) > 2 else "")
        nodes: list[str | Node | _Sign] = list(self.read(label, link=mark)) if label else []
        return nodes or [_linked(address, address)]

    def _image(self, whole: str, inside: str, link: Node | None) -> list[str | Node | _Sign]:
        name = inside.split("|", 1)[0].strip()
        if "." not in name and "://" not in name:
            return [whole]
        if re.match(r"https?://", name) and not link:
            self.notes.add("image_as_link")
            return [_linked(name, name)]
        self.notes.add("media")
        return [f"[Jira attachment: {plain(name)}]"]


def plain(text: str) -> str:
    """Text with its escapes and entities undone."""
    text = re.sub(r"\\([!-/:-@\[-`{-~])", lambda found: f"\ue000{ord(found[1])};", text)
    text = _ENTITY.sub(lambda found: unescape(found[0]), text)
    return re.sub("\ue000(\\d+);", lambda found: chr(int(found[1])), text)


def _linked(text: str, href: str) -> Node:
    return {"type": "text", "text": text, "marks": [link_mark(href)]}


def _styled(node: Node, styles: tuple[str, ...]) -> Node:
    marks = list(node.get("marks", []))
    code = any(mark["type"] == "code" for mark in marks)
    for style in styles:
        mark: Node = {"type": style}
        if style in ("sub", "sup"):
            mark = {"type": "subsup", "attrs": {"type": style}}
        if not code and mark not in marks:
            marks.append(mark)
    return {**node, "marks": in_order(marks)} if marks else node


def _paired(parts: list[str | Node | _Sign]) -> list[tuple[str | Node, tuple[str, ...]]]:
    """Each piece with the styles it stands in. Signs without a partner are characters again."""
    opened: list[int] = []
    partner: dict[int, int] = {}
    for index, part in enumerate(parts):
        if not isinstance(part, _Sign):
            continue
        if part.closes:
            match = next((at for at in reversed(opened[-40:]) if _same(parts[at], part)), None)
            if match is not None:
                partner[match], partner[index] = index, match
                opened = opened[: opened.index(match)]
                continue
        if part.opens:
            opened.append(index)
    pieces: list[tuple[str | Node, tuple[str, ...]]] = []
    active: list[str] = []
    for index, part in enumerate(parts):
        if not isinstance(part, _Sign):
            pieces.append((part, tuple(active)))
        elif index not in partner:
            pieces.append((part.sign, tuple(active)))
        elif partner[index] > index:
            active.append(_STYLES[part.sign])
        else:
            active.remove(_STYLES[part.sign])
    return pieces


def _same(opening: str | Node | _Sign, closing: _Sign) -> bool:
    return isinstance(opening, _Sign) and opening.sign == closing.sign
