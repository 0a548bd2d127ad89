"""A backlog whose stories are in Jira, exported as JSON and brought in elsewhere: all of it, and nothing of Jira."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from jira_integration.models import ExportedTicket, ExportRun
from stories_qa.models import Project
from tests.jira_site import connect, export
from tests.sandbox_server import running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)
NOT_EXPORTED = {"issue_key": "", "issue_id": "", "state": "not_exported"}
IDENTITY = {"key", "external_id", "epic"}  # what a copy under another project's key has of its own


def exported(project: str) -> Any:
    out = StringIO()
    call_command("export_backlog", "--project", project, stdout=out)
    return json.loads(out.getvalue())


def jira_of(document: Any) -> list[dict[str, str]]:
    """What the document says of Jira, item by item."""
    if isinstance(document, list):
        return [said for one in document for said in jira_of(one)]
    if isinstance(document, dict):
        mine = [document["jira"]] if "jira" in document else []
        return mine + [said for value in document.values() for said in jira_of(value)]
    return []


def without(document: Any, names: set[str]) -> Any:
    if isinstance(document, list):
        return [without(one, names) for one in document]
    if isinstance(document, dict):
        return {name: without(value, names) for name, value in document.items() if name not in names}
    return document


@pytest.fixture
def in_jira(tmp_path: Path) -> tuple[Path, Any]:
    """The demo backlog, exported to Jira; its JSON as a file and read."""
    call_command("seed_demo", stdout=StringIO())
    project = Project.objects.get(key="SHOP")
    with running_sandbox() as sandbox:
        run = export(connect(project, sandbox))
    assert run.state == ExportRun.State.DONE
    document = exported("SHOP")
    assert {said["state"] for said in jira_of(document["stories"])} >= {"in_sync"}
    path = tmp_path / "all.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path, document


def test_in_a_new_project_of_the_same_key_all_is_the_same_and_nothing_is_in_jira(in_jira: tuple[Path, Any]) -> None:
    path, before = in_jira
    Project.objects.all().delete()

    call_command("import_backlog", str(path), stdout=StringIO())

    after = exported("SHOP")
    assert without(after, {"jira"}) == without(before, {"jira"})
    assert all(said == NOT_EXPORTED for said in jira_of(after))


def test_a_copy_beside_it_is_not_in_jira_and_leaves_the_first_alone(in_jira: tuple[Path, Any]) -> None:
    path, before = in_jira
    tickets = ExportedTicket.objects.count()

    call_command("import_backlog", str(path), "--project", "COPY", stdout=StringIO())

    copy = exported("COPY")
    for part in ("epics", "stories", "test_cases"):
        assert without(copy[part], {"jira", *IDENTITY}) == without(before[part], {"jira", *IDENTITY})
    assert all(said == NOT_EXPORTED for said in jira_of(copy))
    assert exported("SHOP") == before
    assert ExportedTicket.objects.count() == tickets


def test_bringing_it_in_again_where_it_came_from_keeps_what_is_known_of_jira(in_jira: tuple[Path, Any]) -> None:
    path, before = in_jira

    call_command("import_backlog", str(path), "--project", "SHOP", stdout=StringIO())

    assert exported("SHOP") == before


def test_jira_keys_that_somebody_wrote_into_the_file_are_not_believed(in_jira: tuple[Path, Any]) -> None:
    path, before = in_jira
    told = json.loads(path.read_text(encoding="utf-8"))
    for story in told["stories"]:
        story["jira"] = {"issue_key": "SHOP-999", "issue_id": "999", "state": "in_sync"}
    path.write_text(json.dumps(told), encoding="utf-8")

    call_command("import_backlog", str(path), "--project", "SHOP", stdout=StringIO())

    assert exported("SHOP") == before
    assert not ExportedTicket.objects.filter(issue_key="SHOP-999").exists()
