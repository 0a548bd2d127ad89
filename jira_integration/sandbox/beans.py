"""Jira's JSON for everything but errors. `api` is the version in links: 3 in answers, 2 in webhooks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from jira_integration.sandbox.clock import jira_time
from jira_integration.sandbox.model import FieldDef, IssueType, LinkType, Option, Project, Site, Status, User
from jira_integration.sandbox.store import Issue, Store, issue_of
from jira_integration.sandbox.texts import as_text

Json = dict[str, Any]
_SIZES = ("16x16", "24x24", "32x32", "48x48")


@dataclass(frozen=True)
class Beans:
    """Writes rows as Jira writes them; `base` begins every link."""

    site: Site
    store: Store
    base: str
    zone: tzinfo
    account_zone: str
    api: int = 3

    def link(self, *parts: object) -> str:
        return "/".join([f"{self.base}/rest/api/{self.api}", *(str(p) for p in parts)])

    def time(self, milliseconds: int) -> str:
        return jira_time(milliseconds, self.zone)

    def _avatars(self, kind: str, id_: str) -> Json:
        return {size: f"{self.base}/_sandbox/avatar/{kind}/{id_}?size={size}" for size in _SIZES}

    def user(self, user: User) -> Json:
        if self.site.data_center:
            return {
                "self": self.link(f"user?username={user.login}"),
                "name": user.login,
                "key": user.key,
                "emailAddress": user.email or f"{user.login}@example.test",
                "avatarUrls": self._avatars("user", user.account_id),
                "displayName": user.name,
                "active": user.active,
                "timeZone": self.account_zone,
            }
        bean: Json = {
            "self": self.link(f"user?accountId={user.account_id}"),
            "accountId": user.account_id,
            "avatarUrls": self._avatars("user", user.account_id),
            "displayName": user.name,
            "active": user.active,
            "timeZone": self.account_zone,
            "accountType": "atlassian",
        }
        if user.email and self.api == 3:
            bean["emailAddress"] = user.email
        return bean

    def user_by_id(self, account_id: str | None) -> Json | None:
        return self.user(self.site.users[account_id]) if account_id else None

    def scope(self, project_id: str) -> Json:
        return {"scope": {"type": "PROJECT", "project": {"id": project_id}}} if project_id else {}

    def status(self, status: Status) -> Json:
        category = status.category
        return {
            "self": self.link("status", status.id),
            "description": status.description,
            "iconUrl": f"{self.base}/_sandbox/icon/status/{category.key}",
            "name": status.name,
            "id": status.id,
            "statusCategory": {
                "self": self.link("statuscategory", category.id),
                "id": category.id,
                "key": category.key,
                "colorName": category.color,
                "name": category.name,
            },
            **self.scope(status.project_id),
        }

    def issue_type(self, kind: IssueType) -> Json:
        bean: Json = {
            "self": self.link("issuetype", kind.id),
            "id": kind.id,
            "description": kind.description,
            "iconUrl": f"{self.base}/_sandbox/icon/type/{kind.id}",
            "name": kind.name,
            "subtask": kind.subtask,
        }
        if self.site.data_center:
            return bean | {"avatarId": 10_300 + int(kind.id) % 100}
        return bean | {"hierarchyLevel": kind.level, **self.scope(kind.project_id)}

    def project(self, project: Project, *, full: bool = False) -> Json:
        bean: Json = {
            "self": self.link("project", project.id),
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "simplified": project.team_managed,
            "avatarUrls": self._avatars("project", project.id),
        }
        if self.site.data_center:
            del bean["simplified"]
            return bean | ({"archived": project.archived} if full else {})
        if full:
            bean["style"] = project.style
            bean["isPrivate"] = False
            if project.archived:
                bean["archived"] = True
        return bean

    def priority(self, option: Option) -> Json:
        icon = f"{self.base}/_sandbox/icon/priority/{option.id}"
        return {"self": self.link("priority", option.id), "iconUrl": icon, "name": option.text, "id": option.id}

    def named(self, kind: str, option: Option) -> Json:
        bean: Json = {"self": self.link(kind, option.id), "id": option.id, "name": option.text}
        if kind == "resolution":
            bean["description"] = ""
        if kind == "version":
            bean |= {"archived": False, "released": False}
        return bean

    def option(self, option: Option) -> Json:
        bean: Json = {"self": self.link("customFieldOption", option.id), "value": option.text, "id": option.id}
        return bean | {"children": [self.option(one) for one in option.children]} if option.children else bean

    def cascade(self, options: tuple[Option, ...], stored: list[str]) -> Json:
        """The chosen option with the one chosen under it."""
        chosen = _sure(options, stored[0])
        bean = self.option(Option(chosen.id, chosen.text))
        return bean | {"child": self.option(_sure(chosen.children, stored[1]))} if len(stored) > 1 else bean

    def schema(self, field: FieldDef) -> Json:
        return dict(field.schema)

    def link_type(self, kind: LinkType) -> Json:
        return {
            "id": kind.id,
            "name": kind.name,
            "inward": kind.inward,
            "outward": kind.outward,
            "self": self.link("issueLinkType", kind.id),
        }

    def linked_issue(self, issue: Issue) -> Json:
        fields: Json = {
            "summary": issue.doc["summary"],
            "status": self.status(self.site.statuses[issue.status_id]),
            "issuetype": self.issue_type(self.site.types[issue.type_id]),
        }
        if priority := _by_id(self.site.priorities, issue.doc.get("priority")):
            fields["priority"] = self.priority(priority)
        return {"id": str(issue.id), "key": issue.key, "self": self.link("issue", issue.id), "fields": fields}

    def value(self, project: Project, field: FieldDef, stored: Any) -> Any:
        """A stored value (values.py) as Jira shows it."""
        if stored is None:
            return [] if field.kind in {"labels", "components", "versions", "issuelinks"} and not field.custom else None
        match field.kind:
            case "priority":
                return self.priority(_sure(self.site.priorities, stored))
            case "resolution":
                return self.named("resolution", _sure(self.site.resolutions, stored))
            case "user":
                return self.user_by_id(stored)
            case "option":
                return self.option(_sure(field.options, stored))
            case "options":
                return [self.option(_sure(field.options, one)) for one in stored]
            case "cascade":
                return self.cascade(field.options, stored)
            case "security":
                return self.named("securitylevel", _sure(field.options, stored))
            case "users":
                return [self.user_by_id(one) for one in stored]
            case "group":
                return {"name": stored, "self": self.link(f"group?groupname={stored}")}
            case "groups":
                return [{"name": one, "self": self.link(f"group?groupname={one}")} for one in stored]
            case "version":
                return self.named("version", _sure(project.versions, stored))
            case "sprint":
                if self.site.data_center:
                    of_sprint = f"id={stored},state=ACTIVE,name=Sprint {stored}"
                    return [f"com.atlassian.greenhopper.service.sprint.Sprint@1f[{of_sprint}]"]
                return [{"id": stored, "name": f"Sprint {stored}", "state": "active", "boardId": 1}]
            case "components":
                return [self.named("component", _sure(project.components, one)) for one in stored]
            case "versions":
                return [self.named("version", _sure(project.versions, one)) for one in stored]
            case "adf" if self.api == 2:
                return as_text(stored)
            case _:
                return stored

    def issue_links(self, issue: Issue) -> list[Json]:
        beans = []
        types = {t.id: t for t in self.site.link_types}
        rows = self.store.rows("SELECT * FROM link WHERE source = ? OR target = ? ORDER BY id", issue.id, issue.id)
        for row in rows:
            # Seen from the source the other end is the outward issue: "this blocks the outward issue".
            outward = row["source"] == issue.id
            other = self.store.issue(row["target"] if outward else row["source"])
            if other is not None:
                end = "outwardIssue" if outward else "inwardIssue"
                beans.append(
                    {
                        "id": str(row["id"]),
                        "self": self.link("issueLink", row["id"]),
                        "type": self.link_type(types[row["type_id"]]),
                        end: self.linked_issue(other),
                    }
                )
        return beans

    def comment(self, issue_id: int, row: Mapping[str, Any], body: Any) -> Json:
        return {
            "self": self.link("issue", issue_id, "comment", row["id"]),
            "id": str(row["id"]),
            "author": self.user_by_id(row["author"]),
            "body": as_text(body) if self.api == 2 and not self.site.data_center else body,
            "updateAuthor": self.user_by_id(row["editor"]),
            "created": self.time(row["created"]),
            "updated": self.time(row["updated"]),
            **({} if self.site.data_center else {"jsdPublic": True}),
        }

    def worklogs(self, issue_id: int) -> list[Json]:
        rows = self.store.rows("SELECT * FROM worklog WHERE issue_id = ? ORDER BY id", issue_id)
        return [self._worklog(dict(row)) for row in rows]

    def _worklog(self, row: Mapping[str, Any]) -> Json:
        bean: Json = {
            "self": self.link("issue", row["issue_id"], "worklog", row["id"]),
            "id": str(row["id"]),
            "issueId": str(row["issue_id"]),
            "author": self.user_by_id(row["author"]),
            "updateAuthor": self.user_by_id(row["author"]),
            "created": self.time(row["created"]),
            "updated": self.time(row["created"]),
            "started": self.time(row["started"]),
            "timeSpent": _duration(row["seconds"]),
            "timeSpentSeconds": row["seconds"],
        }
        if (body := json.loads(row["body"])) is not None:
            bean["comment"] = body
        return bean

    def attachments(self, issue_id: int) -> list[Json]:
        rows = self.store.rows("SELECT * FROM attachment WHERE issue_id = ? ORDER BY id", issue_id)
        return [
            {
                "self": self.link("attachment", row["id"]),
                "id": str(row["id"]),
                "filename": row["filename"],
                "author": self.user_by_id(row["author"]),
                "created": self.time(row["created"]),
                "size": row["size"],
                "mimeType": row["kind"],
                "content": self.link("attachment", "content", row["id"]),
            }
            for row in rows
        ]

    def children(self, issue: Issue, *, subtasks_only: bool = False) -> list[Issue]:
        found = [issue_of(r) for r in self.store.rows("SELECT * FROM issue WHERE parent_id = ? ORDER BY id", issue.id)]
        return [c for c in found if self.site.types[c.type_id].subtask] if subtasks_only else found


def _duration(seconds: int) -> str:
    """`1d 2h 5m`, with a day of eight hours."""
    parts = []
    for size, unit in ((8 * 3600, "d"), (3600, "h"), (60, "m")):
        count, seconds = divmod(seconds, size)
        parts += [f"{count}{unit}"] if count else []
    return " ".join(parts) or "0m"


def _by_id(options: tuple[Option, ...], id_: Any) -> Option | None:
    return next((o for o in options if o.id == id_), None)


def _sure(options: tuple[Option, ...], id_: str) -> Option:
    return _by_id(options, id_) or Option(id_, id_)
