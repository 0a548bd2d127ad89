"""What a Jira site is made of besides issues: users, projects, types, fields, statuses, workflows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSW = "com.pyxis.greenhopper.jira"
CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes"


@dataclass(frozen=True)
class User:
    account_id: str
    name: str
    email: str = ""  # empty: hidden, as most are on Cloud
    active: bool = True
    login: str = ""  # the user name of Data Center
    key: str = ""  # what Data Center calls a user who may be renamed


@dataclass(frozen=True)
class Category:
    """A status category; only `key` (new, indeterminate, done) is safe to map on."""

    id: int
    key: str
    name: str
    color: str


@dataclass(frozen=True)
class Status:
    id: str
    name: str
    category: Category
    project_id: str = ""  # set when it belongs to one team-managed project
    description: str = ""


@dataclass(frozen=True)
class IssueType:
    id: str
    name: str
    level: int = 0  # -1 sub-task, 0 base, 1 epic
    project_id: str = ""
    description: str = ""

    @property
    def subtask(self) -> bool:
        return self.level < 0


@dataclass(frozen=True)
class Option:
    """One allowed value; `label_key` in the field says whether Jira calls its text "name" or "value"."""

    id: str
    text: str
    children: tuple[Option, ...] = ()  # the second choice of a cascading select


@dataclass(frozen=True)
class FieldDef:
    """A field of the site. `kind` decides how a value is read and shown (values.py, beans.py)."""

    id: str
    name: str
    kind: str  # text, adf, number, option, options, cascade, user, users, date, datetime, labels, url, priority, ...
    schema: Mapping[str, Any]
    options: tuple[Option, ...] = ()
    project_id: str = ""
    orderable: bool = True
    navigable: bool = True

    @property
    def custom(self) -> bool:
        return self.id.startswith("customfield_")


@dataclass(frozen=True)
class OnScreen:
    """A field's place on a create screen."""

    field_id: str
    required: bool = False
    default: Any = None


@dataclass(frozen=True)
class Transition:
    """An arrow of a workflow; no `sources` means from everywhere (Jira calls it global)."""

    id: str
    name: str
    target: str
    sources: tuple[str, ...] = ()
    only_for: str = ""  # account id: a condition
    screen: tuple[OnScreen, ...] = ()


@dataclass(frozen=True)
class Workflow:
    initial: str
    statuses: tuple[str, ...]
    transitions: tuple[Transition, ...]


@dataclass(frozen=True)
class LinkType:
    id: str
    name: str
    inward: str
    outward: str


@dataclass(frozen=True)
class Rule:
    """A validator on the create step of a workflow. The metadata shows nothing of it.

    `check` is one of rules.CHECKS, `argument` what it compares with; the refusal names `field_id`, or no field.
    """

    check: str
    message: str
    field_id: str = ""
    argument: str = ""
    type_ids: tuple[str, ...] = ()  # empty: every issue type


@dataclass(frozen=True)
class Project:
    id: str
    key: str
    name: str
    style: str  # classic, next-gen
    type_ids: tuple[str, ...]
    workflow: Workflow
    screens: Mapping[str, tuple[OnScreen, ...]]  # by issue type id
    lead: str
    archived: bool = False
    read_only: bool = False
    denied: frozenset[str] = frozenset()  # permissions that nobody but the lead has
    components: tuple[Option, ...] = ()
    versions: tuple[Option, ...] = ()
    description: str = ""
    priorities: tuple[str, ...] = ()  # ids of the priority scheme; empty: all of the site's
    contexts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # field id → ids of its options here
    members: frozenset[str] = frozenset()  # account ids that may be assigned; empty: everybody
    rules: tuple[Rule, ...] = ()

    def options_of(self, field: FieldDef) -> tuple[Option, ...]:
        """The options of a custom field in this project's context."""
        chosen = self.contexts.get(field.id)
        return field.options if chosen is None else tuple(o for o in field.options if o.id in chosen)

    @property
    def team_managed(self) -> bool:
        return self.style == "next-gen"


@dataclass
class Site:
    """The whole site; looked up by id."""

    title: str
    users: dict[str, User]
    statuses: dict[str, Status]
    types: dict[str, IssueType]
    fields: dict[str, FieldDef]
    projects: dict[str, Project]
    priorities: tuple[Option, ...]
    default_priority: str
    resolutions: tuple[Option, ...]
    link_types: tuple[LinkType, ...]
    data_center: bool = False
    indexed_properties: frozenset[str] = frozenset()  # "key.path": what a plugin lets JQL ask for

    def user_named(self, login: str) -> User | None:
        """By user name, as Data Center takes it."""
        return next((u for u in self.users.values() if u.login == login), None)

    def project_named(self, id_or_key: str) -> Project | None:
        if id_or_key in self.projects:
            return self.projects[id_or_key]
        wanted = id_or_key.upper()
        return next((p for p in self.projects.values() if p.key == wanted), None)

    def link_type(self, given: Mapping[str, Any]) -> LinkType | None:
        """By `id` or `name`, as `issueLink` takes it."""
        if given.get("id"):
            return next((t for t in self.link_types if t.id == str(given["id"])), None)
        wanted = str(given.get("name", "")).lower()
        return next((t for t in self.link_types if t.name.lower() == wanted), None)
