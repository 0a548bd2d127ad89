"""Values of ours as a person reads and writes them: one text for a page, one to type into, and back. Values are as
`models.Conflict` keeps them (JSON)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jira_integration.contracts import FieldKind, StoryField
from jira_integration.mapping.jira_form import in_words
from jira_integration.merge import MergedText, merge_sets, merge_text

STEPS = ("given", "when", "then")
# Kinds that a person may write anew out of both sides.
WRITABLE = frozenset({FieldKind.TEXT, FieldKind.RICH_TEXT, FieldKind.CRITERIA, FieldKind.LABELS})
# Kinds of which "nothing" is a value: no points, nobody.
MAY_BE_EMPTY = frozenset(
    {FieldKind.NUMBER, FieldKind.DATE, FieldKind.DATETIME, FieldKind.CHOICE, FieldKind.PERSON, FieldKind.PARENT}
)
LINE_END = "\x00"  # inside a criterion, so that it is one line to the merge


def read_out(kind: str, value: Any, field: StoryField | None = None, names: Mapping[str, str] | None = None) -> str:
    """A value for a page or the audit trail. `field` words choices, `names` are called by their ref (epics)."""
    if value in (None, "", []):
        return ""
    match kind:
        case FieldKind.CRITERIA:
            return "\n".join(f"• {block}" for block in _blocks(value))
        case FieldKind.LABELS:
            return ", ".join(str(one) for one in value)
        case FieldKind.PARENT:
            return str((names or {}).get(value, value))
        case FieldKind.CHOICE | FieldKind.STATUS:
            labels = {choice.value: str(choice.label) for choice in field.choices} if field else {}
            return labels.get(value, str(value))
    return in_words(value)


def written(kind: str, value: Any) -> str:
    """A value of a writable kind as the text of a box: criteria with an empty line in between, a label a line."""
    match kind:
        case FieldKind.CRITERIA:
            return "\n\n".join(_blocks(value or []))
        case FieldKind.LABELS:
            return "\n".join(str(one) for one in value or [])
    return str(value or "")


def read(kind: str, text: str) -> Any:
    """What was typed into the box, as a value again. Lines that begin with Given, When or Then are steps."""
    text = text.replace("\r\n", "\n").strip()
    match kind:
        case FieldKind.CRITERIA:
            return [_criterion(block) for block in text.split("\n\n") if block.strip()]
        case FieldKind.LABELS:
            return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
        case FieldKind.TEXT:
            return " ".join(text.split())
    return text


def proposal(kind: str, base: Any, ours: Any, theirs: Any, merged: Mapping[str, Any] | None) -> tuple[str, bool]:
    """The text that a merged version starts from, and whether it holds edits of both sides already."""
    if merged is not None:
        return str(merged.get("text", "")), any(one["origin"] == "theirs" for one in merged.get("pieces", ()))
    match kind:
        case FieldKind.LABELS:
            return written(kind, merge_sets(base or [], ours or [], theirs or [])), True
        case FieldKind.CRITERIA if theirs is not None:
            found = _merged_criteria(base or [], ours or [], theirs)
            lines = found.text.splitlines()
            return "\n\n".join(line.replace(LINE_END, "\n") for line in lines), _has_theirs(found)
    return written(kind, ours), False


def _merged_criteria(*sides: Iterable[Mapping[str, str]]) -> MergedText:
    """Base, ours, theirs: merged criterion by criterion."""
    base, ours, theirs = ("\n".join(block.replace("\n", LINE_END) for block in _blocks(side)) for side in sides)
    return merge_text(base, ours, theirs)


def _has_theirs(merged: MergedText) -> bool:
    return any(piece.origin == "theirs" for piece in merged.pieces)


def _blocks(criteria: Iterable[Mapping[str, str]]) -> list[str]:
    """A criterion is its text, or its steps a line each."""
    found = []
    for one in criteria:
        lines = [str(one.get("text") or "").strip()]
        lines += [f"{step.capitalize()} {one[step]}" for step in STEPS if one.get(step)]
        # An empty line would end the criterion when it is read back.
        found.append("\n".join(line for part in lines for line in part.splitlines() if line.strip()))
    return [block for block in found if block]


def _criterion(block: str) -> dict[str, str]:
    made = dict.fromkeys(("text", *STEPS), "")
    at = "text"
    for line in block.strip().splitlines():
        word, _space, rest = line.strip().lstrip("•").strip().partition(" ")
        if word.lower() in STEPS and not made[word.lower()]:
            at, line = word.lower(), rest
        made[at] = f"{made[at]}\n{line.strip()}".strip()
    return made
