"""Every request of the client, made to the sandbox over real HTTP, against Atlassian's document."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncIterator
from typing import Any

import pytest

from jira_integration.client import CloudClient, JiraClient, Transport
from jira_integration.client.auth import BasicToken
from jira_integration.client.exceptions import JiraError, JiraLoginError, JiraNotFound, JiraRejected
from jira_integration.client.guard import Guard
from tests.contract.openapi import violations
from tests.sandbox_server import RunningSandbox, running_sandbox

# Admin webhooks are documented in prose only; Atlassian's OpenAPI document does not have them.
UNDESCRIBED = "/rest/webhooks/1.0"
PROPERTY = "stories-qa.item"


def client_of(sandbox: RunningSandbox, token: str = "") -> JiraClient:
    auth = BasicToken(sandbox.user, token or sandbox.token)
    return CloudClient(Transport(sandbox.url, auth, Guard(allow_loopback_http=True), tries=1))


def story(summary: str, **fields: Any) -> dict[str, Any]:
    text = {"type": "paragraph", "content": [{"type": "text", "text": "As a buyer I want to pay by card."}]}
    return {
        "fields": {
            "project": {"key": "SHOP"},
            "issuetype": {"id": "10011"},
            "summary": summary,
            "description": {"type": "doc", "version": 1, "content": [text]},
            **fields,
        },
        "properties": [{"key": PROPERTY, "value": {"uid": summary}}],
    }


async def walk(jira: JiraClient) -> None:
    """Call every method of the client, in the order a project would, and see that the sandbox understands it."""
    assert (await jira.server_info()).is_cloud
    assert (await jira.myself()).time_zone
    assert "SHOP" in [project.key async for project in jira.projects()]
    shop = await jira.project("SHOP")
    types = await jira.issue_types(shop.id)
    assert {kind.hierarchy_level for kind in types} >= {0, 1}
    for kind in types:
        assert await jira.create_fields(shop.id, kind.id)
    assert await jira.fields()
    assert {status.category for kind in await jira.project_statuses("SHOP") for status in kind.statuses} >= {
        "new",
        "done",
    }
    assert await jira.permissions("SHOP", ["CREATE_ISSUES", "EDIT_ISSUES"])
    assert await jira.assignable_users("SHOP")
    assert await jira.search_users("Jonas")
    answer = await jira.create_issues([story("Pay by card"), story(""), story("Pay later")])
    placed = answer.by_position(3)
    assert placed is not None
    assert sorted(placed) == [0, 2]
    created = await jira.bulk_fetch([placed[0].id, "SHOP-9999"], fields=["summary"], properties=[PROPERTY])
    assert [issue.properties[PROPERTY]["uid"] for issue in created] == ["Pay by card"]
    assert {"tests", "blocks"} <= {one.outward for one in await jira.link_types()}
    key = placed[0].key
    await jira.edit_issue(key, fields={"summary": "Pay by debit card"}, update={"labels": [{"add": "qa"}]})
    step = (await jira.transitions(key, with_fields=True))[0]
    await jira.transition_issue(key, step.id)
    await jira.set_property(key, PROPERTY, {"uid": "u-2"})
    assert await jira.get_property(key, PROPERTY) == {"uid": "u-2"}
    issue = await jira.get_issue(key, fields=["summary", "status", "updated"], properties=[PROPERTY])
    assert issue.fields["summary"] == "Pay by debit card"
    assert issue.status is not None
    assert issue.status.id == step.to.id
    assert issue.updated is not None
    assert issue.properties == {PROPERTY: {"uid": "u-2"}}
    assert [comment async for comment in jira.comments(key)] == []
    body = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}],
    }
    said = await jira.add_comment(key, body, {"stories-qa.comment": {"uid": "c-1"}})
    await jira.edit_comment(key, said.id, body)
    assert (await jira.comment(key, said.id)).id == said.id
    await jira.delete_comment(key, said.id)
    found = [
        page
        async for page in jira.search(
            "project = SHOP ORDER BY id", fields=["summary"], properties=[PROPERTY], page_size=1,
            reconcile_issues=[int(issue.id)],
        )
    ]  # fmt: skip
    assert issue.id in [one.id for page in found for one in page.issues]
    assert await jira.approximate_count("project = SHOP") >= 1
    await jira.delete_issue(placed[2].key, delete_subtasks=True)
    with pytest.raises(JiraNotFound):
        await jira.get_issue(placed[2].id)
    hook = await jira.create_webhook("Ours", "https://sq.test/hook", ["jira:issue_updated"], "project = SHOP", "s")
    assert hook.id in [one.id for one in await jira.list_webhooks()]
    await jira.delete_webhook(hook.id)


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    with running_sandbox(seed_issues=True) as running:
        yield running


@pytest.fixture
async def jira(sandbox: RunningSandbox) -> AsyncIterator[JiraClient]:
    client = client_of(sandbox)
    yield client
    await client.transport.aclose()


def wrong_with(entry: dict[str, Any]) -> list[str]:
    """What the document forbids in one logged request; its answer is checked as the sandbox's own."""
    if entry["path"].startswith(UNDESCRIBED):
        return []
    found = violations(entry["method"], entry["path"], request=entry["body"], query=entry["query"])
    return [f"{entry['method']} {entry['path']}: {text}" for text in found]


