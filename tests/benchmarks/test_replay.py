"""The floor that wall times are compared with is the export's own requests, in an order that Jira could carry out."""

from __future__ import annotations

from typing import Any

from benchmarks.replay import recorded, replay
from benchmarks.report import Report, spread
from tests.sandbox.test_issues import epic, story
from tests.sandbox_server import running_sandbox


def some_export(sandbox: Any) -> None:
    """An epic, two stories below it, and a look at all three."""
    made = sandbox.call("POST", "issue/bulk", json={"issueUpdates": [epic("One")]}).json()["issues"]
    stories = [story(f"Story {n}", parent={"id": made[0]["id"]}) for n in (1, 2)]
    made += sandbox.call("POST", "issue/bulk", json={"issueUpdates": stories}).json()["issues"]
    body = {"issueIdsOrKeys": [one["id"] for one in made], "fields": ["summary"]}
    sandbox.call("POST", "issue/bulkfetch", json=body)


def test_each_request_comes_after_the_creates_it_names_and_no_others() -> None:
    with running_sandbox() as sandbox:
        sandbox.call("GET", "myself")
        some_export(sandbox)

        assert [one["after"] for one in recorded(sandbox.log())] == [[], [], [1], [1, 2]]


def test_a_replay_does_the_same_to_jira_as_what_it_replays() -> None:
    with running_sandbox() as sandbox:
        some_export(sandbox)
        wanted, before = recorded(sandbox.log()), sandbox.issues()
        sandbox.control("reset", {})
        replay(sandbox.url, wanted)

        def shown(issues: list[dict[str, Any]]) -> list[Any]:
            return [(i["key"], i["fields"]["summary"], (i["fields"].get("parent") or {}).get("key")) for i in issues]

        assert shown(sandbox.issues()) == shown(before)


def test_a_missed_limit_is_repeated_at_the_end() -> None:
    report = Report()
    report.section("Time", "By the clock.")
    report.row("Ours", spread([3.0, 1.0, 2.0], " s"), "at most 1 s", met=False)
    text = report.text("SQLite", 60, "make bench")

    assert "| Ours | 2.00 s (1.00–3.00, 3 runs) | at most 1 s | **missed** |" in text
    assert text.rstrip().endswith("- Ours: 2.00 s (1.00–3.00, 3 runs) (limit at most 1 s)")
