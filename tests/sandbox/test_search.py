"""Search: the JQL that is understood, paging by token, and an index that may lag."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.sandbox.test_issues import epic, make, story
from tests.sandbox_server import RunningSandbox, running_sandbox


def found(sandbox: RunningSandbox, jql: str) -> list[str]:
    answer = sandbox.call("POST", "search/jql", json={"jql": jql, "fields": ["summary"]})
    assert answer.status_code == 200, answer.text
    return [i["key"] for i in answer.json()["issues"]]


@pytest.fixture
def stocked(sandbox: RunningSandbox) -> RunningSandbox:
    make(sandbox, epic("Checkout"))
    make(sandbox, story("Pay by card", parent={"key": "SHOP-1"}, labels=["money", "web"]))
    make(sandbox, story("Pay on invoice", priority={"name": "High"}) | {"transition": {"id": "11"}})
    make(sandbox, epic("Scanner", project="MOB", kind="10110"))
    return sandbox


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = SHOP ORDER BY key", ["SHOP-1", "SHOP-2", "SHOP-3"]),
        ("project in (SHOP, 10001) ORDER BY id DESC", ["MOB-1", "SHOP-3", "SHOP-2", "SHOP-1"]),
        ("key in (SHOP-1, shop-3) ORDER BY key", ["SHOP-1", "SHOP-3"]),
        ("id = 10002", ["SHOP-2"]),
        ("project = SHOP AND issuetype = Epic", ["SHOP-1"]),
        ("parent = SHOP-1", ["SHOP-2"]),
        ('status = "In Progress"', ["SHOP-3"]),
        ("project = SHOP AND statusCategory != Done AND NOT status = 10000", ["SHOP-3"]),
        ("labels = money", ["SHOP-2"]),
        ("project = SHOP AND labels is EMPTY ORDER BY key", ["SHOP-1", "SHOP-3"]),
        ('summary ~ "pay card"', ["SHOP-2"]),
        ("creator = currentUser() AND priority = High", ["SHOP-3"]),
        ("project = SHOP AND (labels = web OR priority = High) ORDER BY key DESC", ["SHOP-3", "SHOP-2"]),
        ("project = SHOP AND key > SHOP-1 AND key not in (SHOP-3)", ["SHOP-2"]),
        ('created >= "-5m" AND project = MOB', ["MOB-1"]),
        ("created < -5m AND project = MOB", []),
    ],
)
def test_jql_finds(stocked: RunningSandbox, jql: str, keys: list[str]) -> None:
    assert found(stocked, jql) == keys


@pytest.mark.parametrize(
    ("jql", "message"),
    [
        ("", "Unbounded"),
        ("ORDER BY created", "Unbounded"),
        ("project = NONE", "The value 'NONE' does not exist for the field 'project'."),
        ("key = SHOP-99", "does not exist"),
        ("nonsense = 1", "Field 'nonsense' does not exist"),
        ("issue.property[a].b = 1", "does not exist"),
        ("project = SHOP AND", "ends too early"),
        ("project = SHOP)", "got ')'"),
        ("project ~ SHOP", "operator '~' is not supported"),
        ('created > "yesterday"', "Date value"),
    ],
)
def test_jql_is_refused(stocked: RunningSandbox, jql: str, message: str) -> None:
    answer = stocked.call("POST", "search/jql", json={"jql": jql})

    assert answer.status_code == 400
    assert message in " ".join(answer.json()["errorMessages"])


def test_without_fields_only_ids_come_back(stocked: RunningSandbox) -> None:
    assert stocked.call("POST", "search/jql", json={"jql": "key = SHOP-1"}).json()["issues"] == [{"id": "10001"}]


def test_paging_by_token_loses_nothing_when_an_issue_changes_in_between(sandbox: RunningSandbox) -> None:
    sandbox.call("POST", "issue/bulk", json={"issueUpdates": [story(f"n{n}") for n in range(7)]})
    query = {"jql": "project = SHOP ORDER BY updated ASC", "fields": ["summary"], "maxResults": 3}
    first = sandbox.call("POST", "search/jql", json=query).json()
    sandbox.control("clock", {"advance_seconds": 5})
    sandbox.call("PUT", "issue/SHOP-1", json={"fields": {"summary": "changed"}})

    seen = [i["key"] for i in first["issues"]]
    page = first
    while not page["isLast"]:
        page = sandbox.call("POST", "search/jql", json=query | {"nextPageToken": page["nextPageToken"]}).json()
        seen += [i["key"] for i in page["issues"]]

    assert set(seen) == {f"SHOP-{n}" for n in range(1, 8)}
    assert seen[-1] == "SHOP-1"
    assert "total" not in first


def test_a_token_of_another_query_is_refused(sandbox: RunningSandbox) -> None:
    sandbox.call("POST", "issue/bulk", json={"issueUpdates": [story(), story()]})
    token = sandbox.call("POST", "search/jql", json={"jql": "project = SHOP", "maxResults": 1}).json()["nextPageToken"]

    answer = sandbox.call("POST", "search/jql", json={"jql": "project = MOB", "nextPageToken": token})

    assert answer.status_code == 400


def test_search_lags_behind_writes_except_for_reconciled_issues() -> None:
    with running_sandbox(index_lag_ms=60_000) as sandbox:
        key = make(sandbox, story())
        ids = [i["id"] for i in sandbox.issues()]
        query = {"jql": "project = SHOP", "fields": ["summary"]}

        assert found(sandbox, "project = SHOP") == []
        fresh = sandbox.call("POST", "search/jql", json=query | {"reconcileIssues": [int(i) for i in ids]}).json()
        assert [i["key"] for i in fresh["issues"]] == [key]
        assert found(sandbox, "project = SHOP") == []
        assert sandbox.call("POST", "issue/bulkfetch", json={"issueIdsOrKeys": ids}).json()["issues"][0]["key"] == key

        sandbox.control("clock", {"advance_seconds": 61})
        assert found(sandbox, "project = SHOP") == [key]


def test_times_in_jql_are_in_the_zone_of_the_account_and_answers_in_the_sites() -> None:
    with running_sandbox(site_zone="Asia/Kolkata", account_zone="America/New_York") as sandbox:
        sandbox.control("clock", {"stop_at": "2026-03-01T12:00:30+00:00"})
        make(sandbox, story())
        here = datetime.fromisoformat("2026-03-01T12:00:00+00:00").astimezone(ZoneInfo("America/New_York"))

        assert sandbox.issues()[0]["fields"]["created"] == "2026-03-01T17:30:30.000+0530"
        assert found(sandbox, f'project = SHOP AND updated >= "{here:%Y-%m-%d %H:%M}"') == ["SHOP-1"]
        assert found(sandbox, f'project = SHOP AND updated >= "{here + timedelta(minutes=1):%Y-%m-%d %H:%M}"') == []


def test_archived_projects_are_out_of_reach_of_search(stocked: RunningSandbox) -> None:
    stocked.control("project", {"project": "MOB", "archived": True})

    assert found(stocked, "issuetype = Epic") == ["SHOP-1"]


def test_the_old_search_is_gone(sandbox: RunningSandbox) -> None:
    assert sandbox.call("POST", "search", json={"jql": "project = SHOP"}).status_code == 410
