"""How people write headings, labels and stories in Markdown backlogs, in English and some other languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from stories_qa.importers import words
from stories_qa.importers.columns import column_of

EPIC_WORD = r"(?:Epic|Epik|Epikus|Épica|Epica|Épopée|Epos|Theme|Initiative)"
STORY_WORD = (
    r"(?:User[ -]?Story|Story|Use Case|Feature|Requirement|Historia(?: de usuario)?|Felhasználói történet|Récit)"
)
TEST_WORD = r"(?:Test[ -]?Case|Test|Teszteset|Caso de prueba|Testfall)"
IDENTIFIER = r"[A-Za-z]{0,12}[-_.#]?\d+(?:[.\-_]\w+)*"
SEPARATOR = r"\s*(?::|\s[\u2013\u2014-]|[\u2013\u2014])\s*"
HEADING = re.compile(r"^ {0,3}(?P<marks>#{1,6})(?:[ \t]+(?P<text>.*?))?(?:[ \t]+#+)?[ \t]*$")
FENCE = re.compile(r"^(?P<indent>\s*)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
OURS_ONLY = re.compile(r"^\s*<!-- Stories & QA backlog: .* -->\s*$")
RULE = re.compile(r"^ {0,3}([-*_])(?:\s*\1){2,}\s*$")
SYMBOLS = re.compile(r"^[^\w\[(\"'“<`]+")
KEYED = re.compile(rf"^(?P<id>[A-Z][A-Z0-9_]*-\d+|[A-Z]{{1,5}}\d+){SEPARATOR}(?P<title>\S.*)$")
LABEL = re.compile(
    r"^\s*(?:[-*+]\s+)?(?P<mark>\*\*|__)(?P<name>[^\W\d_][^:*|`]{0,50}?)\s*(?:(?P=mark)\s*:|:\s*(?P=mark))"
    r"(?:\s+(?P<value>.*))?\s*$"
)
PLAIN_LABEL = re.compile(r"^\s*(?:[-*+]\s+)?(?P<name>[^\W\d_][^:*|`]{0,30}?)\s*:(?:\s+(?P<value>\S.*))?\s*$")
LONG = 4000  # characters; nobody's sentence
STARTS = re.compile(r"^[\W_]*(?:as|como|als|en|mint)\b", re.IGNORECASE)  # asked first: it is cheap
NARRATIVE = re.compile(
    r"^[\W_]*(?:"
    r"as (?:an?|the|any|all)\b.+?\bI\W*(?:want|would|need|can|could|wish|should|must|am|have|do|like|expect|d)\b"
    r"|como .+?\b(?:quiero|necesito|deseo|puedo)\b|als .+?\b(?:möchte|will|brauche) ich\b"
    r"|en tant qu.+?\bje (?:veux|souhaite)|mint .+?\bszeretn"
    r")",
    re.IGNORECASE | re.DOTALL,
)
CRITERIA_NAMES = re.compile(
    r"^(?:user )?(?:acceptance (?:criteri(?:a|on)|tests?)|criteria|ac|acs|acceptance"
    r"|conditions of (?:satisfaction|acceptance)|elfogadási kritérium(?:ok)?"
    r"|criterios? de aceptaci[oó]n|akzeptanzkriterien|critères d.acceptation"
    r"|criteri di accettazione|kryteria akceptacji|critérios de aceita[cç][aã]o)$",
    re.IGNORECASE,
)
SCENARIO_NAMES = re.compile(r"^(?:gherkin )?(?:acceptance )?scenarios?(?: ?\(.*\))?$|^bdd$|^gherkin$", re.IGNORECASE)
STORIES_NAMES = re.compile(r"\b(?:user )?(?:stories|historias(?: de usuario)?|storys|user storyk?)$", re.IGNORECASE)
TITLE_NAMES = {"feature_name", "feature", "title", "name", "story_title", "story_name"}
DROPPED_NAMES = {"story", "user_story", "gherkin_syntax", "gherkin", "narrative", "as_a_user", "description"}
SECTION_NAMES = re.compile(
    r"^(?:goals?|descriptions?|overview|notes?|summary|background|context|scope|stories|business value|introduction"
    r"|tasks?|dependencies|risks?|definition of (?:done|ready)|technical.*|out of scope|references?|links?|success .*"
    r"|table of contents)$",
    re.IGNORECASE,
)
POINTS_AT_END = re.compile(
    r"\s*[(\[](?P<points>\d+(?:[.,]\d)?)\s*(?:pts?|points?|sp|story points?)\.?[)\]]\s*$", re.IGNORECASE
)
META_COLUMNS = {"priority", "points", "labels", "assignee", "status", "epic"}


@dataclass(frozen=True)
class Heading:
    """What a heading or a list item announces. kind: "epic", "story", "test", "criteria", "scenarios", "stories" or
    "" for any other text."""

    kind: str
    title: str = ""
    id: str = ""
    status: str = ""


def plain(text: str) -> str:
    """Text without the marks of emphasis, links and boxes, for a title."""
    if len(text) < LONG:  # this one takes a square of the length at worst
        text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"^\[[ xX]\]\s*", "", text.strip())
    text = re.sub(r"\*\*|__|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)|~~", "", text)
    return words.one_line(text.replace("\\", "") if text.endswith("\\") else text)


def classify(text: str) -> Heading:
    """What a heading's text announces, by its words alone."""
    status = ""
    bold = re.match(r"^\*\*(?P<inner>.+?)\*\*\s*(?P<rest>.*)$", text.strip())
    if bold and words.folded(bold["rest"]) in words.STATUS_OF:
        text, status = bold["inner"], words.STATUS_OF[words.folded(bold["rest"])]
    bare = SYMBOLS.sub("", plain(text)).strip()
    name = bare.rstrip(":").strip()
    if CRITERIA_NAMES.match(name):
        return Heading("criteria")
    if SCENARIO_NAMES.match(name):
        return Heading("scenarios")
    for kind, word in (("epic", EPIC_WORD), ("test", TEST_WORD), ("story", STORY_WORD)):
        match = re.match(
            rf"^(?:\d+(?:\.\d+)*\.?\s+)?{word}\s*#?(?P<id>{IDENTIFIER})?"
            rf"(?:{SEPARATOR}(?P<title>\S.*)|\s+\((?P<more>.+)\))$",
            bare,
            re.IGNORECASE,
        )
        if match and (match["title"] or match["more"]):
            return Heading(kind, match["title"] or match["more"], match["id"] or "", status)
        if re.fullmatch(
            rf"(?:Epic|User[ -]?Story|Story|Test[ -]?Case)\s+#?{IDENTIFIER}", bare, re.IGNORECASE
        ) and re.match(word, bare, re.IGNORECASE):
            return Heading(kind, "", bare.split()[-1].lstrip("#"), status)
    if re.fullmatch(r"User[ -]Story|Story", name, re.IGNORECASE):
        return Heading("story", status=status)
    keyed = KEYED.match(bare)
    if keyed:
        kind = {"EP": "epic", "EPIC": "epic", "TC": "test"}.get(re.split(r"[-\d]", keyed["id"])[0], "story")
        return Heading(kind, keyed["title"], keyed["id"], status)
    if STORIES_NAMES.search(name):
        return Heading("stories")
    return Heading("", bare, status=status)


