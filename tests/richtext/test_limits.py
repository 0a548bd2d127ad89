"""Jira's 32,767 characters: cut where a block ends, and say where the rest is."""

from __future__ import annotations

import json

import pytest

from jira_integration.richtext import markdown_to_adf, markdown_to_wiki
from jira_integration.richtext.limits import json_units, units
from tests.richtext.documents import assert_valid, texts_of

URL = "https://qa.example.org/p/1"


def test_an_emoji_counts_two_as_in_java() -> None:
    assert units("a😀") == 3


def test_a_text_that_fits_is_left_alone() -> None:
    assert markdown_to_adf("word\n\n" * 100).lossless


@pytest.mark.parametrize(
    "markdown",
    [
        "paragraph of words\n\n" * 2_000,
        "- item of words\n" * 2_000,
        "| a | b |\n| - | - |\n" + "| c | d |\n" * 2_000,
        "word " * 20_000,
        "```\n" + "line of code\n" * 5_000 + "```",
        "😀" * 20_000,
        '"' * 40_000,
        "x\n" * 200_000,
    ],
    ids=["paragraphs", "list", "table", "one paragraph", "code", "emoji", "quotes", "huge"],
)
def test_a_long_text_is_cut_to_the_limit_and_ends_with_the_link(markdown: str) -> None:
    result = markdown_to_adf(markdown, more_url=URL, more_text="More there")

    assert_valid(result.value)
    assert 20_000 < json_units(result.value) <= 32_767
    assert [note.code for note in result.notes] == ["cut"]
    ending = result.value["content"][-1]["content"][0]
    assert (ending["text"], ending["marks"][0]["attrs"]["href"]) == ("More there", URL)


@pytest.mark.parametrize(
    "markdown", ["paragraph of words\n\n" * 2_000, "- item of words\n" * 3_000, '"' * 40_000, "x\n" * 200_000]
)
def test_wiki_markup_is_cut_by_its_own_length(markdown: str) -> None:
    result = markdown_to_wiki(markdown, more_url=URL, more_text="More there")

    assert 20_000 < units(result.value) <= 32_767
    assert [note.code for note in result.notes] == ["cut"]
    assert result.value.endswith(f"[More there|{URL}]")


def test_blocks_before_the_cut_are_whole() -> None:
    words = [f"block {number} ends" for number in range(1_000)]

    kept = texts_of(markdown_to_adf("\n\n".join(words), more_text="more").value)[:-1]

    assert kept == words[: len(kept)]


def test_without_an_address_the_ending_is_plain_text() -> None:
    assert "marks" not in json.dumps(markdown_to_adf("a\n\n" * 9_000, more_text="more").value)
