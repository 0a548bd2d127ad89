"""Test cases in Jira: sub-tasks, linked issues, a table in the description, or nowhere."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from jira_integration.conf import story_source
from jira_integration.export.plan import new_plan
from jira_integration.export.runs import confirm, retry
from jira_integration.models import ExportedTicket, ExportPlan, ExportRun, PlannedTicket, ProjectMapping
from jira_integration.richtext import adf_to_markdown
from stories_qa.models import Project
from stories_qa.writing import change
from tests.jira_rows import a_story, a_test, an_epic
from tests.jira_site import built, drive, export, plan, send_tests
from tests.sandbox_server import RunningSandbox

pytestmark = pytest.mark.both_databases

SUBTASK, TEST = "10015", "10014"
STEPS = [("Open the **cart**", "It shows 2 items"), ("Pay | by card", "A receipt")]


def by_summary(sandbox: RunningSandbox) -> dict[str, Any]:
    return {issue["fields"]["summary"]: issue for issue in sandbox.issues()}


def text_of(issue: Any) -> str:
    return adf_to_markdown(issue["fields"]["description"]).value


def test_a_story_takes_its_test_cases_along_as_sub_tasks(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, SUBTASK)
    story = a_story(backlog, 1, epic=an_epic(backlog))
    a_test(backlog, story, 1, STEPS, preconditions="A *guest*", title="Guest pays")
    a_test(backlog, story, 2)
    a_test(backlog, a_story(backlog, 2), 3)  # of a story that is not chosen

    made = plan(mapping, [story.ref])
    run = drive(confirm(made, None))

    rows = list(made.items.values_list("story_key", "level", "added", "action"))
    assert rows == [("EP-1", 0, True, "create"), ("US-1", 1, False, "create"), ("TC-1", 2, False, "create"),
                    ("TC-2", 2, False, "create")]  # fmt: skip
    assert (run.state, made.counts["create"]) == (ExportRun.State.DONE, 4)
    issues = by_summary(sandbox)
    parents = {name: (issue["fields"].get("parent") or {}).get("id") for name, issue in issues.items()}
    assert parents["Guest pays"] == parents["Test 2"] == issues["Story 1"]["id"]
    assert issues["Guest pays"]["fields"]["issuetype"]["subtask"]
    assert text_of(issues["Guest pays"]).splitlines() == [
        "A *guest*", "", "### Steps", "",
        "| # | Step | Expected result |", "| --- | --- | --- |",
        "| 1 | Open the **cart** | It shows 2 items |", "| 2 | Pay \\| by card | A receipt |",
    ]  # fmt: skip
    assert set(ExportedTicket.objects.filter(kind="test").values_list("sync", flat=True)) == {"in_sync"}
    assert not run.events.filter(code="parent_not_applied").exists()


def test_linked_test_cases_carry_their_link_inside_the_create(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, TEST)
    story = a_story(backlog, 1)
    a_test(backlog, story, 1)
    a_test(backlog, None, 2)

    run = export(mapping)

    assert run.state == ExportRun.State.DONE
    issues = by_summary(sandbox)
    links = issues["Test 1"]["fields"]["issuelinks"]
    assert [(one["type"]["outward"], one["outwardIssue"]["key"]) for one in links] == [
        ("tests", issues["Story 1"]["key"])
    ]
    assert issues["Test 1"]["fields"]["issuetype"]["name"] == "Test"
    assert issues["Test 2"]["fields"]["issuelinks"] == []
    assert [entry["path"] for entry in sandbox.write_requests()] == ["/rest/api/3/issue/bulk"] * 2
    shown = run.plan.items.get(story_key="TC-1").changes
    assert ("Linked issue", "tests US-1 Story 1") in [(one["label"], one["after"]) for one in shown]
    assert not run.events.filter(code="link_not_applied").exists()


def test_the_link_can_be_read_from_the_other_side(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, TEST)
    mapping.test_link_type_id, mapping.test_link_outward = "10000", False  # "is blocked by"
    mapping.save()
    story = a_story(backlog, 1)
    export(mapping, [story.ref])
    a_test(backlog, story, 1)

    export(mapping, [story.ref])

    links = by_summary(sandbox)["Test 1"]["fields"]["issuelinks"]
    assert [(one["type"]["inward"], one["inwardIssue"]["key"]) for one in links] == [("is blocked by", "SHOP-1")]


def test_a_table_in_the_description_follows_the_test_cases(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, target="description")
    story = a_story(backlog, 1, description="As a guest")
    case = a_test(backlog, story, 1, STEPS[:1], preconditions="A cart", title="Guest pays")
    export(mapping)
    before = text_of(by_summary(sandbox)["Story 1"])
    change(case, {"steps": [{"action": "Pay", "expected": "Paid"}]}, expected_version=None, by="mira")

    again = plan(mapping)
    drive(confirm(again, None))

    assert "As a guest\n\n### Test cases\n\n**TC-1 Guest pays**\n\n*Precondition:* A cart" in before
    assert "| 1 | Open the **cart** | It shows 2 items |" in before
    assert dict(again.items.values_list("story_key", "action")) == {"US-1": "update"}
    assert "| 1 | Pay | Paid |" in text_of(by_summary(sandbox)["Story 1"])
    assert len(sandbox.issues()) == 1


def test_test_cases_that_stay_here_are_no_items(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    a_test(backlog, a_story(backlog, 1, description="As a guest"), 1, STEPS)

    run = export(mapping)

    assert list(run.items.values_list("story_key", flat=True)) == ["US-1"]
    assert text_of(sandbox.issues()[0]).strip() == "As a guest"


def test_a_preview_without_test_cases_leaves_even_chosen_ones_out(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, SUBTASK)
    a_test(backlog, a_story(backlog, 1), 1)
    made = new_plan(mapping, story_source().refs(backlog.ref), None, with_tests=False)

    made = built(made)

    assert list(made.items.values_list("story_key", flat=True)) == ["US-1"]


def test_only_the_test_case_that_changed_is_written_again_and_none_is_doubled(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, SUBTASK)
    story = a_story(backlog, 1)
    first, _second = a_test(backlog, story, 1, STEPS), a_test(backlog, story, 2, STEPS)
    export(mapping)
    change(first, {"steps": [{"action": "Only this", "expected": ""}]}, expected_version=None, by="mira")
    sandbox.clear_log()

    run = export(mapping, [story.ref])

    states = dict(run.items.values_list("story_key", "state"))
    assert states == {"US-1": "unchanged", "TC-1": "updated", "TC-2": "unchanged"}
    assert [entry["method"] for entry in sandbox.write_requests()] == ["PUT"]
    assert len(sandbox.issues()) == 3
    assert "| 1 | Only this |" in text_of(by_summary(sandbox)["Test 1"])
    assert plan(mapping).counts["unchanged"] == 3


def test_a_test_case_brings_a_story_and_its_epic_that_jira_does_not_have(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, SUBTASK)
    case = a_test(backlog, a_story(backlog, 1, epic=an_epic(backlog)), 1)
    a_test(backlog, case.story, 2)

    made = plan(mapping, [case.ref])

    assert list(made.items.values_list("story_key", "added")) == [("EP-1", True), ("US-1", True), ("TC-1", False)]


def test_a_test_case_of_no_story_cannot_be_a_sub_task(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, SUBTASK)
    a_test(backlog, None, 1)
    a_story(backlog, 1)

    made = plan(mapping)

    assert codes(made, "TC-1") == ["test_without_story"]
    assert made.counts["create"] == 1


def test_test_cases_wait_for_a_story_that_is_blocked_or_that_jira_refused(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    send_tests(mapping, SUBTASK)
    a_test(backlog, a_story(backlog, 1, sync_off=True), 1)
    refused = a_story(backlog, 2, epic=an_epic(backlog))
    a_test(backlog, refused, 2)
    made = plan(mapping)
    PlannedTicket.objects.filter(plan=made, story_key="EP-1").update(
        template={"fields": {"project": {"id": "10000"}, "issuetype": {"id": "10010"}, "summary": ""}}
    )

    run = drive(confirm(made, None))

    assert codes(made, "TC-1") == ["story_blocked"]
    ended = dict(run.items.values_list("story_key", "error_code"))
    assert (ended["US-2"], ended["TC-2"]) == ("epic_failed", "story_failed")
    epic = run.items.get(story_key="EP-1")
    epic.planned.template["fields"]["summary"] = "Epic 1"
    epic.planned.save()
    assert retry(run, None, epic) == 3  # the epic, its story, and the story's test case
    run.refresh_from_db()
    drive(run)
    assert dict(run.items.values_list("story_key", "state"))["TC-2"] == "created"


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"test_type_id": "19999"}, "test_type_gone"),
        ({"test_link_type_id": "19999"}, "link_type_gone"),
    ],
)
def test_what_jira_took_away_is_a_finding(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, columns: dict[str, str], code: str
) -> None:
    send_tests(mapping, TEST)
    ProjectMapping.objects.filter(pk=mapping.pk).update(**columns)
    mapping.refresh_from_db()
    a_test(backlog, a_story(backlog, 1), 1)

    made = plan(mapping)

    assert codes(made, "TC-1") == [code]
    assert codes(made, "US-1") == []


def test_a_lost_answer_doubles_no_test_case(mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox) -> None:
    send_tests(mapping, SUBTASK)
    story = a_story(backlog, 1)
    for number in range(1, 61):
        a_test(backlog, story, number)
    sandbox.faults({"method": "POST", "path": "/rest/api/3/issue/bulk", "nth": 2, "kind": "close_after_write"})

    run = export(mapping)

    assert run.state == ExportRun.State.DONE
    assert len(sandbox.issues()) == 61


@pytest.mark.parametrize("type_id", [SUBTASK, TEST])
def test_the_preview_promises_the_requests_that_test_cases_take(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, type_id: str
) -> None:
    """Twenty epics, 1,000 stories and 500 test cases in small: 1 + 20 + 10 writes, 1 + 10 + 5 read-backs there."""
    send_tests(mapping, type_id)
    epics = [an_epic(backlog, number) for number in (1, 2, 3)]
    for number in range(1, 61):
        story = a_story(backlog, number, epic=epics[number % 3])
        for case in (2 * number - 1, 2 * number):
            a_test(backlog, story, case, STEPS)
    made = plan(mapping)
    sandbox.clear_log()

    run = drive(confirm(made, None))

    log = sandbox.log()
    paths = Counter(entry["path"].removeprefix("/rest/api/3/") for entry in log)
    assert run.state == ExportRun.State.DONE
    assert (paths["issue/bulk"], paths["issue/bulkfetch"]) == (1 + 2 + 3, 1 + 1 + 2)
    assert sum(entry["write"] for entry in log) == 6
    assert made.requests_expected == len(log) == 6 + 4 + 3 + 1  # and the fields of three types, and the newest key


def codes(made: ExportPlan, key: str) -> list[str]:
    return [one["code"] for one in made.items.get(story_key=key).findings]
