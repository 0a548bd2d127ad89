"""Wiki markup on the sandbox's pages."""

from __future__ import annotations

import pytest

from jira_integration.sandbox.wiki_html import wiki_to_html


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("h1. Title", "<h3>Title</h3>"),
        ("one\r\ntwo", "<p>one<br>two</p>"),
        ("one\n\ntwo", "<p>one</p><p>two</p>"),
        ("*b* _i_ +u+ -s- {{m}}", "<p><strong>b</strong> <em>i</em> <u>u</u> <s>s</s> <code>m</code></p>"),
        (r"\*not\* \{x\}", "<p>*not* {x}</p>"),
        ("a*b*c snake_case_name 1-2-3", "<p>a*b*c snake_case_name 1-2-3</p>"),
        ("* a\n** b\n* c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("# a\n#* b", "<ol><li>a<ul><li>b</li></ul></li></ol>"),
        ("||H||\n|c \\| d|", "<table><tr><th>H</th></tr><tr><td>c | d</td></tr></table>"),
        ("{code:java}\n<b> *x*\n{code}", "<pre><code>&lt;b&gt; *x*</code></pre>"),
        ("{quote}\nh2. q\n{quote}", "<blockquote><h4>q</h4></blockquote>"),
        ("bq. said", "<blockquote><p>said</p></blockquote>"),
        ("----", "<hr>"),
        ("[t|https://a.example/]", '<p><a href="https://a.example/" rel="noreferrer">t</a></p>'),
        ("[x|javascript:alert(1)]", "<p>[x|javascript:alert(1)]</p>"),
        ("[~jonas]", '<p><span class="inline-mention">@jonas</span></p>'),
        ("<script>", "<p>&lt;script&gt;</p>"),
        ("{code}\nnever closed", "<p>{code}</p><p>never closed</p>"),
        ("", ""),
    ],
)
def test_markup_is_read(text: str, markup: str) -> None:
    assert wiki_to_html(text) == markup
