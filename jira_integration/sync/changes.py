"""What Jira told us of one issue. Both roads in make this type, and nobody behind it can tell them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jira_integration.client.schemas import Issue
from jira_integration.export.work import uid_of
from jira_integration.models import FieldMapping, JiraConnection, ProjectMapping

WHERE_IT_STANDS = ("project", "issuetype", "archiveddate")


@dataclass(frozen=True)
class IssueChange:
    """An issue as Jira holds it now. `fields` by field id, as read; `actor` when Jira said who."""

    issue_id: str
    key: str
    status_id: str
    status_name: str
    category: str  # new, indeterminate, done
    updated_at: datetime | None
    fields: Mapping[str, Any]
    actor: str = ""
    asked_at: datetime | None = None  # by our clock, before the request left
    uid: str = ""  # what our create stamped on it, when that was read


@dataclass(frozen=True)
class IssueGone:
    """An issue that Jira no longer shows: deleted, or out of the account's sight. A 404 alone never makes one."""

    issue_id: str
    actor: str = ""


@dataclass(frozen=True)
class IssueHidden:
    """An issue in a project that the account may not browse any more: nothing is known of it."""

    issue_id: str


IssueNews = IssueChange | IssueGone | IssueHidden


def change_of(issue: Issue, actor: str = "", asked_at: datetime | None = None) -> IssueChange:
    status = issue.status
    return IssueChange(
        issue_id=issue.id,
        key=issue.key,
        status_id=status.id if status else "",
        status_name=status.name if status else "",
        category=status.category if status else "",
        updated_at=issue.updated,
        fields=issue.fields,
        actor=actor,
        asked_at=asked_at,
        uid=uid_of(issue),
    )


def watched_fields(connection: JiraConnection) -> list[str]:
    """The fields to read of every issue of this connection: what is mapped, and what we always look at."""
    mapped = FieldMapping.objects.filter(mapping__connection=connection, mapping__live=True)
    live = ProjectMapping.objects.filter(connection=connection, live=True)
    comments = ["comment"] if live.exclude(comments=ProjectMapping.Comments.NONE).exists() else []
    always = ["status", "updated", "parent", *WHERE_IT_STANDS]
    return sorted({*mapped.values_list("jira_field", flat=True), *always, *comments})
