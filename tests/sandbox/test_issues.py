"""What the sandbox makes of a create or an edit, and what it refuses, in Jira's words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_server import RunningSandbox, running_sandbox


def document(*texts: str) -> dict[str, Any]:
    content = [{"type": "paragraph", "content": [{"type": "text", "text": t}]} for t in texts]
    return {"type": "doc", "version": 1, "content": content}


def story(summary: str = "Pay by card", **fields: Any) -> dict[str, Any]:
    return {"fields": {"project": {"key": "SHOP"}, "issuetype": {"id": "10011"}, "summary": summary, **fields}}


def epic(summary: str = "Checkout", project: str = "SHOP", kind: str = "10010") -> dict[str, Any]:
    return {"fields": {"project": {"key": project}, "issuetype": {"id": kind}, "summary": summary}}


def mobile_story(**fields: Any) -> dict[str, Any]:
    return {"fields": {"project": {"key": "MOB"}, "issuetype": {"id": "10111"}, "summary": "Scan a card", **fields}}


def make(sandbox: RunningSandbox, body: dict[str, Any]) -> str:
    answer = sandbox.call("POST", "issue", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["key"])


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"summary": "two\nlines"}, "summary", "newline"),
        ({"summary": "x" * 256}, "summary", "255"),
        ({"summary": "  "}, "summary", "must specify a summary"),
        ({"customfield_99999": 1}, "customfield_99999", "not on the appropriate screen, or unknown"),
        ({"customfield_10201": {"id": "102010"}}, "customfield_10201", "not on the appropriate screen"),
        ({"customfield_10014": "SHOP-1"}, "customfield_10014", "not on the appropriate screen"),
        ({"status": {"id": "3"}}, "status", "not on the appropriate screen"),
        ({"customfield_10031": {"value": "Enormous"}}, "customfield_10031", "Option value 'Enormous' is not valid"),
        ({"customfield_10031": {"id": "1"}}, "customfield_10031", "Option id '1' is not valid"),
        ({"customfield_10016": "five"}, "customfield_10016", "must be a number"),
        ({"description": "plain"}, "description", "must be an Atlassian Document"),
        ({"description": document("x" * 32_767)}, "description", "32,767 characters"),
        ({"labels": ["x y"]}, "labels", "The label 'x y' contains spaces"),
        ({"priority": {"id": "77"}}, "priority", "priority selected is invalid"),
        ({"issuetype": {"id": "10111"}}, "issuetype", "issue type selected is invalid"),
        ({"issuetype": {"id": "10015"}}, "issuetype", "sub-task but parent"),
        ({"project": {"key": "NONE"}}, "project", "valid project"),
        ({"parent": {"key": "SHOP-999"}}, "parent", "Could not find issue"),
        ({"assignee": {"accountId": "5f0c1a7be8d4c30071b2aa05"}}, "assignee", "cannot be assigned"),
        ({"assignee": {"accountId": "nobody"}}, "assignee", "valid value"),
        ({"duedate": "24.12.2026"}, "duedate", "Error parsing date"),
    ],
)
def test_a_create_is_refused_with_the_field_and_the_reason(
    sandbox: RunningSandbox, fields: dict[str, Any], field: str, message: str
) -> None:
    answer = sandbox.call("POST", "issue", json=story(**fields))

    assert answer.status_code == 400
    assert message in answer.json()["errors"][field]
    assert sandbox.issues() == []


def test_a_document_with_an_unknown_node_is_refused_as_a_whole(sandbox: RunningSandbox) -> None:
    odd = {"type": "doc", "version": 1, "content": [{"type": "marquee"}]}

    answer = sandbox.call("POST", "issue", json=story(description=odd))

    assert (answer.status_code, answer.json()["errorMessages"]) == (400, ["INVALID_INPUT"])


def test_a_required_field_without_a_default_must_be_sent(sandbox: RunningSandbox) -> None:
    refused = sandbox.call("POST", "issue", json=mobile_story())
    accepted = sandbox.call("POST", "issue", json=mobile_story(customfield_10201={"value": "Checkout"}))

    assert refused.json()["errors"] == {"customfield_10201": "Team is required."}
    assert accepted.json()["key"] == "MOB-1"


def test_what_is_written_comes_back_in_jiras_own_form(sandbox: RunningSandbox) -> None:
    text = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [
        {"type": "text", "text": "a"}, {"type": "text", "text": "b"}, {"type": "text", "text": ""}]}]}  # fmt: skip
    body = story("  Pay  ", labels=["b", "a", "b"], description=text, customfield_10016=3)

    key = make(sandbox, body)

    fields = sandbox.call("GET", f"issue/{key}").json()["fields"]
    paragraph = fields["description"]["content"][0]
    assert fields["summary"] == "Pay"
    assert fields["labels"] == ["a", "b"]
    assert fields["customfield_10016"] == 3.0
    assert paragraph["attrs"]["localId"]
    assert paragraph["content"] == [{"type": "text", "text": "ab"}]
    assert fields["created"].endswith(("+0100", "+0200"))
    assert fields["reporter"]["displayName"] == "QA Bot"
    assert fields["priority"]["name"] == "Medium"


def test_an_empty_document_is_no_description(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story(description=document()))

    assert sandbox.call("GET", f"issue/{key}?fields=description").json()["fields"]["description"] is None


def test_a_bulk_create_reports_each_failure_by_its_place(sandbox: RunningSandbox) -> None:
    updates = [story("a"), story("bad\nline"), story("c"), story("d", nonsense=1)]

    answer = sandbox.call("POST", "issue/bulk", json={"issueUpdates": updates})

    assert answer.status_code == 201
    assert [i["key"] for i in answer.json()["issues"]] == ["SHOP-1", "SHOP-2"]
    assert [e["failedElementNumber"] for e in answer.json()["errors"]] == [1, 3]
    assert [i["fields"]["summary"] for i in sandbox.issues()] == ["a", "c"]


def test_a_bulk_create_in_which_all_fail_is_400_with_the_same_body(sandbox: RunningSandbox) -> None:
    answer = sandbox.call("POST", "issue/bulk", json={"issueUpdates": [story("")]})

    assert answer.status_code == 400
    assert answer.json()["issues"] == []
    assert answer.json()["errors"][0]["failedElementNumber"] == 0


def test_the_51st_issue_of_a_bulk_create_is_one_too_many(sandbox: RunningSandbox) -> None:
    refused = sandbox.call("POST", "issue/bulk", json={"issueUpdates": [story()] * 51})
    accepted = sandbox.call("POST", "issue/bulk", json={"issueUpdates": [story()] * 50})

    assert refused.status_code == 400
    assert len(accepted.json()["issues"]) == len(sandbox.issues()) == 50


def test_a_failed_transition_inside_a_create_does_not_fail_the_create(sandbox: RunningSandbox) -> None:
    updates = [story() | {"transition": {"id": step}} for step in ("11", "31")]

    made = sandbox.call("POST", "issue/bulk", json={"issueUpdates": updates}).json()["issues"]

    assert [m["transition"]["status"] for m in made] == [200, 400]
    assert [i["fields"]["status"]["name"] for i in sandbox.issues()] == ["In Progress", "To Do"]


def test_a_parent_must_stand_one_level_above(sandbox: RunningSandbox) -> None:
    parent, child = make(sandbox, epic()), make(sandbox, story())

    good = sandbox.call("POST", "issue", json=story(parent={"key": parent}))
    bad = sandbox.call("POST", "issue", json=story(parent={"key": child}))

    assert sandbox.call("GET", f"issue/{good.json()['key']}").json()["fields"]["parent"]["key"] == parent
    assert "hierarchy" in bad.json()["errors"]["parentId"]


def test_a_team_managed_story_takes_no_parent_from_another_project(sandbox: RunningSandbox) -> None:
    parent = make(sandbox, epic())

    body = mobile_story(parent={"key": parent}, customfield_10201={"value": "Checkout"})
    answer = sandbox.call("POST", "issue", json=body)

    assert "same project" in answer.json()["errors"]["parent"]


@pytest.mark.parametrize(("project", "status"), [("RO", 403), ("OLD", 400)])
def test_projects_that_take_no_issues_say_so(sandbox: RunningSandbox, project: str, status: int) -> None:
    answer = sandbox.call("POST", "issue", json=epic(project=project))

    assert answer.status_code == status
    assert answer.json()["errorMessages"]


def test_properties_of_the_create_are_there_with_the_issue(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story() | {"properties": [{"key": "an.item", "value": {"uid": "7"}}]})

    body = {"issueIdsOrKeys": [key, "SHOP-99"], "fields": ["summary"], "properties": ["an.item"]}
    fetched = sandbox.call("POST", "issue/bulkfetch", json=body).json()

    assert [i["properties"] for i in fetched["issues"]] == [{"an.item": {"uid": "7"}}]
    assert fetched["issueErrors"] == []


def test_an_edit_writes_history_and_a_newer_time_and_nothing_when_equal(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story(labels=["a"], description=document("Same")))
    sandbox.control("clock", {"advance_seconds": 60})
    before = sandbox.call("GET", f"issue/{key}").json()["fields"]["updated"]

    same = {"fields": {"summary": "Pay by card", "labels": ["a"], "description": document("Same")}}
    assert sandbox.call("PUT", f"issue/{key}", json=same).status_code == 204
    unchanged = sandbox.call("GET", f"issue/{key}").json()["fields"]["updated"]
    sandbox.call("PUT", f"issue/{key}", json={"update": {"labels": [{"add": "b"}, {"remove": "a"}]}})
    issue = sandbox.call("GET", f"issue/{key}?expand=changelog").json()

    assert unchanged == before < issue["fields"]["updated"]
    (entry,) = issue["changelog"]["histories"]
    assert [(i["field"], i["fromString"], i["toString"]) for i in entry["items"]] == [("labels", "a", "b")]


def test_an_edit_passes_over_a_transition(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())

    answer = sandbox.call("PUT", f"issue/{key}", json={"fields": {"summary": "New"}, "transition": {"id": "11"}})

    fields = sandbox.call("GET", f"issue/{key}").json()["fields"]
    assert (answer.status_code, fields["summary"], fields["status"]["name"]) == (204, "New", "To Do")


def test_a_deleted_epic_leaves_its_children_without_a_parent(sandbox: RunningSandbox) -> None:
    parent = make(sandbox, epic())
    child = make(sandbox, story(parent={"key": parent}))

    assert sandbox.call("DELETE", f"issue/{parent}").status_code == 204

    assert "parent" not in sandbox.call("GET", f"issue/{child}").json()["fields"]
    gone = sandbox.call("GET", f"issue/{parent}")
    assert (gone.status_code, gone.json()["errorMessages"][0]) == (
        404,
        "Issue does not exist or you do not have permission to see it.",
    )


def test_a_moved_issue_answers_to_its_old_key_under_its_new_one(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())

    moved = sandbox.control("move", {"issue": key, "project": "MOB"})

    assert sandbox.call("GET", f"issue/{key}").json()["key"] == moved["key"] == "MOB-1"


def test_keys_may_have_gaps_and_numbers_are_not_used_again() -> None:
    with running_sandbox(key_gap=2) as sandbox:
        first = make(sandbox, story())
        sandbox.call("DELETE", f"issue/{first}")

        assert (first, make(sandbox, story())) == ("SHOP-3", "SHOP-6")


def test_the_state_file_holds_everything_for_the_next_start(tmp_path: Any) -> None:
    with running_sandbox(data_file=tmp_path / "jira.sqlite3") as sandbox:
        make(sandbox, story("Kept"))
    with running_sandbox(data_file=tmp_path / "jira.sqlite3") as sandbox:
        assert [i["fields"]["summary"] for i in sandbox.issues()] == ["Kept"]
        assert make(sandbox, story()) == "SHOP-2"
