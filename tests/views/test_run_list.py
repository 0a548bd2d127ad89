"""The list of runs, and what a run's page asks for while its socket is closed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jira_integration.models import ExportRun
from stories_qa.models import Project
from tests.jira_rows import a_backlog
from tests.views.run_pages import started

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return a_backlog(stories=6)


class TestPolling:
    """What a page asks for while its socket is closed."""

    def test_only_what_changed_and_is_on_the_page_comes(self, ana: Any, project: Project, client: Client) -> None:
        run = started(project, {"US-1": "created", "US-2": "failed"})
        run.items.filter(story_key="US-1").update(seq=1)
        run.items.filter(story_key__in=["US-2", "US-3"]).update(seq=2)
        ExportRun.objects.update(seq=2)
        rows = ",".join(str(pk) for pk in run.items.filter(story_key__in=["US-1", "US-2"]).values_list("pk", flat=True))

        answer = client.get(f"/p/SHOP/jira/runs/{run.pk}/live/?after=1&rows={rows}")
        html = answer.content.decode()

        assert answer.status_code == 200
        assert answer["X-Seq"] == "2"
        assert "item-US-2" in html
        assert "item-US-1" not in html
        assert "item-US-3" not in html
        assert 'id="run-progress"' in html

    def test_it_stops_when_the_run_has_ended(self, ana: Any, project: Project, client: Client) -> None:
        run = started(project, {"US-1": "created"}, state="done")

        answer = client.get(f"/p/SHOP/jira/runs/{run.pk}/live/?after=0")

        assert answer.status_code == 286
        assert 'id="run-summary"' in answer.content.decode()

    def test_nonsense_is_read_as_nothing(self, ana: Any, project: Project, client: Client) -> None:
        run = started(project)

        assert client.get(f"/p/SHOP/jira/runs/{run.pk}/live/?after=x&rows=a,,-1,²").status_code == 200


class TestList:
    def test_it_says_what_each_run_did(self, ana: Any, project: Project, client: Client) -> None:
        run = started(project, {"US-1": "created", "US-2": "created", "US-3": "failed"}, state="partly_done")

        page = client.get("/p/SHOP/jira/runs/").content.decode()

        assert f"Run {run.pk}" in page
        assert "Partly done" in page
        assert re.search(r'2\s*<span class="vh"> created</span>', page)
        assert re.search(r'1\s*<span class="vh"> failed</span>', page)

    def test_filters_find_their_runs(self, ana: Any, project: Project, client: Client) -> None:
        mine = started(project, state="done", started_by=ana)
        lost = started(project, lease_until=timezone.now() - timedelta(minutes=1))

        def numbers(show: str) -> set[int]:
            page = client.get(f"/p/SHOP/jira/runs/?show={show}").content.decode()
            return {int(pk) for pk in re.findall(r'<tr role="row" id="run-(\d+)"', page)}

        assert numbers("all") == {mine.pk, lost.pk}
        assert numbers("mine") == {mine.pk}
        assert numbers("needs") == {lost.pk}
        assert numbers("going") == {lost.pk}

    def test_an_empty_list_says_what_to_do(self, ana: Any, client: Client) -> None:
        page = client.get("/p/SHOP/jira/runs/").content.decode()

        assert "Nothing was exported yet. Choose stories and preview the export." in page

    def test_a_filter_that_finds_nothing_can_be_cleared(self, ana: Any, client: Client) -> None:
        page = client.get("/p/SHOP/jira/runs/?show=needs").content.decode()

        assert "Clear filters" in page
