"""Markdown as HTML for our own pages: what a story says, and nothing that could act.

Raw HTML is shown as text, pictures from elsewhere become links (a picture would tell its server who reads the page),
headings start at `h2`, because a page has one `h1`. nh3 goes over the result once more: two locks, two makers.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from html import unescape
from typing import Any

import nh3
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from jira_integration.richtext.adf_inline import LINE_BREAK
from jira_integration.richtext.adf_lists import BOXES
from jira_integration.richtext.adf_write import EXPAND_CLOSE, EXPAND_OPEN, TASK, panel_type
from jira_integration.richtext.marks import safe_href
from jira_integration.richtext.parser import build_parser, clean

_NAMES = "p br hr h2 h3 h4 h5 h6 strong em s code pre blockquote ul ol li a table thead tbody tr th td details summary"
_TAGS = set(_NAMES.split())
_SCHEMES = {"http", "https", "mailto"}
_LOWEST_HEADING = 6

_Env = MutableMapping[str, Any]


def markdown_to_html(text: str) -> str:
    """Sanitised HTML; safe to put into a page as it is."""
    rendered: str = _PARSER.render(clean(text)[0])
    return nh3.clean(
        rendered,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}, "blockquote": {"class"}},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )


def _raw(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: _Env) -> str:
    content = tokens[index].content
    if opening := EXPAND_OPEN.fullmatch(content):
        return f"<details><summary>{_escape(unescape(opening[1] or '…'))}</summary>"
    if EXPAND_CLOSE.fullmatch(content):
        return "</details>"
    if LINE_BREAK.fullmatch(content.strip()):
        return "<br>"
    escaped = _escape(content)
    return f"<p>{escaped}</p>" if tokens[index].type == "html_block" else escaped


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _picture(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: _Env) -> str:
    token = tokens[index]
    source = str(token.attrs.get("src", ""))
    label = _escape(renderer.renderInlineAsText(token.children or [], options, env) or source)
    return f'<a href="{_escape(source)}">{label}</a>' if safe_href(source) else label


def _heading(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: _Env) -> str:
    token = tokens[index]
    level = min(_LOWEST_HEADING, int(token.tag[1]) + 1)
    return f"<h{level}>" if token.nesting == 1 else f"</h{level}>\n"


def _form_of_ours(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: _Env) -> str:
    """`{status:green|DONE}` as its word, `{date:2026-03-01}` as its day."""
    return f"<strong>{_escape(tokens[index].meta['groups'][-1])}</strong>"


def _ours(state: StateCore) -> None:
    """Boxes drawn before tasks, panels told apart by a class: what `adf_write` makes of the same marks."""
    tokens = state.tokens
    for index, token in enumerate(tokens):
        if token.type != "inline" or not token.content.startswith("[") or not token.children or index < 2:
            continue
        first, around = token.children[0], tokens[index - 2]
        if around.type == "list_item_open" and (tick := TASK.match(token.content)) and first.content[:3] == tick[0][:3]:
            box = BOXES["TODO" if tick[1] == " " else "DONE"]
            first.content = f"{box} {first.content[tick.end() :]}"
        elif around.type == "blockquote_open" and (panel := panel_type(token)):
            around.attrs["class"] = f"panel panel-{panel}"
            token.children = token.children[2:]


_PARSER = build_parser()
_PARSER.core.ruler.push("ours", _ours)
for _name, _rule in {
    "html_block": _raw,
    "html_inline": _raw,
    "image": _picture,
    "heading_open": _heading,
    "heading_close": _heading,
    "jira_status": _form_of_ours,
    "jira_date": _form_of_ours,
}.items():
    _PARSER.add_render_rule(_name, _rule)
