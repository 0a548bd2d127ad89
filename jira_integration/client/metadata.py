"""What a site and its projects are made of: everything an export has to know before its first write.

Here stands what Cloud's REST v3 and Data Center's v2 have in common; cloud.py and datacenter.py hold the rest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection
from typing import Any

from jira_integration.client.exceptions import JiraNotFound
from jira_integration.client.reading import pages, read, read_json, read_rows
from jira_integration.client.schemas import (
    FieldInfo,
    FieldMeta,
    IssueTypeMeta,
    IssueTypeStatuses,
    JiraProject,
    LinkTypeInfo,
    Myself,
    ServerInfo,
    User,
)
from jira_integration.client.transport import Transport

META_PER_PAGE = 200  # more is a 400


class MetadataClient(ABC):
    """The reading half of JiraClient that concerns the site, not its issues. Made without touching the network."""

    api: str  # "/rest/api/3"

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.transport!r})"

    async def server_info(self) -> ServerInfo:
        """What answers at this address. Open to anybody, so it proves nothing about the login.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-server-info/#api-rest-api-3-serverinfo-get
        """
        path = f"{self.api}/serverInfo"
        return read(ServerInfo, await self.transport.request("GET", path), path)

    async def myself(self) -> Myself:
        """The account our login belongs to. Raises JiraLoginError when there is none.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-myself/#api-rest-api-3-myself-get
        """
        path = f"{self.api}/myself"
        return read(Myself, await self.transport.request("GET", path), path)

    @abstractmethod
    def projects(self, query: str = "", action: str = "create") -> AsyncIterator[JiraProject]:
        """Every project in which this account may do `action` (view, browse, edit, create), as far as Jira can tell.

        `query` matches keys and names.
        """

    async def project(self, key_or_id: str) -> JiraProject:
        """One project with its issue types. Raises JiraNotFound when it is gone or hidden.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/#api-rest-api-3-project-projectidorkey-get
        """
        path = f"{self.api}/project/{{project}}"
        return read(JiraProject, await self.transport.request("GET", path, at={"project": key_or_id}), path)

    async def issue_types(self, project_id: str) -> list[IssueTypeMeta]:
        """The issue types this account may create in a project. `project_id` may be a key.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-createmeta-projectidorkey-issuetypes-get
        """
        path = f"{self.api}/issue/createmeta/{{project}}/issuetypes"
        at = {"project": project_id}
        found: list[IssueTypeMeta] = []
        async for rows in pages(self.transport, path, at=at, params={}, page_size=META_PER_PAGE):
            found += read_rows(IssueTypeMeta, rows, path)
        return found

    async def create_fields(self, project_id: str, type_id: str) -> list[FieldMeta]:
        """The fields on the create screen of an issue type, to the last page: more than 50 are common.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-createmeta-projectidorkey-issuetypes-issuetypeid-get
        """
        path = f"{self.api}/issue/createmeta/{{project}}/issuetypes/{{type}}"
        at = {"project": project_id, "type": type_id}
        found: list[FieldMeta] = []
        async for rows in pages(self.transport, path, at=at, params={}, page_size=META_PER_PAGE):
            found += read_rows(FieldMeta, rows, path)
        return found

    async def fields(self) -> list[FieldInfo]:
        """Every field of the site. Find custom ones by `schema_.custom`; names repeat and are translated.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-fields/#api-rest-api-3-field-get
        """
        path = f"{self.api}/field"
        answer = await self.transport.request("GET", path)
        return read_rows(FieldInfo, read_json(list[Any], answer, path), path)

    async def project_statuses(self, key_or_id: str) -> list[IssueTypeStatuses]:
        """The statuses of a project, by issue type.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/#api-rest-api-3-project-projectidorkey-statuses-get
        """
        path = f"{self.api}/project/{{project}}/statuses"
        answer = await self.transport.request("GET", path, at={"project": key_or_id})
        return read_rows(IssueTypeStatuses, read_json(list[Any], answer, path), path)

    async def link_types(self) -> list[LinkTypeInfo]:
        """The kinds of links between issues on this site; none where linking is turned off (Jira answers 404 then).

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-link-types/#api-rest-api-3-issuelinktype-get
        """
        path = f"{self.api}/issueLinkType"
        try:
            body = read_json(dict[str, Any], await self.transport.request("GET", path), path)
        except JiraNotFound:
            return []
        return read_rows(LinkTypeInfo, body.get("issueLinkTypes") or [], path)

    async def permissions(self, project_key: str, names: Collection[str]) -> dict[str, bool]:
        """Which of the named permissions ("CREATE_ISSUES") this account has in a project; unknown ones are False.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permissions/#api-rest-api-3-mypermissions-get
        """
        path = f"{self.api}/mypermissions"
        asked = {"projectKey": project_key, "permissions": list(names)}
        body = read_json(dict[str, Any], await self.transport.request("GET", path, params=asked), path)
        held = body.get("permissions") or {}
        return {name: bool((held.get(name) or {}).get("havePermission")) for name in names}

    @abstractmethod
    async def assignable_users(self, project_key: str, query: str = "", limit: int = 50) -> list[User]:
        """Up to `limit` people an issue of this project may be assigned to, by name or e-mail.

        Without the permission to browse users the list is empty.
        """

    @abstractmethod
    async def search_users(self, query: str, limit: int = 50) -> list[User]:
        """Up to `limit` people of the whole site by name or e-mail, those who left among them (`active`).

        Without the permission to browse users the list is empty.
        """
