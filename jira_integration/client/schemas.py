"""Jira's answers, typed. Models are frozen and ignore keys we do not read; names are ours, aliases are Jira's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def none_as_empty(value: Any) -> Any:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(none_as_empty)]  # Jira sends null where it has no text


class JiraModel(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="ignore", coerce_numbers_to_str=True, validate_by_name=True, validate_by_alias=True
    )


class ServerInfo(JiraModel):
    """Often given to anybody: it says what answers there, nothing about the login."""

    base_url: Text = Field(default="", validation_alias="baseUrl")
    version: Text = ""
    deployment_type: Text = Field(default="", validation_alias="deploymentType")  # "Cloud"; "Server" or "DataCenter"
    server_time: Text = Field(default="", validation_alias="serverTime")
    server_time_zone: Any = Field(default=None, validation_alias="serverTimeZone")
    server_title: Text = Field(default="", validation_alias="serverTitle")

    @property
    def is_cloud(self) -> bool:
        return self.deployment_type == "Cloud"


class User(JiraModel):
    """`account_id` on Cloud; `name` is Data Center's user name. E-mail addresses are mostly hidden."""

    account_id: Text = Field(default="", validation_alias="accountId")
    name: Text = ""
    display_name: Text = Field(default="", validation_alias="displayName")
    email: Text = Field(default="", validation_alias="emailAddress")
    active: bool = True


class Myself(User):
    """Who our login is. `time_zone` (IANA name) is the one Jira reads times in JQL in."""

    time_zone: Text = Field(default="", validation_alias="timeZone")
    locale: Text = ""


class IssueTypeMeta(JiraModel):
    """An issue type as a project offers it. Told apart by level and id, never by its name, which is translated."""

    id: str
    name: str
    subtask: bool = False
    hierarchy_level: int | None = Field(default=None, validation_alias="hierarchyLevel")  # -1 sub-task, 0 base, 1 epic


class JiraProject(JiraModel):
    id: str  # never changes
    key: str  # "SHOP"; can be renamed
    name: str
    style: Text = ""  # "classic" or "next-gen"
    simplified: bool = False  # true: team-managed, with fields and types of its own
    project_type: Text = Field(default="", validation_alias="projectTypeKey")
    archived: bool = False
    deleted: bool = False
    issue_types: list[IssueTypeMeta] = Field(default_factory=list, validation_alias="issueTypes")


class ProjectPage(JiraModel):
    values: list[JiraProject] = Field(default_factory=list)
    start_at: int = Field(default=0, validation_alias="startAt")
    total: int | None = None
    is_last: bool | None = Field(default=None, validation_alias="isLast")


class FieldSchema(JiraModel):
    """What a field holds. `items` is what an array holds; `custom` names the kind of a custom field."""

    type: Text = ""
    items: Text = ""
    system: Text = ""
    custom: Text = ""  # "com.pyxis.greenhopper.jira:gh-epic-link"
    custom_id: int | None = Field(default=None, validation_alias="customId")


class AllowedValue(JiraModel):
    """One choice of a field; sent back as {"id": …}. System fields use `name`, options use `value`."""

    id: Text = ""
    name: Text = ""
    value: Text = ""
    disabled: bool = False  # an option that is no longer offered
    archived: bool = False  # a version that is no longer offered
    children: list[AllowedValue] = Field(default_factory=list)

    @property
    def label(self) -> str:
        return self.name or self.value or self.id


def only_objects(value: Any) -> Any:
    """Allowed values of add-ons may be plain texts; those become values, nothing is dropped."""
    if not isinstance(value, list):
        return []
    return [entry if isinstance(entry, dict) else {"value": str(entry)} for entry in value]


class FieldMeta(JiraModel):
    """A field on the create screen of one project and issue type."""

    field_id: str = Field(validation_alias=AliasChoices("fieldId", "key", "id"))
    name: str
    required: bool = False
    has_default: bool = Field(default=False, validation_alias="hasDefaultValue")
    schema_: FieldSchema = Field(default=FieldSchema(), validation_alias="schema")
    operations: list[str] = Field(default_factory=list)
    allowed_values: Annotated[list[AllowedValue], BeforeValidator(only_objects)] = Field(
        default_factory=list, validation_alias="allowedValues"
    )
    auto_complete_url: Text = Field(default="", validation_alias="autoCompleteUrl")

    @property
    def must_be_filled(self) -> bool:
        """An export without a value for it would be refused."""
        return self.required and not self.has_default


class FieldInfo(JiraModel):
    """A field of the site. Names repeat: team-managed projects have fields of their own (`project_id`)."""

    id: str
    name: str
    custom: bool = False
    schema_: FieldSchema = Field(default=FieldSchema(), validation_alias="schema")
    project_id: Text = Field(default="", validation_alias=AliasPath("scope", "project", "id"))


class StatusInfo(JiraModel):
    """`category` is Jira's key: "new", "indeterminate", "done", or "undefined"."""

    id: Text = ""
    name: Text = ""
    category: Text = Field(default="undefined", validation_alias=AliasPath("statusCategory", "key"))


class IssueTypeStatuses(JiraModel):
    """An issue type of a project with the statuses of its workflow."""

    id: str
    name: str
    subtask: bool = False
    statuses: list[StatusInfo] = Field(default_factory=list)


