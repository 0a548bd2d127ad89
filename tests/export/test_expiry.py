"""Old runs and previews lose their bodies, never what became of an item, and never what is still needed."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from jira_integration.export.anyway import create_anyway
from jira_integration.export.expiry import empty_old
from jira_integration.export.line import CannotDo
from jira_integration.export.runs import confirm, resume, retry
from jira_integration.models import AuditEntry, ExportPlan, ExportRun, PlannedTicket, RunItem
from jira_integration.upkeep import remove_old
from stories_qa.models import Project, Story
from tests.jira_rows import a_backlog, a_mapping, a_plan, a_run

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"fields": {"summary": "Pay by card"}}


def days_ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


@pytest.fixture
def backlog() -> Project:
    return a_backlog(stories=2)


@pytest.fixture
def plan(backlog: Project) -> ExportPlan:
    """Two stories to create, planned half a year ago."""
    plan = a_plan(a_mapping(backlog), dict.fromkeys(Story.objects.order_by("pk"), "create"))
    PlannedTicket.objects.update(template=BODY, seen={"summary": "Pay"})
    ExportPlan.objects.update(created_at=days_ago(180))
    return plan


def ended(plan: ExportPlan, days: float = 91, state: str = "partly_done", **states: str) -> ExportRun:
    """A run of the plan that ended that many days ago."""
    ExportPlan.objects.filter(pk=plan.pk).update(state="exported")
    known = {key.replace("_", "-"): value for key, value in states.items()}
    run = a_run(plan, {"US-1": "created", "US-2": "failed", **known}, state=state, finished_at=days_ago(days))
    run.items.filter(state="failed").update(error_code="rejected", jira_said=["Team is required."])
    return run


def bodies() -> int:
    return PlannedTicket.objects.exclude(template={}, changes=[], seen={}).count()


def test_a_run_that_ended_long_ago_keeps_what_became_of_its_items_and_nothing_else(plan: ExportPlan) -> None:
    run = ended(plan)

    assert empty_old() == 1

    plan.refresh_from_db()
    assert plan.emptied_at is not None
    assert bodies() == 0
    assert list(run.items.values_list("state", "error_code", "jira_said")) == [
        ("created", "", []),
        ("failed", "rejected", []),
    ]
    assert empty_old() == 0


def test_a_run_that_ended_lately_keeps_all(plan: ExportPlan) -> None:
    ended(plan, days=89)

    assert empty_old() == 0
    assert bodies() == 2


@pytest.mark.parametrize("state", ["queued", "running", "waiting", "paused", "interrupted"])
def test_a_run_that_has_not_ended_keeps_all_however_old(plan: ExportPlan, state: str) -> None:
    ended(plan, days=400, state=state)

    assert empty_old() == 0
    assert bodies() == 2


def test_a_run_with_an_item_that_may_have_to_be_sent_keeps_all(plan: ExportPlan) -> None:
    run = ended(plan, days=400, US_1="unconfirmed")

    assert empty_old() == 0
    assert bodies() == 2

    run.items.filter(state="unconfirmed").update(state="created")
    assert empty_old() == 1


@pytest.mark.parametrize("state", ["building", "ready", "failed", "discarded"])
def test_a_preview_nobody_sent_is_emptied_and_can_not_be_sent(plan: ExportPlan, state: str) -> None:
    ExportPlan.objects.update(state=state)

    assert empty_old() == 1

    assert bodies() == 0
    plan.refresh_from_db()
    with pytest.raises(CannotDo) as refused:
        confirm(plan, None)
    assert refused.value.code == "plan_not_ready"


def test_a_young_preview_stays(plan: ExportPlan) -> None:
    ExportPlan.objects.update(created_at=days_ago(1))

    assert empty_old() == 0
    assert bodies() == 2


def test_nothing_is_emptied_where_the_setting_says_so(plan: ExportPlan, settings: Any) -> None:
    settings.JIRA_BODIES_KEEP_DAYS = 0
    ended(plan, days=4000)

    assert empty_old() == 0
    assert bodies() == 2


def test_a_run_that_can_be_undone_keeps_all(plan: ExportPlan, settings: Any) -> None:
    settings.JIRA_BODIES_KEEP_DAYS, settings.JIRA_UNDO_DAYS = 1, 30
    ended(plan, days=29)

    assert empty_old() == 0
    assert bodies() == 2


@pytest.mark.parametrize(
    ("act", "state", "item"),
    [
        (retry, "partly_done", "failed"),
        (resume, "stopped", "not_sent"),
        (create_anyway, "partly_done", "unconfirmed"),
    ],
)
def test_what_is_emptied_is_not_sent_again(plan: ExportPlan, act: Any, state: str, item: str) -> None:
    run = ended(plan, state=state, US_2=item)
    ExportPlan.objects.update(emptied_at=timezone.now())

    with pytest.raises(CannotDo) as refused:
        act(run, None)

    assert (refused.value.code, refused.value.values) == ("run_emptied", {"days": 90})
    run.refresh_from_db()
    assert run.state == state
    assert run.items.get(story_key="US-2").state == item


@pytest.mark.both_databases
@pytest.mark.parametrize("head_start", [0.0, 0.002, 0.01])
def test_a_retry_in_the_same_moment_sends_its_body_or_is_refused(plan: ExportPlan, head_start: float) -> None:
    run = ended(plan)
    refused: list[str] = []
    go = threading.Barrier(2)

    def press() -> None:
        go.wait()
        try:
            retry(run, None)
        except CannotDo as cannot:
            refused.append(cannot.code)
        finally:
            connections.close_all()

    person = threading.Thread(target=press)
    person.start()
    go.wait()
    person.join(head_start)
    emptied = empty_old()
    person.join()

    item = RunItem.objects.select_related("planned").get(run=run, story_key="US-2")
    if emptied:
        assert (item.state, item.planned.template, refused) == ("failed", {}, ["run_emptied"])
    else:
        assert (item.state, item.planned.template, refused) == ("queued", BODY, [])


def test_the_trail_is_kept_for_ever_unless_a_setting_says_how_long(plan: ExportPlan, settings: Any) -> None:
    AuditEntry.objects.create(code="exported", actor="person")
    AuditEntry.objects.create(code="retried", actor="person")
    AuditEntry.objects.filter(code="exported").update(at=days_ago(400))

    remove_old()
    assert AuditEntry.objects.count() == 2

    settings.JIRA_AUDIT_KEEP_DAYS = 365
    remove_old()
    assert [entry.code for entry in AuditEntry.objects.all()] == ["retried"]
