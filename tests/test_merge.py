"""Base, ours, theirs → one value or a question, for every combination of them."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from jira_integration.merge import Sides, Verdict, judge, merge_sets, merge_text, settle

# Three values of each kind, in Jira's own form, reduced. A, B and C in the table below.
KINDS: dict[str, tuple[Any, Any, Any]] = {
    "scalar": (3.0, 5.0, None),
    "line": ("Pay by card", "Pay by card or cash", "Pay"),
    "choice": ({"id": "1"}, {"id": "2"}, None),
    "set": (["api", "web"], ["api"], ["api", "mobile", "web"]),
    "text": ({"doc": "one\n\ntwo"}, {"doc": "ONE\n\ntwo"}, {"doc": "one\n\nTWO"}),
    "parent": ({"id": "10001"}, {"id": "10002"}, None),
    "status": ({"id": "1"}, {"id": "2"}, {"id": "3"}),
    "person": ({"accountId": "a"}, {"accountId": "b"}, None),
}
# base, ours, theirs → what became of it. Written out, so that nobody needs to trust a formula.
TABLE = {
    "AAA": "same", "AAB": "theirs", "AAC": "theirs",
    "ABA": "ours", "ABB": "equal", "ABC": "conflict",
    "ACA": "ours", "ACB": "conflict", "ACC": "equal",
    "BAA": "equal", "BAB": "ours", "BAC": "conflict",
    "BBA": "theirs", "BBB": "same", "BBC": "theirs",
    "BCA": "conflict", "BCB": "ours", "BCC": "equal",
    "CAA": "equal", "CAB": "conflict", "CAC": "ours",
    "CBA": "conflict", "CBB": "equal", "CBC": "ours",
    "CCA": "theirs", "CCB": "theirs", "CCC": "same",
}  # fmt: skip
LABELS = {"A": ["api", "web"], "B": ["api"], "C": ["api", "mobile", "web"]}
MERGED_LABELS = {
    "ABC": ["api", "mobile"],
    "ACB": ["api", "mobile"],
    "BAC": ["api", "web", "mobile"],
    "BCA": ["api", "mobile", "web"],
    "CAB": ["api"],
    "CBA": ["api"],
}
TEXTS = {"A": "one\n\ntwo\n\nthree", "B": "ONE\n\ntwo\n\nthree", "C": "one\n\ntwo\n\nTHREE"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("letters", TABLE)
def test_each_of_the_27_combinations_is_judged(kind: str, letters: str) -> None:
    base, ours, theirs = (KINDS[kind]["ABC".index(letter)] for letter in letters)

    assert judge(Sides(sent=base, given=base, ours=ours, theirs=theirs)) == TABLE[letters]


def test_the_table_holds_all_27() -> None:
    assert set(TABLE) == {"".join(letters) for letters in product("ABC", repeat=3)}


@pytest.mark.parametrize("letters", TABLE)
def test_each_of_the_27_combinations_of_labels_is_merged(letters: str) -> None:
    base, ours, theirs = (LABELS[letter] for letter in letters)

    merged = merge_sets(base, ours, theirs)

    one_sided = {"same": ours, "equal": ours, "ours": ours, "theirs": theirs}
    assert sorted(merged) == sorted(one_sided.get(TABLE[letters]) or MERGED_LABELS[letters])


@pytest.mark.parametrize("letters", TABLE)
def test_each_of_the_27_combinations_of_a_text_is_merged_or_shown_as_touching(letters: str) -> None:
    base, ours, theirs = (TEXTS[letter] for letter in letters)

    merged = merge_text(base, ours, theirs)

    match TABLE[letters], letters[0]:
        case ("conflict", "A"):
            assert (merged.text, merged.clean) == ("ONE\n\ntwo\n\nTHREE", True)
        case ("conflict", _):  # A lies between B and C: one side undid the edit, the other made one elsewhere
            assert merged.clean
            assert merged.text == {"BAC": TEXTS["C"], "BCA": TEXTS["C"], "CAB": TEXTS["B"], "CBA": TEXTS["B"]}[letters]
        case ("theirs", _):
            assert (merged.text, merged.clean) == (theirs, True)
        case _:
            assert (merged.text, merged.clean) == (ours, True)


def test_what_jira_made_of_our_value_is_no_edit_of_anybody() -> None:
    rewritten = Sides(sent="* one", given="- one", ours="* one", theirs="- one")

    assert judge(rewritten) == Verdict.SAME


def test_edits_of_the_same_line_touch_and_ours_stands_in_the_proposal() -> None:
    merged = merge_text("a\nb\nc\nd\ne", "a\nB\nc\nd\ne", "a\nbb\nc\nd\nE")

    assert not merged.clean
    assert merged.text == "a\nB\nc\nd\nE"
    assert [(piece.origin, piece.ours, piece.theirs) for piece in merged.pieces] == [
        ("same", ("a",), ("a",)),
        ("conflict", ("B",), ("bb",)),
        ("same", ("c", "d"), ("c", "d")),
        ("theirs", ("e",), ("E",)),
    ]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("A\nb\nc", "a\nB\nc"),  # neighbouring lines
        ("a\nnew\nb\nc", "a\nother\nb\nc"),  # two insertions at one place
        ("a\nc", "a\nB\nc"),  # taken away here, changed there
        ("a", "a\nb\nc\nd"),  # the end taken away here, something added after it there
    ],
)
def test_edits_that_touch_are_left_to_a_person(ours: str, theirs: str) -> None:
    assert not merge_text("a\nb\nc", ours, theirs).clean
    assert not merge_text("a\nb\nc", theirs, ours).clean


def test_equal_edits_in_one_place_and_a_different_one_elsewhere_are_merged() -> None:
    merged = merge_text("a\nb\nc\nd\ne", "A\nb\nc\nd\ne", "A\nb\nc\nd\nE")

    assert (merged.text, merged.clean) == ("A\nb\nc\nd\nE", True)


def test_a_blank_line_that_one_side_put_in_stays() -> None:
    assert merge_text("a\nb\nc", "a\n\nb\nc", "a\nb\nC").text == "a\n\nb\nC"


def test_a_text_too_long_to_compare_goes_to_a_person_whole() -> None:
    long = "\n".join(map(str, range(2_500)))

    merged = merge_text(long, long + "\nx", "y\n" + long)

    assert not merged.clean
    assert len(merged.pieces) == 1


@pytest.mark.parametrize(
    ("verdict", "direction", "policy", "settled"),
    [
        ("conflict", "both", "ask", "conflict"),
        ("conflict", "both", "ours", "ours"),
        ("conflict", "both", "jira", "theirs"),
        ("conflict", "to_jira", "ask", "conflict"),
        ("conflict", "to_jira", "ours", "ours"),
        ("conflict", "to_jira", "jira", "conflict"),
        ("conflict", "from_jira", "ask", "theirs"),
        ("theirs", "both", "ours", "theirs"),
        ("theirs", "to_jira", "ask", "shown"),
        ("theirs", "from_jira", "ask", "theirs"),
        ("ours", "both", "jira", "ours"),
        ("ours", "to_jira", "jira", "ours"),
        ("ours", "from_jira", "ours", "theirs"),
        ("equal", "from_jira", "ask", "equal"),
        ("same", "from_jira", "ask", "same"),
    ],
)
def test_the_mapping_decides_which_way_a_value_goes_and_who_wins(
    verdict: str, direction: str, policy: str, settled: str
) -> None:
    assert settle(Verdict(verdict), direction, policy) == settled
