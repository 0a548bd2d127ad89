"""Wiki markup as HTML, by the sandbox's own small reading of it.

Headings, paragraphs, lists (* # -, nested), tables, {code} {noformat} {quote} {panel}, bq., rules; within a line bold,
italics, strike, underline, monospace, links, {{…}}, {color}, line breaks, and a backslash before what is not meant.
"""

from __future__ import annotations

import re

from jira_integration.sandbox.page import Html, fill, join, safe

_HEADING = re.compile(r"h([1-6])\.\s+(.*)")
_ITEM = re.compile(r"([*#-]+)\s+(.*)")
_BLOCK = re.compile(r"\{(code|noformat|quote|panel|color)(?::([^}]*))?\}")
_INLINE = re.compile(
    r"""\\(?P<plain>[\\{}\[\]*_\-^~|+?!#])
      | \{\{(?P<mono>.+?)\}\}
      | \[(?:(?P<label>[^\]|\n]+)\|)?(?P<address>[^\]\s|]+)(?:\|[^\]]*)?\]
      | (?<![\w*])\*(?=\S)(?P<bold>[^*\n]+?)(?<=[^\s\\])\*(?![\w*])
      | (?<![\w_])_(?=\S)(?P<italic>[^_\n]+?)(?<=[^\s\\])_(?![\w_])
      | (?<![\w+])\+(?=\S)(?P<under>[^+\n]+?)(?<=[^\s\\])\+(?![\w+])
      | (?<![\w-])-(?=\S)(?P<strike>[^-\n]+?)(?<=[^\s\\])-(?![\w-])
      | \{color(?::[^}]*)?\}
      | (?P<break>\\\\|\n)
    """,
    re.VERBOSE,
)
_TAGS = {"bold": "strong", "italic": "em", "under": "u", "strike": "s"}
_ADDRESS = re.compile(r"(https?://|mailto:)", re.IGNORECASE)


def wiki_to_html(text: str) -> Html:
    """The whole text; markup that is not known stands as it was typed."""
    return _blocks(text.replace("\r\n", "\n").split("\n"))


def _blocks(lines: list[str]) -> Html:
    done: list[Html] = []
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        if not line:
            at += 1
        elif opening := _BLOCK.match(line):
            block, at = _macro(lines, at, opening[1])
            done.append(block)
        elif heading := _HEADING.match(line):
            level = min(int(heading[1]) + 2, 6)  # stands under a heading of the page
            done.append(fill(f"<h{level}>$t</h{level}>", t=_inline(heading[2])))
            at += 1
        elif re.fullmatch(r"-{4,}", line):
            done.append(Html("<hr>"))
            at += 1
        elif line.startswith("bq. "):
            done.append(fill("<blockquote><p>$t</p></blockquote>", t=_inline(line[4:])))
            at += 1
        else:
            end = at + 1
            kind = _kind(line)
            while end < len(lines) and lines[end].strip() and _kind(lines[end].strip()) == kind:
                end += 1
            run = [one.strip() for one in lines[at:end]]
            done.append(_run(kind, run))
            at = end
    return join(done)


def _kind(line: str) -> str:
    if _ITEM.match(line):
        return "list"
    if line.startswith("|"):
        return "table"
    if _HEADING.match(line) or _BLOCK.match(line) or line.startswith("bq. ") or re.fullmatch(r"-{4,}", line):
        return "other"
    return "text"


def _run(kind: str, lines: list[str]) -> Html:
    match kind:
        case "list":
            found = [m for m in map(_ITEM.match, lines) if m]
            return _list([(m[1], m[2]) for m in found])
        case "table":
            return fill("<table>$rows</table>", rows=join(_row(line) for line in lines))
        case _:
            return fill("<p>$t</p>", t=_inline("\n".join(lines)))


def _macro(lines: list[str], at: int, name: str) -> tuple[Html, int]:
    """A block between two equal marks, and the line after it; without a second mark it is text."""
    closing = "{" + name + "}"
    first = _BLOCK.sub("", lines[at].strip(), count=1)
    if closing in first:
        inside, end = [first.partition(closing)[0]], at
    else:
        end = next((n for n in range(at + 1, len(lines)) if closing in lines[n]), -1)
        if end < 0 or name == "color":
            return fill("<p>$t</p>", t=_inline(lines[at].strip())), at + 1
        inside = [*([first] if first else []), *lines[at + 1 : end], lines[end].partition(closing)[0]]
    while inside and not inside[-1].strip():
        inside.pop()
    match name:
        case "code" | "noformat":
            return fill("<pre><code>$t</code></pre>", t="\n".join(inside)), end + 1
        case "quote":
            return fill("<blockquote>$t</blockquote>", t=_blocks(inside)), end + 1
        case "panel":
            return fill('<div class="panel">$t</div>', t=_blocks(inside)), end + 1
        case _:
            return fill("<p>$t</p>", t=_inline("\n".join(inside))), end + 1


def _list(items: list[tuple[str, str]], depth: int = 1) -> Html:
    """Marks such as `*`, `**`, `*#`: the last letter is the kind, the length the depth."""
    parts: list[Html] = []
    at = 0
    tag = "ol" if items[0][0][depth - 1 : depth] == "#" else "ul"
    while at < len(items):
        end = at + 1
        while end < len(items) and len(items[end][0]) > depth:
            end += 1
        deeper = items[at + 1 : end] if len(items[at][0]) <= depth else []
        below = _list(deeper, depth + 1) if deeper else Html("")
        parts.append(fill("<li>$t$below</li>", t=_inline(items[at][1]), below=below))
        at = end if len(items[at][0]) <= depth else at + 1
    return fill(f"<{tag}>$parts</{tag}>", parts=join(parts))


def _row(line: str) -> Html:
    cells = []
    for mark, text in re.findall(r"(\|{1,2})((?:\\.|\[[^\]]*\]|[^|])*)", line):
        if text or mark == "||":
            cells.append((mark, text))
    if cells and not cells[-1][1].strip():
        cells.pop()
    tags = (("th" if mark == "||" else "td", text) for mark, text in cells)
    return fill("<tr>$cells</tr>", cells=join(fill(f"<{tag}>$t</{tag}>", t=_inline(t.strip())) for tag, t in tags))


def _inline(text: str) -> Html:
    parts: list[Html] = []
    at = 0
    for match in _INLINE.finditer(text):
        parts.append(safe(text[at : match.start()]))
        parts.append(_piece(match))
        at = match.end()
    parts.append(safe(text[at:]))
    return join(parts)


def _piece(match: re.Match[str]) -> Html:
    kind = match.lastgroup or ""
    if match["break"]:
        return Html("<br>")
    if match["plain"]:
        return safe(match["plain"])
    if match["mono"]:
        return fill("<code>$t</code>", t=match["mono"])
    if match["address"]:
        return _link(match["address"], match["label"] or match["address"])
    if kind in _TAGS:
        return fill(f"<{_TAGS[kind]}>$t</{_TAGS[kind]}>", t=_inline(match[kind]))
    return Html("")


def _link(address: str, label: str) -> Html:
    if address.startswith("~"):
        return fill('<span class="inline-mention">@$name</span>', name=address[1:])
    if not _ADDRESS.match(address):
        return fill("[$label]", label=label if label == address else f"{label}|{address}")
    return fill('<a href="$a" rel="noreferrer">$t</a>', a=address, t=_inline(label) if label != address else label)
