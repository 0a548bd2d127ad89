"""Bulk deletes: the task, how far it is, and what it could not delete."""

from __future__ import annotations

from typing import Any

from tests.sandbox.test_issues import epic, make, story
from tests.sandbox_server import RunningSandbox

JONAS = ("jonas@example.test", "jonas-token")


def ask(sandbox: RunningSandbox, *keys: str) -> str:
    answer = sandbox.call("POST", "bulk/issues/delete", json={"selectedIssueIdsOrKeys": list(keys)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["taskId"])


def progress(sandbox: RunningSandbox, task: str) -> dict[str, Any]:
    bean: dict[str, Any] = sandbox.call("GET", f"bulk/queue/{task}").json()
    return bean


def test_a_task_deletes_what_is_there_and_counts_what_is_not(sandbox: RunningSandbox) -> None:
    parent = make(sandbox, epic())
    child = make(sandbox, story(parent={"key": parent}))
    doomed = next(int(i["id"]) for i in sandbox.issues() if i["key"] == parent)

    bean = progress(sandbox, ask(sandbox, parent, "SHOP-999"))

    assert (bean["status"], bean["progressPercent"]) == ("COMPLETE", 100)
    assert bean["processedAccessibleIssues"] == [doomed]
    assert bean["invalidOrInaccessibleIssueCount"] == 1
    assert [(i["key"], "parent" in i["fields"]) for i in sandbox.issues()] == [(child, False)]


def test_a_task_goes_on_with_the_sites_clock(sandbox: RunningSandbox) -> None:
    sandbox.control("clock", {"stop": True})
    sandbox.control("settings", {"bulk_ms_per_issue": 1000})
    task = ask(sandbox, *(make(sandbox, story(f"Story {n}")) for n in range(4)))

    seen = [progress(sandbox, task)]
    for _ in range(2):
        sandbox.control("clock", {"advance_seconds": 2})
        seen.append(progress(sandbox, task))

    assert [(b["status"], b["progressPercent"]) for b in seen] == [("ENQUEUED", 0), ("RUNNING", 50), ("COMPLETE", 100)]
    assert sandbox.issues() == []


def test_a_task_may_end_complete_with_issues_it_could_not_delete(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())
    sandbox.control("project", {"project": "SHOP", "denied": ["DELETE_ISSUES"]})

    bean = progress(sandbox, ask(sandbox, key))

    assert bean["status"] == "COMPLETE"
    assert bean["processedAccessibleIssues"] == []
    assert "do not have permission to delete" in next(iter(bean["failedAccessibleIssues"].values()))[0]
    assert len(sandbox.issues()) == 1


def test_a_task_may_die_half_way(sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"bulk_ends": "DEAD"})

    bean = progress(sandbox, ask(sandbox, *(make(sandbox, story(f"Story {n}")) for n in range(4))))

    assert (bean["status"], bean["progressPercent"]) == ("DEAD", 50)
    assert len(sandbox.issues()) == 2


def test_without_the_global_permission_nothing_begins(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())
    sandbox.control("settings", {"may_bulk_change": False})

    refused = sandbox.call("POST", "bulk/issues/delete", json={"selectedIssueIdsOrKeys": [key]})
    told = sandbox.call("GET", "mypermissions?permissions=BULK_CHANGE").json()["permissions"]["BULK_CHANGE"]

    assert refused.status_code == 403
    assert isinstance(refused.json()["errors"], list)
    assert told["havePermission"] is False


def test_tasks_are_limited_in_size_and_number_and_private(sandbox: RunningSandbox) -> None:
    sandbox.control("clock", {"stop": True})
    sandbox.control("settings", {"bulk_ms_per_issue": 1000})
    tasks = [ask(sandbox, make(sandbox, story(f"Story {n}"))) for n in range(5)]

    sixth = sandbox.call("POST", "bulk/issues/delete", json={"selectedIssueIdsOrKeys": [make(sandbox, story())]})
    large = sandbox.call("POST", "bulk/issues/delete", json={"selectedIssueIdsOrKeys": ["SHOP-1"] * 1001})

    assert (sixth.status_code, large.status_code) == (400, 400)
    assert sandbox.call("GET", f"bulk/queue/{tasks[0]}", auth=JONAS).status_code == 400
    assert sandbox.call("GET", f"bulk/queue/{tasks[0]}").status_code == 200
