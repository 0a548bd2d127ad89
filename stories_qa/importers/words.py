"""What people call statuses, priorities and results, in English, Jira's words and some other languages."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

TITLE_CHARACTERS = 2000  # the column's length
CRUMPLED = re.compile(r"[\r\n\t\v\f\x1c-\x1e\x85\u2028\u2029]+")

PRIORITIES = {
    "urgent": "urgent highest blocker critical p0 must sürgős urgente urgent dringend kritisch crítica bloqueante",
    "high": "high major important p1 magas alta alto hoch haute élevée",
    "medium": "medium normal moderate p2 should közepes media medio média mittel moyenne",
    "low": "low lowest minor trivial p3 p4 could alacsony baja bajo baixa niedrig basse faible",
}
STATUSES = {
    "backlog": "backlog to_do todo open new draft planned not_started reopened pendiente por_hacer offen teendő",
    "ready": "ready ready_for_development selected_for_development ready_for_dev approved accepted bereit",
    "in_progress": "in_progress doing started in_development wip ongoing en_progreso en_curso in_arbeit folyamatban",
    "in_review": "in_review review code_review testing in_testing in_test qa in_qa ready_for_test ready_for_review",
    "done": "done closed resolved complete completed finished released fertig hecho completado terminado kész",
}
RESULTS = {
    "not_run": "not_run untested unexecuted todo to_do",
    "passed": "passed pass ok success successful",
    "failed": "failed fail nok error",
    "blocked": "blocked block",
}


def _table(words: dict[str, str]) -> dict[str, str]:
    return {word: value for value, names in words.items() for word in names.split()}


PRIORITY_OF, STATUS_OF, RESULT_OF = _table(PRIORITIES), _table(STATUSES), _table(RESULTS)


def folded(word: str) -> str:
    """ "✅ In Progress" → "in_progress"."""
    return re.sub(r"[\s_-]+", "_", re.sub(r"[^\w\s-]", "", word).strip()).casefold()


def one_line(text: str) -> str:
    """Line breaks and tabs become a blank, a stray byte order mark goes; other blanks stay as they are."""
    return CRUMPLED.sub(" ", text).strip().strip("\ufeff").strip()


def cut_title(text: str) -> tuple[str, bool]:
    """(a title that fits its column, whether it had to be cut). Cut at a word where there is one."""
    line = one_line(text)
    if len(line) <= TITLE_CHARACTERS:
        return line, False
    room = line[: TITLE_CHARACTERS - 1]
    head = room.rsplit(" ", 1)[0] if " " in room[TITLE_CHARACTERS // 2 :] else room
    return head.rstrip() + "…", True


def number(text: str) -> Decimal | None:
    """Story points as a file writes them ("5", "2.5", "2,5", "3 pts"), or None. One decimal, 0 to 9,999.9."""
    match = re.search(r"[-+]?\d+(?:[.,]\d+)?", text)
    if match is None:
        return None
    try:
        value = Decimal(match.group().replace(",", ".")).quantize(Decimal("0.1"))
    except InvalidOperation:  # more digits than a Decimal of this context holds
        return None
    return value if 0 <= value < 10_000 else None


def labels_in(text: str) -> list[str]:
    """Split at commas, semicolons and line breaks; each label once, in order, at most 255 characters as in Jira."""
    parts = [part.strip().strip("`").lstrip("#").strip()[:255] for part in re.split(r"[,;\n]", text)]
    return list(dict.fromkeys(part for part in parts if part))
