"""News about issues that a run is writing at the same time."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jira_integration import tasks
from jira_integration.agreement import moved
from jira_integration.models import ExportedTicket, ExportRun, JiraConnection, ProjectMapping, RunItem, WebhookDelivery
from jira_integration.sync.changes import IssueChange
from jira_integration.sync.reconcile import Counts, reconcile
from stories_qa.jira_source import StoriesQaSource
from stories_qa.models import Story
from tests.sandbox_server import RunningSandbox
from tests.sync.test_poll import key_of, move, news, state_of

pytestmark = pytest.mark.both_databases


@pytest.fixture
def run(mapping: ProjectMapping) -> ExportRun:
    """The export of the three stories, as it stood before the read-back of US-1."""
    run = ExportRun.objects.get()
    ExportRun.objects.filter(pk=run.pk).update(state="running", finished_at=None)
    RunItem.objects.filter(run=run, story_key="US-1").update(confirmed=False)
    return run


def change(ticket: ExportedTicket, status: str = "In Progress") -> IssueChange:
    return IssueChange(ticket.issue_id, ticket.issue_key, "3", status, "indeterminate", None, {})


def test_an_issue_that_a_run_has_not_read_back_is_left_to_the_run(run: ExportRun, sandbox: RunningSandbox) -> None:
    story, other = Story.objects.get(key="US-1"), Story.objects.get(key="US-2")
    move(sandbox, key_of(story), "In Progress")
    move(sandbox, key_of(other), "In Progress")

    news(run.plan.mapping)

    story.refresh_from_db()
    other.refresh_from_db()
    assert (story.status, other.status) == ("backlog", "in_progress")
    assert state_of(story) == "in_sync"


def test_what_was_left_to_a_run_is_seen_by_the_first_look_after_it(run: ExportRun, sandbox: RunningSandbox) -> None:
    story = Story.objects.get(key="US-1")
    move(sandbox, key_of(story), "In Progress")
    watermark = JiraConnection.objects.get().polled_until
    news(run.plan.mapping)
    assert JiraConnection.objects.get().polled_until == watermark

    RunItem.objects.filter(run=run).update(confirmed=True)
    ExportRun.objects.filter(pk=run.pk).update(state="done")
    news(run.plan.mapping)

    story.refresh_from_db()
    assert story.status == "in_progress"


def test_a_step_on_the_way_to_a_status_is_nobody_s_wish(run: ExportRun, sandbox: RunningSandbox) -> None:
    story = Story.objects.get(key="US-1")
    RunItem.objects.filter(run=run).update(confirmed=True)
    item = RunItem.objects.get(run=run, story_key="US-1")
    item.planned.status_to = {"id": "10003", "name": "Done", "category": "done"}
    item.planned.save()
    move(sandbox, key_of(story), "In Progress")

    news(run.plan.mapping)

    story.refresh_from_db()
    assert story.status == "backlog"


def test_a_delivery_about_such_an_issue_waits_without_a_request(run: ExportRun, sandbox: RunningSandbox) -> None:
    ticket = ExportedTicket.objects.get(story_key="US-1")
    body = {"webhookEvent": "jira:issue_updated", "issue": {"id": ticket.issue_id}}
    delivery = WebhookDelivery.objects.create(
        connection=ticket.connection, identifier="1", event="jira:issue_updated", issue_id=ticket.issue_id, body=body
    )
    sandbox.clear_log()

    tasks.handle_delivery(delivery.pk)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("received", 0)
    assert sandbox.log() == []


def test_an_older_copy_never_undoes_what_was_written_meanwhile(
    mapping: ProjectMapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = ExportedTicket.objects.get(story_key="US-1")
    counts = Counts()
    honest = StoriesQaSource.apply

    def overtaken(self: StoriesQaSource, *args: object, **named: object) -> object:
        ExportedTicket.objects.filter(pk=ticket.pk).update(story_version=7, seq=ticket.seq + 1)
        return honest(self, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(StoriesQaSource, "apply", overtaken)

    assert list(reconcile(mapping.connection, [change(ticket)], counts)) == []

    assert counts.held == 1
    assert Story.objects.get(key="US-1").status == "backlog"


def test_news_read_before_we_moved_the_issue_do_not_move_the_story_back(mapping: ProjectMapping) -> None:
    story = Story.objects.get(key="US-1")
    ticket = ExportedTicket.objects.get(story_ref=story.ref)
    asked_at = timezone.now()
    old = IssueChange(
        ticket.issue_id, ticket.issue_key, ticket.status_id, ticket.status_name, "new", timezone.now(), {}, "", asked_at
    )
    Story.objects.filter(pk=story.pk).update(status="in_progress")
    moved(ticket.pk, ("3", "In Progress"), "in_progress")
    counts = Counts()

    assert list(reconcile(mapping.connection, [old], counts)) == []

    story.refresh_from_db()
    assert (story.status, counts.held) == ("in_progress", 1)


def test_news_of_many_issues_cost_the_same_few_statements_for_each_hundred(mapping: ProjectMapping) -> None:
    ticket = ExportedTicket.objects.get(story_key="US-1")
    project = Story.objects.get(key="US-1").project
    stories = [Story(project=project, key=f"US-{n}", position=n, title=f"Story {n}") for n in range(100, 400)]
    Story.objects.bulk_create(stories)
    rows = [
        ExportedTicket(
            **{name: getattr(ticket, name) for name in ("connection", "mapping", "project_ref", "kind", "base_status")},
            **{name: getattr(ticket, name) for name in ("sync", "status_id", "status_name", "base_sent", "base_jira")},
            story_ref=story.ref,
            story_key=story.key,
            story_version=1,
            issue_id=f"9{story.position}",
            issue_key=f"SHOP-{story.position}",
        )
        for story in stories
    ]
    ExportedTicket.objects.bulk_create(rows)
    told = [
        IssueChange(one.issue_id, one.issue_key, one.status_id, one.status_name, "new", None, dict(one.base_sent))
        for one in rows
    ]

    with CaptureQueriesContext(connection) as asked:
        assert list(reconcile(mapping.connection, told, Counts())) == []

    assert len(asked) <= 3 * 20
