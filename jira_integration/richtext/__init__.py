"""Rich text between Stories & QA (Markdown) and Jira (ADF on Cloud, wiki markup on Data Center). Pure: no Django."""

from __future__ import annotations

from jira_integration.richtext.adf_text import plain_text
from jira_integration.richtext.convert import (
    adf_to_markdown,
    adf_to_wiki,
    markdown_to_adf,
    markdown_to_wiki,
    wiki_to_adf,
    wiki_to_markdown,
)
from jira_integration.richtext.html import markdown_to_html
from jira_integration.richtext.result import AdfResult, Note, TextResult

__all__ = [
    "AdfResult",
    "Note",
    "TextResult",
    "adf_to_markdown",
    "adf_to_wiki",
    "markdown_to_adf",
    "markdown_to_html",
    "markdown_to_wiki",
    "plain_text",
    "wiki_to_adf",
    "wiki_to_markdown",
]