def label_of(line: str) -> tuple[str, str] | None:
    """(folded name, value) of a line such as "**Priority:** High"; plain "Priority: High" only for names we know."""
    match = LABEL.match(line)
    if match:
        return words.folded(match["name"]), (match["value"] or "").strip()
    match = PLAIN_LABEL.match(line)
    if match:
        name = words.folded(match["name"])
        known = column_of(match["name"]) in META_COLUMNS or CRITERIA_NAMES.match(match["name"])
        if known or name in {"preconditions", "last_result"}:
            return name, (match["value"] or "").strip()
    return None


def is_narrative(text: str) -> bool:
    return bool(STARTS.match(text) and NARRATIVE.match(plain(text[:LONG])))


def table_cells(line: str) -> list[str]:
    """The cells of a Markdown table's row."""
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [cell.strip().replace("\\|", "|").replace("<br>", "\n") for cell in re.split(r"(?<!\\)\|", inner)]


def is_table_rule(line: str) -> bool:
    return "|" in line and "-" in line and not line.strip(" |:-\t")


def trimmed(lines: Iterable[str]) -> str:
    """Text without blank lines and rules at its ends, and no more than one blank line within."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line.rstrip() if not line.endswith("  ") else line.rstrip() + "  ")
    while kept and (not kept[-1].strip() or RULE.match(kept[-1])):
        kept.pop()
    while kept and (not kept[0].strip() or RULE.match(kept[0])):
        kept.pop(0)
    return "\n".join(kept).rstrip()
