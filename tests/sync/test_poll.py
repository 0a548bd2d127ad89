"""Polling a sandbox Jira, and what the news do to stories and badges."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync

from jira_integration.models import AuditEntry, ExportedTicket, ProjectMapping, annotate_sync
from jira_integration.sync.poll import SweepNotBelieved
from jira_integration.tasks import look
from stories_qa.models import Project, Story
from tests.jira_rows import a_story
from tests.jira_site import connect, export
from tests.sandbox_server import RunningSandbox, running_sandbox

pytestmark = pytest.mark.both_databases


def move(sandbox: RunningSandbox, key: str, status: str) -> None:
    """Move an issue as a person would, step by step until it stands in `status`."""
    for _ in range(5):
        steps = sandbox.call("GET", f"issue/{key}/transitions").json()["transitions"]
        now = sandbox.call("GET", f"issue/{key}").json()["fields"]["status"]["name"]
        if now == status:
            return
        order = ["To Do", "In Progress", "In Review", "Done"]
        wanted = {status, *(order[order.index(now) + 1 : order.index(status) + 1])}
        step = next(one for one in steps if one["to"]["name"] in wanted)
        sandbox.call("POST", f"issue/{key}/transitions", json={"transition": {"id": step["id"]}})


def news(mapping: ProjectMapping, *, full: bool = False) -> dict[str, int]:
    counts = async_to_sync(look)(mapping.connection_id, full=full)
    return {name: getattr(counts, name) for name in ("changed", "applied", "conflicts", "missing")}


def state_of(story: Story) -> str:
    return str(annotate_sync(Story.objects.filter(pk=story.pk)).get().jira_state)


def key_of(story: Story) -> str:
    return ExportedTicket.objects.get(story_ref=story.ref).issue_key


def test_a_moved_issue_moves_its_story_and_leaves_it_in_sync(mapping: ProjectMapping, sandbox: RunningSandbox) -> None:
    story = Story.objects.get(key="US-1")
    move(sandbox, key_of(story), "In Progress")

    counts = news(mapping)

    story.refresh_from_db()
    assert story.status == "in_progress"
    assert state_of(story) == "in_sync"
    assert counts == {"changed": 1, "applied": 1, "conflicts": 0, "missing": 0}
    assert AuditEntry.objects.filter(code="status_from_jira", object_ref=story.ref).exists()


def test_nothing_new_costs_one_request_and_changes_nothing(mapping: ProjectMapping, sandbox: RunningSandbox) -> None:
    news(mapping)
    sandbox.clear_log()

    assert news(mapping) == {"changed": 0, "applied": 0, "conflicts": 0, "missing": 0}
    assert len(sandbox.log()) == 1


def test_a_status_changed_on_both_sides_waits_for_a_person(mapping: ProjectMapping, sandbox: RunningSandbox) -> None:
    story = Story.objects.get(key="US-2")
    Story.objects.filter(pk=story.pk).update(status="done", version=story.version + 1)
    move(sandbox, key_of(story), "In Progress")

    counts = news(mapping)

    story.refresh_from_db()
    assert story.status == "done"
    assert state_of(story) == "conflict"
    assert counts["conflicts"] == 1
    assert news(mapping)["conflicts"] == 0


def test_equal_edits_on_both_sides_are_no_conflict(mapping: ProjectMapping, sandbox: RunningSandbox) -> None:
    story = Story.objects.get(key="US-2")
    Story.objects.filter(pk=story.pk).update(status="in_progress", version=story.version + 1)
    move(sandbox, key_of(story), "In Progress")

    assert news(mapping)["conflicts"] == 0


def test_a_deleted_issue_is_missing_after_a_sweep_and_not_before(
    mapping: ProjectMapping, sandbox: RunningSandbox
) -> None:
    story = Story.objects.get(key="US-1")
    sandbox.call("DELETE", f"issue/{key_of(story)}")

    news(mapping)
    assert state_of(story) == "in_sync"

    assert news(mapping, full=True)["missing"] == 1
    assert state_of(story) == "missing"


def test_a_sweep_that_would_lose_most_issues_is_not_believed(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    for number in range(4, 14):
        a_story(backlog, number)
    export(mapping)
    for ticket in ExportedTicket.objects.all():
        sandbox.call("DELETE", f"issue/{ticket.issue_key}")

    with pytest.raises(SweepNotBelieved):
        news(mapping, full=True)

    assert not ExportedTicket.objects.filter(sync="missing").exists()


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_account_s_time_zone_does_not_hide_news(backlog: Project, zone: str) -> None:
    with running_sandbox(account_zone=zone) as sandbox:
        mapping = connect(backlog, sandbox)
        story = a_story(backlog)
        export(mapping)
        news(mapping)
        move(sandbox, key_of(story), "In Progress")

        assert news(mapping)["applied"] == 1
