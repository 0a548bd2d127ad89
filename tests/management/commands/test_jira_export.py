"""`jira_export`: exit statuses, the line, a queue that is away."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from kombu.exceptions import OperationalError

from jira_integration import tasks
from jira_integration.export.line import next_runs
from jira_integration.export.runs import confirm, pause
from jira_integration.models import ExportRun, ProjectMapping
from stories_qa.models import Project
from tests.jira_rows import a_backlog, a_story
from tests.jira_site import connect, plan
from tests.sandbox_server import RunningSandbox, running_sandbox


@pytest.fixture
def backlog(transactional_db: None) -> Project:
    return a_backlog(stories=2)


@pytest.fixture
def sandbox() -> Any:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def mapping(backlog: Project, sandbox: RunningSandbox) -> ProjectMapping:
    return connect(backlog, sandbox)


def ran(mapping: ProjectMapping, *options: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, the JSON, what stood on standard error."""
    out, err, status = StringIO(), StringIO(), 0
    try:
        call_command(
            "jira_export",
            f"--connection={mapping.connection_id}",
            "--json",
            *options,
            stdout=out,
            stderr=err,
        )
    except SystemExit as ended:
        status = int(str(ended.code))
    except CommandError as refused:
        return refused.returncode, {}, str(refused)
    return status, json.loads(out.getvalue()), err.getvalue()


def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(pk: int) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.export_run, "delay", away)


def test_without_a_queue_the_run_is_kept_and_the_status_says_that_nothing_goes_on(
    mapping: ProjectMapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_queue(monkeypatch)

    status, result, said = ran(mapping, "--all")

    assert (status, result["state"]) == (2, "queued")
    assert f"Run {result['run']} is stored, but the queue could not be reached" in said
    assert next_runs() == [result["run"]]


def test_with_wait_no_queue_is_needed_and_a_run_that_stands_before_goes_first(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_queue(monkeypatch)
    _status, first, _said = ran(mapping, "--story=US-1")
    a_story(backlog, 3)

    status, result, said = ran(mapping, "--story=US-3", "--wait")

    assert (status, result["state"]) == (0, "done")
    assert f"waits for run {first['run']}" in said
    assert ExportRun.objects.get(pk=first["run"]).state == "done"
    assert len(sandbox.issues()) == 2


def test_with_wait_a_paused_run_is_passed(mapping: ProjectMapping, sandbox: RunningSandbox) -> None:
    paused = pause(confirm(plan(mapping, [mapping_ref(mapping, 0)]), None), None)

    status, result, _said = ran(mapping, "--story=US-2", "--wait")

    assert (status, result["state"]) == (0, "done")
    paused.refresh_from_db()
    assert paused.state == "paused"
    assert len(sandbox.issues()) == 1


def test_behind_a_run_that_waits_for_a_person_the_command_gives_the_run_to_the_line(
    mapping: ProjectMapping, sandbox: RunningSandbox
) -> None:
    stuck = confirm(plan(mapping, [mapping_ref(mapping, 0)]), None)
    ExportRun.objects.filter(pk=stuck.pk).update(state="waiting", not_before=None)

    status, result, _said = ran(mapping, "--story=US-2", "--wait")

    assert (status, result["state"]) == (1, "queued")
    assert sandbox.issues() == []


def mapping_ref(mapping: ProjectMapping, number: int) -> str:
    project = Project.objects.get(key="SHOP")
    ref: str = project.storys.order_by("pk")[number].ref
    return ref
