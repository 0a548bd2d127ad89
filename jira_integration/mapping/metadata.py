"""What Jira says of one of its projects: issue types, the fields of each, statuses, what the account may do.

Kept per connection and Jira project for `conf.METADATA_TTL_SECONDS`. A plan remembers the fingerprint; a run reads the
fields again (`reread`, one request for each issue type) and compares before its first write.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from jira_integration.client import schemas
from jira_integration.client.api import JiraClient
from jira_integration.client.together import together
from jira_integration.conf import conf
from jira_integration.models import JiraConnection, JiraMetadata

# What we ask about; Jira's own keys. DELETE_ISSUES decides how an undo works.
PERMISSIONS = (
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "DELETE_ISSUES",
    "TRANSITION_ISSUES",
    "LINK_ISSUES",
    "ASSIGN_ISSUES",
    "ADD_COMMENTS",
    "SCHEDULE_ISSUES",
    "MODIFY_REPORTER",
)


@dataclass(frozen=True)
class AllowedValue:
    """One value of a Jira select, priority or the like; ids are what is sent, names are for people.

    `children` are the second choice of a cascade. `off`: no longer offered (an archived version, a disabled option).
    """

    id: str
    name: str
    children: tuple[AllowedValue, ...] = ()
    off: bool = False

    def reachable(self) -> tuple[str, ...]:
        """Its own id and those under it."""
        return (self.id, *(one.id for one in self.children))


@dataclass(frozen=True)
class JiraField:
    """One field of a create screen. `type`, `items`, `system` and `custom` are those of Jira's schema.

    `custom` is the plug-in's full key (com.atlassian.jira.plugin.system.customfieldtypes:select); "" for Jira's own.
    """

    id: str
    name: str
    type: str
    items: str = ""
    system: str = ""
    custom: str = ""
    required: bool = False
    has_default: bool = False
    allowed: tuple[AllowedValue, ...] = ()

    @property
    def must_be_filled(self) -> bool:
        """Whether Jira refuses a create without it."""
        return self.required and not self.has_default

    @property
    def custom_kind(self) -> str:
        """The last part of `custom`: select, textarea, jsw-story-points."""
        return self.custom.rpartition(":")[2]


@dataclass(frozen=True)
class IssueType:
    """`level` is Jira's hierarchyLevel: -1 sub-task, 0 story and the like, 1 epic. `fields` is () until it is read."""

    id: str
    name: str
    subtask: bool = False
    level: int = 0
    fields: tuple[JiraField, ...] = ()

    def field(self, field_id: str) -> JiraField | None:
        return next((one for one in self.fields if one.id == field_id), None)


@dataclass(frozen=True)
class Status:
    """`category` is Jira's statusCategory key: new, indeterminate or done (undefined exists)."""

    id: str
    name: str
    category: str


@dataclass(frozen=True)
class LinkType:
    """How two issues can be linked: the source `outward` the target ("A tests B"), the target `inward` the source."""

    id: str
    name: str
    inward: str
    outward: str


