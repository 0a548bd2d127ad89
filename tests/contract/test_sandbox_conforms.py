"""Every endpoint of the sandbox, its good answers and its refusals, against Atlassian's document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from jira_integration.sandbox.resources import rest_routes
from jira_integration.sandbox.settings import SandboxSettings
from tests.contract import adf
from tests.contract.openapi import operation_id, violations
from tests.sandbox.three_legs import CLOUD, sign_in, through_gateway
from tests.sandbox_server import RunningSandbox, running_sandbox

# Served, and not in the part of the document that we hold.
_UNDESCRIBED = re.compile(r"/rest/webhooks/1\.0/.*|.*/worklog(/\d+)?|.*/attachment/\d+")


@pytest.fixture(scope="module")
def walked() -> Iterator[tuple[RunningSandbox, list[dict[str, Any]]]]:
    with running_sandbox(seed_issues=True) as sandbox:
        _walk(sandbox)
        yield sandbox, sandbox.log()


def _document(*texts: str) -> dict[str, Any]:
    content = [{"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in texts]
    return {"type": "doc", "version": 1, "content": content}


def _story(summary: str, **fields: Any) -> dict[str, Any]:
    return {"fields": {"project": {"key": "SHOP"}, "issuetype": {"id": "10011"}, "summary": summary, **fields}}


def _walk(sandbox: RunningSandbox) -> None:
    """Call everything once with success and, where there is one, once with a refusal."""
    for path in (
        "serverInfo", "myself", "project/search", "project/search?expand=issueTypes&status=archived&query=old",
        "project/SHOP", "project/NONE", "project/MOB/statuses", "project/NONE/statuses", "issuetype", "field",
        "priority", "priority/search", "status", "statuscategory", "resolution", "issueLinkType",
        "mypermissions?permissions=CREATE_ISSUES,ADMINISTER&projectKey=RO", "mypermissions",
        "mypermissions?permissions=NONE",
        "issue/createmeta/SHOP/issuetypes", "issue/createmeta/NONE/issuetypes",
        "issue/createmeta/SHOP/issuetypes?maxResults=201",
        "issue/createmeta/SHOP/issuetypes/10011", "issue/createmeta/MOB/issuetypes/10111",
        "issue/createmeta/MOB/issuetypes/10011",
        "user/assignable/search?project=SHOP&query=jonas", "user/assignable/search", "user/search?query=mara",
        "user?accountId=5f0c1a7be8d4c30071b2aa02", "user?accountId=none", "search?jql=project=SHOP",
    ):  # fmt: skip
        sandbox.call("GET", path)
    sandbox.call("POST", "search", json={"jql": "project = SHOP"})
    _walk_issues(sandbox)
    _walk_around_an_issue(sandbox)
    _walk_traces(sandbox)
    _walk_app(sandbox)
    for auth in (("qa-bot@example.test", "wrong"), None):
        for path in ("myself", "issue/SHOP-1", "project/search", "search/jql?jql=key=SHOP-1"):
            sandbox.call("GET", path, auth=auth)
        sandbox.call("POST", "issue", json=_story("Nobody's"), auth=auth)


def _walk_issues(sandbox: RunningSandbox) -> None:
    epic = {"fields": {"project": {"id": "10000"}, "issuetype": {"id": "10010"}, "summary": "Checkout"}}
    sandbox.call("POST", "issue", json=epic | {"properties": [{"key": "an.item", "value": {"uid": "1"}}]})
    story = _story(
        "Pay by card",
        parent={"key": "SHOP-4"}, description=_document("As a buyer", ""), labels=["b", "a"], priority={"id": "2"},
        customfield_10016=5, customfield_10031={"value": "High"}, customfield_10032=[{"id": "100321"}],
        assignee={"accountId": "5f0c1a7be8d4c30071b2aa02"}, components=[{"name": "Web"}], duedate="2026-12-24",
    )  # fmt: skip
    link = {"issuelinks": [{"add": {"type": {"name": "Blocks"}, "outwardIssue": {"key": "SHOP-1"}}}]}
    sandbox.call("POST", "issue", json=story | {"transition": {"id": "11"}, "update": link})
    sandbox.call("POST", "issue", json=_story("two\nlines", labels=["a b"], nonsense=1))
    good, bad = _story("Pay later"), _story("")
    sandbox.call("POST", "issue/bulk", json={"issueUpdates": [good, bad, good | {"transition": {"id": "31"}}]})
    sandbox.call("POST", "issue/bulk", json={"issueUpdates": [bad]})
    sandbox.call("POST", "issue/bulk", json={"issueUpdates": [good] * 51})
    every = ["SHOP-4", "SHOP-5", "SHOP-999"]
    sandbox.call("POST", "issue/bulkfetch", json={"issueIdsOrKeys": every, "properties": ["an.item"]})
    sandbox.call(
        "POST", "issue/bulkfetch", json={"issueIdsOrKeys": ["SHOP-5"], "fields": ["*all"], "expand": ["changelog"]}
    )
    sandbox.call("POST", "issue/bulkfetch", json={"issueIdsOrKeys": [str(n) for n in range(101)]})
    query = {"jql": "project = SHOP ORDER BY key", "maxResults": 2}
    token = sandbox.call("POST", "search/jql", json=query).json()["nextPageToken"]
    sandbox.call("POST", "search/jql", json=query | {"nextPageToken": token, "fields": ["*all"]})
    sandbox.call("POST", "search/jql", json={"jql": ""})
    sandbox.call("GET", "search/jql?jql=project=SHOP&fields=summary,status&maxResults=1&reconcileIssues=10001")
    sandbox.call("GET", "search/jql?jql=project=NONE")
    sandbox.call("POST", "search/approximate-count", json={"jql": "project = SHOP"})
    sandbox.call("PUT", "issue/SHOP-5", json={"fields": {"summary": "Pay by any card", "duedate": None}})
    sandbox.call("PUT", "issue/SHOP-5?returnIssue=true", json={"update": {"labels": [{"add": "c"}, {"remove": "a"}]}})
    sandbox.call("PUT", "issue/SHOP-5", json={"fields": {"summary": ""}})
    sandbox.call("PUT", "issue/SHOP-999", json={"fields": {"summary": "Not there"}})
    for path in ("SHOP-5", "SHOP-5?expand=changelog,names,schema&properties=*all", "SHOP-999", "SHOP-5/editmeta"):
        sandbox.call("GET", f"issue/{path}")


def _walk_around_an_issue(sandbox: RunningSandbox) -> None:
    sandbox.call("GET", "issue/SHOP-5/transitions?expand=transitions.fields")
    sandbox.call(
        "POST", "issue/SHOP-5/transitions", json={"transition": {"id": "31"}, "fields": {"resolution": {"id": "10000"}}}
    )
    sandbox.call("POST", "issue/SHOP-5/transitions", json={"transition": {"id": "31"}})
    sandbox.call("GET", "issue/SHOP-5/changelog")
    sandbox.call("POST", "changelog/bulkfetch", json={"issueIdsOrKeys": ["SHOP-5"], "fieldIds": ["status"]})
    body = {"body": _document("Seen."), "properties": [{"key": "an.item", "value": {"rev": 1}}]}
    comment = sandbox.call("POST", "issue/SHOP-5/comment", json=body).json()["id"]
    sandbox.call("POST", "issue/SHOP-5/comment", json={"body": _document()})
    sandbox.call("GET", "issue/SHOP-5/comment?expand=properties")
    sandbox.call("GET", f"issue/SHOP-5/comment/{comment}")
    sandbox.call("PUT", f"issue/SHOP-5/comment/{comment}", json={"body": _document("Seen twice.")})
    sandbox.call("DELETE", f"issue/SHOP-5/comment/{comment}")
    sandbox.call("GET", f"issue/SHOP-5/comment/{comment}")
    for method, name, value in (
        ("PUT", "/an.item", {"uid": "2"}), ("PUT", "/an.item", {"uid": "3"}), ("GET", "", None),
        ("GET", "/an.item", None), ("GET", "/none", None), ("DELETE", "/an.item", None),
    ):  # fmt: skip
        sandbox.call(method, f"issue/SHOP-5/properties{name}", json=value)
    remote = {"globalId": "us=1", "object": {"url": "https://stories.example/us/1", "title": "US-1"}}
    first = sandbox.call("POST", "issue/SHOP-5/remotelink", json=remote).json()["id"]
    sandbox.call("POST", "issue/SHOP-5/remotelink", json=remote)
    sandbox.call("POST", "issue/SHOP-5/remotelink", json={"object": {"url": "", "title": ""}})
    sandbox.call("GET", "issue/SHOP-5/remotelink")
    sandbox.call("GET", "issue/SHOP-5/remotelink?globalId=us%3D1")
    sandbox.call("DELETE", f"issue/SHOP-5/remotelink/{first}")
    sandbox.call("DELETE", "issue/SHOP-5/remotelink?globalId=us%3D1")
    both = {"type": {"name": "Blocks"}, "inwardIssue": {"key": "SHOP-5"}, "outwardIssue": {"key": "SHOP-2"}}
    sandbox.call("POST", "issueLink", json=both)
    sandbox.call("POST", "issueLink", json=both | {"type": {"name": "None"}})
    links = sandbox.call("GET", "issue/SHOP-5?fields=issuelinks").json()["fields"]["issuelinks"]
    sandbox.call("GET", f"issueLink/{links[0]['id']}")
    sandbox.call("DELETE", f"issueLink/{links[0]['id']}")
    subtask = {"project": {"key": "SHOP"}, "issuetype": {"id": "10015"}, "summary": "Part", "parent": {"key": "SHOP-5"}}
    sandbox.call("POST", "issue", json={"fields": subtask})
    sandbox.call("DELETE", "issue/SHOP-5")
    sandbox.call("DELETE", "issue/SHOP-5?deleteSubtasks=true")
    hook = {"url": "https://hooks.example/", "events": ["jira:issue_updated"]}
    sandbox.call("POST", "/rest/webhooks/1.0/webhook", json=hook)
    for method in ("GET", "PUT", "DELETE"):
        sandbox.call(method, "/rest/webhooks/1.0/webhook/1", json=hook if method == "PUT" else None)
    sandbox.call("GET", "/rest/webhooks/1.0/webhook")


def _walk_traces(sandbox: RunningSandbox) -> None:
    """Work, files, archives, bulk deletes."""
    key = sandbox.call("POST", "issue", json=_story("Seen by many")).json()["key"]
    worklog = sandbox.call("POST", f"issue/{key}/worklog", json={"timeSpent": "1d 2h"}).json()["id"]
    sandbox.call("POST", f"issue/{key}/worklog", json={"timeSpent": "long"})
    sandbox.call("GET", f"issue/{key}/worklog")
    sandbox.call("DELETE", f"issue/{key}/worklog/{worklog}")
    unasked = {"X-Atlassian-Token": "no-check"}
    files = {"file": ("screen.png", b"123", "image/png")}
    made = sandbox.call("POST", f"issue/{key}/attachments", files=files, headers=unasked).json()[0]["id"]
    sandbox.call("POST", f"issue/{key}/attachments", files=files)
    sandbox.call("GET", f"issue/{key}")
    for method in ("GET", "DELETE", "GET"):
        sandbox.call(method, f"attachment/{made}")
    for action in ("archive", "unarchive", "archive"):
        sandbox.call("PUT", f"issue/{action}", json={"issueIdsOrKeys": [key, "SHOP-999"]})
    sandbox.call("PUT", "issue/archive", json={"issueIdsOrKeys": ["SHOP-999"]})
    sandbox.call("GET", f"issue/{key}")
    sandbox.call("PUT", f"issue/{key}", json={"fields": {"summary": "Not now"}})
    chosen = {"selectedIssueIdsOrKeys": [key, "SHOP-1", "SHOP-999"], "sendBulkNotification": False}
    task = sandbox.call("POST", "bulk/issues/delete", json=chosen).json()["taskId"]
    sandbox.call("GET", f"bulk/queue/{task}")
    sandbox.call("GET", "bulk/queue/1")
    sandbox.call("POST", "bulk/issues/delete", json={"selectedIssueIdsOrKeys": ["SHOP-999"]})


def _walk_app(sandbox: RunningSandbox) -> None:
    """An app's webhooks, which a token of a person may not have; and some of the rest behind the gateway."""
    entry = {"events": ["jira:issue_updated"], "jqlFilter": "project = SHOP", "fieldIdsFilter": ["status"]}
    hooks = {"url": "https://hooks.example/", "webhooks": [entry, entry | {"jqlFilter": "summary ~ x"}]}
    calls: tuple[tuple[str, str, Any], ...] = (
        ("POST", "webhook", hooks), ("GET", "webhook", None), ("PUT", "webhook/refresh", {"webhookIds": [2]}),
        ("GET", "webhook/failed", None), ("DELETE", "webhook", {"webhookIds": [2]}), ("GET", "serverInfo", None),
        ("POST", "webhook", {"url": "", "webhooks": []}), ("DELETE", "webhook", {"webhookIds": []}),
        ("GET", "myself", None), ("POST", "issue", _story("Through the gateway")),
        ("POST", "search/jql", {"jql": "project = SHOP", "fields": ["summary"]}),
    )  # fmt: skip
    token = sign_in(sandbox).access
    for method, path, body in calls:
        sandbox.call(method, path, json=body)
        through_gateway(sandbox, method, path, token, json=body)


