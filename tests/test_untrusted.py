"""Text that others wrote."""

from __future__ import annotations

import pytest

from jira_integration.untrusted import defused, one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Priority is wrong", "Priority is wrong"),
        ("evil \u202egnp.exe", "evil \\u202egnp.exe"),
        ("nul \x00 bell \x07", "nul \\u0000 bell \\u0007"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("lines\r\nand\ttabs\n", "lines\nand\ttabs\n"),
        ("שלום", "שלום"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_what_hides_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Pay\r\n at\tonce\x00\x07 now\u2028\u0085here", "Pay at once now here"),
        ("evil \u202egnp.exe\u202c \u2066x\u2069", "evil gnp.exe x"),
        (
            "👩\u200d💻 🏳\ufe0f\u200d🌈 \U0001fae8",
            "👩\u200d💻 🏳\ufe0f\u200d🌈 \U0001fae8",
        ),  # the last is younger than Python 3.11
        ("می\u200cخواهم שלום", "می\u200cخواهم שלום"),
        ("Donau\u00addampf\u200bschiff", "Donaudampfschiff"),
    ],
)
def test_a_title_is_one_line_and_keeps_emoji_and_every_script(text: str, title: str) -> None:
    assert one_line(text) == title


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "\t=1", "＝1", "\r=1"])
def test_a_cell_that_looks_like_a_formula_is_defused(cell: str) -> None:
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Guest can pay", "", "1 = 1", None, 12])
def test_other_cells_stay_as_they_are(cell: object) -> None:
    assert defused(cell) == ("" if cell is None else str(cell))
