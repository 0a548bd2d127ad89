"""What a run did to each item is told in the audit trail, batch by batch."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jira_integration.export.runs import confirm
from jira_integration.models import AuditEntry, ProjectMapping
from jira_integration.trail import Told
from stories_qa.models import Project
from stories_qa.writing import change
from tests.jira_rows import a_person, a_story
from tests.jira_site import drive, export, plan
from tests.sandbox_server import RunningSandbox

pytestmark = pytest.mark.both_databases


def told(ref: str) -> list[str]:
    return [Told(entry, None).sentence for entry in AuditEntry.objects.filter(object_ref=ref)]


def test_each_item_of_a_run_is_a_sentence_about_its_story(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    ana: Any = a_person("ana", backlog, first_name="Ana", last_name="Lindqvist")
    story, other = a_story(backlog, 1, points=1), a_story(backlog, 2)
    first = drive(confirm(plan(mapping), ana))
    change(story, {"title": "Another title", "points": 3, "status": "done"}, expected_version=None, by="mira")

    second = drive(confirm(plan(mapping), ana))

    assert told(story.ref) == [
        f"Ana Lindqvist moved SHOP-1 to “Done”, the status of US-1 (run {second.pk})",
        f"Ana Lindqvist exported US-1 to SHOP-1: Summary, Story Points (run {second.pk})",
        f"Ana Lindqvist exported US-1 to SHOP-1, new in Jira (run {first.pk})",
    ]
    assert told(other.ref) == [f"Ana Lindqvist exported US-2 to SHOP-2, new in Jira (run {first.pk})"]
    entry = AuditEntry.objects.get(code="updated_issue")
    assert [(one.field, one.before, one.after) for one in Told(entry, None).changes] == [
        ("Summary", "Story 1", "Another title"),
        ("Story Points", "1", "3"),
    ]


def test_a_batch_of_fifty_is_told_in_as_many_statements_as_one_of_five(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            export(mapping)
        return sum("auditentry" in one["sql"] and "INSERT" in one["sql"] for one in seen)

    for number in range(1, 6):
        a_story(backlog, number)
    of_five = statements()
    for number in range(6, 56):
        a_story(backlog, number)

    assert statements() == of_five
    assert AuditEntry.objects.filter(code="created_issue").count() == 55
