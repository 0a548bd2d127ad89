"""What Jira would refuse, judged before the first write from what it said about the project, the account, the people.

Pure functions from what is known to findings; what has to be asked for is read by `questions.py`. Each finding's
code has one entry in the catalogue, whose action leads to the control that mends it. What Jira refuses and which of
it can be known is listed in docs/what-jira-refuses.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jira_integration.mapping.findings import Finding
from jira_integration.mapping.metadata import IssueType, ProjectMetadata
from jira_integration.mapping.shapes import JIRA_FILLS, Shape, shape_of
from jira_integration.models import FieldMapping

# Jira leaves a field off the screen of whoever may not set it.
NEEDED_FOR = {"assignee": "ASSIGN_ISSUES", "duedate": "SCHEDULE_ISSUES", "reporter": "MODIFY_REPORTER"}


@dataclass(frozen=True)
class Parent:
    """An issue of Jira's as a parent: what its issue says of itself. Data Center names no `level`."""

    key: str
    project_id: str
    level: int | None
    type_id: str = ""


@dataclass(frozen=True)
class Alike:
    """An issue that has the summary of a story that is not in Jira yet."""

    issue_id: str
    key: str


@dataclass(frozen=True)
class Facts:
    """What was asked of Jira for one plan. A parent that Jira does not show is not among `parents`."""

    parents: Mapping[str, Parent] = field(default_factory=dict)  # by issue id
    asked_parents: frozenset[str] = frozenset()
    alike: Mapping[str, Alike] = field(default_factory=dict)  # by `plain_summary`


def plain_summary(text: str) -> str:
    """Two summaries are the same when they differ in case and spaces only."""
    return " ".join(text.split()).casefold()


def project_closed(metadata: ProjectMetadata, account: str) -> Finding | None:
    """Why nothing new can be made in this Jira project at all."""
    values = {"jira_project": metadata.key, "account": account}
    if metadata.archived:
        return Finding("project_archived", values, blocking=True)
    if metadata.permissions.get("CREATE_ISSUES") is False:
        return Finding("no_create_permission", values, blocking=True)
    return None


def may_not(metadata: ProjectMetadata, permission: str, account: str) -> Finding | None:
    """A permission that is known to be missing. Without EDIT nothing can be changed; without TRANSITION the issue
    stays in its status; without LINK it goes without its links."""
    if metadata.permissions.get(permission) is not False:
        return None
    values = {"jira_project": metadata.key, "account": account}
    match permission:
        case "EDIT_ISSUES":
            return Finding("no_edit_permission", values, blocking=True)
        case "TRANSITION_ISSUES":
            return Finding("no_transition_permission", values)
        case "LINK_ISSUES":
            return Finding("no_link_permission", values)
    return None


def off_screen(mapping: FieldMapping, metadata: ProjectMetadata, issue_type: IssueType) -> Finding | None:
    """A mapped field that this screen does not have: it is left out, and that is said. Nothing is said where no
    field could be read."""
    if not issue_type.fields:
        return None
    name = mapping.jira_name or mapping.jira_field
    values = {
        "field": name,
        "field_id": mapping.jira_field,
        "issue_type": issue_type.name,
        "jira_project": metadata.key,
    }
    permission = NEEDED_FOR.get(mapping.jira_field)
    if permission and metadata.permissions.get(permission) is False:
        return Finding("no_permission_for_field", values)
    return Finding("field_not_on_screen", values)


def missing(
    issue_type: IssueType, fields: Mapping[str, Any], mapped: Iterable[str], said: Iterable[Finding]
) -> list[Finding]:
    """Fields that Jira demands and this issue would not have. Not said twice of a field that blocks already."""
    filled_by_something = set(mapped)
    blocked = {str(one.values.get("field_id", "")) for one in said if one.blocking}
    found = []
    for one in issue_type.fields:
        if not one.must_be_filled or one.id in fields or one.id in blocked or one.id in JIRA_FILLS:
            continue
        if shape_of(one) in (Shape.OURS, Shape.PARENT, Shape.EPIC_LINK) and one.id not in ("issuelinks", "attachment"):
            continue
        code = "required_value" if one.id in filled_by_something else "required_field"
        values = {"field": one.name, "field_id": one.id, "type": issue_type.name, "issue_type": issue_type.name}
        found.append(Finding(code, values, blocking=True))
    return found


def needs_parent(issue_type: IssueType, has_parent: bool) -> Finding | None:
    """A sub-task, and a type whose screen demands it, cannot stand alone."""
    if has_parent:
        return None
    parent = next((one for one in issue_type.fields if shape_of(one) is Shape.PARENT), None)
    if issue_type.subtask or (parent is not None and parent.must_be_filled):
        return Finding("parent_missing", {"issue_type": issue_type.name}, blocking=True)
    return None


def one_above(issue_type: IssueType, level: int, metadata: ProjectMetadata) -> bool:
    """Whether a parent of this level can hold this issue type. Data Center gives no levels: there every type seems to
    be of the lowest, and only sub-tasks can be told apart."""
    has_levels = any(one.level > 0 for one in metadata.issue_types)
    return level == issue_type.level + 1 or (not has_levels and not issue_type.subtask)


def level_of_parent(issue_type: IssueType, parent_type: IssueType | None, metadata: ProjectMetadata) -> Finding | None:
    """A parent that this plan makes has to be one level above."""
    if parent_type is None or one_above(issue_type, parent_type.level, metadata):
        return None
    return Finding(
        "parent_wrong_level",
        {"issue_type": issue_type.name, "parent_type": parent_type.name},
        blocking=True,
    )


def parent_shown(issue_id: str, issue_key: str, facts: Facts) -> Finding | None:
    """A parent that was asked about and that Jira does not show cannot be named in a body."""
    if issue_id not in facts.asked_parents or issue_id in facts.parents:
        return None
    return Finding("parent_not_found", {"epic": issue_key}, blocking=True)


def parent_in_jira(
    issue_id: str, issue_key: str, issue_type: IssueType, metadata: ProjectMetadata, facts: Facts
) -> Finding | None:
    """What Jira says of an epic, or of a test case's story, that is there already. One that nobody asked about is
    believed."""
    if hidden := parent_shown(issue_id, issue_key, facts):
        return hidden
    parent = facts.parents.get(issue_id)
    if parent is None:
        return None
    values = {"epic": parent.key, "jira_project": metadata.key}
    if parent.project_id != metadata.project_id:
        # Company-managed projects may share epics; a sub-task, and anything team-managed, may not.
        refused = metadata.team_managed or issue_type.subtask
        return Finding("parent_other_project", values, blocking=refused)
    known = metadata.type(parent.type_id)
    level = parent.level if parent.level is not None or known is None else known.level
    if level is not None and not one_above(issue_type, level, metadata):
        return Finding("parent_wrong_level", {**values, "issue_type": issue_type.name}, blocking=True)
    return None


def same_summary(summary: str, facts: Facts) -> Finding | None:
    """An issue with this very summary, made by someone else. The export may go on; linking to it is offered."""
    found = facts.alike.get(plain_summary(summary))
    if found is None:
        return None
    return Finding("same_summary", {"issue": found.key, "issue_id": found.issue_id})


def checks(watched: int, not_looked: int) -> list[dict[str, Any]]:
    """What is worth knowing of a plan as a whole, as `ExportPlan.checks` holds it."""
    counted = {"watchers_mail": watched, "summaries_not_looked": not_looked}
    return [{"code": code, "values": {"count": count}, "state": "info"} for code, count in counted.items() if count]
