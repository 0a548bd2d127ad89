"""Test cases that were removed here: their issues are closed, never deleted, unless a person leaves them open."""

from __future__ import annotations

from collections import Counter

import pytest

from jira_integration.conf import story_source
from jira_integration.export.changed import changed_here
from jira_integration.export.plan import new_plan
from jira_integration.export.runs import confirm
from jira_integration.models import ExportedTicket, ExportRun, ProjectMapping
from stories_qa.models import Project, TestCase, TestStep
from stories_qa.writing import change
from tests.jira_rows import a_story, a_test
from tests.jira_site import built, drive, export, plan, send_tests
from tests.sandbox_server import RunningSandbox

pytestmark = pytest.mark.both_databases

SUBTASK = "10015"
STEPS = [("Open the **cart**", "It shows 2 items"), ("Pay | by card", "A receipt")]


def removed(case: TestCase) -> None:
    TestStep.objects.filter(test_case=case).delete()
    TestCase.objects.filter(pk=case.pk).delete()


def test_changed_new_and_removed_test_cases_are_updates_creates_and_a_close(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, SUBTASK)
    story = a_story(backlog, 1)
    cases = [a_test(backlog, story, number, STEPS) for number in range(1, 6)]
    export(mapping)
    for case in cases[:3]:
        steps = [{"action": f"Only this {case.key}", "expected": ""}]
        change(case, {"steps": steps}, expected_version=None, by="mira")
    for number in (6, 7):
        a_test(backlog, story, number)
    key = ExportedTicket.objects.get(story_ref=cases[3].ref).issue_key
    removed(cases[3])

    made = plan(mapping, [story.ref])
    sandbox.clear_log()
    run = drive(confirm(made, None))

    assert {action: count for action, count in made.counts.items() if count} == {
        "update": 3, "create": 2, "close": 1, "unchanged": 2,
    }  # fmt: skip
    writes = Counter((one["method"], one["path"].rpartition("/")[2]) for one in sandbox.write_requests())
    assert sum(count for (method, _end), count in writes.items() if method == "PUT") == 3
    assert writes["POST", "bulk"] == 1  # both new ones in one request
    closed = next(issue for issue in sandbox.issues() if issue["key"] == key)
    assert closed["fields"]["status"]["statusCategory"]["key"] == "done"
    assert run.state == ExportRun.State.DONE
    assert len(sandbox.issues()) == 1 + 5 + 2
    again = plan(mapping)
    assert (again.sendable, again.checks) == (0, [])


def test_the_close_of_a_removed_test_case_is_left_out_when_a_person_says_so(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, SUBTASK)
    story, other = a_story(backlog, 1), a_story(backlog, 2)
    case = a_test(backlog, story, 1)
    export(mapping)
    assert plan(mapping).checks == []
    key = ExportedTicket.objects.get(story_ref=case.ref).issue_key
    removed(case)

    refs = story_source().refs(backlog.ref)
    left = built(new_plan(mapping, refs, None, left_open=[case.ref]))
    elsewhere = plan(mapping, [other.ref])

    assert plan(mapping).counts["close"] == 1
    for made in (left, elsewhere):
        assert made.sendable == 0
        assert [(one["code"], one["values"]["keys"]) for one in made.checks] == [("tests_removed", [key])]


def test_a_close_takes_the_requests_that_its_preview_promised(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, SUBTASK)
    story = a_story(backlog, 1)
    case = a_test(backlog, story, 1)
    export(mapping)
    removed(case)
    made = plan(mapping)
    sandbox.clear_log()

    drive(confirm(made, None))

    assert len(sandbox.log()) == made.requests_expected


def test_what_changed_is_what_was_edited_here_and_stories_that_lost_a_test_case(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, SUBTASK)
    stories = [a_story(backlog, number) for number in range(1, 5)]
    case = a_test(backlog, stories[0], 1)
    a_test(backlog, stories[1], 2)
    export(mapping)
    assert changed_here(mapping) == []
    change(stories[2], {"title": "Edited"}, expected_version=None, by="mira")
    a_story(backlog, 5)  # not in Jira yet: for a person to choose
    removed(case)

    assert set(changed_here(mapping)) == {stories[2].ref, stories[0].ref}
    drive(confirm(plan(mapping, changed_here(mapping)), None))
    assert plan(mapping, [one.ref for one in stories]).sendable == 0
    assert changed_here(mapping) == []
