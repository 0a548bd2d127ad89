from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stories_qa.templatetags.people import ago, avatar_named, time_ago

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(days=27), "27 d ago"),
        (timedelta(days=28), "26 Oct 2026"),
    ],
)
def test_how_long_ago_in_words(passed: timedelta, words: str) -> None:
    assert ago(NOW - passed, NOW) == words


def test_a_time_carries_its_exact_form() -> None:
    html = time_ago(NOW)

    assert 'datetime="2026-11-23T12:00:00+00:00"' in html
    assert 'title="23 November 2026, 12:00:00 UTC"' in html
    assert time_ago(None) == ""


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Mira Kovač", "MK"), ("demo", "DE"), ("", "?"), ("<b> <i>", "&lt;&lt;"), ("山田 太郎", "山太")],
)
def test_initials_of_a_name(name: str, initials: str) -> None:
    assert f">{initials}<" in avatar_named(name)
