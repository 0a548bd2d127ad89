"""Jira wiki markup for Data Center, both ways."""

from __future__ import annotations

import pytest

from jira_integration.richtext import markdown_to_wiki, wiki_to_adf, wiki_to_markdown


def wiki(markdown: str) -> str:
    return markdown_to_wiki(markdown).value


def back(markup: str) -> str:
    return wiki_to_markdown(markup).value


@pytest.mark.parametrize(
    ("markdown", "written"),
    [
        ("## Title", "h2. Title"),
        ("*a* **b** ~~c~~ `d`", "_a_ *b* -c- {{d}}"),
        ("un**believ**able", "un{*}believ{*}able"),
        ("[text](http://e.org/a \"tip\")", "[text|http://e.org/a|tip]"),
        ("<http://e.org/a>", "[http://e.org/a]"),
        ("- a\n  1. b\n- c", "* a\n*# b\n* c"),
        ("- [ ] a\n- [x] b", "* ☐ a\n* ☑ b"),
        ("> q", "{quote}\nq\n{quote}"),
        ("```java\nx\n```", "{code:java}\nx\n{code}"),
        ("| a | b |\n| - | - |\n| c<br>d | |", "||a||b||\n|c\\\\ d| |"),
        ("a  \nb", "a\nb"),
        ("> [!INFO]\n> x", "{panel:bgColor=#deebff}\nx\n{panel}"),
    ],
)  # fmt: skip
def test_markdown_is_written_as_the_renderer_reads_it(markdown: str, written: str) -> None:
    assert wiki(markdown) == written
    assert wiki(back(written)) == written


@pytest.mark.parametrize("text", ["{code}", "{quote}", "[~admin]", "!x.png!", "h1. x", "bq. x", "----", "*x*", "??x??"])
def test_markup_that_stands_in_a_story_stays_text(text: str) -> None:
    read = wiki_to_adf(wiki(f"x {text}\n\n`{text}`\n\n\\{text}"))

    assert {node["type"] for node in read.value["content"]} == {"paragraph"}
    assert "mention_as_text" not in [note.code for note in read.notes]


def test_a_code_block_that_holds_the_code_tag_is_not_ended_by_it() -> None:
    assert wiki("```\n{code}\n```") == "{noformat}\n{code}\n{noformat}"
    assert "{code}" in back(wiki("```\n{code}{noformat}\n```"))


def test_a_language_data_center_cannot_colour_is_the_title() -> None:
    assert wiki("```rust\nx\n```") == "{code:title=rust}\nx\n{code}"
    assert back("{code:title=rust}\nx\n{code}") == "```rust\nx\n```\n"


def test_a_list_that_starts_later_says_so() -> None:
    assert [note.code for note in markdown_to_wiki("3. a").notes] == ["list_start"]


def test_people_pictures_and_colours_are_read_as_words() -> None:
    markup = "[~ann] saw !shot.png|thumbnail! in {color:red}red{color} (/) [^log.txt]"

    assert back(markup) == (
        "@ann saw \\[Jira attachment: shot.png] in red ✅ \\[Jira attachment: log.txt]\n"
    )  # fmt: skip


def test_a_link_that_could_act_is_read_as_text() -> None:
    assert back("[x|javascript:alert(1)]") == "x\n"


def test_dashes_mixed_lists_and_continued_lines_are_read() -> None:
    assert back("- a\n- b\nmore\n\n# c\n#* d\n") == "- a\n- b\\\n  more\n\n1. c\n   - d\n"


def test_an_unclosed_macro_stays_text() -> None:
    assert back("{code}\nx\n\n{quote} y") == "{code}\\\nx\n\n{quote} y\n"
