from __future__ import annotations

import codecs
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stories_qa.importers import FORMATS, BacklogUnreadable, read

LINE = "As a buyer I want to pay — so that it is mine"


@pytest.mark.parametrize(
    "data",
    [
        LINE.encode(),
        codecs.BOM_UTF8 + LINE.encode(),
        codecs.BOM_UTF16_LE + LINE.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + LINE.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with a mark", "utf-16 little-endian", "utf-16 big-endian"],
)
def test_text_in_these_encodings_is_read(data: bytes) -> None:
    assert [story.title for story in read(data, "a.txt").stories] == [LINE]


def test_another_encoding_is_named_by_the_byte_that_does_not_belong() -> None:
    data = "One line\nAs a café owner".encode("latin-1")

    with pytest.raises(BacklogUnreadable) as caught:
        read(data, "a.txt")

    assert caught.value.code == "not_utf8"
    assert caught.value.line == 2
    assert "0xE9 at position 17" in caught.value.reason
    assert "save it as UTF-8" in caught.value.reason


@pytest.mark.parametrize(
    ("start", "code", "advice"),
    [
        (b"PK\x03\x04rest", "zip", "CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old_office", "CSV UTF-8"),
        (b"%PDF-1.7\n", "pdf", "Copy its text"),
        (b"\x1f\x8b\x08rest", "archive", "Unpack it"),
        (b"\x89PNG\r\n\x1a\n", "image", "Bring in text"),
        (b"text\x00text", "binary", "position 4"),
    ],
)
def test_what_is_no_text_is_recognised_whatever_it_is_called(start: bytes, code: str, advice: str) -> None:
    with pytest.raises(BacklogUnreadable) as caught:
        read(start, "stories.txt")

    assert caught.value.code == code
    assert advice in caught.value.reason


@pytest.mark.parametrize("data", [b"", b" \r\n\r\n", codecs.BOM_UTF8])
def test_an_empty_file_says_so(data: bytes) -> None:
    with pytest.raises(BacklogUnreadable) as caught:
        read(data, "a.csv")

    assert caught.value.code == "empty"


def test_a_file_over_the_limit_is_refused_and_one_at_it_is_read(settings: Any) -> None:
    settings.BACKLOG_MAX_BYTES = 100

    assert len(read(b"x" * 100, "a.txt").stories) == 1
    with pytest.raises(BacklogUnreadable) as caught:
        read(b"x" * 101, "a.txt")

    assert caught.value.code == "too_large"


def test_twenty_megabytes_of_text_come_in_and_one_byte_more_do_not(tmp_path: Path) -> None:
    line = b"As a user I want " + b"x" * 1006 + b"\n"
    assert len(line) == 1024
    path = tmp_path / "big.txt"
    path.write_bytes(line * 20 * 1024)

    assert len(read(path).stories) == 20 * 1024
    with path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(BacklogUnreadable, match="20 MB come in at once"):
        read(path)


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(BacklogUnreadable, match="This is a folder"):
        read(tmp_path)
    with pytest.raises(BacklogUnreadable, match="no such file"):
        read(tmp_path / "nothing.txt")


@pytest.mark.parametrize(
    ("name", "text", "format"),
    [
        ("a.txt", "# Epic: x", "text"),
        ("a.MD", "As a user I want to see it", "markdown"),
        ("backlog", '{"stories": ["Pay by card"]}', "json"),
        ("backlog", "@tag\nFeature: Pay\n  Scenario: By card\n    Given a card\n", "gherkin"),
        ("backlog", "Issue Type;Summary\nStory;Pay\n", "csv"),
        ("backlog", "## Epic: Pay\n\n### Story: By card\n", "markdown"),
        ("backlog", "Pay by card\n{not json\n", "text"),
    ],
)
def test_the_format_is_guessed_from_the_name_then_from_the_text(name: str, text: str, format: str) -> None:
    assert read(text.encode(), name).format == format


LINES = """# |## Epic: A|### Story US-1: B|- [ ] x|As a x I want y|**Priority:** High|**Acceptance criteria:**|Given a
When b|Then c|```|~~~|Story|;|,|"|\t|Feature: F|Scenario: S|Rule: R
Background:|Examples:|{|}|[|]|:|"title"|null|1e999
\\ud800|Issue Type,Summary,Epic Link|Story,Pay,|---|===| | a | b |\u2028|\ufeff|# language: hu|# language: xx|  - deeper
Test case: T|## Test case TC-1: T|## Scenario|## Stories|1. one => two|<!-- Stories & QA backlog: SHOP -->"""
NAMES = [
    "epics",
    "stories",
    "test_cases",
    "title",
    "key",
    "epic",
    "steps",
    "criteria",
    "labels",
    "points",
    "status",
    "position",
    "project",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
)
TEXTS = st.one_of(
    st.text(),
    st.lists(st.sampled_from(re.split(r"[|\n]", LINES)) | st.text(max_size=8)).map("\n".join),
    st.lists(st.lists(st.sampled_from(re.split(r"[|\n]", LINES))).map("|".join)).map("\n".join),
    JSON.map(json.dumps),
)


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, format=st.sampled_from(FORMATS))
def test_no_text_makes_an_importer_raise_anything_but_its_own_error(text: str, format: str) -> None:
    try:
        parsed = read(text.encode("utf-8", "surrogatepass"), "any", format)
    except BacklogUnreadable as unreadable:
        assert unreadable.reason and unreadable.code
    else:
        for item in (*parsed.epics, *parsed.stories, *parsed.tests):
            assert item.title and len(item.title) <= 2000 and "\n" not in item.title
            assert len(item.external_id) <= 200
        for items in (parsed.epics, parsed.stories, parsed.tests):
            named = [item.external_id for item in items if not item.external_id.startswith("@")]
            assert len(set(named)) == len(named)


@settings(max_examples=200, deadline=None)
@given(data=st.binary(), format=st.sampled_from(FORMATS))
def test_no_bytes_make_an_importer_raise_anything_but_its_own_error(data: bytes, format: str) -> None:
    try:
        read(data, "any", format)
    except BacklogUnreadable as unreadable:
        assert unreadable.reason
