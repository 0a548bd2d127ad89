"""What the tests of rich text build with: random texts, random documents, and short ways to write nodes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from jira_integration.richtext.shape import name_tasks
from jira_integration.richtext.spaces import settle_spaces
from tests.contract.adf import violations

Node = dict[str, Any]

MARKDOWN_PIECES = (
    "*", "**", "_", "__", "~~", "~", "`", "``", "```\n", "~~~\n", "# ", "## ", "> ", "- ", "* ", "+ ", "1. ", "7) ",
    "[ ] ", "[x] ", "[", "]", "(", ")", "](", '](/u "t")', "![", "<", ">", "<br>", "<b>", "</b>", "<!-- c -->", "&",
    "&amp;", "&#32;", "&nbsp;", "&#10;", "\\", "\\\n", "  \n", "\n", "\n\n", "\n    ", "\n  ", "\t", "|",
    "| a | b |\n| - | - |\n", "\n---\n", "===", "---", "http://e.org/a", "https://x.y/(z)", "javascript:alert(1)",
    "[j](javascript:x)", "{status:green|OK}", "{date:2024-02-29}", "{", "}", "> [!NOTE]\n",
    "<details>\n<summary>S</summary>\n\n", "\n\n</details>\n\n", "😀", "é", "foo", "bar baz", "1", "a", "word ",
    "\u00a0", "\u2003", "\u2028", "\u202e", "\u200b", "\x85", "\x00", "\x1f", "\ud800", "\r\n", ":", "!", "=", "+", "-",
    "#", "@", "^2^", "[a]: /b\n", '"', "'", "h1. ", "{code}", "{quote}", "[~user]", "(y)", "??",
)  # fmt: skip
WIKI_PIECES = (
    "h1. ", "h2.", "bq. ", "{code}", "{code:java}\n", "{noformat}", "{quote}", "{panel:title=x}", "{panel}", "{{", "}}",
    "[~user]", "[a|http://b.c]", "[^file.txt]", "[#anchor]", "[", "|", "||", "]", "!x.png!", "!http://a.b/c.png|w=1!",
    "(y)", ":)", "{color:red}", "{color}", "??", "----", "{*}", "*", "_", "-", "+", "^", "~", "# ", "* ", "** ", "*# ",
    "\n", "\n\n", "\\\\", "\\", "\\{", "&#92;", "&amp;", "word", " ", "a", "1", "é", "\x00", "\ud800", "http://a.b/c",
)  # fmt: skip


def pieced(pieces: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Texts in which markup is as common as letters: random characters alone would hardly ever hit it."""
    piece = st.sampled_from(pieces)
    return st.lists(st.one_of(piece, piece, piece, st.text(max_size=5)), max_size=25).map("".join)


markdown_texts = st.one_of(st.text(max_size=40), pieced(MARKDOWN_PIECES))
wiki_texts = st.one_of(st.text(max_size=40), pieced(WIKI_PIECES))


def text(words: str, *marks: str, href: str = "") -> Node:
    given: list[Node] = [{"type": "link", "attrs": {"href": href}}] if href else []
    given += [{"type": mark} for mark in marks]
    return {"type": "text", "text": words, "marks": given} if given else {"type": "text", "text": words}


def paragraph(*content: Node) -> Node:
    return {"type": "paragraph", "content": list(content)}


def doc(*content: Node) -> Node:
    return {"version": 1, "type": "doc", "content": list(content)}


def node(kind: str, content: list[Node], **attrs: Any) -> Node:
    return {"type": kind, "attrs": attrs, "content": content} if attrs else {"type": kind, "content": content}


