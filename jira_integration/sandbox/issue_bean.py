"""One issue as Jira shows it: which fields, which properties, which expansions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from jira_integration.sandbox.beans import Beans, Json
from jira_integration.sandbox.model import FieldDef, Project
from jira_integration.sandbox.store import Issue

_HISTORY_IN_EXPAND = 40


def project_fields(beans: Beans, project: Project) -> list[FieldDef]:
    """The fields an issue of this project can show."""
    return [f for f in beans.site.fields.values() if not f.project_id or f.project_id == project.id]


def wanted_fields(beans: Beans, project: Project, asked: Sequence[str]) -> list[FieldDef]:
    """`*all`, `*navigable`, ids, and `-id` to leave one out; unknown names are ignored, as Jira does."""
    known = project_fields(beans, project)
    if all(name.startswith("-") for name in asked):
        asked = ["*all", *asked]
    names = set(asked)
    chosen = [
        f for f in known if "*all" in names or ("*navigable" in names and f.navigable) or f.id in names
    ]  # fmt: skip
    return [f for f in chosen if f"-{f.id}" not in names]


def issue_fields(beans: Beans, issue: Issue, asked: Sequence[str]) -> Json:
    project = beans.site.projects[issue.project_id]
    shown = {f.id: _field(beans, project, issue, f) for f in wanted_fields(beans, project, asked)}
    if beans.site.data_center and not beans.site.types[issue.type_id].subtask:
        shown.pop("parent", None)
    if shown.get("parent", "") is None:
        del shown["parent"]  # Jira leaves it out where there is none
    return shown


def _parent_of(beans: Beans, issue: Issue) -> Issue | None:
    return beans.store.issue(issue.parent_id) if issue.parent_id else None


def _field(beans: Beans, project: Project, issue: Issue, field: FieldDef) -> Any:
    match field.id:
        case "issuetype":
            return beans.issue_type(beans.site.types[issue.type_id])
        case "project":
            return beans.project(project)
        case "status":
            return beans.status(beans.site.statuses[issue.status_id])
        case "creator":
            return beans.user_by_id(issue.creator)
        case "created":
            return beans.time(issue.created)
        case "updated":
            return beans.time(issue.updated)
        case "statuscategorychangedate":
            return beans.time(issue.moved)
        case "resolutiondate":
            return beans.time(issue.resolved) if issue.resolved else None
        case "parent":
            parent = _parent_of(beans, issue)
            return beans.linked_issue(parent) if parent else None
        case _ if field.kind == "epic_link":
            epic = _parent_of(beans, issue)
            return epic.key if epic and beans.site.types[epic.type_id].level == 1 and beans.site.data_center else None
        case "subtasks":
            return [beans.linked_issue(child) for child in beans.children(issue, subtasks_only=True)]
        case "issuelinks":
            return beans.issue_links(issue)
        case "attachment":
            return beans.attachments(issue.id)
        case "worklog":
            logs = beans.worklogs(issue.id)
            return {"startAt": 0, "maxResults": 20, "total": len(logs), "worklogs": logs[:20]}
        case "archiveddate":
            return None if issue.archived is None else beans.time(issue.archived)
        case "archivedby":
            return beans.user_by_id(issue.doc.get("archivedby"))
        case "comment":
            return comment_page(beans, issue)
        case _:
            return beans.value(project, field, issue.doc.get(field.id))


def comment_page(beans: Beans, issue: Issue) -> Json:
    rows = beans.store.rows("SELECT * FROM comment WHERE issue_id = ? ORDER BY id", issue.id)
    shown = [beans.comment(issue.id, dict(r), json.loads(r["body"])) for r in rows]
    return {
        "comments": shown,
        "self": beans.link("issue", issue.id, "comment"),
        "maxResults": len(shown),
        "total": len(shown),
        "startAt": 0,
    }


def issue_properties(beans: Beans, issue: Issue, keys: Iterable[str]) -> Json:
    wanted = list(keys)
    rows = beans.store.rows("SELECT key, value FROM property WHERE issue_id = ?", issue.id)
    held = {r["key"]: json.loads(r["value"]) for r in rows}
    return held if "*all" in wanted else {k: held[k] for k in wanted if k in held}


def history_bean(beans: Beans, row: Any) -> Json:
    return {
        "id": str(row["id"]),
        "author": beans.user_by_id(row["author"]),
        "created": beans.time(row["created"]),
        "items": json.loads(row["items"]),
    }


def issue_bean(
    beans: Beans, issue: Issue, asked: Sequence[str], properties: Sequence[str] = (), expand: Sequence[str] = ()
) -> Json:
    bean: Json = {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
        "id": str(issue.id),
        "self": beans.link("issue", issue.id),
        "key": issue.key,
        "fields": issue_fields(beans, issue, asked),
    }
    if properties:
        bean["properties"] = issue_properties(beans, issue, properties)
    if "changelog" in expand:
        rows = beans.store.rows("SELECT * FROM history WHERE issue_id = ? ORDER BY id DESC", issue.id)
        shown = rows[::-1] if beans.site.data_center else rows[:_HISTORY_IN_EXPAND]
        bean["changelog"] = {
            "startAt": 0,
            "maxResults": len(shown),
            "total": len(rows),
            "histories": [history_bean(beans, r) for r in shown],
        }
    shown_fields = [beans.site.fields[f] for f in bean["fields"]]
    if "names" in expand:
        bean["names"] = {f.id: f.name for f in shown_fields}
    if "schema" in expand:
        bean["schema"] = {f.id: beans.schema(f) for f in shown_fields}
    return bean
