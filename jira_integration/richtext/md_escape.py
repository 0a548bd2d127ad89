"""Plain text made safe to stand in Markdown, escaping as little as will do: people read and edit the result."""

from __future__ import annotations

import re

from markdown_it.common.entities import entities

_SPECIAL = re.compile(r"[\\`*_\[\]<&~!{]|https?(?=://)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|([A-Za-z][A-Za-z0-9]{1,31}));")
_CURLY = re.compile(r"\{(?:status|date):")
_LINE_START = re.compile(
    r"#{1,6}(?=[ \t]|$)"  # heading
    r"|>"  # quote
    r"|\+(?=[ \t]|$)|-(?=[-\s|:]|$)"  # bullet, rule, heading underline, table rule
    r"|=(?=[=\s]*$)"  # heading underline
    r"|\||:(?=[-:])"  # table rule
    r"|\d{1,9}(?=[.)](?:[ \t]|$))"  # number
)


def escape_text(text: str, *, in_link: bool = False) -> str:
    """The text with a backslash before what Markdown would take for markup anywhere in a line."""

    def escaped(found: re.Match[str]) -> str:
        mark = found[0]
        before = text[found.start() - 1] if found.start() else ""
        after = text[found.end()] if found.end() < len(text) else ""
        return f"\\{mark}" if _is_markup(mark, before, after, text, found.start()) else mark

    def escaped_part(found: re.Match[str]) -> str:
        if len(found[0]) > 1:  # http(s) before "://": only its colon needs the backslash
            return found[0] if in_link else f"{found[0]}\\"
        if found[0] == "]":
            return "\\]" if in_link else "]"
        return escaped(found)

    return _SPECIAL.sub(escaped_part, text)


def _is_markup(mark: str, before: str, after: str, text: str, position: int) -> bool:
    if mark == "_":
        return not (before.isalnum() and after.isalnum())
    if mark == "*":
        return not (before.isspace() and after.isspace())
    if mark == "<":
        return not after or after.isalpha() or after in "/!?"
    if mark == "&":
        entity = _ENTITY.match(text, position)
        return bool(entity and (not entity[1] or entity[1] in entities))
    if mark == "~":
        return not before or not after or before == "~" or after == "~"
    if mark == "!":
        return not after
    if mark == "{":
        return bool(_CURLY.match(text, position))
    return True


def code_of(char: str) -> str:
    """A character as an entity: Markdown sees punctuation, the reader the same character."""
    return f"&#{ord(char)};"


def guard_edges(line: str) -> str:
    """White space at either end of a line written so that it is kept."""
    if line and line[0].isspace():
        line = code_of(line[0]) + line[1:]
    if line and line[-1].isspace():
        line = line[:-1] + code_of(line[-1])
    return line


def guard_line(line: str) -> str:
    """A line of a paragraph, so that it starts no heading, list, quote, table or rule."""
    line = guard_edges(line)
    start = _LINE_START.match(line)
    if not start:
        return line
    if start[0][0].isdigit():
        return f"{start[0]}\\{line[start.end() :]}"
    return f"\\{line}"


def fence_for(text: str, char: str = "`", least: int = 1) -> str:
    """A run of `char` longer than any in the text."""
    longest = max((len(run) for run in re.findall(f"{re.escape(char)}+", text)), default=0)
    return char * max(least, longest + 1)


def inline_code(text: str) -> str:
    fence = fence_for(text) if "`" in text else "`"
    padded = text.startswith("`") or text.endswith("`") or (text[0] == text[-1] == " " and text.strip(" "))
    return f"{fence} {text} {fence}" if padded else f"{fence}{text}{fence}"


def destination(href: str) -> str:
    """A link's address, in angle brackets if it holds spaces or brackets."""
    href = _ENTITY.sub(lambda found: f"\\{found[0]}", href.replace("\\", "\\\\"))
    href = href.replace("\n", "%0A").replace("\r", "%0D")
    if re.search(r"[\s()<>]", href) or not href:
        return "<" + href.replace("<", "\\<").replace(">", "\\>") + ">"
    return href


def link_title(title: str) -> str:
    title = _ENTITY.sub(lambda found: f"\\{found[0]}", title.replace("\\", "\\\\"))
    title = title.replace('"', '\\"')
    return f' "{title}"'
