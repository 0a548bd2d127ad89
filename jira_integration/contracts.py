"""The border with the host: what a project that owns stories must offer, and the plain data that crosses.

A host implements `StorySource` once and names it in the setting `JIRA_STORY_SOURCE`. Everything behind the border sees
refs, snapshots and field names, never the host's models. A *ref* is the host's own id, opaque here; by convention
`kind:hex`, at most 64 characters. Refs of projects, epics, stories and test cases share one space.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Kind(StrEnum):
    """What a ref stands for; decides the issue type and the level in Jira's hierarchy."""

    EPIC = "epic"
    STORY = "story"
    TEST = "test"


class FieldKind(StrEnum):
    """The shape of a story field's value in a snapshot (and in `StorySource.apply`)."""

    TEXT = "text"  # str, one line
    RICH_TEXT = "rich_text"  # str, Markdown
    CRITERIA = "criteria"  # list[Criterion]
    TESTS = "tests"  # list[TestCase]
    NUMBER = "number"  # int | float | None
    DATE = "date"  # datetime.date | None
    DATETIME = "datetime"  # aware datetime.datetime | None
    CHOICE = "choice"  # str, one of StoryField.choices' values, or None
    LABELS = "labels"  # list[str]
    PERSON = "person"  # Person | None
    STATUS = "status"  # str, one of StoryField.choices' values
    PARENT = "parent"  # ref of the epic, or None


class Act(StrEnum):
    """What a person may want to do; the host decides by membership and role."""

    VIEW = "view"
    EDIT = "edit"  # stories
    EXPORT = "export"  # preview, export, retry, check, resolve
    ADMIN = "admin"  # connections, mapping, undo


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class StoryField:
    """One field of the host that can be mapped. `key` is stable and stored; `label` is shown."""

    key: str
    label: str
    kind: FieldKind
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Criterion:
    """An acceptance criterion: either `text`, or given/when/then."""

    text: str = ""
    given: str = ""
    when: str = ""
    then: str = ""


@dataclass(frozen=True)
class TestStep:
    __test__ = False  # not a pytest class

    action: str
    expected: str


@dataclass(frozen=True)
class TestCase:
    __test__ = False  # not a pytest class

    ref: str
    key: str
    title: str
    preconditions: str
    steps: tuple[TestStep, ...]
    last_result: str


@dataclass(frozen=True)
class Person:
    name: str
    email: str


@dataclass(frozen=True)
class ProjectInfo:
    """A backlog of the host. `key` is what addresses show (`/p/SHOP/`)."""

    ref: str
    key: str
    name: str


@dataclass(frozen=True)
class StorySnapshot:
    """One epic, story or test case as it is now.

    `version` rises with every change to anything in here, children (criteria, steps) included; `values` is keyed by
    `StoryField.key` and shaped as its `FieldKind` says. `url` is absolute or starts with a slash.
    """

    ref: str
    kind: Kind
    key: str
    version: int
    values: Mapping[str, Any]
    url: str
    updated_at: datetime
    parent_ref: str | None = None
    sync_off: bool = False
    updated_by: str = ""  # who saved it last, where the host knows

    @property
    def title(self) -> str:
        return str(self.values.get("title", ""))


@dataclass(frozen=True)
class StoryComment:
    """What somebody wrote about a story. `body` is Markdown, `author` a name, `place` where it was written when that
    was elsewhere ("Jira"). A deleted one is kept, so that its deletion can follow to Jira."""

    ref: str
    story_ref: str
    body: str
    author: str
    written_at: datetime
    edited_at: datetime | None = None
    place: str = ""
    deleted: bool = False


@dataclass(frozen=True)
class Kin:
    """Where an item hangs: under which one, and which test cases belong to a story, in the backlog's order."""

    ref: str
    kind: Kind
    parent_ref: str | None = None
    tests: tuple[str, ...] = ()


class StoryChanged(Exception):
    """`apply` met another version than the one it was told to expect; nothing was written."""


@dataclass(frozen=True)
class Applied:
    """What `apply` wrote: the story's new version."""

    version: int
    changed: tuple[str, ...] = field(default=())


class StorySource(Protocol):
    """What the plug-in asks of its host. Methods are synchronous and may touch the database."""

    def projects_for(self, user: Any) -> Sequence[ProjectInfo]:
        """The projects this person is a member of, in the order to show them."""

    def projects(self) -> Sequence[ProjectInfo]:
        """Every project, for commands: whoever can run one has the database anyway."""

    def project(self, key: str) -> ProjectInfo | None:
        """The project with this key, whoever asks; None when there is none."""

    def project_by_ref(self, ref: str) -> ProjectInfo | None: ...

    def may(self, user: Any, project_ref: str, act: Act) -> bool:
        """Whether this person may do this here. Anonymous, inactive and non-members: False."""

    def who_may(self, project_ref: str, act: Act) -> Sequence[str]:
        """Names of people who may, for "Ask an admin: Mira Kovač"."""

    def fields(self, project_ref: str, kind: Kind) -> Sequence[StoryField]:
        """What can be mapped. Every kind has "title"; epics and stories have "description" and "status"."""

    def refs(self, project_ref: str, kind: Kind | None = None) -> Sequence[str]:
        """Refs of everything in the project, epics first, each level in the backlog's order."""

    def snapshots(self, project_ref: str, refs: Iterable[str]) -> Iterator[StorySnapshot]:
        """Snapshots of these refs in the given order, without a query per ref; unknown refs are left out."""

    def kin(self, project_ref: str, refs: Iterable[str]) -> Iterator[Kin]:
        """Where each of these hangs, in the given order and without its texts; unknown refs are left out."""

    def versions(self, project_ref: str, refs: Iterable[str]) -> Mapping[str, int]:
        """The current version of each of these refs, cheaply; unknown refs are left out."""

    def matching(self, project_ref: str, query: str) -> Sequence[str]:
        """Refs of the stories that the list shows for this query string ("q=guest&status=ready"), in its order.
        This is what "Select all 248" sends in place of ids."""

    def sync_counts(self, project_ref: str) -> Mapping[str, int]:
        """Sync state → number of stories in it, as `annotate_sync` counts them: asked by each overview, so in SQL."""

    def resolve(self, project_ref: str, key: str) -> str | None:
        """The ref behind a key a person typed ("US-142", "EP-3"), or None."""

    def apply(self, ref: str, values: Mapping[str, Any], *, expected_version: int | None, actor: str) -> Applied:
        """Write values that came from Jira. Raises StoryChanged when `expected_version` is given and is not the
        current one, LookupError when the story is gone. `actor` is a sentence's subject ("Jonas Ortiz in Jira")."""

    def comments(self, refs: Iterable[str]) -> Iterator[StoryComment]:
        """These comments, deleted ones too, without a query per ref; unknown refs are left out. A host that has no
        comments yields nothing."""

    def keep_comment(self, comment: StoryComment, *, expected: str | None = None) -> str:
        """Write a comment as it is in Jira and return its ref: a new one where `comment.ref` is empty. Raises
        StoryChanged when `expected` is given and is not the body now, LookupError when the story is gone. A host that
        has no comments returns "" and nothing more is asked of it."""

    def story_url(self, ref: str) -> str:
        """Address of the story's page, starting with a slash."""

    def project_url(self, project_ref: str) -> str:
        """Address of the backlog's list, starting with a slash."""

    def base_template(self, request: Any) -> str:
        """The template that the plug-in's pages extend; it must have the blocks of docs/install-in-your-project.md."""
