from __future__ import annotations

from tests.sandbox_server import running_sandbox


def test_a_link_stands_in_the_history_of_both_its_ends() -> None:
    with running_sandbox(seed_issues=True) as sandbox:
        source, target = (issue["key"] for issue in sandbox.issues()[:2])
        body = {"type": {"name": "Blocks"}, "inwardIssue": {"key": source}, "outwardIssue": {"key": target}}
        assert sandbox.call("POST", "issueLink", json=body).status_code == 201

        logs = [sandbox.call("GET", f"issue/{key}/changelog").json()["values"] for key in (source, target)]

    told = [[item for entry in log for item in entry["items"] if item["field"] == "Link"] for log in logs]
    assert [[(item["field"], item["to"], item["toString"]) for item in items] for items in told] == [
        [("Link", target, f"This issue blocks {target}")],
        [("Link", source, f"This issue is blocked by {source}")],
    ]
