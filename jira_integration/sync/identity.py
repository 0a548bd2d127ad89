"""What became of an issue as a whole: moved, of another type, archived, restored, out of sight. Its identity is Jira's
id, which none of these changes; nothing here is undone or made again by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from asgiref.sync import sync_to_async

from jira_integration import audit
from jira_integration.client import JiraClient
from jira_integration.client.exceptions import JiraForbidden, JiraNotFound, JiraRejected
from jira_integration.models import AuditEntry, ExportedTicket, JiraConnection
from jira_integration.sync.changes import WHERE_IT_STANDS, IssueChange, IssueGone, IssueHidden, IssueNews

Standing = ExportedTicket.Standing
TOLD = {
    Standing.MOVED: "issue_moved_there",
    Standing.RETYPED: "issue_retyped_there",
    Standing.ARCHIVED: "issue_archived_there",
}


def standing_of(ticket: ExportedTicket, fields: Mapping[str, Any]) -> tuple[str, str]:
    """The issue's standing and Jira's name of the project or type it has now; the worst one where several hold."""
    if not any(name in fields for name in WHERE_IT_STANDS) or ticket.mapping is None:
        return ticket.standing, ticket.standing_words
    project, issue_type = (_object(fields.get(name)) for name in ("project", "issuetype"))
    if fields.get("archiveddate"):
        return Standing.ARCHIVED, ""
    if project and str(project.get("id")) != ticket.mapping.jira_project_id:
        return Standing.MOVED, f"{project.get('name', '')} ({project.get('key', '')})"[:200]
    wanted = ticket.mapping.type_id(ticket.kind)
    if issue_type and wanted and str(issue_type.get("id")) != wanted:
        return Standing.RETYPED, str(issue_type.get("name", ""))[:200]
    return "", ""


def take_standing(ticket: ExportedTicket, change: IssueChange) -> None:
    """Keep how the issue stands now and say what is new of it; called before its key is taken over."""
    before = ticket.standing
    ticket.standing, ticket.standing_words = standing_of(ticket, change.fields)
    if change.key != ticket.issue_key:
        _say(ticket, change, "issue_key_changed", before=ticket.issue_key, after=change.key)
    was_away = before in (Standing.ARCHIVED, Standing.HIDDEN) and ticket.standing != before
    if was_away or ticket.sync == ExportedTicket.Sync.MISSING:
        _say(ticket, change, "issue_back")
    if ticket.standing != before and ticket.standing in TOLD:
        _say(ticket, change, TOLD[Standing(ticket.standing)], place=ticket.standing_words)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _say(ticket: ExportedTicket, change: IssueChange, code: str, **values: str) -> None:
    audit.record(
        code,
        {"story": ticket.story_key, "key": change.key, **values},
        actor=AuditEntry.Actor.JIRA,
        actor_name=change.actor,
        project_ref=ticket.project_ref,
        object_ref=ticket.story_ref,
    )


async def judge_absent(jira: JiraClient, connection: JiraConnection, issue_ids: Sequence[str]) -> list[IssueNews]:
    """What to make of issues that Jira does not show: gone, or in a project this account may not browse any more.

    One question for each project; the login must have been proven good by whoever calls.
    """
    projects = await sync_to_async(_projects)(connection, issue_ids)
    hidden = {key for key in set(projects.values()) if key and not await _may_browse(jira, key)}
    return [IssueHidden(one) if projects.get(one) in hidden else IssueGone(one) for one in issue_ids]


def _projects(connection: JiraConnection, issue_ids: Sequence[str]) -> dict[str, str]:
    tickets = ExportedTicket.objects.filter(connection=connection, issue_id__in=issue_ids, unlinked_at=None)
    return {issue_id: key.rpartition("-")[0] for issue_id, key in tickets.values_list("issue_id", "issue_key")}


async def _may_browse(jira: JiraClient, project_key: str) -> bool:
    try:
        return (await jira.permissions(project_key, ["BROWSE_PROJECTS"]))["BROWSE_PROJECTS"]
    except (JiraNotFound, JiraForbidden, JiraRejected):  # a project one may not browse does not exist for one
        return False
