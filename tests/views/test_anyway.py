"""Create anyway: a person decides about what got no answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils.html import escape

from jira_integration import ledger, tasks
from jira_integration.export.anyway import create_anyway, search_url
from jira_integration.export.line import CannotDo
from jira_integration.export.runs import confirm
from jira_integration.models import AuditEntry, ExportRun, ProjectMapping, RunEvent, RunItem
from stories_qa.models import Project
from tests.jira_rows import a_backlog, a_mapping, a_plan, a_run
from tests.jira_site import connect, drive, plan
from tests.sandbox_server import RunningSandbox, running_sandbox

BULK = {"method": "POST", "path": "/rest/api/3/issue/bulk"}


@pytest.fixture
def project(transactional_db: None) -> Project:
    return a_backlog(stories=3)


class TestOnThePage:
    @pytest.fixture
    def run(self, project: Project, ana: Any) -> ExportRun:
        """US-1 and US-2 got no answer; US-3 was created but could not be read back."""
        mapping = a_mapping(project)
        stories = project.storys.order_by("pk")
        states = dict.fromkeys(("US-1", "US-2", "US-3"), "unconfirmed")
        run = a_run(a_plan(mapping, dict.fromkeys(stories, "create")), states, state="partly_done")
        run.items.update(error_code="no_answer", attempt=1)
        run.items.filter(story_key="US-3").update(issue_id="10007", issue_key="SHOP-7", error_code="not_read_back")
        return run

    def page(self, client: Client, run: ExportRun, item: str = "") -> str:
        return str(client.get(self.address(run, item)).content.decode())

    def address(self, run: ExportRun, item: str = "") -> str:
        of_item = f"items/{run.items.get(story_key=item).pk}/" if item else ""
        return f"/p/SHOP/jira/runs/{run.pk}/{of_item}create/"

    def test_the_run_offers_to_check_and_to_create_each_and_all(self, run: ExportRun, client: Client) -> None:
        page = client.get(f"/p/SHOP/jira/runs/{run.pk}/").content.decode()

        assert "2 items got no answer and may be in Jira" in page
        assert self.address(run) in page
        assert self.address(run, "US-1") in page
        assert self.address(run, "US-3") not in page  # Jira named an id for it: it is never made anew

    def test_it_says_what_is_known_and_warns(self, run: ExportRun, client: Client) -> None:
        item = run.items.get(story_key="US-1")
        item.batch = run.batches.create(number=4, level=1, action="create")
        item.save()
        ledger.note(run.pk, "looked_up", {"found": 0, "missing": 1, "batch": 4, "after": "SHOP-812"})
        ledger.note(run.pk, "looked_up", {"found": 0, "missing": 1, "batch": 3, "after": "SHOP-500"})

        page = self.page(client, run, "US-1")

        assert "Create US-1 in Jira anyway?" in page
        assert "there will be two issues in Jira" in page
        assert "issues after SHOP-812 by their mark" in page
        assert "SHOP-500" not in page
        assert escape(search_url(item)) in page

    def test_what_was_never_looked_for_says_so(self, run: ExportRun, client: Client) -> None:
        assert "Not yet: Jira could not be asked since." in self.page(client, run, "US-1")

    def test_without_the_box_nothing_happens(self, run: ExportRun, client: Client) -> None:
        answer = client.post(self.address(run, "US-1"))

        assert answer.status_code == 422
        assert "Tick the box first." in answer.content.decode()
        assert not run.items.filter(state="queued").exists()

    def test_with_the_box_one_is_queued_and_a_second_click_makes_nothing(self, run: ExportRun, client: Client) -> None:
        first = client.post(self.address(run, "US-1"), {"understood": "1"})
        second = client.post(self.address(run, "US-1"), {"understood": "1"})

        assert (first.status_code, second.status_code) == (303, 409)
        assert "US-1 is not unconfirmed any more." in second.content.decode()
        assert list(run.items.filter(state="queued").values_list("story_key", flat=True)) == ["US-1"]
        assert AuditEntry.objects.filter(code="created_anyway").count() == 1

    def test_all_at_once_leaves_out_what_jira_named_an_id_for(self, run: ExportRun, client: Client) -> None:
        assert "Create 2 unconfirmed items anyway?" in self.page(client, run)

        client.post(self.address(run), {"understood": "1"})

        assert set(run.items.filter(state="queued").values_list("story_key", flat=True)) == {"US-1", "US-2"}
        assert AuditEntry.objects.filter(code="created_anyway").count() == 2

    def test_a_run_that_goes_on_offers_nothing(self, run: ExportRun, client: Client) -> None:
        ExportRun.objects.update(state="waiting")

        assert client.get(self.address(run, "US-1")).status_code == 409

    def test_the_search_holds_no_operator_of_the_summary(self, run: ExportRun) -> None:
        item = run.items.get(story_key="US-1")
        item.title = 'Pay" OR project = SECRET ~ (card)'

        jql = parse_qs(urlsplit(search_url(item)).query)["jql"][0]

        assert jql == 'project = 10000 AND summary ~ "Pay OR project SECRET card" ORDER BY created DESC'


class TestWithJira:
    @pytest.fixture
    def sandbox(self) -> Iterator[RunningSandbox]:
        with running_sandbox() as running:
            yield running

    @pytest.fixture
    def mapping(self, project: Project, sandbox: RunningSandbox) -> ProjectMapping:
        return connect(project, sandbox)

    @pytest.fixture
    def item(self, mapping: ProjectMapping, sandbox: RunningSandbox) -> RunItem:
        """Created in Jira, but the answer was lost and Jira could not be asked."""
        run = confirm(plan(mapping, [Project.objects.get().storys.earliest("pk").ref]), None)
        sandbox.faults(
            {**BULK, "nth": 1, "kind": "close_after_write"},
            {"method": "POST", "path": ".*/bulkfetch", "kind": "status", "status": 400, "times": 1},
        )
        run = drive(run)
        sandbox.faults()
        assert len(sandbox.issues()) == 1
        return RunItem.objects.get(run=run, state="unconfirmed")

    def test_exactly_one_create_is_sent_with_the_same_uid_and_the_first_one_is_told_when_it_turns_up(
        self, item: RunItem, mapping: ProjectMapping, sandbox: RunningSandbox, ana: Any, client: Client
    ) -> None:
        before = len(sandbox.write_requests())

        assert create_anyway(item.run, ana, item) == 1
        with pytest.raises(CannotDo):
            create_anyway(item.run, ana, item)
        run = drive(item.run)

        sent = [one["body"]["issueUpdates"] for one in sandbox.write_requests()[before:] if "bulk" in one["path"]]
        assert [len(updates) for updates in sent] == [1]
        assert sent[0][0]["properties"][0]["value"] == {"uid": str(item.planned.uid)}
        item.refresh_from_db()
        assert (run.state, item.state, item.issue_key) == ("done", "created", "SHOP-2")

        async_to_sync(tasks.look)(mapping.connection_id)
        async_to_sync(tasks.look)(mapping.connection_id)
        page = client.get(f"/p/SHOP/jira/runs/{run.pk}/").content.decode()
        assert "US-1 is in Jira twice: SHOP-2 and SHOP-1." in page
        assert RunEvent.objects.filter(code="second_issue").count() == 1
