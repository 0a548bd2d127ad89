"""The four conversions. None of them raises on any text or document, and each says what it could not keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_integration.richtext.adf_read import MarkdownWriter
from jira_integration.richtext.adf_write import AdfWriter
from jira_integration.richtext.limits import JIRA_LIMIT, MORE_TEXT, fit_document, fit_wiki, precut
from jira_integration.richtext.parser import clean, parse
from jira_integration.richtext.result import AdfResult, Node, Notes, TextResult
from jira_integration.richtext.wiki_read import read_wiki


def markdown_to_adf(
    text: str, *, limit: int | None = JIRA_LIMIT, more_url: str = "", more_text: str = MORE_TEXT
) -> AdfResult:
    """Markdown as an ADF document, schema-valid whatever the text.

    `limit` is in UTF-16 units of the document's compact JSON, None for no limit. A longer document is cut where a
    block ends, and its last paragraph, `more_text`, links to `more_url`.
    """
    notes = Notes()
    text, replaced = clean(text)
    if replaced:
        notes.add("control_characters")
    text, shortened = precut(text, limit)
    document = AdfWriter(parse(text), notes).document()
    document = fit_document(document, limit, more_url, more_text, notes, already_cut=shortened)
    return AdfResult(document, notes.all())


def adf_to_markdown(document: Mapping[str, Any]) -> TextResult:
    """An ADF document, or any node of one, as Markdown that holds all its words. `None` gives the empty text."""
    notes = Notes()
    if not isinstance(document, Mapping):
        document = {"type": "doc", "content": document}
    lines = MarkdownWriter(notes).joined([document], 0)
    return TextResult("\n".join(lines) + "\n" if lines else "", notes.all())


def markdown_to_wiki(
    text: str, *, limit: int | None = JIRA_LIMIT, more_url: str = "", more_text: str = MORE_TEXT
) -> TextResult:
    """Markdown as Jira wiki markup; `limit` counts the markup's UTF-16 units, the rest as in `markdown_to_adf`."""
    shortened, cut = precut(text, limit)
    written = markdown_to_adf(shortened, limit=None)
    notes = Notes(written.notes)
    return _wiki(written.value, notes, limit, more_url, more_text, cut)


def adf_to_wiki(
    document: Node, *, limit: int | None = JIRA_LIMIT, more_url: str = "", more_text: str = MORE_TEXT
) -> TextResult:
    """An ADF document of our own making (`compose.document`) as wiki markup."""
    return _wiki(document, Notes(), limit, more_url, more_text, False)


def _wiki(
    document: Node, notes: Notes, limit: int | None, more_url: str, more_text: str, already_cut: bool
) -> TextResult:
    value = fit_wiki(document, limit, more_url, more_text, notes, already_cut=already_cut)
    return TextResult(value, notes.all())


def wiki_to_adf(text: str) -> AdfResult:
    """Jira wiki markup as an ADF document in our forms, for `split_sections` and for comparing."""
    notes = Notes()
    document = read_wiki(text, notes)
    return AdfResult(document, notes.all())


def wiki_to_markdown(text: str) -> TextResult:
    """Jira wiki markup as Markdown."""
    read = wiki_to_adf(text)
    written = adf_to_markdown(read.value)
    return TextResult(written.value, Notes([*read.notes, *written.notes]).all())