async def test_every_request_of_the_client_is_one_the_document_describes(
    sandbox: RunningSandbox, jira: JiraClient
) -> None:
    await walk(jira)

    log = sandbox.log()
    assert [text for entry in log for text in wrong_with(entry)] == []
    assert len(log) == jira.transport.sent.total
    assert len([entry for entry in log if entry["write"]]) == jira.transport.sent.writes


async def test_the_walk_leaves_no_method_of_the_client_out() -> None:
    methods = {name for name, _ in inspect.getmembers(JiraClient, inspect.isfunction) if not name.startswith("_")}

    assert {name for name in methods if f"jira.{name}(" not in inspect.getsource(walk)} == set()


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("POST", "/rest/api/3/issue/bulk", {"json": {"issueUpdates": [{"fields": "none"}]}}),
        ("POST", "/rest/api/3/search/jql", {"json": {"jql": "project = SHOP", "startAt": 0}}),
        ("POST", "/rest/api/3/issue/bulkfetch", {"json": {"fields": ["summary"]}}),
        ("GET", "/rest/api/3/project/search", {"params": {"maxResults": "many"}}),
        ("GET", "/rest/api/3/mypermissions", {"params": {"project": "SHOP"}}),
        ("GET", "/rest/api/2/myself", {}),
    ],
    ids=["fields", "unknown key", "missing key", "no number", "unknown parameter", "unknown path"],
)
async def test_a_fault_planted_in_a_request_is_found(
    sandbox: RunningSandbox, jira: JiraClient, method: str, path: str, more: dict[str, Any]
) -> None:
    with contextlib.suppress(JiraError):  # whatever the sandbox makes of it, the request stands in its log
        await jira.transport.request(method, path, **more)

    assert [text for entry in sandbox.log() for text in wrong_with(entry)] != []


async def test_a_token_jira_does_not_know_is_a_bad_login_on_every_call(sandbox: RunningSandbox) -> None:
    stranger = client_of(sandbox, token="wrong")

    for ask in (stranger.myself, stranger.fields, lambda: stranger.get_issue("SHOP-1")):
        with pytest.raises(JiraLoginError):
            await ask()

    await stranger.transport.aclose()


async def test_a_batch_of_51_is_refused_as_a_whole(sandbox: RunningSandbox, jira: JiraClient) -> None:
    with pytest.raises(JiraRejected):
        await jira.transport.request(
            "POST", "/rest/api/3/issue/bulk", json={"issueUpdates": [story(str(n)) for n in range(51)]}
        )
