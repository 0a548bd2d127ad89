from __future__ import annotations

import pytest

from stories_qa.models import LastResult, Priority, Status
from stories_qa.templatetags import backlog
from stories_qa.templatetags.backlog import markdown, priority_sign, result_sign, share_bar, status_sign


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "![x](https://tracker.test/pixel.png)",
        '<a href="/" onclick="alert(1)" style="color:red">x</a>',
        '<https://ok.test/"onmouseover=alert(1)>',
    ],
)
def test_markdown_runs_and_loads_nothing(text: str) -> None:
    html = markdown(text)

    assert "<script" not in html and "<img" not in html
    assert 'href="javascript' not in html and 'href="data' not in html
    assert " onclick=" not in html.replace("&quot;", '"') or "&lt;a" in html
    assert "style=" not in html or "&lt;" in html


def test_markdown_shows_lists_tables_and_links_that_do_not_leak_the_page() -> None:
    html = markdown("# Head\n\n- one\n- [two](https://example.test)\n\n|a|b|\n|-|-|\n|1|2|\n")

    assert "<h3>Head</h3>" in html, "below the page's own headings"
    assert "<li>one</li>" in html and "<table>" in html
    assert 'rel="noopener noreferrer"' in html


def test_every_status_priority_and_result_has_its_word_and_its_own_shape() -> None:
    for signs, words in (
        ([status_sign(one.value) for one in Status], [str(one.label) for one in Status]),
        ([priority_sign(one.value) for one in Priority], [str(one.label) for one in Priority]),
        ([result_sign(one.value) for one in LastResult], [str(one.label) for one in LastResult]),
    ):
        assert all(word in sign for sign, word in zip(signs, words, strict=True))
        assert len(set(signs)) == len(signs)


def test_bars_say_their_numbers_in_words() -> None:
    assert "2 of 4 tests pass" in backlog.tests_bar(4, 2)
    assert "no tests" in backlog.tests_bar(0, 0)
    assert "3 of 12" in share_bar(3, 12)
    assert "no stories" in share_bar(0, 0)
