"""What concerns a whole run: limits, a refused login, a Jira that is away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jira_integration import tasks
from jira_integration.export.runs import confirm, login_renewed, retry
from jira_integration.models import ExportRun, JiraConnection, ProjectMapping, RunItem
from stories_qa.models import Project
from tests.jira_rows import a_story, an_epic
from tests.jira_site import drive, export, plan
from tests.sandbox_server import RunningSandbox

BULK = {"method": "POST", "path": "/rest/api/3/issue/bulk"}


def begun(mapping: ProjectMapping, backlog: Project, stories: int = 3) -> ExportRun:
    for number in range(1, stories + 1):
        a_story(backlog, number)
    return confirm(plan(mapping), None)


def later(run: ExportRun) -> ExportRun:
    """The time a run waits for has come."""
    ExportRun.objects.filter(pk=run.pk).update(not_before=timezone.now())
    return drive(run)


def test_a_refused_login_stops_everything_and_the_run_goes_on_after_renewal(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    run = begun(mapping, backlog)
    connection = mapping.connection
    connection.keep_secret("a-token-that-was-revoked")
    connection.save()

    run = drive(run)
    connection.refresh_from_db()
    assert (run.state, run.not_before, connection.state) == ("waiting", None, JiraConnection.State.AUTH)
    assert len([entry for entry in sandbox.log() if entry["status"] == 401]) == 1

    connection.keep_secret(sandbox.token)
    connection.state = JiraConnection.State.OK
    connection.save()
    assert login_renewed(connection.pk) == [run.pk]
    assert drive(run).state == ExportRun.State.DONE
    assert len(sandbox.issues()) == 3


def test_a_429_makes_the_run_wait_and_sends_nothing_twice(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    run = begun(mapping, backlog)
    sandbox.faults({**BULK, "nth": 1, "kind": "status", "status": 429, "headers": {"Retry-After": "120"}})

    run = drive(run)

    assert run.state == ExportRun.State.WAITING
    assert run.not_before is not None
    assert (run.not_before - timezone.now()).total_seconds() > 110
    assert set(run.items.values_list("state", flat=True)) == {"queued"}


def test_a_jira_that_is_down_is_asked_again_in_a_minute(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(mapping, backlog)
    sandbox.faults({**BULK, "nth": 1, "kind": "status", "status": 503})

    run = drive(run)

    assert run.state == ExportRun.State.WAITING
    # Nobody knows what became of the create, so it is looked up before anything is sent again.
    assert run.batches.get().state == "unknown"


def test_after_an_hour_without_jira_a_person_decides_and_nothing_is_sent_unasked(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, settings: Any
) -> None:
    settings.JIRA_GIVE_UP_SECONDS = 0
    run = begun(mapping, backlog)
    sandbox.faults(
        {**BULK, "kind": "close_after_write"},
        {"method": "POST", "path": ".*/bulkfetch", "kind": "status", "status": 400, "times": 1},
        {"method": "POST", "path": ".*/bulkfetch", "kind": "status", "status": 503, "headers": {"Retry-After": "90"}},
    )
    drive(run)
    ExportRun.objects.filter(pk=run.pk).update(waiting_since=timezone.now() - timedelta(hours=2))
    run.refresh_from_db()
    if run.state == ExportRun.State.WAITING:
        run = later(run)

    run.refresh_from_db()
    assert set(run.items.values_list("state", flat=True)) == {"unconfirmed"}


def test_stories_of_a_failed_epic_wait_and_go_after_its_retry(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    epic = an_epic(backlog)
    a_story(backlog, 1, epic=epic)
    a_story(backlog, 2)
    refusal = {"errorMessages": [], "errors": {"summary": "No."}}
    body = {"issues": [], "errors": [{"status": 400, "elementErrors": refusal, "failedElementNumber": 0}]}
    sandbox.faults({**BULK, "nth": 1, "kind": "status", "status": 400, "body": body})

    run = export(mapping)
    assert dict(run.items.values_list("story_key", "state")) == {
        "EP-1": "failed",
        "US-1": "not_sent",
        "US-2": "created",
    }
    assert run.items.get(story_key="US-1").error_code == "epic_failed"

    sandbox.faults()
    assert retry(run, None, run.items.get(story_key="EP-1")) == 2
    assert drive(run).state == ExportRun.State.DONE
    assert len(sandbox.issues()) == 3


def test_one_bad_item_never_fails_its_neighbours(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    for number in range(1, 5):
        a_story(backlog, number)
    # Refused as a whole, whatever is in it, until two stories are left to a request.
    sandbox.faults({**BULK, "nth": 1, "kind": "status", "status": 413, "body": {"errorMessages": ["Too large."]}})

    run = export(mapping)

    assert run.state == ExportRun.State.DONE
    assert [len(one["body"]["issueUpdates"]) for one in sandbox.write_requests()] == [4, 2, 2]


def test_when_jira_permits_no_create_at_all_neither_half_is_tried_down_to_its_items(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, settings: Any
) -> None:
    settings.JIRA_REQUESTS_IN_FLIGHT = 1
    for number in range(1, 9):
        a_story(backlog, number)
    sandbox.faults({**BULK, "kind": "status", "status": 403, "body": {"errorMessages": ["No."], "errors": {}}})

    run = export(mapping)

    sizes = [len(one["body"]["issueUpdates"]) for one in sandbox.write_requests()]
    assert sizes[:3] == [8, 4, 4]
    assert len(sizes) <= 4  # the next one may be on its way while an answer is written down
    assert set(run.items.values_list("state", "error_code")) == {("not_sent", "no_create_permission")}
    assert run.state == ExportRun.State.FAILED


def test_when_jira_forbids_one_item_its_neighbours_are_created(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, settings: Any
) -> None:
    settings.JIRA_REQUESTS_IN_FLIGHT = 1
    for number in range(1, 9):
        a_story(backlog, number)
    refusal = {**BULK, "kind": "status", "status": 403, "body": {"errorMessages": ["No."], "errors": {}}}
    # All eight refused, then the first half, of that the second half, of that the second story.
    sandbox.faults({**refusal, "nth": [1, 2, 5, 7]})

    run = export(mapping)

    assert [len(one["body"]["issueUpdates"]) for one in sandbox.write_requests()] == [8, 4, 4, 2, 2, 1, 1]
    failed = run.items.exclude(state="created").values_list("story_key", "state", "error_code")
    assert list(failed) == [("US-4", "failed", "no_create_permission")]


def test_retry_by_cause_takes_up_only_that_cause(mapping: ProjectMapping, backlog: Project) -> None:
    run = begun(mapping, backlog)
    RunItem.objects.filter(run=run).update(state="failed", error_code="required_field")
    RunItem.objects.filter(run=run, story_key="US-2").update(error_code="priority_not_allowed")
    ExportRun.objects.filter(pk=run.pk).update(state="failed")

    assert retry(run, None, cause="priority_not_allowed") == 1


def test_the_sweep_starts_what_is_due_and_nothing_else(
    mapping: ProjectMapping, backlog: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    monkeypatch.setattr(tasks.export_run, "delay", started.append)
    run = begun(mapping, backlog)

    tasks.sweep_runs()
    ExportRun.objects.filter(pk=run.pk).update(state="waiting", not_before=timezone.now() + timedelta(hours=1))
    tasks.sweep_runs()
    ExportRun.objects.filter(pk=run.pk).update(not_before=timezone.now())
    tasks.sweep_runs()

    assert started == [run.pk, run.pk]
