"""What a conversion gives back: the value, and what could not be kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# An ADF node or document. ADF is open JSON: every node has "type", many have "attrs", "content", "marks", "text".
Node = dict[str, Any]

PHRASES = {
    "attribute_dropped": "a setting of a block was not kept",
    "card_as_link": "a smart link became a link",
    "cell_blocks": "lists, code or quotes in a table cell became lines of text",
    "cell_spans": "joined table cells were split",
    "code_as_text": "a code block became lines of code",
    "code_info": "words after a code block's language were dropped",
    "code_language": "a code block's language is unknown to Jira",
    "code_tabs": "tabs in code became spaces",
    "control_characters": "characters that Jira refuses were replaced",
    "cut": "the text is longer than Jira allows and was cut",
    "date_as_text": "a date became text",
    "decision_as_list": "decisions became a list",
    "emoji_as_text": "a custom emoji became its name",
    "expand_as_text": "an expandable section became plain text",
    "heading_as_strong": "a heading in a list or quote became bold text",
    "html_as_text": "HTML is shown as text",
    "image_as_link": "an image became a link",
    "item_paragraphs": "paragraphs of a list item were joined",
    "layout_dropped": "columns became one column",
    "link_address": "signs in a link's address were percent-encoded",
    "link_dropped": "a link that could run code or read files became text",
    "list_start": "a list starts at 1",
    "list_too_deep": "very deep list levels were joined",
    "lists_joined": "neighbouring lists of the same kind became one",
    "mark_dropped": "a text style has no counterpart",
    "marks_on_code": "bold or italic on inline code was dropped",
    "media": "an attachment is named, not shown",
    "mention_as_text": "a mention became text",
    "nested_too_deep": "very deep nesting became plain text",
    "newline_in_text": "a line end inside a text became a line break",
    "order_of_blocks": "what followed a nested list became part of it",
    "panel": "a panel has no counterpart",
    "quote_lifted": "a quote inside a list or quote became plain paragraphs",
    "rule_dropped": "a line across the page was dropped",
    "status_as_text": "a status label became text",
    "table_alignment": "the alignment of a table column was dropped",
    "table_as_text": "a table inside a list or quote became lines of text",
    "table_header": "a table's header cells were moved",
    "task_as_text": "a task list became a plain list with ticks",
    "unknown_node": "something we do not know is shown as a placeholder",
}


@dataclass(frozen=True, slots=True)
class Note:
    """One thing a conversion did not keep: a stable code (a key of `PHRASES`) and the word it is about, if any."""

    code: str
    detail: str = ""

    def __str__(self) -> str:
        phrase = PHRASES.get(self.code, self.code)
        return f"{phrase} ({self.detail})" if self.detail else phrase


@dataclass(frozen=True, slots=True)
class AdfResult:
    """An ADF document, ready for Jira Cloud."""

    value: Node
    notes: tuple[Note, ...] = ()

    @property
    def lossless(self) -> bool:
        return not self.notes


@dataclass(frozen=True, slots=True)
class TextResult:
    """Markdown or Jira wiki markup."""

    value: str
    notes: tuple[Note, ...] = ()

    @property
    def lossless(self) -> bool:
        return not self.notes


class Notes:
    """Collects notes while a text is converted; the same note counts once, in the order first met."""

    __slots__ = ("_found",)

    def __init__(self, found: Iterable[Note] = ()) -> None:
        self._found: dict[Note, None] = dict.fromkeys(found)

    def add(self, code: str, detail: str = "") -> None:
        self._found[Note(code, detail)] = None

    def all(self) -> tuple[Note, ...]:
        return tuple(self._found)
