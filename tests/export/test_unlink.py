"""A story forgets its issue, by a person's decision."""

from __future__ import annotations

from unittest.mock import ANY

import pytest

from jira_integration.export.line import CannotDo
from jira_integration.export.runs import confirm
from jira_integration.export.unlink import export_again, unlink
from jira_integration.models import AuditEntry, Conflict, ExportedTicket, ProjectMapping
from stories_qa.models import Project
from tests.jira_rows import a_story
from tests.jira_site import built, drive, export, plan
from tests.sandbox_server import RunningSandbox


def test_unlinking_keeps_the_issue_and_the_next_export_makes_another(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    story = a_story(backlog, 1)
    export(mapping)
    ticket = ExportedTicket.objects.get(story_ref=story.ref)

    unlink(ticket, None)
    unlink(ticket, None)

    assert len(sandbox.issues()) == 1
    assert AuditEntry.objects.get(code="unlinked").values == {"story": story.key, "issue": ticket.issue_key}
    export(mapping)
    assert len(sandbox.issues()) == 2
    assert ExportedTicket.objects.get(story_ref=story.ref, unlinked_at=None).issue_key != ticket.issue_key


def test_unlinking_settles_what_was_in_conflict(mapping: ProjectMapping, backlog: Project) -> None:
    a_story(backlog, 1)
    export(mapping)
    ticket = ExportedTicket.objects.get()
    conflict = Conflict.objects.create(ticket=ticket, field="title", jira_field="summary", kind="text")

    unlink(ticket, None)

    conflict.refresh_from_db()
    assert (conflict.choice, conflict.resolved_at) == (Conflict.Choice.UNLINKED, ANY)
    assert conflict.resolved_at is not None


def test_a_ticket_is_not_unlinked_while_a_run_is_about_to_write_to_its_issue(
    mapping: ProjectMapping, backlog: Project
) -> None:
    story = a_story(backlog, 1)
    export(mapping)
    story.title = "Another title"
    story.save()
    run = confirm(plan(mapping), None)
    ticket = ExportedTicket.objects.get()

    with pytest.raises(CannotDo) as refused:
        unlink(ticket, None)

    assert (refused.value.code, refused.value.values["run"]) == ("held_by_run", run.pk)
    drive(run)
    assert unlink(ticket, None).unlinked_at is not None


def test_a_story_whose_issue_is_missing_is_exported_again_by_a_preview(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    story = a_story(backlog, 1)
    export(mapping)
    ticket = ExportedTicket.objects.get()
    with pytest.raises(CannotDo) as refused:
        export_again(ticket, None)
    assert refused.value.code == "not_missing"
    ExportedTicket.objects.update(sync=ExportedTicket.Sync.MISSING)

    made = built(export_again(ticket, None))

    assert made.counts["create"] == 1
    assert AuditEntry.objects.get(code="given_up").values == {"story": story.key, "issue": ticket.issue_key}
    with pytest.raises(CannotDo):
        export_again(ticket, None)
