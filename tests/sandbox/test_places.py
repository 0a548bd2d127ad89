"""Moving, archiving and restoring; and what people leave on an issue."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.test_issues import epic, make, mobile_story, story
from tests.sandbox_server import RunningSandbox

JONAS = ("jonas@example.test", "jonas-token")


def fields(sandbox: RunningSandbox, key: str) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.call("GET", f"issue/{key}").json()["fields"]
    return found


def subtask(sandbox: RunningSandbox, parent: str) -> str:
    made = story("Part", parent={"key": parent})
    made["fields"]["issuetype"] = {"id": "10015"}
    return make(sandbox, made)


def test_a_moved_issue_answers_to_both_keys_and_takes_its_subtasks_along(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story(parent={"key": make(sandbox, epic())}))
    part = subtask(sandbox, key)

    moved = sandbox.control("move", {"issue": key, "project": "MOB"})

    assert moved["key"].startswith("MOB-")
    assert sandbox.call("GET", f"issue/{key}").json()["key"] == moved["key"]
    assert "parent" not in fields(sandbox, key)
    assert fields(sandbox, part)["parent"]["key"] == moved["key"]
    assert fields(sandbox, part)["project"]["key"] == "MOB"


def test_a_person_moves_an_issue_on_its_page(sandbox: RunningSandbox) -> None:
    key = make(sandbox, mobile_story(customfield_10201={"id": "102010"}))

    answer = requests.post(f"{sandbox.url}/browse/{key}/project", data={"project": "SHOP"}, timeout=5)

    assert answer.url.startswith(f"{sandbox.url}/browse/SHOP-")


def test_an_archived_issue_is_read_but_neither_found_nor_changed(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())
    part = subtask(sandbox, key)

    answer = sandbox.call("PUT", "issue/archive", json={"issueIdsOrKeys": [key, part, "SHOP-999"]}).json()

    found = sandbox.call("POST", "search/jql", json={"jql": "project = SHOP"}).json()["issues"]
    assert answer["numberOfIssuesUpdated"] == 2
    assert answer["errors"]["issueIsSubtask"]["issueIdsOrKeys"] == [part]
    assert found == []
    assert fields(sandbox, key)["archiveddate"]
    assert fields(sandbox, key)["archivedby"]["displayName"] == "QA Bot"
    edit = sandbox.call("PUT", f"issue/{key}", json={"fields": {"summary": "Other"}})
    assert (edit.status_code, "archived" in edit.text) == (400, True)
    assert sandbox.call("GET", f"issue/{key}/transitions").json()["transitions"] == []
    assert sandbox.call("DELETE", f"issue/{key}?deleteSubtasks=true").status_code == 400


def test_a_restored_issue_is_as_it_was(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())
    sandbox.control("archive", {"issue": key, "archived": True})

    sandbox.call("PUT", "issue/unarchive", json={"issueIdsOrKeys": [key]})

    assert fields(sandbox, key)["archiveddate"] is None
    assert sandbox.call("PUT", f"issue/{key}", json={"fields": {"summary": "Other"}}).status_code == 204


@pytest.mark.parametrize(
    ("denied", "method", "path", "body", "status"),
    [
        ("CREATE_ISSUES", "POST", "issue", story(), 403),
        ("EDIT_ISSUES", "PUT", "issue/SHOP-1", {"fields": {"summary": "Other"}}, 403),
        ("EDIT_ISSUES", "PUT", "issue/SHOP-1/properties/an.item", {"uid": "1"}, 403),
        ("DELETE_ISSUES", "DELETE", "issue/SHOP-1", None, 403),
        ("TRANSITION_ISSUES", "POST", "issue/SHOP-1/transitions", {"transition": {"id": "11"}}, 400),
        ("ASSIGN_ISSUES", "POST", "issue", story(assignee={"accountId": "5f0c1a7be8d4c30071b2aa02"}), 400),
        ("ADD_COMMENTS", "POST", "issue/SHOP-1/comment", {"body": {"type": "doc", "version": 1, "content": []}}, 400),
        ("WORK_ON_ISSUES", "POST", "issue/SHOP-1/worklog", {"timeSpent": "1h"}, 403),
        ("LINK_ISSUES", "POST", "issueLink", {
            "type": {"name": "Blocks"}, "inwardIssue": {"key": "SHOP-1"}, "outwardIssue": {"key": "SHOP-2"},
        }, 404),
        ("BROWSE_PROJECTS", "GET", "issue/SHOP-1", None, 404),
    ],
)  # fmt: skip
def test_one_permission_taken_away_is_refused_and_told(
    sandbox: RunningSandbox, denied: str, method: str, path: str, body: Any, status: int
) -> None:
    make(sandbox, story("First"))
    make(sandbox, story("Second"))
    sandbox.control("project", {"project": "SHOP", "denied": [denied]})

    refused = sandbox.call(method, path, json=body)
    told = sandbox.call("GET", f"mypermissions?permissions={denied}&projectId=10001").json()
    lead = sandbox.call(method, path, json=body, auth=JONAS)

    assert refused.status_code == status
    assert told["permissions"][denied]["havePermission"] is True  # in the other project
    assert lead.status_code < 300 or denied == "ADD_COMMENTS"


def test_who_may_not_assign_is_not_shown_the_field(sandbox: RunningSandbox) -> None:
    sandbox.control("project", {"project": "SHOP", "denied": ["ASSIGN_ISSUES"]})

    shown = sandbox.call("GET", "issue/createmeta/SHOP/issuetypes/10011").json()["fields"]

    assert "labels" in [f["fieldId"] for f in shown]
    assert "assignee" not in [f["fieldId"] for f in shown]


def test_a_permission_without_a_name_of_jiras_is_refused(sandbox: RunningSandbox) -> None:
    answer = requests.post(
        f"{sandbox.url}/_sandbox/project", json={"project": "SHOP", "denied": ["FLY"]}, timeout=5
    )  # fmt: skip

    assert (answer.status_code, "FLY" in answer.text) == (400, True)


def test_logged_time_and_files_show_on_the_issue_and_make_it_newer(sandbox: RunningSandbox) -> None:
    sandbox.control("clock", {"stop": True})
    key = make(sandbox, story())
    before = fields(sandbox, key)["updated"]
    sandbox.control("clock", {"advance_seconds": 60})

    sandbox.call("POST", f"issue/{key}/worklog", json={"timeSpent": "1d 2h 5m"}, auth=JONAS)
    sandbox.call(
        "POST", f"issue/{key}/attachments", files={"file": ("screen.png", b"1234", "image/png")},
        headers={"X-Atlassian-Token": "no-check"}, auth=JONAS,
    )  # fmt: skip

    shown = fields(sandbox, key)
    assert shown["worklog"]["worklogs"][0]["timeSpentSeconds"] == 10 * 3600 + 300
    assert (shown["attachment"][0]["filename"], shown["attachment"][0]["size"]) == ("screen.png", 4)
    assert shown["attachment"][0]["author"]["displayName"] == "Jonas Ortiz"
    assert shown["updated"] > before


def test_a_person_logs_time_and_attaches_on_the_page(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())

    requests.post(f"{sandbox.url}/browse/{key}/work", data={"spent": "2h"}, timeout=5)
    requests.post(f"{sandbox.url}/browse/{key}/attach", data={"filename": "<b>.png"}, timeout=5)
    text = requests.get(f"{sandbox.url}/browse/{key}", timeout=5).text

    assert "2h" in text
    assert "&lt;b&gt;.png" in text
    assert sandbox.call("GET", f"issue/{key}/worklog").json()["total"] == 1
