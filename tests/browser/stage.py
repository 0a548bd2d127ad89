"""A backlog with a plan and a run for pages to show, the person who looks, and the news a worker sends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection
from django.test import Client
from playwright.sync_api import Page

from jira_integration import halts, ledger, progress
from jira_integration.models import ExportPlan, ExportRun, ProjectMapping, RunItem
from stories_qa.models import Project, Role
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_planned, a_run, a_story

TITLES = [
    "Guest can pay without creating an account",
    "Guest order confirmation email contains tracking link",
    "Declined card shows the bank’s reason and a retry",
    "Customer prints a return label from the order page",
    "Search results load in under 300 ms at p95",
    "Partial returns split the refund per item",
]


class Stage:
    """A backlog that is connected, with a run under way and a plan that is ready."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.project: Project = a_backlog()
        self.mapping: ProjectMapping = a_mapping(self.project)
        self.stories = [a_story(self.project, number, title=title) for number, title in enumerate(TITLES, 1)]
        self.ana = a_person("ana", self.project, Role.ADMIN, first_name="Ana", last_name="Lindqvist")

    def run(self, states: dict[str, str] | None = None, **columns: Any) -> ExportRun:
        plan = a_plan(self.mapping, dict.fromkeys(self.stories, "create"), state="exported")
        return a_run(plan, states, started_by=self.ana, **columns)

    def plan(self) -> ExportPlan:
        plan = a_plan(self.mapping, {}, requests_expected=4)
        priority = {"field": "priority", "label": "Priority", "before": "High", "after": "Highest"}
        columns: list[dict[str, Any]] = [
            {"action": "update", "changes": [priority], "same_fields": 6},
            {"action": "create"},
            {"action": "create"},
            {
                "action": "blocked",
                "findings": [{"code": "required_field", "values": {"field": "Team"}, "blocking": True}],
            },
            {
                "action": "conflict",
                "findings": [{"code": "conflict_fields", "values": {"fields": "Summary"}, "blocking": False}],
            },
            {"action": "unchanged"},
        ]
        for story, planned in zip(self.stories, columns, strict=True):
            a_planned(plan, story, **planned)
        plan.counts = {"create": 2, "update": 1, "unchanged": 1, "conflict": 1, "blocked": 1}
        plan.story_refs = [story.ref for story in self.stories]
        plan.save()
        return plan

    def sign_in(self, page: Page) -> Page:
        client = Client()
        client.force_login(self.ana)
        value = client.cookies["stories_qa_session"].value
        page.context.add_cookies([{"name": "stories_qa_session", "value": value, "url": self.address}])
        return page


def elsewhere(work: Callable[[], None]) -> None:
    """Do it in another thread, as a worker does: this one has Playwright's event loop in it."""
    with ThreadPoolExecutor(1) as worker:
        worker.submit(_with_own_connection, work).result(timeout=20)


def _with_own_connection(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connection.close()


def becomes(run: ExportRun, key: str, state: str) -> None:
    """What the worker does: the ledger first, then the news."""
    elsewhere(lambda: progress.publish_item(ledger.end(RunItem.objects.get(run=run, story_key=key).pk, state)))


def ends(run: ExportRun) -> None:
    elsewhere(lambda: progress.publish_run(halts.finish(run.pk, "t")))


def ends_all(run: ExportRun) -> None:
    for item in RunItem.objects.filter(run=run, state="queued"):
        ledger.end(item.pk, "created")
    ends(run)


def row(page: Page, key: str) -> Any:
    return page.locator(f"#item-{key}")


def watch_live(page: Page) -> Any:
    return page.locator("[data-live-state]")
