"""Jira Cloud, REST v3: what it does another way than Data Center."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

from jira_integration.client.api import ONLY_NAMES, JiraClient
from jira_integration.client.asking import Params
from jira_integration.client.exceptions import ErrorCode, JiraNotFound, JiraUnavailable
from jira_integration.client.reading import pages, read, read_json, read_rows
from jira_integration.client.schemas import BulkBegun, BulkTask, Issue, IssuePage, JiraProject, User

PROJECTS_PER_PAGE = 100  # more is silently cut to this
READS_PER_REQUEST = 100
PROPERTIES_PER_READ = 5
RECONCILED_PER_SEARCH = 50
DELETES_PER_REQUEST = 1000


class CloudClient(JiraClient):
    """https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/"""

    api = "/rest/api/3"

    async def projects(self, query: str = "", action: str = "create") -> AsyncIterator[JiraProject]:
        """Every project in which this account may do `action` (view, browse, edit, create), page after page.

        `query` matches keys and names. Nothing found may come as a 404, which is an empty list here.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/#api-rest-api-3-project-search-get
        """
        path = f"{self.api}/project/search"
        asked = {"query": query, "action": action, "orderBy": "key"}
        try:
            async for rows in pages(self.transport, path, params=asked, page_size=PROJECTS_PER_PAGE):
                for project in read_rows(JiraProject, rows, path):
                    yield project
        except JiraNotFound:
            return

    async def assignable_users(self, project_key: str, query: str = "", limit: int = 50) -> list[User]:
        """Up to `limit` people an issue of this project may be assigned to, by name or e-mail.

        Jira looks at its first 1,000 users only; without the permission to browse users the list is empty.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-search/#api-rest-api-3-user-assignable-search-get
        """
        path = f"{self.api}/user/assignable/search"
        asked: Params = {"project": project_key, "query": query, "maxResults": limit}
        answer = await self.transport.request("GET", path, params=asked)
        return read_rows(User, read_json(list[Any], answer, path), path)

    async def search_users(self, query: str, limit: int = 50) -> list[User]:
        """Up to `limit` people of the whole site by name or e-mail, those who left among them (`active`).

        Without the permission to browse users the list is empty.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-search/#api-rest-api-3-user-search-get
        """
        path = f"{self.api}/user/search"
        answer = await self.transport.request("GET", path, params={"query": query, "maxResults": limit})
        return read_rows(User, read_json(list[Any], answer, path), path)

    async def bulk_fetch(
        self,
        issues: Sequence[str],
        *,
        fields: Collection[str] = (),
        properties: Collection[str] = (),
        changelog: bool = False,
    ) -> list[Issue]:
        """Read issues by id or key, 100 to a request, no search index involved.

        Missing and hidden ones are simply absent; the order is Jira's. When Jira says that it could not read one that
        may exist, the whole call fails with JiraUnavailable: absent has to mean absent.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-bulkfetch-post
        """
        path = f"{self.api}/issue/bulkfetch"
        found: list[Issue] = []
        for start in range(0, len(issues), READS_PER_REQUEST):
            asked = {
                "issueIdsOrKeys": list(issues[start : start + READS_PER_REQUEST]),
                "fields": list(fields) or ONLY_NAMES,
                "properties": few(properties, PROPERTIES_PER_READ),
            }
            if changelog:
                asked["expand"] = ["changelog"]
            answer = await self.transport.request("POST", path, json=asked)
            body = read_json(dict[str, Any], answer, path)
            if body.get("issueErrors"):
                raise JiraUnavailable(
                    "Jira could not read some of the issues.", code=ErrorCode.UNAVAILABLE, method="POST", path=path
                )
            found += read_rows(Issue, body.get("issues") or [], path)
        return found

    async def search(
        self,
        jql: str,
        *,
        fields: Collection[str] = (),
        properties: Collection[str] = (),
        page_size: int = 100,
        reconcile_issues: Collection[int] = (),
    ) -> AsyncIterator[IssuePage]:
        """The pages of a search. `jql` must be bounded; without `fields` only ids and keys come.

        The index lags writes by seconds to minutes; `reconcile_issues` (numeric ids, at most 50) are read fresh.
        An unknown project in the JQL is a refusal, not an empty answer. Pages may be short before the last.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/#api-rest-api-3-search-jql-post
        """
        path = f"{self.api}/search/jql"
        asked: dict[str, Any] = {"jql": jql, "maxResults": page_size, "fields": list(fields) or ONLY_NAMES}
        if properties:
            asked["properties"] = few(properties, PROPERTIES_PER_READ)
        if reconcile_issues:
            asked["reconcileIssues"] = few(reconcile_issues, RECONCILED_PER_SEARCH)
        seen: set[str] = set()
        while True:
            page = read(IssuePage, await self.transport.request("POST", path, json=asked), path)
            yield page
            token = page.next_page_token
            if page.is_last or not token or token in seen:  # a token that comes back would go round for ever
                return
            seen.add(token)
            asked = {**asked, "nextPageToken": token}

    async def bulk_delete(self, issues: Collection[str]) -> str:
        """Begin to delete up to 1,000 issues; the id of the task that does it. Nobody is mailed about it.

        Sub-tasks go with their parents. Needs the global permission to make bulk changes; JiraRejected also when five
        such tasks are running on the site. A 201 says only that the task was begun.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-bulk-operations/#api-rest-api-3-bulk-issues-delete-post
        """
        path = f"{self.api}/bulk/issues/delete"
        asked = {"selectedIssueIdsOrKeys": few(issues, DELETES_PER_REQUEST), "sendBulkNotification": False}
        return read(BulkBegun, await self.transport.request("POST", path, json=asked), path, wrote=True).task_id

    async def bulk_progress(self, task_id: str) -> BulkTask:
        """How far a bulk task of this account is. A task that is COMPLETE may have failed on some issues.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-bulk-operations/#api-rest-api-3-bulk-queue-taskid-get
        """
        path = f"{self.api}/bulk/queue/{{task}}"
        return read(BulkTask, await self.transport.request("GET", path, at={"task": task_id}), path)

    async def approximate_count(self, jql: str) -> int:
        """About how many issues match; `jql` must be bounded.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/#api-rest-api-3-search-approximate-count-post
        """
        path = f"{self.api}/search/approximate-count"
        body = read_json(dict[str, Any], await self.transport.request("POST", path, json={"jql": jql}), path)
        return int(body.get("count") or 0)


def few(values: Collection[Any], at_most: int) -> list[Any]:
    if len(values) > at_most:
        raise ValueError(f"{len(values)} values; Jira takes {at_most}.")
    return list(values)
