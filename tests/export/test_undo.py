"""An export is taken back, against a sandbox Jira of each kind over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from jira_integration.export.line import CannotDo
from jira_integration.export.runs import confirm, retry
from jira_integration.export.undo_plan import choose, new_undo
from jira_integration.models import ExportedTicket, ExportPlan, ExportRun, ProjectMapping, RunItem
from jira_integration.sandbox.settings import Flavour
from stories_qa.models import Project, Story
from tests.export.people import Jonas
from tests.jira_rows import a_story, an_epic
from tests.jira_site import built, drive, export, plan
from tests.sandbox_server import RunningSandbox, running_sandbox


@pytest.fixture(params=[Flavour.CLOUD, Flavour.DATACENTER])
def sandbox(request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    with running_sandbox(flavour=request.param) as running:
        yield running


@pytest.fixture
def jonas(sandbox: RunningSandbox) -> Jonas:
    return Jonas(sandbox)


def planned(run: ExportRun) -> ExportPlan:
    return built(new_undo(run, None))


def undo(run: ExportRun) -> ExportRun:
    return drive(confirm(planned(run), None))


def key_of(story: Story) -> str:
    return ExportedTicket.objects.get(story_ref=story.ref, unlinked_at=None).issue_key


def by_story(found: ExportPlan) -> dict[str, str]:
    return dict(found.items.values_list("story_key", "action"))


def codes(found: ExportPlan) -> dict[str, list[str]]:
    return {row.story_key: [one["code"] for one in row.findings] for row in found.items.all()}


def test_what_was_created_and_nobody_touched_is_deleted_children_first(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    epic = an_epic(backlog)
    for number in (1, 2, 3):
        a_story(backlog, number, epic=epic, description="Some **text**", labels=["a"], status="in_progress")
    run = export(mapping)
    assert len(sandbox.issues()) == 4

    undone = undo(run)

    assert sandbox.issues() == []
    assert undone.state == ExportRun.State.DONE
    assert set(undone.items.values_list("state", flat=True)) == {RunItem.State.UNDONE}
    run.refresh_from_db()
    assert run.state == ExportRun.State.UNDONE
    assert set(run.items.values_list("state", "undone_by")) == {(RunItem.State.UNDONE, undone.pk)}
    assert not ExportedTicket.objects.filter(unlinked_at=None).exists()
    assert plan(mapping).counts["create"] == 4


def test_a_second_undo_finds_nothing_to_do(mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox) -> None:
    a_story(backlog, 1)
    run = export(mapping)
    undo(run)
    sandbox.clear_log()

    again = planned(run)

    assert (again.sendable, again.items.count()) == (0, 0)
    with pytest.raises(CannotDo):
        confirm(again, None)
    assert sandbox.write_requests() == []


def test_an_update_that_holds_what_we_wrote_gets_its_old_values_back_and_the_story_is_ahead_again(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    story = a_story(
        backlog, 1, description="Before\n\n- a\n- b", labels=["x"], points=3, priority="low", status="backlog"
    )
    export(mapping)
    before = sandbox.issues()[0]["fields"]
    story.title, story.description, story.labels = "After", "After", ["y"]
    story.points, story.priority, story.status = 8, "urgent", "in_progress"
    story.version += 1
    story.save()
    run = export(mapping)
    assert sandbox.issues()[0]["fields"]["summary"] == "After"

    found = planned(run)
    assert by_story(found) == {"US-1": "restore"}, list(found.items.values_list("findings", "seen"))
    undone = drive(confirm(found, None))

    assert set(undone.items.values_list("state", flat=True)) == {RunItem.State.UNDONE}
    now = sandbox.issues()[0]["fields"]
    assert without(now) == without(before)
    assert plan(mapping).counts["update"] == 1
    again = export(mapping)
    assert again.state == ExportRun.State.DONE
    assert sandbox.issues()[0]["fields"]["summary"] == "After"


def without(fields: dict[str, Any]) -> dict[str, Any]:
    """What an undo puts back."""
    loose = ("updated", "statuscategorychangedate", "lastViewed", "resolutiondate")
    return {name: value for name, value in fields.items() if name not in loose}


@pytest.mark.parametrize("touch", ["edits", "comments", "logs_work", "attaches", "moves", "links"])
def test_what_somebody_touched_is_left_alone_and_says_why(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, jonas: Jonas, touch: str
) -> None:
    touched, other = a_story(backlog, 1), a_story(backlog, 2)
    run = export(mapping)
    more: dict[str, Any] = {"edits": {"duedate": "2030-01-02"}}.get(touch, {})
    args = (jonas.creates("Not ours"),) if touch == "links" else ()
    key = key_of(touched)
    getattr(jonas, touch)(key, *args, **more)

    found = planned(run)

    assert by_story(found) == {touched.key: "leave", other.key: "delete"}
    drive(confirm(found, None))
    assert key in [issue["key"] for issue in sandbox.issues()]
    run.refresh_from_db()
    assert run.state == ExportRun.State.PARTLY_UNDONE
    if touch in ("edits", "comments", "logs_work", "attaches"):
        assert found.items.get(action="leave").findings[0]["values"]["who"] == "Jonas Ortiz"


def test_put_it_back_anyway_deletes_one_that_was_touched_and_its_epic_follows(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, jonas: Jonas
) -> None:
    epic = an_epic(backlog)
    story = a_story(backlog, 1, epic=epic)
    run = export(mapping)
    jonas.comments(key_of(story))
    found = planned(run)
    assert by_story(found) == {"EP-1": "leave", "US-1": "leave"}
    assert codes(found)["EP-1"] == ["undo_children_stay"]

    choose(found, story.ref, anyway=True)

    assert by_story(found) == {"EP-1": "delete", "US-1": "delete"}
    found.refresh_from_db()
    assert found.counts["delete"] == 2
    drive(confirm(found, None))
    assert sandbox.issues() == []


def test_an_epic_with_a_story_of_somebody_else_is_left_alone(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, jonas: Jonas
) -> None:
    epic = an_epic(backlog)
    a_story(backlog, 1, epic=epic)
    run = export(mapping)
    key = ExportedTicket.objects.get(kind="epic").issue_key
    if jonas.on_cloud:
        jonas.creates("Another story", parent={"key": key})
    else:
        other = jonas.creates("Another story")
        jonas.ask("POST", f"/rest/agile/1.0/epic/{key}/issue", json={"issues": [other]})

    found = planned(run)

    assert by_story(found) == {"EP-1": "leave", "US-1": "delete"}
    drive(confirm(found, None))
    assert len(sandbox.issues()) == 2


def test_what_somebody_does_after_the_preview_is_seen_before_the_delete(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, jonas: Jonas
) -> None:
    stories = [a_story(backlog, number) for number in range(1, 5)]
    run = export(mapping)
    found = planned(run)
    jonas.comments(key_of(stories[1]))

    undone = drive(confirm(found, None))

    item = undone.items.get(story_key="US-2")
    assert (item.state, item.error_code) == (RunItem.State.MOVED_ON, "undo_comment")
    assert len(sandbox.issues()) == 1
    assert undone.state == ExportRun.State.PARTLY_DONE


def test_where_the_account_may_not_delete_issues_are_closed_and_the_stories_are_not_in_jira(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    a_story(backlog, 1)
    run = export(mapping)
    sandbox.control("project", {"project": "SHOP", "denied": ["DELETE_ISSUES"]})

    found = planned(run)
    assert by_story(found) == {"US-1": "close"}
    undone = drive(confirm(found, None))

    assert undone.state == ExportRun.State.DONE
    assert sandbox.issues()[0]["fields"]["status"]["statusCategory"]["key"] == "done"
    assert not ExportedTicket.objects.filter(unlinked_at=None).exists()


def test_a_refusal_leaves_an_undo_that_can_go_on(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    for number in (1, 2, 3):
        a_story(backlog, number)
    run = export(mapping)
    found = planned(run)
    sandbox.control("project", {"project": "SHOP", "denied": ["DELETE_ISSUES"]})

    undone = drive(confirm(found, None))

    assert undone.state == ExportRun.State.FAILED
    assert set(undone.items.values_list("state", flat=True)) == {RunItem.State.FAILED}
    run.refresh_from_db()
    assert run.state == ExportRun.State.DONE
    sandbox.control("project", {"project": "SHOP", "denied": []})
    retry(undone, None)
    assert drive(undone).state == ExportRun.State.DONE
    assert sandbox.issues() == []


def test_an_answer_that_is_lost_after_the_delete_is_no_trouble(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    for number in range(1, 4):
        a_story(backlog, number)
    run = export(mapping)
    found = confirm(planned(run), None)
    sandbox.faults(
        {"kind": "close_after_write", "method": "DELETE", "path": ".*/issue/.*", "nth": 2},
        {"kind": "close_after_write", "method": "POST", "path": ".*/bulk/issues/delete", "nth": 1},
    )

    undone = drive(found)

    assert undone.state == ExportRun.State.DONE
    assert sandbox.issues() == []


def test_a_run_is_undone_once_at_a_time_and_an_undo_not_at_all(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    a_story(backlog, 1)
    run = export(mapping)
    first, second = planned(run), planned(run)
    going = confirm(first, None)

    with pytest.raises(CannotDo) as refused:
        confirm(second, None)
    assert refused.value.code == "undo_going"
    undone = drive(going)
    with pytest.raises(CannotDo) as refused:
        new_undo(undone, None)
    assert refused.value.code == "undo_of_undo"
