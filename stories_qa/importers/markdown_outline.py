"""Which headings of a Markdown file are epics and stories, also where they do not say so."""

from __future__ import annotations

import re

from stories_qa.importers import markdown_words as says

Outline = dict[int, tuple[int, says.Heading]]  # line index → (level, what it announces)


def announced(lines: list[str]) -> Outline:
    """By its words where they say it. Where no heading says "story": a heading whose own text has "As a … I want …" or
    acceptance criteria is one, and the heading above it an epic, unless that is the document's only title. Where
    epics are named but nothing below them looks like a story, the headings right below them are the stories."""
    outline = _by_words(lines)
    _lift_holders(outline, lines)
    if any(said.kind == "story" for _level, said in outline.values()):
        return outline
    order = sorted(outline)
    found = dict(outline)
    titles = [index for index in order if outline[index][0] == 1]
    for place, index in enumerate(order):
        level, said = outline[index]
        end = order[place + 1] if place + 1 < len(order) else len(lines)
        if said.kind or not _tells_a_story(lines[index + 1 : end], outline, order[place + 1 :], level):
            continue
        found[index] = (level, says.Heading("story", said.title, said.id, said.status))
        above = next((before for before in reversed(order[:place]) if outline[before][0] < level), None)
        if above is not None and outline[above][1].kind == "" and titles != [above]:
            found[above] = (outline[above][0], says.Heading("epic", outline[above][1].title))
    if any(said.kind == "story" for _level, said in found.values()) or not any(
        said.kind == "epic" for _level, said in found.values()
    ):
        return found
    if any(said.kind == "stories" for _level, said in found.values()) or any(map(says.is_narrative, lines)):
        return found
    epic_level = 0
    for index in order:
        level, said = found[index]
        if said.kind == "epic":
            epic_level = level
        elif level == epic_level + 1 and epic_level and not said.kind and not says.SECTION_NAMES.match(said.title):
            found[index] = (level, says.Heading("story", said.title, said.id, said.status))
    return found


def _lift_holders(outline: Outline, lines: list[str]) -> None:
    """A "Feature" or "Requirement" with stories below it is an epic, not a story."""
    order = sorted(outline)
    for place, index in enumerate(order[:-1]):
        level, said = outline[index]
        below_level, below = outline[order[place + 1]]
        weak = re.match(r"^\W*(?:#+\s*)?\W*(?:Feature|Requirement|Use Case)\b", lines[index], re.IGNORECASE)
        if said.kind == "story" and weak and below_level > level and below.kind in {"story", "stories"}:
            outline[index] = (level, says.Heading("epic", said.title, said.id, said.status))


def _tells_a_story(own: list[str], outline: Outline, later: list[int], level: int) -> bool:
    """The text right below a heading begins as a story, or criteria come before the next heading of its level."""
    first = next((line for line in own if line.strip()), "")
    start = own.index(first) if first else 0
    paragraph = " ".join(own[start : start + 4])
    if first and not re.match(r"\s*(?:[-*+]|\d+[.)])\s", first) and says.is_narrative(paragraph):
        return True
    labels = [says.label_of(line) for line in own]
    if any(label and says.CRITERIA_NAMES.match(label[0].replace("_", " ")) for label in labels):
        return True
    return bool(later) and outline[later[0]][0] > level and outline[later[0]][1].kind == "criteria"


def _by_words(lines: list[str]) -> Outline:
    found: Outline = {}
    fence = ""
    for index, line in enumerate(lines):
        mark = says.FENCE.match(line)
        if fence:
            if mark and mark["fence"].startswith(fence) and not mark["info"].strip():
                fence = ""
        elif mark:
            fence = mark["fence"]
        else:
            heading = says.HEADING.match(line)
            if heading and (heading["text"] or "").strip():
                found[index] = (len(heading["marks"]), says.classify(heading["text"]))
            elif (
                index
                and re.fullmatch(r" {0,3}(=+|-{3,})\s*", line)
                and re.match(r" {0,3}[^\s#>|*+\-`~]", lines[index - 1])
                and index - 1 not in found
                and (index < 2 or not lines[index - 2].strip())
            ):
                # An underlined heading: its text is the line above, which stays where it is.
                found[index - 1] = (1 if "=" in line else 2, says.classify(lines[index - 1].strip()))
    return found