@dataclass(frozen=True)
class ProjectMetadata:
    project_id: str
    key: str
    name: str
    team_managed: bool = False
    archived: bool = False
    issue_types: tuple[IssueType, ...] = ()
    statuses: Mapping[str, tuple[Status, ...]] = field(default_factory=dict)
    permissions: Mapping[str, bool] = field(default_factory=dict)
    time_zone: str = ""
    link_types: tuple[LinkType, ...] = ()

    def type(self, type_id: str) -> IssueType | None:
        return next((one for one in self.issue_types if one.id == type_id), None)

    def link_type(self, type_id: str) -> LinkType | None:
        return next((one for one in self.link_types if one.id == type_id), None)

    def subtask_types(self) -> tuple[IssueType, ...]:
        return tuple(one for one in self.issue_types if one.subtask)

    def epic_types(self) -> tuple[IssueType, ...]:
        """By level, never by name: names are translated and can be changed."""
        return tuple(one for one in self.issue_types if one.level == 1)

    def statuses_of(self, type_ids: Iterable[str]) -> tuple[Status, ...]:
        """The statuses of these issue types, each once, in Jira's order."""
        found: dict[str, Status] = {}
        for type_id in type_ids:
            for status in self.statuses.get(type_id, ()):
                found.setdefault(status.id, status)
        return tuple(found.values())

    def field_name(self, field_id: str) -> str:
        """What people call a field, whichever issue type has it; the id when none does."""
        found = (one.field(field_id) for one in self.issue_types)
        return next((one.name for one in found if one is not None), field_id)

    def fingerprint(self) -> str:
        """sha256 of what the bodies of a plan rely on: the fields of the issue types whose fields were read.

        Names, order, permissions and statuses are left out: a plan does not break when they change.
        """
        relied_on = {
            issue_type.id: {
                one.id: [one.type, one.items, one.custom, one.must_be_filled, _ids(one)] for one in issue_type.fields
            }
            for issue_type in self.issue_types
            if issue_type.fields
        }
        text = json.dumps([self.project_id, relied_on], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ProjectMetadata:
        values = dict(stored)
        values["issue_types"] = tuple(_issue_type(one) for one in stored["issue_types"])
        values["statuses"] = {
            type_id: tuple(Status(**one) for one in statuses) for type_id, statuses in stored["statuses"].items()
        }
        values["link_types"] = tuple(LinkType(**one) for one in stored.get("link_types", ()))
        return cls(**values)


def _ids(one: JiraField) -> list[str]:
    return sorted(found for value in one.allowed for found in value.reachable())


def _issue_type(stored: Mapping[str, Any]) -> IssueType:
    fields = tuple(
        JiraField(**{**one, "allowed": tuple(_allowed(value) for value in one["allowed"])}) for one in stored["fields"]
    )
    return IssueType(**{**stored, "fields": fields})


def _allowed(stored: Mapping[str, Any]) -> AllowedValue:
    return AllowedValue(**{**stored, "children": tuple(_allowed(one) for one in stored.get("children", ()))})


async def read_metadata(jira: JiraClient, project_id: str, type_ids: Iterable[str]) -> ProjectMetadata:
    """Read everything of one Jira project; fields only of `type_ids` (those it does not have are passed over).

    Six requests and one for each issue type (two where a screen has more than 200 fields). Where the account may not
    create issues Jira does not say which fields there are; then no field is read, and `permissions` says why.

    Raises JiraNotFound when the project is gone or hidden from the account, and what any read may raise.
    """
    project, statuses, myself, link_types = await together(
        jira.project(project_id), jira.project_statuses(project_id), jira.myself(), jira.link_types()
    )
    permissions = await jira.permissions(project.key, PERMISSIONS)
    may_create = permissions["CREATE_ISSUES"] and not project.archived
    types = await jira.issue_types(project.id) if may_create else project.issue_types
    issue_types = tuple(
        IssueType(one.id, one.name, one.subtask, _level(one.subtask, one.hierarchy_level)) for one in types
    )
    wanted = set(type_ids) if may_create else set()
    return ProjectMetadata(
        project_id=project.id,
        key=project.key,
        name=project.name,
        team_managed=project.simplified or project.style == "next-gen",
        archived=project.archived,
        issue_types=await _with_fields(jira, project.id, issue_types, wanted),
        statuses={
            one.id: tuple(Status(status.id, status.name, status.category) for status in one.statuses)
            for one in statuses
        },
        permissions=permissions,
        time_zone=myself.time_zone,
        link_types=tuple(LinkType(one.id, one.name, one.inward, one.outward) for one in link_types),
    )


def _level(subtask: bool, level: int | None) -> int:
    """Data Center gives no level; there only sub-tasks can be told apart by it."""
    return level if level is not None else -int(subtask)


async def reread(jira: JiraClient, known: ProjectMetadata) -> ProjectMetadata:
    """The same with the fields read again: one request for each issue type whose fields were known.

    Raises JiraNotFound or JiraRejected when the project or one of the issue types is gone.
    """
    wanted = {one.id for one in known.issue_types if one.fields}
    return replace(known, issue_types=await _with_fields(jira, known.project_id, known.issue_types, wanted))


async def _with_fields(
    jira: JiraClient, project_id: str, issue_types: tuple[IssueType, ...], wanted: set[str]
) -> tuple[IssueType, ...]:
    async def filled(one: IssueType) -> IssueType:
        if one.id not in wanted:
            return one
        fields = await jira.create_fields(project_id, one.id)
        return replace(one, fields=tuple(field_of(found) for found in fields))

    return tuple(await together(*(filled(one) for one in issue_types)))


def field_of(found: schemas.FieldMeta) -> JiraField:
    """A field of a create screen as the mapping knows it."""
    return JiraField(
        id=found.field_id,
        name=found.name,
        type=found.schema_.type,
        items=found.schema_.items,
        system=found.schema_.system,
        custom=found.schema_.custom,
        required=found.required,
        has_default=found.has_default,
        allowed=tuple(_value(one) for one in found.allowed_values),
    )


def _value(found: schemas.AllowedValue) -> AllowedValue:
    """Options that were switched off and versions that were archived may be listed, and are refused when sent."""
    children = tuple(_value(one) for one in found.children)
    return AllowedValue(found.id, found.label, children, off=found.disabled or found.archived)


def stored(connection: JiraConnection, jira_project_id: str) -> tuple[ProjectMetadata, datetime] | None:
    """What was read last, and when; None when nothing was."""
    row = JiraMetadata.objects.filter(connection=connection, jira_project_id=jira_project_id).first()
    return None if row is None else (ProjectMetadata.from_json(row.payload), row.read_at)


def keep(connection: JiraConnection, metadata: ProjectMetadata) -> JiraMetadata:
    """Store it in place of what was known before."""
    row, _made = JiraMetadata.objects.update_or_create(
        connection=connection,
        jira_project_id=metadata.project_id,
        defaults={
            "payload": metadata.to_json(),
            "fingerprint": metadata.fingerprint(),
            "read_at": timezone.now(),
        },
    )
    return row


async def current(
    jira: JiraClient, connection: JiraConnection, jira_project_id: str, type_ids: Iterable[str], *, force: bool = False
) -> ProjectMetadata:
    """What is stored while it is fresh and has the fields of `type_ids`; else read, and stored."""
    wanted = {type_id for type_id in type_ids if type_id}
    known = await sync_to_async(stored)(connection, jira_project_id)
    if known is not None and not force:
        metadata, read_at = known
        have = {one.id for one in metadata.issue_types if one.fields}
        if wanted <= have and timezone.now() - read_at < timedelta(seconds=conf.METADATA_TTL_SECONDS):
            return metadata
    metadata = await read_metadata(jira, jira_project_id, wanted)
    await sync_to_async(keep)(connection, metadata)
    return metadata
