"""Statuses of new issues: the first step rides in the create, and the preview's promise is kept."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from jira_integration.export.runs import confirm
from jira_integration.models import ExportRun, JiraMetadata, ProjectMapping
from stories_qa.models import Project
from tests.jira_rows import a_story, an_epic
from tests.jira_site import drive, plan
from tests.sandbox_server import RunningSandbox

ALL = ("backlog", "in_progress", "in_review", "done")


def some_stories(backlog: Project, first: int, count: int, statuses: tuple[str, ...] = ALL) -> None:
    for number in range(first, first + count):
        a_story(backlog, number, status=statuses[number % len(statuses)])


def exported(mapping: ProjectMapping, sandbox: RunningSandbox) -> tuple[ExportRun, list[dict[str, Any]]]:
    """The run, and what the sandbox saw of it; what the preview read of the issues that are there is not part."""
    made = plan(mapping)
    sandbox.clear_log()
    return drive(confirm(made, None)), sandbox.log()


def kinds(log: list[dict[str, Any]]) -> Counter[str]:
    return Counter(f"{entry['method']} {entry['path'].rpartition('/')[2]}" for entry in log)


def names(sandbox: RunningSandbox) -> dict[str, str]:
    return {issue["fields"]["summary"]: issue["fields"]["status"]["name"] for issue in sandbox.issues()}


def wanted(first: int, count: int) -> dict[str, str]:
    words = ("To Do", "In Progress", "In Review", "Done")
    return {f"Story {number}": words[number % 4] for number in range(first, first + count)}


@pytest.mark.parametrize("statuses", [ALL, ALL[1:], ("in_progress",), ("backlog",)])
def test_the_first_export_of_a_type_takes_as_many_requests_as_its_preview_promised(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, statuses: tuple[str, ...]
) -> None:
    an_epic(backlog)
    some_stories(backlog, 1, 60, statuses)

    run, log = exported(mapping, sandbox)

    assert (run.state, run.plan.requests_expected) == (ExportRun.State.DONE, len(log))


def test_what_is_one_step_away_costs_no_request_of_its_own(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    some_stories(backlog, 1, 60)

    _, log = exported(mapping, sandbox)

    # One goes ahead and is looked at; In Review and Done are two steps away, and the second is taken by itself.
    assert kinds(log)["POST bulk"] == 3
    assert kinds(log)["GET transitions"] == 2
    assert kinds(log)["POST transitions"] == 30
    assert names(sandbox) == wanted(1, 60)


def test_what_one_run_learned_is_frozen_in_the_next_plan(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    some_stories(backlog, 1, 8)
    exported(mapping, sandbox)
    some_stories(backlog, 9, 60)

    run, log = exported(mapping, sandbox)

    items = {item.story_key: item for item in run.items.select_related("planned").filter(action="create")}
    assert items["US-9"].planned.template["transition"] == {"id": "11"}
    assert "transition" not in items["US-12"].planned.template
    assert all(item.sent_hash == item.planned.template_hash for item in items.values())
    assert run.plan.requests_expected == len(log)
    assert kinds(log)["POST bulk"] == 2
    assert kinds(log)["GET transitions"] == 0
    assert names(sandbox) == wanted(1, 68)


def test_a_hole_for_a_step_is_opened_again_in_what_was_sent(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    some_stories(backlog, 1, 8)

    run, log = exported(mapping, sandbox)

    sent = [one for entry in log if entry["path"].endswith("/bulk") for one in entry["body"]["issueUpdates"]]
    assert [one.get("transition") for one in sent].count({"id": "11"}) == 6
    items = list(run.items.select_related("planned"))
    assert items[0].planned.template["transition"]["$step"]["id"] == "3"
    assert all(item.sent_hash == item.planned.template_hash for item in items)


def test_a_step_that_jira_refuses_inside_the_create_is_found_anew(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    some_stories(backlog, 1, 4)
    exported(mapping, sandbox)
    row = JiraMetadata.objects.get()
    for step in row.ways["steps"][mapping.story_type_id]["10000"]:
        step["id"] = "99"  # the workflow was replaced by one with other ids
    row.save()
    some_stories(backlog, 5, 4)

    run, _ = exported(mapping, sandbox)

    assert run.state == ExportRun.State.DONE
    assert names(sandbox) == wanted(1, 8)
    assert not run.events.filter(code__startswith="status_").exists()


def test_a_remembered_step_that_is_refused_is_looked_for_again(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    some_stories(backlog, 1, 4)
    exported(mapping, sandbox)
    row = JiraMetadata.objects.get()
    for step in row.ways["steps"][mapping.story_type_id]["3"]:
        step["id"] = "99"
    row.save()
    some_stories(backlog, 5, 4)

    run, _ = exported(mapping, sandbox)

    assert names(sandbox) == wanted(1, 8)
    assert not run.events.filter(code__startswith="status_").exists()
