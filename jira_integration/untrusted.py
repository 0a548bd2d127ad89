"""Text that others wrote, made safe to show. Escaping for HTML is the templates' work; this is what comes before it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

# Characters that hide or turn text around: controls, bidi marks and overrides, zero-width joints, separators.
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# Part of emoji and of ordinary writing in several scripts.
HARMLESS = {"\u200d", "\u200c", "\ufe0f"}

# The fullwidth forms are read as formulas by some spreadsheets, too.
FORMULA_STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


def visible(text: str) -> str:
    """The text with control and direction characters written out (`\\u202e`), line breaks and tabs kept."""
    return "".join(
        character
        if character in "\n\t" or character in HARMLESS or unicodedata.category(character) not in HIDDEN
        else f"\\u{ord(character):04x}"
        for character in text.replace("\r\n", "\n")
    )


def one_line(text: str) -> str:
    """The text as a title: control characters and line ends are spaces, marks that only hide or turn text are left out;
    what belongs to emoji and to writing stays."""
    kept = (
        character
        if character in HARMLESS or (kind := unicodedata.category(character)) not in HIDDEN
        else ""
        if kind == "Cf"
        else " "
        for character in text
    )
    return " ".join("".join(kept).split())


def defused(cell: object) -> str:
    """A CSV cell that no spreadsheet takes for a formula: an apostrophe before = + - @ tab and line ends."""
    text = "" if cell is None else str(cell)
    stripped = text.lstrip(" \u00a0\ufeff")
    return f"'{text}" if stripped[:1] in FORMULA_STARTS and stripped else text


def defused_row(cells: Sequence[object]) -> list[str]:
    return [defused(cell) for cell in cells]
