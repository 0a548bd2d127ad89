"""Differences between two texts, word by word."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from jira_integration.diff import Part, difference, shortened_words


def marked(parts: list[Part]) -> str:
    signs = {"removed": "-", "added": "+", "cut": "…", "same": ""}
    return "|".join(f"{signs[part.kind]}{part.text}{part.lines or ''}" for part in parts)


def test_a_changed_word_is_marked_on_both_sides() -> None:
    before, after = difference("Guest can pay", "Guest must pay")

    assert marked(before) == "Guest |-can| pay"
    assert marked(after) == "Guest |+must| pay"


def test_words_that_came_in_leave_the_other_side_unmarked() -> None:
    before, after = difference("pay without an account", "pay without creating an account")

    assert "-" not in marked(before)
    assert "+creating" in marked(after)


def test_neighbouring_changes_are_read_as_one() -> None:
    before, after = difference("one two three four", "one zwei drei four")

    assert marked(before) == "one |-two three| four"
    assert marked(after) == "one |+zwei drei| four"


def test_a_long_stretch_that_stays_is_left_out() -> None:
    lines = "\n".join(f"line {number}" for number in range(40))

    _, after = difference(f"{lines}\nold", f"{lines}\nnew")

    assert [part.kind for part in after] == ["cut", "same", "added"]
    assert after[0].lines > 30


def test_nothing_is_compared_to_something() -> None:
    assert difference("", "High") == ([], [Part("added", "High")])
    assert difference("High", "") == ([Part("removed", "High")], [])


def test_two_huge_texts_are_compared_in_a_moment() -> None:
    before = " ".join(f"w{number}" for number in range(20_000))
    after = " ".join(f"w{number * 7 % 20_000}" for number in range(20_000))

    begun = time.monotonic()
    difference(before, after)

    assert time.monotonic() - begun < 2


@given(st.text(max_size=300), st.text(max_size=300))
def test_what_is_not_cut_gives_both_texts_back(before: str, after: str) -> None:
    old, new = difference(before, after)

    if not any(part.kind == "cut" for part in [*old, *new]):
        assert "".join(part.text for part in old) == before
        assert "".join(part.text for part in new) == after


def test_a_short_text_is_not_shortened() -> None:
    assert shortened_words("As a guest") == "As a guest"


def test_a_long_text_is_cut_at_a_word() -> None:
    short = shortened_words("word " * 200)

    assert short.endswith("word…")
    assert len(short) < 300