def texts_of(document: Any) -> list[str]:
    """The texts of all text nodes, in order."""
    found: list[str] = []

    def visit(value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                visit(each)
        elif isinstance(value, dict):
            if isinstance(value.get("text"), str) and value.get("type") == "text":
                found.append(value["text"])
            visit(value.get("content"))

    visit(document)
    return found


def kinds_of(document: Any) -> list[str]:
    """The types of all nodes, in order."""
    if isinstance(document, list):
        return [kind for each in document for kind in kinds_of(each)]
    return [document["type"], *kinds_of(document.get("content", []))]


def canonical(document: Node) -> Node:
    """The same document with task ids of ours and no bold or italic spaces: what both directions agree on."""

    def settled(value: Node) -> Node:
        content = value.get("content")
        if content is None or value["type"] == "codeBlock":
            return dict(value)
        if value["type"] in ("paragraph", "heading", "taskItem"):
            return {**value, "content": settle_spaces(content)}
        return {**value, "content": [settled(each) for each in content]}

    return name_tasks(settled(document))


def assert_valid(document: Node) -> None:
    assert violations(document) == []


# -- random documents -------------------------------------------------------------------------------------------------

_WORDS = st.one_of(
    st.sampled_from(
        ["a", "b c", " d", "*", "_x_", "# y", "- z", "1. q", "|", "[ ] t", "`", "<b>", "&amp;", "http://a.b", "\\",
         "~", "!", "> ", " ", "snake_case", "=", "[!NOTE]", "+ ", "2) ", "    ind", "{code}"]
    ),
    st.text(
        alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=6
    ).filter(lambda words: "\ufffe" not in words and "\uffff" not in words),
)  # fmt: skip
_STYLES = st.lists(st.sampled_from(["em", "strong", "strike"]), unique=True, max_size=2).map(
    lambda chosen: [style for style in ("em", "strong", "strike") if style in chosen]
)
_HREFS = st.sampled_from(["", "", "", "", "http://x.y/a", "/rel(x)", "https://a.b/?q=1&copy=2"])
_TEXTS = st.one_of(
    st.builds(lambda words, styles, href: text(words, *styles, href=href), _WORDS, _STYLES, _HREFS),
    st.builds(lambda words, styles, href: text(words, *styles, href=href), _WORDS, _STYLES, _HREFS),
    st.builds(lambda words, href: text(words, "code", href=href), _WORDS, _HREFS),
)
_INLINE = st.lists(
    st.one_of(
        _TEXTS,
        _TEXTS,
        st.just({"type": "hardBreak"}),
        st.just({"type": "status", "attrs": {"text": "Done", "color": "green"}}),
        st.just({"type": "date", "attrs": {"timestamp": "1709164800000"}}),
    ),
    min_size=1,
    max_size=6,
)
_PARAGRAPHS = _INLINE.map(lambda content: paragraph(*content))
_HEADINGS = st.builds(lambda level, content: node("heading", content, level=level), st.integers(1, 6), _INLINE)
_RULES = st.just({"type": "rule"})


def _code(language: str, code: str) -> Node:
    block: Node = {"type": "codeBlock", "attrs": {"language": language}} if language else {"type": "codeBlock"}
    return {**block, "content": [text(code)]} if code else block


_CODE = st.builds(_code, st.sampled_from(["", "java", "c#"]), st.text(alphabet="a `~\n{}\\|é", max_size=12))
_TASKS = st.lists(
    st.builds(
        lambda state, content: node("taskItem", content, localId="", state=state),
        st.sampled_from(["TODO", "DONE"]),
        _INLINE,
    ),
    min_size=1,
    max_size=3,
).map(lambda items: node("taskList", items, localId=""))


def _few(child: st.SearchStrategy[Node]) -> st.SearchStrategy[list[Node]]:
    return st.lists(child, min_size=1, max_size=3)


def _lists(child: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    items = _few(_few(child).map(lambda content: node("listItem", content)))
    numbered = st.builds(lambda order, content: node("orderedList", content, order=order), st.integers(0, 12), items)
    return st.one_of(items.map(lambda content: node("bulletList", content)), numbered)


_ANY_LIST = _lists(st.recursive(st.one_of(_PARAGRAPHS, _CODE, _TASKS), _lists, max_leaves=6))
_QUOTES = _few(st.one_of(_PARAGRAPHS, _CODE, _lists(st.one_of(_PARAGRAPHS, _CODE)))).map(
    lambda content: node("blockquote", content)
)
_PANELS = st.builds(
    lambda kind, content: node("panel", content, panelType=kind),
    st.sampled_from(["info", "note", "tip", "warning", "error", "success"]),
    _few(st.one_of(_PARAGRAPHS, _HEADINGS, _CODE, _TASKS, _ANY_LIST, _RULES)),
)


def _rows(kind: str, width: int) -> st.SearchStrategy[Node]:
    cell = _INLINE.map(lambda content: node(kind, [paragraph(*content)]))
    return st.lists(cell, min_size=width, max_size=width).map(lambda cells: node("tableRow", cells))


_TABLES = st.integers(1, 3).flatmap(
    lambda width: st.builds(
        lambda header, rows: node("table", [header, *rows]),
        _rows("tableHeader", width),
        st.lists(_rows("tableCell", width), max_size=2),
    )
)
_BLOCKS = st.one_of(_PARAGRAPHS, _PARAGRAPHS, _HEADINGS, _CODE, _TASKS, _ANY_LIST, _QUOTES, _PANELS, _TABLES, _RULES)
_EXPANDS = st.builds(
    lambda title, content: node("expand", content, title=title), st.sampled_from(["", "T <x>", "a & b"]), _few(_BLOCKS)
)
documents = st.lists(st.one_of(_BLOCKS, _BLOCKS, _EXPANDS), max_size=5).map(lambda content: doc(*content))
# Any JSON in the place of a document, with the right words here and there.
json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(["doc", "text"])
    ),
    lambda child: st.one_of(
        st.lists(child, max_size=4),
        st.fixed_dictionaries(
            {
                "type": st.one_of(
                    st.sampled_from(["doc", "paragraph", "table", "tableRow", "bulletList", "text", "x"]), child
                )
            },
            optional={"content": child, "attrs": child, "marks": child, "text": child},
        ),
    ),
    max_leaves=20,
)
