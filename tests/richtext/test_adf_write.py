"""Markdown → ADF: the places where ADF is narrower than Markdown, and where peers go wrong."""

from __future__ import annotations

from typing import Any

import pytest

from jira_integration.richtext import markdown_to_adf
from tests.richtext.documents import assert_valid, doc, kinds_of, node, paragraph, text, texts_of


def content(markdown: str) -> list[dict[str, Any]]:
    document = markdown_to_adf(markdown).value
    assert_valid(document)
    return document["content"]


def codes(markdown: str) -> list[str]:
    return [note.code for note in markdown_to_adf(markdown).notes]


def test_the_empty_text_is_an_empty_document() -> None:
    assert markdown_to_adf("").value == doc()


def test_nested_styles_are_marks_in_a_fixed_order() -> None:
    assert content("***both*** ~~gone~~") == [
        paragraph(text("both", "em", "strong"), text(" "), text("gone", "strike"))
    ]


def test_code_keeps_its_link_and_loses_its_bold() -> None:
    assert content("**[`x`](/a) y**")[0]["content"][0] == text("x", "code", href="/a")
    assert codes("**`x`**") == ["marks_on_code"]


def test_an_ordered_list_keeps_its_first_number() -> None:
    assert content("5. five\n6. six")[0]["attrs"] == {"order": 5}


def test_a_list_of_ticks_is_a_task_list_with_nested_tasks_after_their_task() -> None:
    (tasks,) = content("- [ ] a\n  - [x] b\n- [x] c")

    assert kinds_of(tasks) == ["taskList", "taskItem", "text", "taskList", "taskItem", "text", "taskItem", "text"]
    assert [item["attrs"]["state"] for item in tasks["content"] if item["type"] == "taskItem"] == ["TODO", "DONE"]


def test_the_same_text_gives_the_same_ids_and_two_equal_tasks_different_ones() -> None:
    first, second = content("- [ ] a\n- [ ] a")[0]["content"]

    assert first["attrs"]["localId"] != second["attrs"]["localId"]
    assert content("- [ ] a\n- [ ] a")[0]["content"] == [first, second]


@pytest.mark.parametrize(
    "markdown",
    ["- [ ] a\n- b", "1. [x] a", "> - [ ] a", "- [ ] a\n\n      code"],
    ids=["mixed", "numbered", "quoted", "code"],
)
def test_ticks_that_cannot_be_tasks_are_drawn(markdown: str) -> None:
    assert "taskList" not in kinds_of(content(markdown))
    assert any(words[0] in "☐☑" for words in texts_of(content(markdown)))
    assert codes(markdown) == ["task_as_text"]


def test_an_escaped_box_is_no_task() -> None:
    assert content("- \\[ ] a")[0]["type"] == "bulletList"


def test_a_heading_in_a_list_or_quote_becomes_bold() -> None:
    assert content("- # A `b`")[0]["content"][0]["content"] == [paragraph(text("A ", "strong"), text("b", "code"))]
    assert codes("> ## A") == ["heading_as_strong"]


def test_a_table_keeps_bars_breaks_and_empty_cells() -> None:
    (table,) = content("| a\\|b | c |\n| - | - |\n| x<br>y | |")

    assert texts_of(table) == ["a|b", "c", "x", "y"]
    assert kinds_of(table).count("tableHeader") == 2
    assert table["content"][1]["content"][0]["content"][0]["content"][1] == {"type": "hardBreak"}
    assert table["content"][1]["content"][1] == node("tableCell", [{"type": "paragraph"}])


def test_a_table_in_a_quote_becomes_lines_of_text() -> None:
    assert content("> | a | b |\n> | - | - |\n> | 1 | 2 |")[0]["content"] == [
        paragraph(text("a | b")),
        paragraph(text("1 | 2")),
    ]


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JaVaScRiPt:x", "vbscript:x", "data:text/html,x", "&#106;avascript:x", "java&#10;script:x"],
)
def test_a_link_that_could_act_becomes_text(address: str) -> None:
    document = content(f"[click]({address}) ![click]({address}) <{address}>")

    assert all("marks" not in part for part in document[0]["content"])
    assert "click" in "".join(texts_of(document))


def test_bare_addresses_are_links_without_the_full_stop() -> None:
    assert content("See https://example.org/a_(b).")[0]["content"] == [
        text("See "),
        text("https://example.org/a_(b)", href="https://example.org/a_(b)"),
        text("."),
    ]


def test_a_picture_is_a_link_to_it() -> None:
    assert content("![a cat](http://e.org/c.png)") == [paragraph(text("a cat", href="http://e.org/c.png"))]


def test_raw_html_is_shown_as_text_and_mentions_stay_text() -> None:
    assert texts_of(content("<div>\n<b>x</b>\n</div>\n\n@admin [~admin] <b>y</b>")) == [
        "<div>", "<b>x</b>", "</div>", "@admin [~admin] <b>y</b>"
    ]  # fmt: skip
    assert "mention" not in kinds_of(content("@admin [~admin]"))


def test_panels_sections_status_and_date_have_forms_of_their_own() -> None:
    markdown = "> [!WARNING]\n> hot\n\n<details>\n<summary>More &amp; more</summary>\n\n- x\n\n</details>\n\n"
    panel, expand, line = content(markdown + "{status:green|DONE} {date:2024-02-29} {status:pink|x}")

    assert panel == node("panel", [paragraph(text("hot"))], panelType="warning")
    assert expand["attrs"] == {"title": "More & more"}
    assert [part["type"] for part in line["content"]] == ["status", "text", "date", "text"]
    assert line["content"][2]["attrs"] == {"timestamp": "1709164800000"}


def test_details_without_an_end_stay_text() -> None:
    assert texts_of(content("<details>\n\nx")) == ["<details>", "x"]


def test_code_keeps_its_language_and_every_blank_line() -> None:
    assert content("```c# x=1\n\na\n\n```") == [
        {"type": "codeBlock", "attrs": {"language": "c#"}, "content": [text("\na\n")]}
    ]
    assert codes("```c# x=1\n```") == ["code_info"]


def test_two_hundred_nested_lists_keep_every_word() -> None:
    document = content("\n".join("  " * depth + f"- w{depth}" for depth in range(200)))

    assert "".join(texts_of(document)).replace("- ", "").split("w")[1:] != []
    assert all(f"w{depth}" in "".join(texts_of(document)) for depth in range(200))


def test_characters_no_xml_can_hold_are_replaced_and_pairs_of_surrogates_joined() -> None:
    result = markdown_to_adf("a\x00b\ud800c \ud83d\ude00")

    assert texts_of(result.value) == ["a\ufffdb\ufffdc 😀"]
    assert [note.code for note in result.notes] == ["control_characters"]


def test_a_note_reads_as_a_phrase() -> None:
    (note,) = markdown_to_adf("> # A").notes

    assert str(note) == "a heading in a list or quote became bold text"
