"""An export of the seeded backlog and the way back: every request, every answer and every document by the book."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command

from jira_integration.models import ExportRun
from jira_integration.tasks import look
from stories_qa.models import Project, Story
from tests.contract import adf, openapi
from tests.jira_site import connect, export
from tests.sandbox_server import running_sandbox


def documents_in(value: Any) -> list[dict[str, Any]]:
    """Every ADF document in a request's or answer's body."""
    if isinstance(value, dict):
        if value.get("type") == "doc":
            return [value]
        return [found for member in value.values() for found in documents_in(member)]
    if isinstance(value, list):
        return [found for member in value for found in documents_in(member)]
    return []


def breaches(entries: list[dict[str, Any]]) -> list[str]:
    found = []
    for entry in entries:
        if not entry["path"].startswith("/rest/api/3"):
            continue
        found += openapi.violations(
            entry["method"],
            entry["path"],
            status=entry["status"],
            request=entry["body"],
            answer=entry["answer"],
            query=entry["query"],
        )
        for document in documents_in(entry["body"]) + documents_in(entry["answer"]):
            found += adf.violations(document)
    return found


@pytest.mark.django_db(transaction=True)
def test_a_whole_export_and_the_way_back_conform() -> None:
    call_command("seed_demo", verbosity=0)
    backlog = Project.objects.get()
    with running_sandbox() as sandbox:
        mapping = connect(backlog, sandbox)
        run = export(mapping)
        for story in Story.objects.all()[:3]:
            story.description += "\n\nOne more paragraph."
            story.status = "done"
            story.version += 1
            story.save()
        export(mapping)
        async_to_sync(look)(mapping.connection_id)
        entries = sandbox.log()

    assert run.state == ExportRun.State.DONE
    assert sum(len(documents_in(entry["body"])) for entry in entries) >= 27
    assert len({(entry["method"], entry["path"].split("/issue/")[0]) for entry in entries}) >= 4
    assert breaches(entries) == []


@pytest.mark.django_db(transaction=True)
def test_a_planted_fault_in_a_request_an_answer_or_a_document_is_found() -> None:
    call_command("seed_demo", verbosity=0)
    with running_sandbox() as sandbox:
        export(connect(Project.objects.get(), sandbox))
        entries = sandbox.log()
    create = next(entry for entry in entries if entry["path"].endswith("/issue/bulk"))

    wrong_request = {**create, "body": {"issueUpdates": "all of them"}}
    wrong_answer = {**create, "answer": {"issues": [{"id": 7, "key": ["SHOP"]}], "errors": []}}
    document = {"type": "doc", "version": 1, "content": [{"type": "text", "text": ""}]}
    wrong_document = {**create, "body": {"issueUpdates": [{"fields": {"description": document}}]}}

    for planted in (wrong_request, wrong_answer, wrong_document):
        assert breaches([planted]) != []