def _described(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [e for e in log if "/rest/" in e["path"] and not _UNDESCRIBED.fullmatch(e["path"])]


def _wrong(entry: dict[str, Any]) -> list[str]:
    """Of a refused request only the answer is judged: it was wrong on purpose."""
    refused = entry["status"] >= 400
    found = violations(
        entry["method"],
        entry["path"].removeprefix(f"/ex/jira/{CLOUD}"),
        status=entry["status"],
        request=entry["body"],
        answer=entry["answer"],
        query=entry["query"],
    )
    return [v for v in found if not refused or v.startswith(("answer", "status"))]


def test_every_answer_of_the_sandbox_conforms_to_atlassians_document(
    walked: tuple[RunningSandbox, list[dict[str, Any]]],
) -> None:
    _, log = walked

    wrong = {f"{e['n']} {e['method']} {e['path']} -> {e['status']}": _wrong(e) for e in _described(log)}

    assert {where: what for where, what in wrong.items() if what} == {}


def test_the_walk_calls_every_route_that_is_served(walked: tuple[RunningSandbox, list[dict[str, Any]]]) -> None:
    _, log = walked

    uncalled = [
        f"{method} {route.path}"
        for route in rest_routes(SandboxSettings())
        if not route.path.startswith("/ex/")  # the same handlers behind the gateway
        for method in (route.methods or set()) - {"HEAD"}
        if not any(e["method"] == method and route.path_regex.match(e["path"]) for e in log)
    ]

    assert uncalled == []


def test_every_document_the_sandbox_gives_is_valid_adf(walked: tuple[RunningSandbox, list[dict[str, Any]]]) -> None:
    _, log = walked

    documents = list(_documents([e["answer"] for e in log]))

    assert len(documents) > 5
    assert [adf.violations(d) for d in documents if adf.violations(d)] == []


def _documents(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        if node.get("type") == "doc" and "content" in node:
            yield node
        else:
            for child in node.values():
                yield from _documents(child)
    elif isinstance(node, list):
        for child in node:
            yield from _documents(child)


def test_a_planted_fault_in_an_answer_is_found(walked: tuple[RunningSandbox, list[dict[str, Any]]]) -> None:
    _, log = walked
    created = next(e for e in log if e["path"].endswith("/issue") and e["status"] == 201)

    spoilt = dict(created, answer={**created["answer"], "id": 10004, "idempotencyKey": "x"})

    assert _wrong(created) == []
    assert any("answer.id" in v for v in _wrong(spoilt))
    assert any("idempotencyKey" in v for v in _wrong(spoilt))


@pytest.mark.parametrize(
    ("exchange", "complaint"),
    [
        (("GET", "/rest/api/3/epics", {}), "not in the document"),
        (("POST", "/rest/api/3/issue/bulkfetch", {"request": {"issueIdsOrKeys": "SHOP-1"}}), "request.issueIdsOrKeys"),
        (("POST", "/rest/api/3/issue/bulkfetch", {"request": {"ids": []}}), "request"),
        (("GET", "/rest/api/3/issue/SHOP-1", {"query": "field=summary"}), "query.field"),
        (("GET", "/rest/api/3/myself", {"status": 204}), "status: 204"),
        (("DELETE", "/rest/api/3/issue/SHOP-1", {"status": 204, "answer": {"ok": True}}), "a body where none"),
    ],
)
def test_a_planted_fault_in_a_request_is_found(exchange: tuple[str, str, dict[str, Any]], complaint: str) -> None:
    method, path, rest = exchange

    found = violations(method, path, **rest)

    assert any(complaint in v for v in found)


def test_a_planted_fault_in_a_document_is_found() -> None:
    heading_in_a_list = {"type": "heading", "attrs": {"level": 2}, "content": []}
    document = {"type": "doc", "version": 1, "content": [
        {"type": "bulletList", "content": [{"type": "listItem", "content": [heading_in_a_list]}]}
    ]}  # fmt: skip

    assert adf.violations(document) != []
    assert adf.violations({"type": "doc", "version": 1, "content": []}) == []


def test_operations_are_found_by_their_most_literal_path() -> None:
    assert operation_id("POST", "/rest/api/3/issue/bulk") == "createIssues"
    assert operation_id("GET", "/rest/api/3/issue/SHOP-1") == "getIssue"
