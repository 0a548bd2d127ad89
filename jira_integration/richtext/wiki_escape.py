"""Plain text made safe to stand in Jira's wiki markup: no macro, mention, picture or style may come out of it.

https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all
"""

from __future__ import annotations

import re

_SPECIAL = re.compile(
    r"[\\{}\[\]|^~*_+!&-]"
    r"|\?\?"
    r"|\((?=(?:[yni/x!?+*-]|on|off|\*[rgby]|flag|flagoff)\))"  # emoticons
    r"|[:;](?=-?[)(PpDd](?:\W|$))"
    r"|(?<=[a-zA-Z]):(?=//)|(?<=mailto):"
)
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|\w+);")
_LINE_START = re.compile(r"#(?=[#*\s-]|$)|(?:h[1-6]|bq)(?=\.(?:\s|$))")


def escape_text(text: str, *, more: bool = False) -> str:
    """The text with what wiki markup would act on escaped. `more`: other markup follows on the line."""

    def escaped(found: re.Match[str]) -> str:
        mark = found[0]
        before = text[found.start() - 1] if found.start() else ""
        after = text[found.end()] if found.end() < len(text) else ""
        return _escaped(mark, before, after, text, found.start(), more)

    return _SPECIAL.sub(escaped, text)


def _escaped(mark: str, before: str, after: str, text: str, position: int, more: bool) -> str:
    if mark == "\\":
        return mark if after.isalnum() else "&#92;"
    if mark in ":;":
        return f"&#{ord(mark)};"
    if mark == "&":
        return "&#38;" if _ENTITY.match(text, position) else mark
    if mark == "!":
        return mark if after.isspace() or (not after and not more) else "\\!"
    if mark in "*_+-":  # a style opens or closes at the edge of a word only
        inside = before.isalnum() and after.isalnum()
        apart = before.isspace() and after.isspace()
        return mark if inside or apart else f"\\{mark}"
    return "".join(f"\\{char}" for char in mark)


def guard_line(line: str) -> str:
    """A line that starts no heading, quote or numbered list, and keeps its white space at both ends."""
    if line and line[0].isspace():
        line = f"&#{ord(line[0])};{line[1:]}"
    if line and line[-1].isspace():
        line = f"{line[:-1]}&#{ord(line[-1])};"
    start = _LINE_START.match(line)
    if not start:
        return line
    if start[0] == "#":
        return f"\\{line}"
    return f"{start[0]}&#46;{line[start.end() + 1 :]}"


def link_address(href: str) -> str:
    """An address in a wiki link: what would end the link, or make it a mention or an attachment, percent-encoded."""
    href = re.sub(r"[\s|\[\]{}\\]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), href)
    href = _ENTITY.sub(lambda found: f"&#38;{found[0][1:]}", href)
    return f"%{ord(href[0]):02X}{href[1:]}" if href[:1] in "~^" and href else href
