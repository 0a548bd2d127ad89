from __future__ import annotations

import pytest

from jira_integration.models import ProjectMapping
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.visits import Visitor, form_values, text_of


@pytest.fixture
def at_statuses(visitor: Visitor, sandbox: RunningSandbox) -> str:
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")
    visitor.send(visitor.step(pk, "fields"))
    return visitor.step(pk, "statuses")


def test_ours_are_proposed_by_name_and_else_by_category(visitor: Visitor, at_statuses: str) -> None:
    values = form_values(visitor.get(at_statuses))

    assert {name: value for name, [value] in values.items() if name.startswith("out-")} == {
        "out-backlog": "10000",
        "out-ready": "10000",
        "out-in_progress": "3",
        "out-in_review": "10001",
        "out-done": "10002",
    }
    assert {name: value for name, [value] in values.items() if name.startswith("in-")} == {
        "in-10000": "backlog",
        "in-3": "in_progress",
        "in-10001": "in_review",
        "in-10002": "done",
    }


def test_several_of_jiras_statuses_may_mean_one_of_ours_and_some_none(visitor: Visitor, at_statuses: str) -> None:
    visitor.send(at_statuses, **{"in-10001": "in_progress", "in-10002": "", "out-ready": ""})

    mapping = ProjectMapping.objects.get()
    coming = {one.jira_status_id: one.status for one in mapping.statuses.filter(incoming=True)}
    going = {one.status for one in mapping.statuses.filter(incoming=False)}
    assert coming == {"10000": "backlog", "3": "in_progress", "10001": "in_progress"}
    assert going == {"backlog", "in_progress", "in_review", "done"}
    assert "statuses" in mapping.steps_done
    kept = form_values(visitor.get(at_statuses))
    assert (kept["in-10002"], kept["out-ready"]) == ([""], [""])


def test_what_happens_with_a_status_nobody_mapped_is_said(visitor: Visitor, at_statuses: str) -> None:
    said = text_of(visitor.get(at_statuses))

    assert "also one that Jira gets later, counts by its category (to do, in progress, done)" in said


def test_a_status_that_jira_no_longer_has_is_named(visitor: Visitor, at_statuses: str) -> None:
    visitor.send(at_statuses)
    mapping = ProjectMapping.objects.get()
    mapping.statuses.filter(status="done", incoming=False).update(jira_status_id="777")

    answer = visitor.get(at_statuses)

    assert "Jira has no longer the status that “Done” went to." in text_of(answer)
