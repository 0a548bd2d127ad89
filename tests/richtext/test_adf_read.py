"""ADF → Markdown: what Jira's editor makes, and what is broken."""

from __future__ import annotations

from typing import Any

import pytest

from jira_integration.richtext import adf_to_markdown, plain_text
from tests.richtext.documents import doc, node, paragraph, text


def markdown(*content: dict[str, Any]) -> str:
    return adf_to_markdown(doc(*content)).value


def codes(*content: dict[str, Any]) -> list[str]:
    return [note.code for note in adf_to_markdown(doc(*content)).notes]


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("snake_case", "snake_case"),
        ("2 * 3 < 4 & 5", "2 * 3 < 4 & 5"),
        ("*x*", "\\*x\\*"),
        ("# x", "\\# x"),
        ("1. x", "1\\. x"),
        ("- x", "\\- x"),
        ("[x](y)", "\\[x](y)"),
        ("&amp; <b>", "\\&amp; \\<b>"),
        ("http://a.b", "http\\://a.b"),
        (" x ", "&#32;x&#32;"),
    ],
)
def test_text_is_escaped_only_where_markdown_would_act(words: str, written: str) -> None:
    assert markdown(paragraph(text(words))) == f"{written}\n"


def test_white_space_at_the_edge_of_bold_text_stands_outside() -> None:
    assert markdown(paragraph(text("Note: ", "strong"), text("x"))) == "**Note:** x\n"


def test_bold_inside_a_word_next_to_a_bracket_is_still_bold() -> None:
    assert markdown(paragraph(text("a"), text("(b)", "strong"), text("c"))) == "&#97;**(b)**&#99;\n"


def test_neighbouring_lists_stay_apart() -> None:
    item = node("listItem", [paragraph(text("x"))])

    assert markdown(node("bulletList", [item]), node("bulletList", [item])) == "- x\n\n* x\n"


def test_a_code_block_with_fences_inside_gets_a_longer_fence() -> None:
    assert markdown({"type": "codeBlock", "content": [text("```\nx\n```")]}) == "````\n```\nx\n```\n````\n"


def test_blocks_in_a_cell_become_lines_and_spans_empty_cells() -> None:
    items = node("bulletList", [node("listItem", [paragraph(text("x"))]), node("listItem", [paragraph(text("y|z"))])])
    header = node("tableHeader", [paragraph(text("h"))], colspan=2)
    table = node("table", [node("tableRow", [header]), node("tableRow", [node("tableCell", [items])])])

    assert markdown(table) == "| h |  |\n| --- | --- |\n| • x<br>• y\\|z |  |\n"
    assert codes(table) == ["cell_spans", "cell_blocks"]


def test_mentions_cards_and_emoji_are_named() -> None:
    parts = [
        {"type": "mention", "attrs": {"id": "1", "text": "@Ann"}},
        {"type": "emoji", "attrs": {"shortName": ":smile:", "text": "😄"}},
        {"type": "inlineCard", "attrs": {"url": "https://e.org/x"}},
    ]

    assert markdown(paragraph(*parts)) == "@Ann😄<https://e.org/x>\n"
    assert codes(paragraph(*parts)) == ["mention_as_text", "card_as_link"]


def test_unknown_nodes_are_a_placeholder_that_holds_their_words() -> None:
    macro = node("extension", [], extensionKey="com.example.chart", text="Sales")
    future = node("hologram", [paragraph(text("words")), {"type": "blink"}])

    assert markdown(macro) == "\\[Jira extension: Sales, com.example.chart]\n"
    assert markdown(future) == "\\[Jira hologram]\n\nwords\n\n\\[Jira blink]\n"
    assert codes(macro) == ["unknown_node"]


def test_attachments_and_outside_pictures_can_be_seen() -> None:
    file = node(
        "mediaSingle", [{"type": "media", "attrs": {"type": "file", "id": "7", "collection": "", "alt": "a.png"}}]
    )
    outside = node("mediaSingle", [{"type": "media", "attrs": {"type": "external", "url": "http://e.org/b.png"}}])

    assert markdown(file, outside) == "\\[Jira attachment: a.png]\n\n![](http://e.org/b.png)\n"


def test_links_that_could_act_lose_their_address() -> None:
    assert markdown(paragraph(text("x", href="java\tscript:alert(1)"))) == "x\n"
    assert codes(paragraph(text("x", href="JAVASCRIPT:alert(1)"))) == ["link_dropped"]


def test_styles_markdown_does_not_have_are_named_in_the_notes() -> None:
    notes = adf_to_markdown(doc(paragraph(text("x", "underline")))).notes

    assert [(note.code, note.detail) for note in notes] == [("mark_dropped", "underline")]


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        {},
        "x",
        {"type": 5, "content": [1, None, "s", {"text": 7}]},
        {"type": "doc", "content": {"type": "text"}},
    ],
)
def test_what_is_no_document_is_survived(broken: Any) -> None:
    adf_to_markdown(broken)
    plain_text(broken)


def test_a_document_nine_hundred_deep_keeps_its_words() -> None:
    deep = paragraph(text("bottom"))
    for kind in ("blockquote", "bulletList", "listItem") * 300:
        deep = node(kind, [deep])

    assert "bottom" in markdown(deep)
    assert plain_text(doc(deep)) == "bottom"


def test_plain_text_has_one_line_a_block() -> None:
    assert (
        plain_text(doc(paragraph(text("a "), text("b", "strong")), node("heading", [text("c")], level=1))) == "a b\nc"
    )
