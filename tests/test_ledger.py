"""The ledger: leases and states that hold on SQLite and Postgres alike."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from jira_integration import halts, ledger
from jira_integration.export import runs
from jira_integration.models import ExportedTicket, ExportPlan, ExportRun, PlannedTicket, RunBatch, RunItem
from stories_qa.models import Project
from tests.jira_rows import a_backlog, a_mapping, a_story

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]


def a_ready_plan(backlog: Project, stories: int = 3) -> ExportPlan:
    """A plan that would create these stories, on the backlog's mapping (made when there is none)."""
    from jira_integration.models import ProjectMapping

    mapping = ProjectMapping.objects.filter(project_ref=backlog.ref).first() or a_mapping(backlog, live=True)
    plan = ExportPlan.objects.create(
        mapping=mapping, project_ref=backlog.ref, state=ExportPlan.State.READY, counts={"create": stories}
    )
    for number in range(stories):
        story = a_story(backlog, 100 * plan.pk + number)
        PlannedTicket.objects.create(
            plan=plan,
            position=number,
            level=1,
            kind="story",
            story_ref=story.ref,
            story_key=story.key,
            title=story.title,
            story_version=1,
            uid=ExportedTicket().uid,
            action="create",
            template={"fields": {"summary": story.title}},
        )
    return plan


def a_batch(run: ExportRun, token: str, items: list[RunItem]) -> RunBatch:
    hashes = {item.pk: "0" * 64 for item in items}
    return ledger.form_batch(run.pk, token, items, hashes, level=1, action="create", floor=0)


@pytest.fixture
def backlog() -> Project:
    return a_backlog()


@pytest.fixture
def run(backlog: Project) -> ExportRun:
    return runs.confirm(a_ready_plan(backlog), None)


def test_a_request_is_counted_before_it_leaves(run: ExportRun) -> None:
    token = ledger.acquire(run.pk)
    assert token is not None

    a_batch(run, token, list(run.items.all()))

    run.refresh_from_db()
    assert (run.requests, run.writes) == (1, 1)


def test_confirming_a_plan_twice_gives_the_same_run(backlog: Project) -> None:
    plan = a_ready_plan(backlog)

    first, second = runs.confirm(plan, None), runs.confirm(plan, None)

    assert first == second
    assert RunItem.objects.filter(run=first).count() == 3
    assert ExportedTicket.objects.count() == 3


def test_eight_people_confirming_at_once_make_one_run(backlog: Project) -> None:
    plan = a_ready_plan(backlog)
    made: list[int] = []

    def confirm() -> None:
        try:
            made.append(runs.confirm(plan, None).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=confirm) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 8
    assert len(set(made)) == 1


def test_only_one_of_eight_workers_gets_the_lease(run: ExportRun) -> None:
    tokens: list[str | None] = []

    def acquire() -> None:
        try:
            tokens.append(ledger.acquire(run.pk))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=acquire) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([token for token in tokens if token]) == 1


def test_a_lease_that_ran_out_can_be_taken_and_the_old_holder_may_not_send(run: ExportRun) -> None:
    old = ledger.acquire(run.pk)
    assert old is not None
    ExportRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

    new = ledger.acquire(run.pk)

    assert new is not None
    with pytest.raises(ledger.LeaseLost):
        ledger.may_send(run.pk, old)
    assert not ledger.renew(run.pk, old)
    with pytest.raises(ledger.LeaseLost):
        a_batch(run, old, list(run.items.all()))
    assert set(run.items.values_list("state", flat=True)) == {"queued"}


def test_a_batch_of_a_dead_worker_is_in_doubt_for_the_next_one(run: ExportRun) -> None:
    token = ledger.acquire(run.pk)
    assert token is not None
    batch = a_batch(run, token, list(run.items.all()))
    ExportRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

    assert halts.interrupted() == [run.pk]
    ledger.acquire(run.pk)

    batch.refresh_from_db()
    assert batch.state == RunBatch.State.UNKNOWN
    assert set(run.items.values_list("state", flat=True)) == {"sending"}


def test_a_second_run_of_the_same_jira_project_waits_its_turn(run: ExportRun, backlog: Project) -> None:
    second = runs.confirm(a_ready_plan(backlog), None)
    token = ledger.acquire(run.pk)
    assert token is not None

    assert ledger.acquire(second.pk) is None
    second.refresh_from_db()
    assert second.state == ExportRun.State.QUEUED

    RunItem.objects.filter(run=run).update(state="created")
    halts.finish(run.pk, token)
    assert ledger.acquire(second.pk) is not None


def test_a_story_two_plans_would_create_is_created_by_the_first_only(backlog: Project) -> None:
    first = a_ready_plan(backlog, stories=1)
    second = a_ready_plan(backlog, stories=1)
    item = second.items.get()
    item.story_ref = first.items.get().story_ref
    item.save()
    runs.confirm(first, None)

    run = runs.confirm(second, None)

    assert run.items.get().state == "moved_on"
    assert run.items.get().error_code == "already_exported"


def test_stop_before_the_start_sends_nothing_and_continue_queues_the_rest(run: ExportRun) -> None:
    runs.stop(run, None)
    assert set(run.items.values_list("state", flat=True)) == {"not_sent"}
    assert ledger.acquire(run.pk) is None

    runs.resume(run, None)

    assert set(run.items.values_list("state", flat=True)) == {"queued"}
    assert ledger.acquire(run.pk) is not None


def test_retry_takes_up_failed_items_only_and_looks_unconfirmed_ones_up(run: ExportRun) -> None:
    token = ledger.acquire(run.pk)
    assert token is not None
    created, failed, unconfirmed = run.items.all()
    a_batch(run, token, [unconfirmed])
    ledger.created([(created, "10001", "SHOP-1")])
    ledger.end(failed.pk, "failed", "required_field")
    ledger.end(unconfirmed.pk, "unconfirmed", "no_answer")
    halts.finish(run.pk, token)

    assert runs.retry(run, None) == 2

    assert dict(run.items.values_list("pk", "state")) == {
        created.pk: "created",
        failed.pk: "queued",
        unconfirmed.pk: "sending",
    }
    assert run.batches.get().state == RunBatch.State.UNKNOWN


def test_the_sequence_rises_with_every_change(run: ExportRun) -> None:
    item = run.items.first()
    assert item is not None

    first = ledger.created([(item, "10001", "SHOP-1")])[0].seq
    second = ledger.end(item.pk, "unconfirmed", "not_read_back", was=["created"]).seq

    run.refresh_from_db()
    assert first < second == run.seq


def test_a_waiting_run_is_not_taken_before_its_time_nor_without_a_person_when_it_needs_one(run: ExportRun) -> None:
    token = ledger.acquire(run.pk)
    assert token is not None
    halts.wait(run.pk, token, "rate_limited", {}, timezone.now() + timedelta(hours=1))
    assert ledger.acquire(run.pk) is None

    ExportRun.objects.filter(pk=run.pk).update(not_before=None)
    assert ledger.acquire(run.pk) is None

    runs.resume(run, None)
    assert ledger.acquire(run.pk) is not None


def test_the_database_itself_refuses_two_active_runs_of_one_jira_project(run: ExportRun, backlog: Project) -> None:
    from django.db import IntegrityError, transaction

    second = runs.confirm(a_ready_plan(backlog), None)
    ExportRun.objects.filter(pk=run.pk).update(state="running")

    with pytest.raises(IntegrityError), transaction.atomic():
        ExportRun.objects.filter(pk=second.pk).update(state="waiting")

    assert connection.vendor in ("sqlite", "postgresql")
