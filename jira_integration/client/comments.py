"""Comments of an issue. The same on Cloud (ADF bodies) and Data Center (wiki markup)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from jira_integration.client.metadata import MetadataClient
from jira_integration.client.reading import pages, read, read_rows
from jira_integration.client.schemas import Comment


class CommentClient(MetadataClient):
    """A body is what Jira takes: an ADF document on Cloud, a string on Data Center."""

    async def comments(self, issue: str, *, with_properties: bool = False) -> AsyncIterator[Comment]:
        """The comments of an issue, oldest first, page after page.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/#api-rest-api-3-issue-issueidorkey-comment-get
        """
        path = f"{self.api}/issue/{{issue}}/comment"
        asked = {"orderBy": "created", "expand": "properties" if with_properties else ""}
        async for rows in pages(self.transport, path, at={"issue": issue}, params=asked, page_size=100):
            for comment in read_rows(Comment, rows, path):
                yield comment

    async def comment(self, issue: str, comment_id: str) -> Comment:
        """One comment. Raises JiraNotFound when it, or its issue, is gone or hidden.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/#api-rest-api-3-issue-issueidorkey-comment-id-get
        """
        path = f"{self.api}/issue/{{issue}}/comment/{{comment}}"
        at = {"issue": issue, "comment": comment_id}
        return read(Comment, await self.transport.request("GET", path, at=at), path)

    async def add_comment(self, issue: str, body: Any, properties: Mapping[str, Any]) -> Comment:
        """Write a comment. Never repeated by itself: after an unknown outcome look for its property first.

        Raises JiraRejected (a 400 also where the account lacks the permission to comment), JiraUnavailable with
        `outcome_unknown` when nobody knows whether it was written.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/#api-rest-api-3-issue-issueidorkey-comment-post
        """
        path = f"{self.api}/issue/{{issue}}/comment"
        asked = {"body": body, "properties": [{"key": key, "value": value} for key, value in properties.items()]}
        answer = await self.transport.request("POST", path, at={"issue": issue}, json=asked)
        return read(Comment, answer, path, wrote=True)

    async def edit_comment(self, issue: str, comment_id: str, body: Any) -> Comment:
        """Write a comment anew; the last writer wins.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/#api-rest-api-3-issue-issueidorkey-comment-id-put
        """
        path = f"{self.api}/issue/{{issue}}/comment/{{comment}}"
        at = {"issue": issue, "comment": comment_id}
        return read(Comment, await self.transport.request("PUT", path, at=at, json={"body": body}), path, wrote=True)

    async def delete_comment(self, issue: str, comment_id: str) -> None:
        """Delete a comment for good. Raises JiraNotFound when it is gone already.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/#api-rest-api-3-issue-issueidorkey-comment-id-delete
        """
        path = f"{self.api}/issue/{{issue}}/comment/{{comment}}"
        await self.transport.request("DELETE", path, at={"issue": issue, "comment": comment_id})
