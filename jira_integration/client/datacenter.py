"""Jira Data Center, REST v2: what it does another way than Cloud, and what it does not have.

No bulk fetch, no token paging, no properties in a search, no levels of issue types, no project search. What a search
does not show is asked for by id before it counts as absent: the index of a node lags behind the others.
https://docs.atlassian.com/software/jira/docs/api/REST/latest/
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from typing import Any, TypeVar

from jira_integration.client.api import ONLY_NAMES, JiraClient
from jira_integration.client.asking import Params
from jira_integration.client.exceptions import JiraNotFound, JiraRejected
from jira_integration.client.reading import read, read_json, read_rows, unreadable
from jira_integration.client.schemas import (
    FieldMeta,
    Issue,
    IssuePage,
    IssueTypeMeta,
    JiraProject,
    ResultPage,
    User,
)
from jira_integration.client.together import together
from jira_integration.client.transport import Transport

NAMED_PER_SEARCH = 100  # ids or keys in one JQL
READS_AT_ONCE = 4
EPIC_NAME = "com.pyxis.greenhopper.jira:gh-epic-label"

Wanted = TypeVar("Wanted")
Found = TypeVar("Found")


class DataCenterClient(JiraClient):
    """Versions 8 to 11. A client is short-lived: what it has read of create screens it keeps for its own life."""

    api = "/rest/api/2"

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._screens: dict[tuple[str, str], list[FieldMeta]] = {}

    async def projects(self, query: str = "", action: str = "create") -> AsyncIterator[JiraProject]:
        """Every project this account can see: Jira gives them all at once, and does not sort them by `action`.

        https://docs.atlassian.com/software/jira/docs/api/REST/latest/#project-getAllProjects
        """
        path = f"{self.api}/project"
        answer = await self.transport.request("GET", path)
        wanted = query.casefold()
        for project in read_rows(JiraProject, read_json(list[Any], answer, path), path):
            if wanted in project.key.casefold() or wanted in project.name.casefold():
                yield project

    async def issue_types(self, project_id: str) -> list[IssueTypeMeta]:
        """The issue types, with the levels that Data Center does not tell: an epic is what asks for an epic's name.

        Names are translated and renamed, so the create screen of each type is read to find out.
        """
        types = await self._types(project_id)
        ordinary = [one for one in types if not one.subtask]
        screens = await few_at_once(
            [one.id for one in ordinary], lambda type_id: self.create_fields(project_id, type_id)
        )
        epics = {
            one.id
            for one, screen in zip(ordinary, screens, strict=True)
            if any(field.schema_.custom == EPIC_NAME for field in screen)
        }
        return [
            one.model_copy(update={"hierarchy_level": -1 if one.subtask else int(one.id in epics)}) for one in types
        ]

    async def _types(self, project_id: str) -> list[IssueTypeMeta]:
        try:
            return await super().issue_types(project_id)
        except (JiraNotFound, JiraRejected) as hidden:
            # Before 8.4 there is one answer for everything; it is also how a hidden project is told from an old Jira.
            types = await self._all_at_once(project_id)
            if types is None:
                raise hidden
            return types

    async def create_fields(self, project_id: str, type_id: str) -> list[FieldMeta]:
        kept = self._screens.get((project_id, type_id))
        if kept is None:
            kept = await super().create_fields(project_id, type_id)
            self._screens[project_id, type_id] = kept
        return kept

    async def _all_at_once(self, project_id: str) -> list[IssueTypeMeta] | None:
        """Types and screens as Jira gave them before 8.4; None when it shows no such project.

        https://docs.atlassian.com/software/jira/docs/api/REST/8.3.0/#api/2/issue-getCreateIssueMeta
        """
        path = f"{self.api}/issue/createmeta"
        named = "projectIds" if project_id.isdigit() else "projectKeys"
        asked = {named: project_id, "expand": "projects.issuetypes.fields"}
        try:
            body = read_json(dict[str, Any], await self.transport.request("GET", path, params=asked), path)
        except (JiraNotFound, JiraRejected):  # from 9.0 on "createmeta" reads as the key of an issue
            return None
        projects = body.get("projects") or []
        if not projects:
            return None
        rows = projects[0].get("issuetypes") or []
        for row in rows:
            fields = [{"fieldId": name, **field} for name, field in (row.get("fields") or {}).items()]
            self._screens[project_id, str(row.get("id"))] = read_rows(FieldMeta, fields, path)
        return read_rows(IssueTypeMeta, rows, path)

    async def assignable_users(self, project_key: str, query: str = "", limit: int = 50) -> list[User]:
        """People are known by `name` here; Jira gives 100 at most.

        https://docs.atlassian.com/software/jira/docs/api/REST/latest/#user-findAssignableUsers
        """
        path = f"{self.api}/user/assignable/search"
        asked: Params = {"project": project_key, "username": query, "maxResults": limit}
        return await self._people(path, asked)

    async def _people(self, path: str, asked: Params) -> list[User]:
        """People with their name as the id by which we know them."""
        answer = await self.transport.request("GET", path, params=asked)
        found = read_rows(User, read_json(list[Any], answer, path), path)
        return [one.model_copy(update={"account_id": one.name}) for one in found]

    async def search_users(self, query: str, limit: int = 50) -> list[User]:
        """https://docs.atlassian.com/software/jira/docs/api/REST/latest/#user-findUsers"""
        path = f"{self.api}/user/search"
        asked: Params = {"username": query, "includeInactive": True, "maxResults": limit}
        return await self._people(path, asked)

    async def bulk_fetch(
        self,
        issues: Sequence[str],
        *,
        fields: Collection[str] = (),
        properties: Collection[str] = (),
        changelog: bool = False,
    ) -> list[Issue]:
        """A search for a hundred at a time, and by id what it does not show; with `properties` each issue by itself,
        since a search gives none. https://docs.atlassian.com/software/jira/docs/api/REST/latest/#search-searchUsingSearchRequest
        """
        named = list(dict.fromkeys(issues))
        shown = list(fields) or ONLY_NAMES
        found: list[Issue] = []
        if not properties:
            for start in range(0, len(named), NAMED_PER_SEARCH):
                found += await self._shown(named[start : start + NAMED_PER_SEARCH], shown, changelog)
            # One that moved answers under another key than it was asked for; asking again finds it.
            seen = {name for issue in found for name in (issue.id, issue.key)}
            named = [one for one in named if one not in seen]

        async def by_itself(one: str) -> Issue | None:
            try:
                return await self.get_issue(one, fields=shown, properties=properties, changelog=changelog)
            except JiraNotFound:
                return None

        found += [issue for issue in await few_at_once(named, by_itself) if issue is not None]
        return list({issue.id: issue for issue in found}.values())

    async def _shown(self, named: Sequence[str], fields: Collection[str], changelog: bool) -> list[Issue]:
        """What a search shows of these ids or keys; nothing where it stumbles over one that it does not know."""
        ids = all(one.isdigit() for one in named)
        listed = ", ".join(named if ids else map(in_quotes, named))
        try:
            jql = f"{'id' if ids else 'key'} in ({listed})"
            pages = self._results(jql, fields, validate=False, changelog=changelog)
            return [issue async for page in pages for issue in page.issues]
        except JiraRejected:
            return []

    async def search(
        self,
        jql: str,
        *,
        fields: Collection[str] = (),
        properties: Collection[str] = (),
        page_size: int = 100,
        reconcile_issues: Collection[int] = (),
    ) -> AsyncIterator[IssuePage]:
        """`properties` cost a request for each issue.

        https://docs.atlassian.com/software/jira/docs/api/REST/latest/#search-searchUsingSearchRequest
        """
        async for page in self._results(jql, list(fields) or ONLY_NAMES, page_size):
            yield page.model_copy(update={"issues": await self._with(page.issues, properties)})

    async def _results(
        self,
        jql: str,
        fields: Collection[str],
        page_size: int = 100,
        *,
        validate: bool = True,
        changelog: bool = False,
    ) -> AsyncIterator[IssuePage]:
        """The first page in the order asked for, all others by id.

        Counting pages loses an issue when one before it changes its place meanwhile, and Jira refuses to count beyond
        10,000; asking for the ids after the last one does neither. Without `validate` Jira passes over names it does
        not know instead of refusing.
        """
        where, order = taken_apart(jql)
        how: dict[str, Any] = {"validate": validate, "changelog": changelog}
        page = await self._page(f"{where} ORDER BY {order}".strip(), fields, page_size, **how)
        seen = {issue.id for issue in page.issues}
        after = max(map(id_number, page.issues), default=0) if order.casefold() in {"id", "id asc"} else 0
        fresh = page.issues
        while True:
            last = not page.issues or page.total <= len(page.issues)
            yield IssuePage(issues=fresh, is_last=last)
            if last:
                return
            bounded = f"({where}) AND id > {after}" if after else where
            page = await self._page(f"{bounded} ORDER BY id ASC", fields, page_size, **how)
            before, after = after, max(map(id_number, page.issues), default=after)
            if page.issues and after <= before:  # a server that ignores the bound would go round for ever
                raise unreadable(f"{self.api}/search")
            fresh = [issue for issue in page.issues if issue.id not in seen]

    async def _page(
        self, jql: str, fields: Collection[str], page_size: int, *, validate: bool, changelog: bool = False
    ) -> ResultPage:
        path = f"{self.api}/search"
        asked: dict[str, Any] = {"jql": jql, "startAt": 0, "maxResults": page_size, "fields": list(fields)}
        if not validate:
            asked["validateQuery"] = False
        if changelog:
            asked["expand"] = ["changelog"]
        return read(ResultPage, await self.transport.request("POST", path, json=asked), path)

    async def _with(self, issues: list[Issue], properties: Collection[str]) -> list[Issue]:
        """The issues with these properties, read one by one."""
        if not properties:
            return issues

        async def one_by_one(issue: Issue) -> Issue:
            found = {}
            for key in properties:
                try:
                    found[key] = await self.get_property(issue.id, key)
                except JiraNotFound:
                    continue
            return issue.model_copy(update={"properties": found})

        return await few_at_once(issues, one_by_one)

    async def approximate_count(self, jql: str) -> int:
        """Exactly how many issues match, as far as the index knows."""
        return (await self._page(jql, ONLY_NAMES, 0, validate=True)).total


async def few_at_once(wanted: Sequence[Wanted], read_one: Callable[[Wanted], Awaitable[Found]]) -> list[Found]:
    """One request for each, a few in flight, answers in the order of `wanted`."""
    places = asyncio.Semaphore(READS_AT_ONCE)

    async def in_turn(one: Wanted) -> Found:
        async with places:
            return await read_one(one)

    return list(await together(*(in_turn(one) for one in wanted)))


def taken_apart(jql: str) -> tuple[str, str]:
    """The condition of a JQL and what it is ordered by ("id ASC" where it does not say)."""
    found = re.fullmatch(r"(.*?)\s*\bORDER BY\s+([\w, ]+)", jql, re.DOTALL)
    return (found[1], found[2].strip()) if found else (jql, "id ASC")


def in_quotes(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def id_number(issue: Issue) -> int:
    return int(issue.id)
