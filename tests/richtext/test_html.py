"""Markdown on our own pages."""

from __future__ import annotations

import pytest

from jira_integration.richtext import markdown_to_html


def test_headings_leave_the_first_level_to_the_page() -> None:
    assert markdown_to_html("# A\n\n###### B") == "<h2>A</h2>\n<h6>B</h6>\n"


def test_tasks_panels_and_sections_can_be_told() -> None:
    html = markdown_to_html("- [x] a\n\n> [!TIP]\n> b\n\n<details>\n<summary>S</summary>\n\nc\n\n</details>\n")

    assert "<li>☑ a</li>" in html
    assert '<blockquote class="panel panel-tip">\n<p>b</p>' in html
    assert "<details><summary>S</summary><p>c</p>\n</details>" in html


def test_pictures_are_links_and_links_tell_nobody() -> None:
    html = markdown_to_html('![a "cat"](http://e.org/c.png)')

    assert 'href="http://e.org/c.png"' in html
    assert 'rel="noopener noreferrer nofollow"' in html
    assert "<img" not in html


@pytest.mark.parametrize(
    "markdown",
    ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<a href='javascript:x'>y</a>", "[x](javascript:y)",
     "![x](javascript:y)", "<svg/onload=alert(1)>", '[x](http://e.org "\\" onclick=\\"y")', "<iframe src=x></iframe>"],
)  # fmt: skip
def test_nothing_active_comes_through(markdown: str) -> None:
    html = markdown_to_html(markdown)

    assert not any(
        tag in html for tag in ("<script", "<img", "<svg", "<iframe", 'href="javascript', ' onclick="', "<a href='")
    )
