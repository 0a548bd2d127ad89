"""Rich text between Stories & QA (Markdown) and Jira (ADF on Cloud, wiki markup on Data Center). Pure: no Django."""

from __future__ import annotations

from jira_integration.richtext.convert import adf_to_markdown, markdown_to_adf
from jira_integration.richtext.result import AdfResult, Note, TextResult

__all__ = ["AdfResult", "Note", "TextResult", "adf_to_markdown", "markdown_to_adf"]
