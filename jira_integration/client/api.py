"""Jira's REST API: one method, one call, named as Jira names it, with the page it was read from.

Cloud (v3) and Data Center (v2) share most paths and bodies; what they do not share is abstract here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from jira_integration.client.answers import Answer
from jira_integration.client.asking import Params
from jira_integration.client.comments import CommentClient
from jira_integration.client.created import BulkAnswer
from jira_integration.client.reading import read, read_json, read_rows
from jira_integration.client.schemas import Issue, IssuePage, Transition, Webhook

CREATES_PER_REQUEST = 50
ONLY_NAMES = ["id", "key"]  # asked for nothing, Jira gives everything
WEBHOOKS = "/rest/webhooks/1.0/webhook"


class JiraClient(CommentClient):
    """Issues, their changes, and webhooks; comments come from CommentClient, what a site is made of from
    MetadataClient. CloudClient and DataCenterClient are the two kinds, and callers need not know which one they hold.

    Issues are named by id or key. A write is sent once: JiraUnavailable with `outcome_unknown` means that it has to
    be looked up before anything is sent again.
    """

    async def create_issues(self, updates: Sequence[Mapping[str, Any]]) -> BulkAnswer:
        """Create up to 50 issues; some may be refused while others are made, in the same answer.

        Each of `updates` is {"fields": …, "properties": …, "transition": …}. Parents have to exist before.

        Raises JiraRejected when the request as a whole was refused, JiraUnavailable with `outcome_unknown` when nobody
        knows what was made (also when the answer cannot be read).

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-bulk-post
        """
        if not 1 <= len(updates) <= CREATES_PER_REQUEST:
            raise ValueError(f"{len(updates)} issues; Jira takes 1 to {CREATES_PER_REQUEST} in a request.")
        path = f"{self.api}/issue/bulk"
        asked = {"issueUpdates": [dict(update) for update in updates]}
        answer = await self.transport.request("POST", path, json=asked, also=every_element_failed)
        return read(BulkAnswer, answer, path, wrote=answer.status != 400)

    async def get_issue(
        self,
        issue: str,
        *,
        fields: Collection[str] = ("*all",),
        properties: Collection[str] = (),
        changelog: bool = False,
    ) -> Issue:
        """One issue, with the latest of its changes when asked; a moved one answers under its new key. Raises
        JiraNotFound when it is gone or hidden.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-get
        """
        path = f"{self.api}/issue/{{issue}}"
        asked: Params = {"fields": fields, "properties": properties}
        if changelog:
            asked = {**asked, "expand": "changelog"}
        return read(Issue, await self.transport.request("GET", path, at={"issue": issue}, params=asked), path)

    async def edit_issue(
        self, issue: str, *, fields: Mapping[str, Any] | None = None, update: Mapping[str, Any] | None = None
    ) -> None:
        """Change fields of one issue. A field stands in `fields` (set) or in `update` (operations), not in both.

        The status cannot be changed here. The last writer wins: compare before writing.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-put
        """
        asked = {name: dict(part) for name, part in (("fields", fields), ("update", update)) if part}
        await self.transport.request("PUT", f"{self.api}/issue/{{issue}}", at={"issue": issue}, json=asked)

    async def delete_issue(self, issue: str, *, delete_subtasks: bool = False) -> None:
        """Delete one issue for good. Without `delete_subtasks` Jira refuses one that has sub-tasks.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-delete
        """
        asked = {"deleteSubtasks": delete_subtasks}
        await self.transport.request("DELETE", f"{self.api}/issue/{{issue}}", at={"issue": issue}, params=asked)

    @abstractmethod
    async def bulk_fetch(
        self,
        issues: Sequence[str],
        *,
        fields: Collection[str] = (),
        properties: Collection[str] = (),
        changelog: bool = False,
    ) -> list[Issue]:
        """Read issues by id or key, with the latest of their changes (at most 40 on Cloud) when asked.

        Absent means absent: missing and hidden ones are left out, and when one that may exist could not be read the
        whole call fails with JiraUnavailable. The order is Jira's."""

    @abstractmethod
    def search(
        self,
        jql: str,
        *,
        fields: Collection[str] = (),
        properties: Collection[str] = (),
        page_size: int = 100,
        reconcile_issues: Collection[int] = (),
    ) -> AsyncIterator[IssuePage]:
        """The pages of a search. `jql` must be bounded; without `fields` only ids and keys come.

        The index lags writes by seconds to minutes; `reconcile_issues` (numeric ids, at most 50) are read fresh where
        Jira can (Cloud). An unknown project in the JQL is a refusal, not an empty answer. Pages may be short before
        the last, and only the first is sure to be in the order asked for.
        """

    @abstractmethod
    async def approximate_count(self, jql: str) -> int:
        """About how many issues match; `jql` must be bounded."""

    async def transitions(self, issue: str, *, with_fields: bool = False) -> list[Transition]:
        """The steps possible now for this account; an empty list may also mean that it may not move issues.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-transitions-get
        """
        path = f"{self.api}/issue/{{issue}}/transitions"
        asked = {"expand": "transitions.fields" if with_fields else ""}
        body = read_json(
            dict[str, Any], await self.transport.request("GET", path, at={"issue": issue}, params=asked), path
        )
        return read_rows(Transition, body.get("transitions") or [], path)

    async def transition_issue(
        self,
        issue: str,
        transition_id: str,
        *,
        fields: Mapping[str, Any] | None = None,
        update: Mapping[str, Any] | None = None,
    ) -> None:
        """Take one step. Raises JiraRejected when it is not possible (any more) or its screen wants another field.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-transitions-post
        """
        asked: dict[str, Any] = {"transition": {"id": transition_id}}
        asked |= {name: dict(part) for name, part in (("fields", fields), ("update", update)) if part}
        await self.transport.request("POST", f"{self.api}/issue/{{issue}}/transitions", at={"issue": issue}, json=asked)

    async def set_property(self, issue: str, key: str, value: Any) -> None:
        """Store a JSON value (at most 32,768 characters) on an issue; everybody who sees the issue can read it.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-properties/#api-rest-api-3-issue-issueidorkey-properties-propertykey-put
        """
        path = f"{self.api}/issue/{{issue}}/properties/{{key}}"
        await self.transport.request("PUT", path, at={"issue": issue, "key": key}, json=value)

    async def get_property(self, issue: str, key: str) -> Any:
        """The value of one property. Raises JiraNotFound when the issue does not have it.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-properties/#api-rest-api-3-issue-issueidorkey-properties-propertykey-get
        """
        path = f"{self.api}/issue/{{issue}}/properties/{{key}}"
        answer = await self.transport.request("GET", path, at={"issue": issue, "key": key})
        return read_json(dict[str, Any], answer, path).get("value")

    async def create_webhook(self, name: str, url: str, events: Collection[str], jql: str, secret: str) -> Webhook:
        """Register an admin webhook, signed with `secret`. Needs a Jira admin's login; does not expire.

        https://developer.atlassian.com/cloud/jira/platform/webhooks/
        """
        asked = {
            "name": name,
            "url": url,
            "events": list(events),
            "filters": {"issue-related-events-section": jql},
            "excludeBody": False,
            "secret": secret,
        }
        answer = await self.transport.request("POST", WEBHOOKS, json=asked, hidden=[secret])
        return read(Webhook, answer, WEBHOOKS, wrote=True)

    async def list_webhooks(self) -> list[Webhook]:
        """Every admin webhook of the site, also those of others.

        https://developer.atlassian.com/cloud/jira/platform/webhooks/
        """
        answer = await self.transport.request("GET", WEBHOOKS)
        return read_rows(Webhook, read_json(list[Any], answer, WEBHOOKS), WEBHOOKS)

    async def delete_webhook(self, webhook_id: str) -> None:
        """Take an admin webhook away. Raises JiraNotFound when it is gone already.

        https://developer.atlassian.com/cloud/jira/platform/webhooks/
        """
        await self.transport.request("DELETE", f"{WEBHOOKS}/{{webhook}}", at={"webhook": webhook_id})


def every_element_failed(answer: Answer) -> bool:
    """A bulk create's 400 that names its elements; one that does not refused the body as a whole."""
    return answer.status == 400 and b'"failedElementNumber"' in answer.body
