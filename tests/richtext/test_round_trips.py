"""Properties that hold for any text and any document."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings

from jira_integration.richtext import (
    adf_to_markdown,
    adf_to_wiki,
    markdown_to_adf,
    markdown_to_html,
    markdown_to_wiki,
    plain_text,
    wiki_to_adf,
    wiki_to_markdown,
)
from tests.richtext.documents import (
    assert_valid,
    canonical,
    documents,
    json_values,
    markdown_texts,
    wiki_texts,
)

thorough = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@thorough
@given(markdown_texts)
def test_any_markdown_gives_a_valid_document_that_can_be_sent(markdown: str) -> None:
    document = markdown_to_adf(markdown).value

    assert_valid(document)
    json.dumps(document, ensure_ascii=False).encode("utf-8")


@thorough
@given(markdown_texts)
def test_markdown_to_adf_and_back_is_a_fixed_point(markdown: str) -> None:
    first = markdown_to_adf(markdown, limit=None).value

    back = adf_to_markdown(first)

    assert back.lossless, back.notes
    assert markdown_to_adf(back.value, limit=None).value == first


@thorough
@given(documents)
def test_a_document_read_without_loss_is_written_again_the_same(document: dict[str, Any]) -> None:
    back = adf_to_markdown(document)

    again = markdown_to_adf(back.value, limit=None).value

    assert_valid(again)
    if back.lossless:
        assert again == canonical(document)


@thorough
@given(documents)
def test_a_document_written_as_wiki_without_loss_is_read_again_the_same(document: dict[str, Any]) -> None:
    document = canonical(document)
    written = adf_to_wiki(document, limit=None)

    again = wiki_to_adf(written.value).value

    if written.lossless:
        assert again == document


@thorough
@given(markdown_texts)
def test_what_wiki_markup_can_hold_comes_back_from_it(markdown: str) -> None:
    document = markdown_to_adf(markdown, limit=None).value
    written = adf_to_wiki(document, limit=None)

    again = wiki_to_adf(written.value).value

    if written.lossless:
        assert again == document


@thorough
@given(markdown_texts)
def test_no_markdown_can_start_a_macro_a_mention_or_a_link_that_runs_code_in_wiki_markup(markdown: str) -> None:
    read = wiki_to_adf(markdown_to_wiki(markdown).value)

    assert "mention_as_text" not in [note.code for note in read.notes]
    assert '"href": "javascript:' not in json.dumps(read.value).lower()


@thorough
@given(wiki_texts)
def test_any_wiki_text_becomes_markdown(wiki: str) -> None:
    markdown = wiki_to_markdown(wiki).value

    assert_valid(markdown_to_adf(markdown).value)


@thorough
@given(json_values)
def test_any_json_in_place_of_a_document_is_survived(value: Any) -> None:
    adf_to_markdown(value)
    adf_to_wiki(value)
    plain_text(value)


@thorough
@given(markdown_texts)
def test_html_of_any_markdown_holds_nothing_active(markdown: str) -> None:
    html = markdown_to_html(markdown).lower()

    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript:' not in html
