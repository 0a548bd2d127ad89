"""`jira_undo`: its JSON, its question and its exit statuses, against a sandbox Jira."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from jira_integration.models import ExportedTicket, ExportRun
from stories_qa.models import Project
from tests.export.people import Jonas
from tests.jira_rows import a_backlog, a_story
from tests.jira_site import connect, export
from tests.sandbox_server import RunningSandbox, running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def run(sandbox: RunningSandbox) -> ExportRun:
    project: Project = a_backlog()
    for number in (1, 2):
        a_story(project, number)
    return export(connect(project, sandbox))


def undo(run: ExportRun, **options: Any) -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("jira_undo", run=run.pk, json=True, stdout=out, stderr=StringIO(), **options)
        status = 0
    except SystemExit as ended:
        status = int(str(ended.code))
    return status, json.loads(out.getvalue())


def test_a_dry_run_says_what_would_be_done_and_sends_nothing(run: ExportRun, sandbox: RunningSandbox) -> None:
    sandbox.clear_log()

    status, told = undo(run, dry_run=True)

    assert (status, told["run"], told["state"]) == (0, None, "planned")
    assert [item["action"] for item in told["items"]] == ["delete", "delete"]
    assert sandbox.write_requests() == []


def test_a_run_is_undone_and_a_second_time_nothing_happens(run: ExportRun, sandbox: RunningSandbox) -> None:
    status, told = undo(run, yes=True)

    assert (status, told["state"], told["counts"]["undone"]) == (0, "done", 2)
    assert sandbox.issues() == []
    assert undo(run, yes=True)[0] == 0
    assert undo(run, yes=True)[1]["items"] == []


def test_what_is_left_alone_makes_the_status_1_and_says_why(run: ExportRun, sandbox: RunningSandbox) -> None:
    Jonas(sandbox).comments(ExportedTicket.objects.earliest("pk").issue_key)

    status, told = undo(run, yes=True)

    assert status == 1
    left = next(item for item in told["items"] if item["action"] == "leave")
    assert (left["state"], left["error"][:40]) == ("skipped", "Left alone: Jonas Ortiz commented in Jir")


def test_without_yes_the_number_is_asked_for(
    run: ExportRun, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda: "3")
    with pytest.raises(CommandError) as refused:
        undo(run)
    assert refused.value.returncode == 2
    assert len(sandbox.issues()) == 2

    monkeypatch.setattr("builtins.input", lambda: "2")

    assert undo(run)[0] == 0
    assert sandbox.issues() == []


def test_a_run_that_does_not_exist_could_not_start() -> None:
    with pytest.raises(CommandError) as refused:
        call_command("jira_undo", run=4711)

    assert refused.value.returncode == 2
