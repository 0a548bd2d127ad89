"""Whatever people did to some of the issues of a run, its undo takes back exactly the others."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.utils import timezone

from jira_integration.export.runs import confirm
from jira_integration.export.undo_plan import new_undo
from jira_integration.models import ExportedTicket, ExportRun, RunItem
from jira_integration.sandbox.settings import Flavour
from tests.export.people import Jonas
from tests.jira_rows import a_backlog, a_story
from tests.jira_site import built, connect, drive, export
from tests.sandbox_server import running_sandbox

ACTS = ("edits", "comments", "logs_work", "attaches", "moves", "links", "deletes")
LOST = {"kind": "close_after_write", "chance": 0.1, "seed": 7, "method": "POST|PUT|DELETE"}


def act(jonas: Jonas, what: str, key: str) -> None:
    more: dict[str, Any] = {"duedate": "2030-01-02"} if what == "edits" else {}
    args = (jonas.creates("Somebody else's"),) if what == "links" else ()
    getattr(jonas, what)(key, *args, **more)


def driven(run: ExportRun) -> ExportRun:
    """To its end: what waits for Jira does not wait here, what failed is retried."""
    for _turn in range(20):
        run = drive(run)
        if run.state in ExportRun.ENDED:
            return run
        ExportRun.objects.filter(pk=run.pk, not_before__isnull=False).update(not_before=timezone.now())
    raise AssertionError(run.state)


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("flavour", [Flavour.CLOUD, Flavour.DATACENTER])
@pytest.mark.parametrize("seed", [1, 2])
def test_deleted_and_restored_are_exactly_the_untouched(
    transactional_db: None, flavour: Flavour, lost: bool, seed: int
) -> None:
    chance = random.Random(seed)
    with running_sandbox(flavour=flavour) as sandbox:
        project = a_backlog()
        stories = [a_story(project, number, labels=["a"]) for number in range(1, 13)]
        mapping = connect(project, sandbox)
        export(mapping, [story.ref for story in stories[:5]])
        for story in stories[:5]:
            story.title, story.version = f"{story.title} again", story.version + 1
            story.save()
        run = export(mapping)
        keys = dict(ExportedTicket.objects.values_list("story_key", "issue_key"))
        jonas = Jonas(sandbox)
        touched = set(chance.sample(sorted(keys), 5))
        for story_key in sorted(touched):
            act(jonas, chance.choice(ACTS), keys[story_key])
        before = {issue["key"]: issue["fields"] for issue in sandbox.issues()}
        plan = built(new_undo(run, None))
        if lost:
            sandbox.faults({**LOST, "method": "DELETE"}, {**LOST, "method": "PUT"})

        undo = driven(confirm(plan, None))

        sandbox.faults()
        done = set(undo.items.filter(state=RunItem.State.UNDONE).values_list("story_key", flat=True))
        assert done == set(keys) - touched
        after = {issue["key"]: issue["fields"] for issue in sandbox.issues()}
        for story_key in touched:
            assert after.get(keys[story_key]) == before.get(keys[story_key])
        sandbox.clear_log()
        again = built(new_undo(run, None))
        assert again.sendable == 0
        assert sandbox.write_requests() == []
