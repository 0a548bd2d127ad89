from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from asgiref.sync import async_to_sync

from jira_integration.export.plan import build_plan
from jira_integration.models import (
    AuditEntry,
    ExportedTicket,
    ExportPlan,
    ExportRun,
    ProjectMapping,
    RunItem,
    Trial,
)
from stories_qa.models import Project, Story
from tests.jira_site import drive
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.visits import Visitor, text_of

Button = Callable[..., str]


@pytest.fixture
def at_trial(visitor: Visitor, sandbox: RunningSandbox) -> Iterator[Button]:
    """Every step saved and Jira not turned on yet. `button(name, **data)` presses a button of the trial's page, lets
    the worker do what it started, and gives the words of the page then."""
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")
    for slug in ("fields", "statuses", "webhook"):
        visitor.send(visitor.step(pk, slug))
    sandbox.clear_log()
    url = f"/jira/connections/{pk}/trial/?project=SHOP"

    def press(name: str = "", **data: str) -> str:
        if not name:
            return text_of(visitor.get(url))
        trial = Trial.objects.first()
        given = {"plan": str(trial.plan_id) if trial else "", name: "1", **data}
        answer = visitor.post(url, given)
        for plan in ExportPlan.objects.filter(state="building"):
            async_to_sync(build_plan)(plan.pk)
        for run in ExportRun.objects.filter(state="queued"):
            drive(run)
        return text_of(visitor.get(answer["Location"]) if answer.status_code == 303 else answer)

    yield press
    for issue in reversed(sandbox.issues()):
        sandbox.call("DELETE", f"issue/{issue['key']}")


def test_one_story_goes_to_jira_is_shown_field_by_field_and_is_taken_back(
    at_trial: Button, sandbox: RunningSandbox
) -> None:
    chosen = at_trial()
    preview = at_trial("start", story="US-142")
    nothing_yet = sandbox.write_requests()
    sent = at_trial("export")
    made = [issue["key"] for issue in sandbox.issues()]
    back = at_trial("undo")

    assert "US-142 Guest can pay" in chosen
    assert "This would be sent, and nothing else" in preview
    assert nothing_yet == []
    assert "We sent Jira holds" in sent
    assert "Priority Highest as sent Highest" in sent
    assert "Story Points 5 as sent 5" in sent
    assert len(made) == 2  # the story and its epic
    assert "US-142 was taken back" in back
    assert f"{made[-1]} was deleted in Jira." in back
    assert sandbox.issues() == []
    assert not ExportedTicket.objects.filter(unlinked_at=None).exists()
    assert set(RunItem.objects.values_list("state", flat=True)) == {"undone"}
    assert AuditEntry.objects.latest("pk").code == "trial_taken_back"
    assert not ProjectMapping.objects.get().live


def test_a_trial_can_be_kept_and_then_another_story_tried(at_trial: Button, sandbox: RunningSandbox) -> None:
    project = Project.objects.get()
    Story.objects.create(project=project, key="US-143", title="Second", priority="low", position=2)
    at_trial("start", story="US-142")
    at_trial("export")
    kept = at_trial("keep")

    assert "US-142 was sent to Jira and kept" in kept
    assert "US-143 Second" in kept
    assert "US-142 Guest" not in kept
    assert ExportedTicket.objects.filter(unlinked_at=None, kind="story").count() == 1
    assert len(sandbox.issues()) == 2


def test_what_somebody_changed_in_jira_meanwhile_is_not_taken_back(at_trial: Button, sandbox: RunningSandbox) -> None:
    at_trial("start", story="US-142")
    at_trial("export")
    key = ExportedTicket.objects.get(kind="story").issue_key
    sandbox.call("PUT", f"issue/{key}", json={"fields": {"summary": "Somebody worked on it"}})
    before = len(sandbox.write_requests())

    said = at_trial("undo")

    assert f"{key} was changed in Jira since: Summary." in said
    assert len(sandbox.write_requests()) == before
    assert ExportedTicket.objects.filter(unlinked_at=None).count() == 2
    assert Trial.objects.get().ended == ""


def test_a_comment_counts_as_a_change_too(at_trial: Button, sandbox: RunningSandbox) -> None:
    at_trial("start", story="US-142")
    at_trial("export")
    key = ExportedTicket.objects.get(kind="story").issue_key
    text = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hm"}]}],
    }
    sandbox.call("POST", f"issue/{key}/comment", json={"body": text})

    assert f"{key} was changed in Jira since: Comment." in at_trial("undo")
    assert len(sandbox.issues()) == 2


def test_a_second_press_on_take_it_back_does_nothing_more(at_trial: Button, sandbox: RunningSandbox) -> None:
    at_trial("start", story="US-142")
    at_trial("export")
    at_trial("undo")
    writes = len(sandbox.write_requests())

    assert "US-142 was taken back" in at_trial("undo")
    assert len(sandbox.write_requests()) == writes
    assert AuditEntry.objects.filter(code="trial_taken_back").count() == 1


def test_an_issue_that_is_gone_already_counts_as_taken_back(at_trial: Button, sandbox: RunningSandbox) -> None:
    at_trial("start", story="US-142")
    at_trial("export")
    key = ExportedTicket.objects.get(kind="story").issue_key
    sandbox.call("DELETE", f"issue/{key}")

    assert f"{key} was gone from Jira already." in at_trial("undo")
    assert not ExportedTicket.objects.filter(unlinked_at=None).exists()


def test_another_story_waits_until_the_first_is_settled(at_trial: Button, sandbox: RunningSandbox) -> None:
    Story.objects.create(project=Project.objects.get(), key="US-143", title="Second", position=2)
    at_trial("start", story="US-142")
    at_trial("export")

    assert "Take US-142 back or keep it before you try another." in at_trial("start", story="US-143")
    assert "Choose a story to try." in at_trial("start", story="EP-1")
    assert ExportRun.objects.count() == 1


def test_without_the_right_to_delete_the_issue_is_closed(at_trial: Button, sandbox: RunningSandbox) -> None:
    at_trial("start", story="US-142")
    at_trial("export")
    sandbox.control("project", {"project": "SHOP", "denied": ["DELETE_ISSUES"]})

    said = at_trial("undo")
    sandbox.control("project", {"project": "SHOP", "denied": []})

    assert "was closed in Jira: this account may not delete issues." in said
    assert {issue["fields"]["status"]["name"] for issue in sandbox.issues()} == {"Done"}


def test_an_ordinary_preview_still_waits_for_jira_to_be_turned_on(at_trial: Button, visitor: Visitor) -> None:
    at_trial("start", story="US-142")
    plan = Trial.objects.get().plan
    Trial.objects.all().delete()

    answer = visitor.post(f"/p/SHOP/jira/plans/{plan.pk}/export/", {"plan": str(plan.uid)})

    assert not ExportRun.objects.exists()
    assert answer.status_code in (303, 422)


def test_the_trial_comes_after_the_steps_before_it(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")

    answer = visitor.get(f"/jira/connections/{pk}/trial/?project=SHOP")

    assert answer.status_code == 303
    assert "/setup/fields/" in answer["Location"]
