"""Code blocks taken out of wiki markup before the rest is read: nothing inside them is markup."""

from __future__ import annotations

import re

from jira_integration.richtext.wiki_read_inline import CODE

_CODE_OPEN = re.compile(r"(?<!\\)\{(code|noformat)(:[^}\n]*)?\}[ \t]*\n?")


def take_out_code(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The text with a mark in place of each code block, and the blocks' languages and texts."""
    codes: list[tuple[str, str]] = []
    parts: list[str] = []
    at = start = 0
    unclosed: set[str] = set()
    while opening := _CODE_OPEN.search(text, at):
        closing = f"{{{opening[1]}}}"
        end = -1 if closing in unclosed else text.find(closing, opening.end())
        if end < 0:
            unclosed.add(closing)
            at = opening.end()
            continue
        code = text[opening.end() : end]
        last_line = code.rfind("\n")
        if last_line >= 0 and not code[last_line:].strip():  # the line end before the closing tag is not the code's
            code = code[:last_line]
        elif last_line < 0 and not code.strip():
            code = ""
        parts += [text[start : opening.start()], f"{CODE}{len(codes)}{CODE}"]
        codes.append((_language(opening[2] or ""), code))
        at = start = end + len(closing)
    return "".join([*parts, text[start:]]), codes


def _language(parameters: str) -> str:
    """The language of `:java`, `:language=java` or, as we write it for languages Jira cannot colour, `:title=rust`."""
    named: dict[str, str] = {}
    for part in parameters[1:].split("|"):
        name, given, value = part.partition("=")
        named[name if given else "language"] = value if given else part
    return (named.get("language") or named.get("title") or "").strip()
