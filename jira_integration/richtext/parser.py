"""The one configured Markdown parser, and what is done to a text before it is parsed.

CommonMark with tables, `~~strike~~`, bare http(s) links, and two inline forms of ours, so that what Jira's editor
offers beyond Markdown survives a way there and back: `{status:green|DONE}` and `{date:2026-03-01}`.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

# Parse levels; a list takes two. Deeper text is kept as one plain paragraph: nothing is lost, and Python's stack holds.
DEEPEST_LEVEL = 60

_MOST_BRACKETS = 1_000  # in one paragraph

STATUS = re.compile(r"\{status:(neutral|purple|blue|red|yellow|green)\|([^{}|\n<>\\`*_~\[\]&]{1,60})\}")
DATE = re.compile(r"\{date:([1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))\}")
_BARE_URL = re.compile(r"://[^\s<>]*[^\s<>?!.,:;*_~'\"`|\\{}\[\]]")
_SCHEME = re.compile(r"(?:^|[\s(*_~>\"'])(https?)$", re.IGNORECASE)
# Control characters but tab and line ends, two non-characters, halves of surrogate pairs: not XML, so not for Jira.
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")  # white space to Python, a letter to Markdown
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x85\u2028\u2029\ufffe\uffff\ud800-\udfff]")


def clean(text: str) -> tuple[str, bool]:
    """The text without characters that cannot reach Jira's database, and whether any was replaced (by U+FFFD)."""
    if not _REFUSED.search(text):
        return text, False
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    joined = _LINE_ENDS.sub("\n", joined)
    cleaned = _REFUSED.sub("\ufffd", joined)
    return cleaned, cleaned.count("\ufffd") > text.count("\ufffd")


def _too_deep(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """markdown-it drops what is nested past its limit; we keep it as text."""
    if state.level < DEEPEST_LEVEL or silent:
        return False
    content = state.getLines(start_line, end_line, state.blkIndent, False).strip()
    state.line = end_line
    opening = state.push("paragraph_open", "p", 1)
    opening.map = [start_line, end_line]
    inline = state.push("inline", "", 0)
    inline.content = content
    inline.map = [start_line, end_line]
    inline.children = []
    state.push("paragraph_close", "p", -1)
    return True


def _curly(state: StateInline, silent: bool) -> bool:
    """`{status:green|DONE}` and `{date:2026-03-01}`; anything else in braces stays text."""
    if state.src[state.pos] != "{":
        return False
    found = STATUS.match(state.src, state.pos, state.posMax) or DATE.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        token = state.push("jira_status" if found.re is STATUS else "jira_date", "", 0)
        token.content = found[0]
        token.meta = {"groups": found.groups()}
    state.pos = found.end()
    return True


def _bare_url(state: StateInline, silent: bool) -> bool:
    """A bare http(s) address becomes a link, as on GitHub. At the colon, the scheme is already in `pending`."""
    if silent or state.linkLevel > 0 or state.src[state.pos] != ":":
        return False
    rest = _BARE_URL.match(state.src, state.pos, state.posMax)
    scheme = _SCHEME.search(state.pending) if rest else None
    if not rest or not scheme:
        return False
    tail = rest[0]
    while tail.endswith(")") and tail.count(")") > tail.count("("):
        tail = tail[:-1]
    url = scheme[1] + tail
    href = state.md.normalizeLink(url)
    if len(tail) < 4 or not state.md.validateLink(href):
        return False
    state.pending = state.pending[: -len(scheme[1])]
    opening = state.push("link_open", "a", 1)
    opening.attrs = {"href": href}
    opening.markup, opening.info = "autolink", "auto"
    state.push("text", "", 0).content = url
    closing = state.push("link_close", "a", -1)
    closing.markup, closing.info = "autolink", "auto"
    state.pos += len(tail)
    return True


def _inline(state: StateCore) -> None:
    """As markdown-it does it, but a paragraph with a great many brackets is read without links.

    Each bracket makes the parser look for its partner to the paragraph's end: 100,000 of them would take minutes.
    """
    for token in state.tokens:
        if token.type == "inline":
            parser = state.md if token.content.count("[") < _MOST_BRACKETS else _WITHOUT_LINKS
            token.children = []
            parser.inline.parse(token.content, parser, state.env, token.children)


def build_parser() -> MarkdownIt:
    """A parser as configured above. Parsing keeps no state in it: one serves all threads."""
    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST_LEVEL + 40}).enable(["table", "strikethrough"])
    parser.block.ruler.before("table", "too_deep", _too_deep)
    parser.core.ruler.at("inline", _inline)
    parser.inline.ruler.push("bare_url", _bare_url)
    parser.inline.ruler.push("curly", _curly)
    return parser


PARSER = build_parser()
_WITHOUT_LINKS = build_parser().disable(["link", "image"])


def parse(text: str) -> list[Token]:
    """The tokens of a cleaned text."""
    return PARSER.parse(text)
