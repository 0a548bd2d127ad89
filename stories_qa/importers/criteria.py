"""Acceptance criteria out of lines: list items, paragraphs, Given/When/Then in the usual ways of writing them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stories_qa.importers.parsed import ParsedCriterion

ITEM = re.compile(r"^(?P<indent>\s*)(?:[-*+•\u2013]|\d{1,3}[.)]|[a-z][.)])\s+(?P<text>\S.*)$")
BOX = re.compile(r"^\[[ xX]?\]\s*")
NUMBERED = re.compile(
    r"^\W{0,2}(?:AC|AK|CA|Criterion|Criteria)[ -]?\d+(?:\.\d+)*\W{0,2}\s*[:.)\u2013-]\s*", re.IGNORECASE
)
STEP = re.compile(r"^[*_>]{0,2}(Given|When|Then|And|But)\b[*_:]{0,3}\s*(?P<text>.*)$", re.IGNORECASE | re.DOTALL)
INLINE = re.compile(
    r"^[*_>]{0,2}Given\b(?P<given>.+?)[,;.]?\s+[*_]{0,2}When\b(?P<when>.+?)[,;.]?\s+[*_]{0,2}Then\b(?P<then>.+)$",
    re.IGNORECASE | re.DOTALL,
)
TITLE = re.compile(r"^\s*(?:Scenario(?: Outline| Template)?|Example|Feature|Background|Rule)\s*:", re.IGNORECASE)
LONG = 4000  # characters; looking for an inline Given/When/Then takes a square of the length at worst
EDGES = " *_\t,;:"


def without_marker(line: str) -> str:
    """ "- [ ] AC1: Pay by card" → "Pay by card"."""
    match = ITEM.match(line)
    text = match["text"] if match else line.strip()
    return NUMBERED.sub("", BOX.sub("", text)).strip()


def criteria_in(lines: Iterable[str]) -> list[ParsedCriterion]:
    """Every item, and every paragraph line that is not the continuation of one, is a criterion; deeper items stay
    lines of the item above. Runs of Given/When/Then lines become one criterion each."""
    return grouped(_items(lines))


def _items(lines: Iterable[str]) -> list[str]:
    found: list[str] = []
    base: int | None = None  # indent of the outermost items
    after_blank = False
    for line in lines:
        if not line.strip():
            after_blank = True
            continue
        item = ITEM.match(line)
        indent = len(line) - len(line.lstrip())
        if item and (base is None or indent <= base + 1 or not found):
            base = indent
            found.append(without_marker(line))
        elif found and base is not None and (item or indent > base or not after_blank) and not STEP.match(line):
            found[-1] += "\n" + (line.strip() if not item else "- " + without_marker(line))
        else:
            found.append(without_marker(line))
        after_blank = False
    return [text for text in found if text]


def grouped(texts: Iterable[str]) -> list[ParsedCriterion]:
    """Plain texts stay; consecutive Given/When/Then/And/But texts become one criterion, a new one at every Given, and
    at a When that follows a Then."""
    found: list[ParsedCriterion] = []
    steps: dict[str, list[str]] = {}
    part = ""

    def close() -> None:
        nonlocal part
        if steps:
            found.append(ParsedCriterion(**{name: "\n".join(values) for name, values in steps.items()}))
        steps.clear()
        part = ""

    for text in texts:
        inline = INLINE.match(text) if len(text) < LONG else None
        step = STEP.match(text)
        if inline and "\n" not in text.strip():
            close()
            found.append(ParsedCriterion(**{name: inline[name].strip(EDGES) for name in ("given", "when", "then")}))
        elif step and (part or step[1].lower() not in {"and", "but"}) and step["text"].strip(EDGES):
            word = step[1].lower()
            if word in {"and", "but"}:
                word = part
            elif (word == "given" and set(steps) - {"given"}) or (word == "when" and "then" in steps):
                close()
            part = word
            steps.setdefault(word, []).append(step["text"].strip(" \t"))
        else:
            close()
            found.append(ParsedCriterion(text=text))
    close()
    return found


def gherkin_criteria(block: str) -> list[ParsedCriterion]:
    """Criteria of a Gherkin code block; titles, tags and comments are passed over, tables and doc strings belong to
    the step above them."""
    found: list[ParsedCriterion] = []
    texts: list[str] = []
    for line in block.split("\n"):
        stripped = line.strip()
        if not stripped or stripped.startswith(("#", "@")):
            continue
        if TITLE.match(line):
            found += grouped(texts)
            texts = []
        elif STEP.match(stripped) or not texts:
            texts.append(stripped.removeprefix("* ") if stripped.startswith("* ") else stripped)
        else:
            texts[-1] += "\n" + stripped
    return found + grouped(texts)
