"""Webhooks get lost, the index is late, the account's zone is far away: the poll makes good what is missing."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
import time_machine
from django.utils import timezone

from jira_integration import tasks
from jira_integration.models import ExportedTicket, ProjectMapping, WebhookDelivery
from jira_integration.sync.poll import repaired
from stories_qa.models import Project, Story
from tests.jira_rows import a_story
from tests.jira_site import connect, export
from tests.sandbox_server import RunningSandbox, running_sandbox
from tests.sync.test_inbox import SECRET, event, post
from tests.sync.test_poll import key_of, news

STORIES = 40
POLL = timedelta(minutes=2)
LAG = timedelta(minutes=10)


def start(sandbox: RunningSandbox, story: Story) -> None:
    steps = sandbox.call("GET", f"issue/{key_of(story)}/transitions").json()["transitions"]
    step = next(one for one in steps if one["to"]["statusCategory"]["key"] == "indeterminate")
    sandbox.call("POST", f"issue/{key_of(story)}/transitions", json={"transition": {"id": step["id"]}})


def tell(mapping: ProjectMapping, story: Story) -> None:
    issue_id = ExportedTicket.objects.get(story_ref=story.ref).issue_id
    body = event(issue_id=issue_id, timestamp=int(timezone.now().timestamp() * 1000))
    assert post(mapping.connection, body) == 200
    tasks.handle_delivery(WebhookDelivery.objects.latest("pk").pk)


def statuses(sandbox: RunningSandbox) -> set[tuple[str, str]]:
    """(status here, category there) of every story."""
    there = {issue["id"]: issue["fields"]["status"]["statusCategory"]["key"] for issue in sandbox.issues()}
    here = dict(Story.objects.values_list("ref", "status"))
    pairs = ExportedTicket.objects.values_list("story_ref", "issue_id")
    return {(here[ref], there[issue_id]) for ref, issue_id in pairs}


@pytest.mark.parametrize("zone", ["Etc/GMT-12", "Etc/GMT+12"])
def test_all_statuses_are_equal_one_poll_after_the_index_caught_up(
    backlog: Project, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.handle_delivery, "delay", lambda delivery_id: None)
    rng = Random(7)
    with running_sandbox(account_zone=zone, index_lag_ms=int(LAG.total_seconds() * 1000)) as sandbox:
        mapping = connect(backlog, sandbox)
        mapping.connection.keep_webhook_secret(SECRET)
        mapping.connection.save()
        stories = [a_story(backlog, number) for number in range(1, STORIES + 1)]
        export(mapping)
        dropped = 0
        with time_machine.travel(timezone.now() + timedelta(hours=1), tick=True) as clock:
            news(mapping)
            for number, story in enumerate(stories):
                start(sandbox, story)
                if rng.random() < 0.3:
                    dropped += 1
                else:
                    tell(mapping, story)
                clock.shift(timedelta(seconds=rng.uniform(5, 40)))
                if number % 5 == 4:
                    news(mapping)
            assert len(statuses(sandbox)) == 2  # some are not known yet
            clock.shift(LAG)
            clock.shift(POLL)
            news(mapping)

            assert statuses(sandbox) == {("in_progress", "indeterminate")}
            assert dropped > 5
            assert repaired(mapping.connection) == dropped
            assert news(mapping)["changed"] == 0
