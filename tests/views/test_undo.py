"""The undo's page: preview, choice by item, the number to type, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jira_integration.export.undo_plan import new_undo
from jira_integration.models import ExportedTicket, ExportPlan, ExportRun
from stories_qa.models import Project, Role, Story
from tests.export.people import Jonas
from tests.jira_rows import a_backlog, a_person
from tests.jira_site import built, connect, drive, export
from tests.sandbox_server import RunningSandbox, running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def project(transactional_db: None) -> Project:
    return a_backlog(stories=2)


@pytest.fixture
def run(project: Project, sandbox: RunningSandbox, client: Client) -> ExportRun:
    client.force_login(a_person("ana", project, Role.EXPORTER))
    return export(connect(project, sandbox))


def url(run: ExportRun) -> str:
    return reverse("jira_integration:run_undo", args=["SHOP", run.pk])


def shown(client: Client, run: ExportRun, **headers: str) -> str:
    answer = client.get(url(run), headers=headers)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_run_offers_its_undo_and_the_preview_says_what_it_would_do(client: Client, run: ExportRun) -> None:
    address = reverse("jira_integration:run", args=["SHOP", run.pk])
    assert url(run) in client.get(address).content.decode()

    plan = built(new_undo(run, None))
    page = shown(client, run)

    assert plan.counts["delete"] == 2
    assert "Delete 2 issues" in page
    assert "Type 2 to delete 2 issues" in page
    key = ExportedTicket.objects.earliest("pk").issue_key
    assert f"{key} will be deleted" in page


def test_a_wrong_number_undoes_nothing_and_the_right_one_starts_the_run(
    client: Client, run: ExportRun, sandbox: RunningSandbox
) -> None:
    plan = built(new_undo(run, None))

    wrong = client.post(url(run), {"plan": str(plan.uid), "number": "3"})
    assert wrong.status_code == 422
    assert "Nothing was undone." in wrong.content.decode()
    assert not ExportRun.objects.filter(plan=plan).exists()
    right = client.post(url(run), {"plan": str(plan.uid), "number": "2"})

    undo = ExportRun.objects.get(plan=plan)
    assert right.status_code == 303
    assert right["Location"] == reverse("jira_integration:run", args=["SHOP", undo.pk])
    drive(undo)
    assert sandbox.issues() == []
    page = " ".join(client.get(right["Location"]).content.decode().split())
    assert f"undo of {run.pk}" in page
    assert "2 of 2 items are taken back." in page
    first = client.get(reverse("jira_integration:run", args=["SHOP", run.pk])).content.decode()
    assert f"Put back by run {undo.pk}." in first


def test_what_was_touched_is_named_and_put_back_anyway_by_a_button(
    client: Client, run: ExportRun, sandbox: RunningSandbox
) -> None:
    ticket = ExportedTicket.objects.earliest("pk")
    Jonas(sandbox).edits(ticket.issue_key, priority={"id": "1"})
    plan = built(new_undo(run, None))
    page = shown(client, run)
    assert "Left alone: Jonas Ortiz changed Priority in Jira since." in page
    assert "Delete 1 issue<" in page

    client.post(url(run), {"plan": str(plan.uid), "anyway": ticket.story_ref})

    assert "Delete 2 issues" in shown(client, run)
    client.post(url(run), {"plan": str(plan.uid), "leave": ticket.story_ref})
    assert "Delete 1 issue<" in shown(client, run)


def test_the_dialog_gets_the_same_part_as_the_page(client: Client, run: ExportRun) -> None:
    built(new_undo(run, None))

    part = shown(client, run, **{"HX-Request": "true", "HX-Target": "undo-body"})

    assert "<html" not in part
    assert "Type 2 to delete 2 issues" in part


def test_a_new_preview_puts_the_last_one_away(client: Client, run: ExportRun, settings: Any) -> None:
    old = built(new_undo(run, None))

    assert client.post(url(run)).status_code == 303

    old.refresh_from_db()
    assert old.state == ExportPlan.State.DISCARDED
    assert ExportPlan.objects.filter(undoes=run).count() == 2


def test_who_may_only_look_may_not_undo(client: Client, run: ExportRun, project: Project) -> None:
    client.force_login(a_person("vic", project, Role.VIEWER))

    assert client.get(url(run)).status_code == 403
    assert client.post(url(run)).status_code == 403
    address = reverse("jira_integration:run", args=["SHOP", run.pk])
    assert "run-undo" not in client.get(address).content.decode()


def test_a_run_that_is_too_old_says_that_what_was_kept_is_gone(client: Client, run: ExportRun, settings: Any) -> None:
    settings.JIRA_UNDO_DAYS = 0

    answer = client.get(url(run))

    assert answer.status_code == 409
    assert f"Run {run.pk} cannot be undone any more." in answer.content.decode()
    assert Story.objects.count() == 2
