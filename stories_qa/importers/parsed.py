"""What an importer makes of a file. None means "the file does not say", and leaves what is stored as it is."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any


class BacklogUnreadable(Exception):
    """The file as a whole cannot be read. `str()` is a sentence that says why and what to do."""

    def __init__(self, reason: str, code: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code  # stable, for tests and for the JSON answer
        self.line = line


@dataclass(frozen=True)
class Problem:
    """Something in a file that a person should know. `kept`: the row came in all the same."""

    file: str
    line: int  # counted from 1; 0 is the file as a whole
    reason: str
    code: str
    kept: bool = False


@dataclass(frozen=True)
class ParsedStep:
    action: str
    expected: str = ""


@dataclass(frozen=True)
class ParsedCriterion:
    """Plain `text`, or given/when/then, each part a line or several."""

    text: str = ""
    given: str = ""
    when: str = ""
    then: str = ""


@dataclass(frozen=True)
class ParsedItem:
    """`external_id` is the item's identity across imports ("@US-142": the key alone is). `key` and `position` are set
    only where the file gives ours; else a new item gets a new key and comes after what is there, in file order."""

    external_id: str
    line: int
    title: str
    key: str = ""
    position: int | None = None
    sync_off: bool | None = None


@dataclass(frozen=True)
class ParsedTest(ParsedItem):
    preconditions: str | None = None
    steps: tuple[ParsedStep, ...] | None = None
    last_result: str | None = None
    story: str = ""  # external id of its story; "" for a test case of its own


@dataclass(frozen=True)
class ParsedEpic(ParsedItem):
    description: str | None = None
    status: str | None = None
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ParsedStory(ParsedItem):
    description: str | None = None
    status: str | None = None
    labels: tuple[str, ...] | None = None
    priority: str | None = None
    points: Decimal | None = None
    says_points: bool = False  # points=None is then "no points", not "the file does not say"
    assignee: str | None = None  # user name, e-mail or full name; "" for nobody
    epic: str | None = None  # external id or key of an epic here or in the project; "" for none
    criteria: tuple[ParsedCriterion, ...] | None = None


@dataclass(frozen=True)
class ParsedBacklog:
    """A whole file. Tests follow their stories; ids are unique within each kind."""

    file: str
    format: str
    epics: tuple[ParsedEpic, ...] = ()
    stories: tuple[ParsedStory, ...] = ()
    tests: tuple[ParsedTest, ...] = ()
    problems: tuple[Problem, ...] = ()
    project_key: str = ""  # whose backlog the file says it is; its keys are then identities there
    project_name: str = ""
    last_number: int = 0  # the last number that project gave to an item

    @property
    def criteria_count(self) -> int:
        return sum(len(story.criteria or ()) for story in self.stories)


def content_hash(item: ParsedItem) -> str:
    """sha256 of what the file says about an item; the line it stands on does not count."""
    said: dict[str, Any] = asdict(replace(item, line=0, external_id=""))
    text = json.dumps({name: value for name, value in said.items() if value is not None}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class Identities:
    """Gives external ids that survive re-ordering and inserting: file, hash of what identifies the item, and a number
    for the second and later equal ones, so that two equal lines stay two."""

    file: str
    seen: Counter[str] = field(default_factory=Counter)

    def of(self, *parts: str) -> str:
        digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]
        return self.numbered(f"{self.file[-150:]}:{digest}")

    def named(self, name: str) -> str:
        """For an item that the file itself names ("SCRAM-016"), which may still occur twice."""
        return self.numbered(f"{self.file[-100:]}:{name}"[:190])

    def numbered(self, base: str) -> str:
        self.seen[base] += 1
        return base if self.seen[base] == 1 else f"{base}#{self.seen[base]}"


def lines_of(text: str) -> list[str]:
    """Split at \\n, \\r\\n and \\r only; `str.splitlines` would also cut at form feeds and U+2028 inside a sentence."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def joined(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)
