"""Rich text of either flavour: Cloud keeps documents, Data Center wiki markup."""

from __future__ import annotations

from typing import Any

from jira_integration.sandbox.adf import paragraphs, plain_text, read_document
from jira_integration.sandbox.adf_html import to_html
from jira_integration.sandbox.model import Site
from jira_integration.sandbox.page import Html
from jira_integration.sandbox.wiki import read_wiki
from jira_integration.sandbox.wiki_html import wiki_to_html


def read_text(site: Site, value: Any) -> Any:
    """The stored form of a text that was sent, None for an empty one. Raises ValueError with Jira's sentence."""
    return read_wiki(value) if site.data_center else read_document(value)


def typed(site: Site, text: str) -> Any:
    """What somebody typed on the web face, in the form that REST takes; None for nothing."""
    return read_wiki(text) if site.data_center else paragraphs(text)


def shown(value: Any) -> Html:
    return wiki_to_html(value) if isinstance(value, str) else to_html(value)


def as_text(value: Any) -> str:
    """The text to edit or to tell in a history."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else plain_text(value)
