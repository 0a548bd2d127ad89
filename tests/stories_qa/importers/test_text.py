from __future__ import annotations

from stories_qa.importers import read


def test_every_line_is_a_story_and_blank_ones_are_not() -> None:
    parsed = read(b"\r\n\xef\xbb\xbfPay by card\r\n\r\n  Pay later  \rThird\n", "a.txt")

    assert [(story.title, story.line) for story in parsed.stories] == [
        ("Pay by card", 2),
        ("Pay later", 4),
        ("Third", 5),
    ]


def test_two_equal_lines_are_two_stories() -> None:
    parsed = read(b"Pay\nFind\nPay\n", "a.txt")

    assert [story.title for story in parsed.stories] == ["Pay", "Find", "Pay"]
    assert len({story.external_id for story in parsed.stories}) == 3


def test_moving_and_inserting_lines_keeps_identities() -> None:
    before = {story.title: story.external_id for story in read(b"Pay\nFind\n", "a.txt").stories}
    after = {story.title: story.external_id for story in read(b"New\nFind\nPay\n", "a.txt").stories}

    assert {title: after[title] for title in before} == before


def test_a_line_longer_than_a_title_is_cut_at_a_word_and_stands_whole_in_the_description() -> None:
    line = " ".join(["word"] * 800)

    (story,) = read(line.encode(), "a.txt").stories

    assert len(story.title) <= 2000
    assert story.title.endswith("word…")
    assert story.description == line


def test_a_single_word_longer_than_a_title_is_cut_too() -> None:
    (story,) = read(("😀" * 3000).encode(), "a.txt").stories

    assert story.title == "😀" * 1999 + "…"
    assert story.description == "😀" * 3000


def test_characters_that_look_like_line_ends_do_not_cut_a_line() -> None:
    (story,) = read("one\u2028two\x0bthree".encode(), "a.txt").stories

    assert story.title == "one two three"


def test_markup_and_right_to_left_text_come_in_as_they_are() -> None:
    text = "<script>alert(1)</script>\nכותרת עם \u202eRTL"

    assert [story.title for story in read(text.encode(), "a.txt").stories] == text.split("\n")