class LinkTypeInfo(JiraModel):
    """How two issues can be linked: the source `outward` the target ("A blocks B"), the target `inward` the source."""

    id: str
    name: str
    inward: Text = ""  # "is blocked by"
    outward: Text = ""  # "blocks"


class Transition(JiraModel):
    """A step possible now for this account. Ids belong to a workflow: choose by `to` each time, store none."""

    id: str
    name: str
    to: StatusInfo = StatusInfo()
    is_available: bool = Field(default=True, validation_alias="isAvailable")
    has_screen: bool = Field(default=False, validation_alias="hasScreen")
    fields: dict[str, Any] = Field(default_factory=dict)  # field id -> its metadata, when asked for


class HistoryItem(JiraModel):
    """One field of one change. `field` is its name, translated for custom fields; Data Center gives no `field_id`."""

    field: Text = ""
    field_id: Text = Field(default="", validation_alias="fieldId")


class History(JiraModel):
    """What somebody changed at one time."""

    author: User | None = None
    created: Text = ""
    items: list[HistoryItem] = Field(default_factory=list)


class Changelog(JiraModel):
    """The changes of an issue; `total` may be more than there are `histories`."""

    total: int = 0
    histories: list[History] = Field(default_factory=list)


class Issue(JiraModel):
    """`fields` by field id, as asked for; `changelog` when asked for. A moved issue answers under its new key."""

    id: str  # never changes
    key: str
    fields: dict[str, Any] = Field(default_factory=dict)
    properties: dict[str, Any] = Field(default_factory=dict)
    changelog: Changelog | None = None

    @property
    def updated(self) -> datetime | None:
        """When Jira last changed it, in UTC; None when `updated` was not among the fields asked for."""
        return jira_time(self.fields.get("updated"))

    @property
    def status(self) -> StatusInfo | None:
        found = self.fields.get("status")
        return StatusInfo.model_validate(found) if isinstance(found, dict) else None


class IssuePage(JiraModel):
    """One page of a search. A short page is not the last one; `is_last` or a missing token is."""

    issues: list[Issue] = Field(default_factory=list)
    next_page_token: str | None = Field(default=None, validation_alias="nextPageToken")
    is_last: bool = Field(default=False, validation_alias="isLast")


class ResultPage(JiraModel):
    """One page of a search that counts (Data Center). The server may give fewer than asked."""

    issues: list[Issue] = Field(default_factory=list)
    total: int = 0


class Comment(JiraModel):
    id: str
    body: Any = None  # an ADF document on Cloud, wiki markup on Data Center
    author: User | None = None
    update_author: User | None = Field(default=None, validation_alias="updateAuthor")
    created: Text = ""
    updated: Text = ""
    visibility: dict[str, Any] | None = None  # {"type": "role" | "group", …}: only those may read it
    public: bool = Field(default=True, validation_alias="jsdPublic")  # false: an internal note of a service desk
    properties: dict[str, Any] = Field(default_factory=dict)  # by key, when they were asked for

    @model_validator(mode="before")
    @classmethod
    def properties_by_key(cls, value: Any) -> Any:
        """Jira lists them: [{"key": …, "value": …}, …]."""
        listed = value.get("properties") if isinstance(value, dict) else None
        if not isinstance(listed, list):
            return value
        return {**value, "properties": {one["key"]: one.get("value") for one in listed if "key" in one}}

    @property
    def for_everybody(self) -> bool:
        """Whether whoever sees the issue may read this comment."""
        return self.visibility is None and self.public


class BulkBegun(JiraModel):
    task_id: str = Field(validation_alias="taskId")


class BulkTask(JiraModel):
    """How far a bulk operation is; `failed` names reasons by issue id."""

    ENDED: ClassVar[frozenset[str]] = frozenset({"COMPLETE", "FAILED", "CANCELLED", "DEAD"})

    status: Text = ""  # ENQUEUED, RUNNING, COMPLETE, FAILED, CANCEL_REQUESTED, CANCELLED, DEAD
    percent: int = Field(default=0, validation_alias="progressPercent")
    failed: dict[str, list[str]] = Field(default_factory=dict, validation_alias="failedAccessibleIssues")

    @property
    def ended(self) -> bool:
        return self.status in self.ENDED


class Webhook(JiraModel):
    """An admin webhook. The secret never comes back; `is_signed` says whether there is one."""

    id: str
    name: Text = ""
    url: Text = ""
    events: list[str] = Field(default_factory=list)
    filters: dict[str, Any] = Field(default_factory=dict)
    enabled: bool = True
    is_signed: bool = Field(default=False, validation_alias="isSigned")

    @model_validator(mode="before")
    @classmethod
    def id_from_self(cls, value: Any) -> Any:
        """Older sites name the webhook by its address alone: …/rest/webhooks/1.0/webhook/7."""
        if isinstance(value, dict) and "id" not in value and isinstance(value.get("self"), str):
            return {**value, "id": value["self"].rstrip("/").rsplit("/", 1)[-1]}
        return value


def jira_time(text: object) -> datetime | None:
    """`2026-09-27T10:03:11.123+0200`, in the site's default zone, as UTC; None for what is no such time."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
