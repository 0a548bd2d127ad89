"""Carrying out a plan against a sandbox Jira over HTTP."""

from __future__ import annotations

import pytest

from jira_integration.export.runs import confirm
from jira_integration.models import ExportedTicket, ExportRun, ProjectMapping, RunItem
from stories_qa.models import AcceptanceCriterion, Project
from tests.jira_rows import a_story, an_epic
from tests.jira_site import drive, export, plan
from tests.sandbox_server import RunningSandbox

pytestmark = pytest.mark.both_databases


def test_epics_and_stories_arrive_once_with_their_parent(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    epic = an_epic(backlog, title="Guest checkout")
    for number in range(1, 4):
        story = a_story(backlog, number, epic=epic, description="Some **bold** text", labels=["b c", "a"])
        AcceptanceCriterion.objects.create(story=story, position=1, given="a cart", when="I pay", then="it is paid")

    run = export(mapping)

    assert run.state == ExportRun.State.DONE
    issues = sandbox.issues()
    assert len(issues) == 4
    parents = {issue["fields"]["summary"]: (issue["fields"].get("parent") or {}).get("id") for issue in issues}
    epic_id = next(issue["id"] for issue in issues if issue["fields"]["summary"] == "Guest checkout")
    assert parents == {"Guest checkout": None, "Story 1": epic_id, "Story 2": epic_id, "Story 3": epic_id}
    assert set(run.items.values_list("state", "confirmed")) == {(RunItem.State.CREATED, True)}
    assert set(ExportedTicket.objects.values_list("sync", flat=True)) == {"in_sync"}


def test_what_was_sent_is_what_the_preview_showed(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    epic = an_epic(backlog)
    a_story(backlog, 1, epic=epic, description="# Heading\n\n- [ ] task\n\n| a | b |\n|---|---|\n| 1 | 2 |")

    run = export(mapping)

    items = list(run.items.select_related("planned"))
    assert [item.sent_hash for item in items] == [item.planned.template_hash for item in items]
    assert all(item.sent_hash for item in items)


def test_a_second_export_of_the_same_stories_writes_nothing(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    epic = an_epic(backlog)
    a_story(backlog, 1, epic=epic, description="Some *text* with a [link](https://example.org)", labels=["x y"])
    export(mapping)
    sandbox.clear_log()

    again = plan(mapping)

    assert again.counts == {"blocked": 0, "conflict": 0, "update": 0, "close": 0, "create": 0, "unchanged": 2}
    assert sandbox.write_requests() == []


def test_a_lost_answer_makes_no_double(mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox) -> None:
    for number in range(1, 61):
        a_story(backlog, number)
    sandbox.faults({"method": "POST", "path": "/rest/api/3/issue/bulk", "nth": 1, "kind": "close_after_write"})

    run = export(mapping)

    assert run.state == ExportRun.State.DONE
    assert len(sandbox.issues()) == 60
    assert len({issue["fields"]["summary"] for issue in sandbox.issues()}) == 60


def test_a_request_that_never_arrived_is_sent_again_after_the_wait(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, settings: object
) -> None:
    settings.JIRA_UNKNOWN_WAIT_SECONDS = 0.2
    for number in range(1, 4):
        a_story(backlog, number)
    sandbox.faults({"method": "POST", "path": "/rest/api/3/issue/bulk", "nth": 1, "kind": "close_before_write"})

    run = export(mapping)
    for _ in range(20):
        if run.state != ExportRun.State.WAITING:
            break
        ExportRun.objects.filter(pk=run.pk).update(not_before=run.created_at)
        run = drive(run)

    assert run.state == ExportRun.State.DONE
    assert len(sandbox.issues()) == 3


def test_a_story_edited_after_the_preview_is_not_sent_and_says_why(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    story = a_story(backlog, 1)
    a_story(backlog, 2)
    made = plan(mapping)
    story.version += 1
    story.save()

    run = drive(confirm(made, None))

    assert dict(run.items.values_list("story_key", "state")) == {"US-1": "moved_on", "US-2": "created"}
    assert run.items.get(story_key="US-1").error_code == "story_changed_since_preview"
    assert [issue["fields"]["summary"] for issue in sandbox.issues()] == ["Story 2"]


def test_an_edited_story_updates_only_the_field_that_changed(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    story = a_story(backlog, 1, description="Text")
    export(mapping)
    sandbox.clear_log()
    story.title, story.version = "A better title", story.version + 1
    story.save()

    run = export(mapping)

    writes = sandbox.write_requests()
    assert [(one["method"], one["body"]) for one in writes] == [("PUT", {"fields": {"summary": "A better title"}})]
    assert run.state == ExportRun.State.DONE


def test_stories_are_moved_to_their_status_along_the_workflow(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    for number, status in enumerate(["backlog", "in_progress", "in_review", "done"], 1):
        a_story(backlog, number, status=status)

    run = export(mapping)

    statuses = {issue["fields"]["summary"]: issue["fields"]["status"]["name"] for issue in sandbox.issues()}
    assert statuses == {"Story 1": "To Do", "Story 2": "In Progress", "Story 3": "In Review", "Story 4": "Done"}
    assert run.state == ExportRun.State.DONE
    assert plan(mapping).counts["unchanged"] == 4


def test_a_story_whose_status_alone_changed_is_moved_and_not_edited(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    story = a_story(backlog, 1)
    export(mapping)
    sandbox.clear_log()
    story.status, story.version = "in_progress", story.version + 1
    story.save()

    made = plan(mapping)
    run = drive(confirm(made, None))

    assert made.items.get().changes == [
        {"field": "status", "label": "Status", "before": "To Do", "after": "In Progress"}
    ]
    assert [one["path"].rpartition("/")[2] for one in sandbox.write_requests()] == ["transitions"]
    assert run.state == ExportRun.State.DONE


def test_a_status_that_was_moved_on_both_sides_is_a_conflict_in_the_preview(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    story = a_story(backlog, 1)
    export(mapping)
    issue = sandbox.issues()[0]
    steps = sandbox.call("GET", f"issue/{issue['key']}/transitions").json()["transitions"]
    step = next(one for one in steps if one["to"]["name"] == "In Progress")
    sandbox.call("POST", f"issue/{issue['key']}/transitions", json={"transition": {"id": step["id"]}})
    story.status, story.version = "done", story.version + 1
    story.save()

    assert plan(mapping).counts["conflict"] == 1


def test_a_status_without_a_way_leaves_the_issue_where_it_is_and_says_so(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    a_story(backlog, 1, status="done")
    sandbox.faults({"method": "POST", "path": ".*/transitions", "kind": "status", "status": 400})

    run = export(mapping)

    assert run.items.get().state == RunItem.State.CREATED
    assert run.events.filter(code="status_refused", item=run.items.get()).exists()
