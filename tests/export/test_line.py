"""Runs wait in line before their Jira project, and rest when somebody pauses them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jira_integration import halts, ledger, tasks
from jira_integration.export.line import CannotDo, line, move, next_runs, place_of
from jira_integration.export.runs import confirm, login_renewed, pause, resume, retry, stop
from jira_integration.models import AuditEntry, ExportRun, ProjectMapping, RunBatch
from stories_qa.models import Project, Role
from tests.jira_rows import a_backlog, a_connection, a_mapping, a_person, a_plan, a_story
from tests.jira_site import drive, plan
from tests.sandbox_server import RunningSandbox

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def backlog() -> Project:
    return a_backlog()


def waiting(backlog: Project, count: int = 3, **columns: Any) -> list[ExportRun]:
    """Runs of one story each, all for the same Jira project, confirmed one after the other."""
    mapping = ProjectMapping.objects.filter(project_ref=backlog.ref).first() or a_mapping(backlog, **columns)
    known = backlog.storys.count()
    stories = [a_story(backlog, known + number + 1) for number in range(count)]
    return [confirm(a_plan(mapping, {story: "create"}), None) for story in stories]


def order(run: ExportRun) -> list[int]:
    return list(line(run).values_list("pk", flat=True))


def started(run: ExportRun) -> str:
    token = ledger.acquire(run.pk)
    assert token is not None
    return token


def test_runs_go_in_the_order_they_were_confirmed(backlog: Project) -> None:
    first, second, third = waiting(backlog)
    started(first)

    assert [place_of(second).number, place_of(third).number] == [1, 2]
    assert place_of(second).after == first
    assert place_of(third).after == second


def test_a_run_moves_up_by_one_or_to_the_front_and_goes_then(backlog: Project) -> None:
    first, second, third = waiting(backlog)
    person = a_person("ana", backlog)

    move(third, person, to_front=False)
    assert order(first) == [first.pk, third.pk, second.pk]
    move(second, person, to_front=True)

    assert order(first) == [second.pk, first.pk, third.pk]
    assert ledger.acquire(first.pk) is None
    assert ledger.acquire(second.pk) is not None
    assert list(AuditEntry.objects.filter(code="run_moved_up").values_list("values__place", flat=True)) == [1, 2]


def test_the_first_in_line_and_a_run_that_does_not_wait_cannot_move(backlog: Project) -> None:
    first, second, third = waiting(backlog)
    person = a_person("ana", backlog)
    started(first)

    for run, code in ((first, "not_in_line"), (second, "first_in_line")):
        with pytest.raises(CannotDo) as refused:
            move(run, person, to_front=True)
        assert refused.value.code == code
    assert order(first) == [second.pk, third.pk]


def test_a_run_of_another_backlog_is_passed_only_by_who_may_export_there(backlog: Project) -> None:
    other = a_backlog("OTHER", "Other")
    connection = a_connection()
    (theirs,) = waiting(other, 1, connection=connection)
    (ours,) = waiting(backlog, 1, connection=connection)
    only_here = a_person("ana", backlog)
    both = a_person("mira", backlog)
    other.memberships.create(user=both, role=Role.EXPORTER)

    with pytest.raises(CannotDo) as refused:
        move(ours, only_here, to_front=False)
    assert refused.value.code == "line_of_others"
    move(ours, both, to_front=False)

    assert order(ours) == [ours.pk, theirs.pk]


def test_every_jira_project_that_is_free_gets_its_next_run(backlog: Project) -> None:
    connection = a_connection()
    first, second, _third = waiting(backlog, connection=connection)
    elsewhere, behind = waiting(a_backlog("OTHER", "Other"), 2, connection=connection, jira_project_id="20000")

    assert set(next_runs(connection.pk)) == {first.pk, elsewhere.pk}
    token = started(first)
    assert next_runs(connection.pk) == [elsewhere.pk]
    started(elsewhere)
    first.items.update(state="created")
    halts.finish(first.pk, token)

    assert next_runs() == [second.pk]
    assert behind.state == "queued"


def test_a_run_that_ends_starts_the_next_in_every_free_project(
    backlog: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = a_connection()
    first, second = waiting(backlog, 2, connection=connection)
    (elsewhere,) = waiting(a_backlog("OTHER", "Other"), 1, connection=connection, jira_project_id="20000")
    stop(first, None)
    asked: list[int] = []
    monkeypatch.setattr(tasks.export_run, "delay", asked.append)

    tasks.export_run(first.pk)

    assert set(asked) == {second.pk, elsewhere.pk}


def test_a_paused_run_keeps_its_place_and_those_behind_it_go(backlog: Project) -> None:
    first, second, third = waiting(backlog)
    pause(second, None)

    assert order(first) == [first.pk, second.pk, third.pk]
    assert place_of(third).number == 2
    stop(first, None)
    assert next_runs() == [third.pk]

    resume(second, None)
    assert next_runs() == [second.pk]


def test_neither_beat_nor_a_new_login_takes_up_a_paused_run(backlog: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (run,) = waiting(backlog, 1)
    halts.wait(run.pk, started(run), "bad_login", {}, None)
    pause(run, None)
    asked: list[int] = []
    monkeypatch.setattr(tasks.export_run, "delay", asked.append)

    tasks.sweep_runs()
    assert login_renewed(run.connection_id) == []
    assert ledger.acquire(run.pk) is None

    run = resume(run, None)
    tasks.sweep_runs()
    assert (run.state, asked) == ("queued", [run.pk])


def test_an_interrupted_run_that_is_paused_is_still_in_doubt_since_its_lease_ended(backlog: Project) -> None:
    (run,) = waiting(backlog, 1)
    token = started(run)
    item = run.items.get()
    ledger.form_batch(run.pk, token, [item], {item.pk: "0" * 64}, level=1, action="create", floor=0)
    over = timezone.now() - timedelta(minutes=3)
    ExportRun.objects.filter(pk=run.pk).update(lease_until=over)
    assert halts.interrupted() == [run.pk]

    pause(run, None)
    run.refresh_from_db()
    resume(run, None)

    batch = RunBatch.objects.get()
    assert (batch.state, batch.in_doubt_since) == ("unknown", over)


def test_what_has_ended_cannot_be_paused(backlog: Project) -> None:
    (run,) = waiting(backlog, 1)
    stop(run, None)

    with pytest.raises(CannotDo) as refused:
        pause(run, None)
    assert refused.value.code == "nothing_to_pause"


def test_a_run_cancelled_in_line_sends_nothing_and_stands_last_when_it_is_continued(backlog: Project) -> None:
    first, second = waiting(backlog, 2)

    stop(first, None)
    assert set(first.items.values_list("state", flat=True)) == {"not_sent"}
    assert AuditEntry.objects.filter(code="run_cancelled_by").count() == 1
    assert not AuditEntry.objects.filter(code="run_stopped_by").exists()
    resume(first, None)

    assert order(first) == [second.pk, first.pk]


def test_a_retried_run_stands_last(backlog: Project) -> None:
    first, second = waiting(backlog, 2)
    token = started(first)
    ledger.end(first.items.get().pk, "failed", "required_field")
    halts.finish(first.pk, token)

    retry(first, None)

    assert order(first) == [second.pk, first.pk]


class TestPausingWhileItSends:
    """With Jira at the other end."""

    @pytest.fixture
    def run(self, mapping: ProjectMapping, backlog: Project, settings: Any) -> ExportRun:
        settings.JIRA_BATCH_SIZE = 1
        settings.JIRA_REQUESTS_IN_FLIGHT = 1
        for number in range(1, 4):
            a_story(backlog, number)
        return confirm(plan(mapping), None)

    def paused_after_the_first(self, run: ExportRun, monkeypatch: pytest.MonkeyPatch) -> ExportRun:
        form_batch = ledger.form_batch

        def pausing(*args: Any, **options: Any) -> RunBatch:
            batch = form_batch(*args, **options)
            if batch.number == 1:  # a person clicks while the first request is on its way
                pause(run, None)
            return batch

        monkeypatch.setattr(ledger, "form_batch", pausing)
        return drive(run)

    def test_it_finishes_what_is_in_flight_rests_and_sends_the_rest_later(
        self, run: ExportRun, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = self.paused_after_the_first(run, monkeypatch)

        assert run.state == "paused"
        assert dict(run.items.values_list("story_key", "state")) == {
            "US-1": "created",
            "US-2": "queued",
            "US-3": "queued",
        }
        assert run.items.get(story_key="US-1").confirmed
        assert len(sandbox.issues()) == 1
        assert drive(run).state == "paused"

        resume(run, None)
        assert drive(run).state == "done"
        assert len(sandbox.issues()) == 3

    def test_an_answer_lost_while_pausing_is_looked_up_when_it_is_resumed(
        self, run: ExportRun, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sandbox.faults({"method": "POST", "path": "/rest/api/3/issue/bulk", "nth": 1, "kind": "close_after_write"})

        run = self.paused_after_the_first(run, monkeypatch)
        assert run.state in ("paused", "pausing")
        while run.state == "pausing":
            run = drive(run)
        resume(run, None)

        assert drive(run).state == "done"
        assert len(sandbox.issues()) == 3


class TestTheSameStoryInTwoRuns:
    """Planned again before the first run began: both would create it, under the same uid."""

    @pytest.fixture
    def both(self, mapping: ProjectMapping, backlog: Project) -> tuple[ExportRun, ExportRun]:
        a_story(backlog, 1)
        first = confirm(plan(mapping), None)
        return first, confirm(plan(mapping), None)

    def test_the_second_leaves_alone_what_the_first_created(
        self, both: tuple[ExportRun, ExportRun], sandbox: RunningSandbox
    ) -> None:
        first, second = both
        assert drive(first).state == "done"

        drive(second)

        item = second.items.get()
        assert (item.state, item.error_code, item.issue_key) == ("moved_on", "already_exported", "SHOP-1")
        assert len(sandbox.issues()) == 1

    def test_the_second_leaves_alone_what_the_first_may_have_created(
        self, both: tuple[ExportRun, ExportRun], sandbox: RunningSandbox
    ) -> None:
        first, second = both
        sandbox.faults({"method": "POST", "path": "/rest/api/3/issue/bulk", "nth": 1, "kind": "close_after_write"})
        form = ExportRun.objects.filter(pk=first.pk)
        token = started(first)
        item = first.items.get()
        ledger.form_batch(first.pk, token, [item], {item.pk: "0" * 64}, level=1, action="create", floor=0)
        form.update(lease_token="", lease_until=timezone.now(), state="interrupted")
        stop(first, None)
        assert first.items.get().state == "unconfirmed"

        drive(second)

        item = second.items.get()
        assert (item.state, item.error_code) == ("moved_on", "unconfirmed_before")
        assert sandbox.issues() == []
