"""A person at the preview and the run: by mouse, by keyboard, with the socket cut, without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, WebSocketRoute, expect

from jira_integration import ledger, progress
from jira_integration.models import ExportedTicket, ExportPlan, ExportRun, ProjectMapping, RunItem
from stories_qa.models import Project, Role, Story
from tests.browser.conftest import OpenPage
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_planned, a_run, a_story, a_ticket

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


@pytest.fixture
def stage(live_site: str) -> Stage:
    return Stage(live_site)


@pytest.fixture
def person(stage: Stage, page: Page) -> Iterator[Page]:
    """Ana at her browser; whatever the console calls an error fails the test."""
    wrong: list[str] = []
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield stage.sign_in(page)
    assert [line for line in wrong if "WebSocket" not in line] == []


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
    elsewhere(lambda: progress.publish_run(ledger.finish(run.pk, "t")))


def ends_all(run: ExportRun) -> None:
    for item in RunItem.objects.filter(run=run, state="queued"):
        ledger.end(item.pk, "created")
    ends(run)


def row(page: Page, key: str) -> Any:
    return page.locator(f"#item-{key}")


def watch_live(page: Page) -> Any:
    return page.locator("[data-live-state]")


def test_a_run_moves_over_the_socket_to_its_end(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Live")

    becomes(run, "US-1", "created")
    expect(row(person, "US-1")).to_contain_text("Created")
    expect(person.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "1")
    expect(person).to_have_title(f"Run {run.pk}, 1 of 6 finished · Stories & QA")
    for number in range(2, 7):
        becomes(run, f"US-{number}", "created")
    ends(run)

    expect(person.locator("#run-summary")).to_have_text("All 6 items are in Jira.")
    expect(person.locator(".live.ended")).to_contain_text("Finished")
    expect(person.locator("[data-live]")).to_have_count(0)


def test_news_does_not_take_the_focus(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Live")

    becomes(run, "US-1", "created")
    expect(row(person, "US-1")).to_contain_text("Created")
    assert person.evaluate("document.activeElement.tagName") == "BODY"

    person.locator("#run-stop").focus()
    becomes(run, "US-2", "created")
    expect(row(person, "US-2")).to_contain_text("Created")
    expect(person.locator("#run-stop")).to_be_focused()


def test_a_button_that_came_over_the_socket_works(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Live")
    becomes(run, "US-1", "created")
    expect(row(person, "US-1")).to_contain_text("Created")

    person.get_by_role("button", name="Stop").click()

    expect(person.locator(".badge", has_text="Stopping")).to_be_visible()
    run.refresh_from_db()
    assert run.state == "stopping"


def test_with_the_socket_cut_the_run_moves_by_polling_and_says_so(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.route_web_socket("**/ws/**", lambda socket: socket.close(code=1011))
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Reconnecting, updating every 5 s")

    becomes(run, "US-3", "created")

    expect(row(person, "US-3")).to_contain_text("Created", timeout=6_500)
    ends_all(run)
    expect(person.locator("#run-summary")).to_be_visible(timeout=6_500)
    asked: list[str] = []
    person.on("request", lambda request: asked.append(request.url) if "/live/" in request.url else None)
    person.wait_for_timeout(6_000)
    assert asked == []


def test_a_socket_that_comes_back_brings_what_was_missed(stage: Stage, person: Page) -> None:
    run = stage.run()
    routes: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        routes.append(socket)

    person.route_web_socket("**/ws/**", through)
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Live")

    routes[-1].close(code=1012)
    expect(watch_live(person)).to_have_text("Reconnecting, updating every 5 s")
    becomes(run, "US-1", "created")
    becomes(run, "US-2", "failed")
    expect(watch_live(person)).to_have_text("Live", timeout=10_000)

    expect(row(person, "US-1")).to_contain_text("Created")
    expect(row(person, "US-2")).to_contain_text("Failed")


def test_no_row_goes_back_to_an_older_state(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Live")
    old = row(person, "US-1").evaluate("row => row.outerHTML")
    becomes(run, "US-1", "created")
    expect(row(person, "US-1")).to_contain_text("Created")

    person.evaluate(
        """(old) => {
            const piece = old.replace("<tbody", '<tbody hx-swap-oob="true"');
            htmx.swap(document.body, `<template>${piece}</template>`, { swapStyle: "none", settleDelay: 0 });
        }""",
        old,
    )

    expect(row(person, "US-1")).to_contain_text("Created")


def test_a_session_that_ended_is_said_and_not_asked_for_ever(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.route_web_socket("**/ws/**", lambda socket: socket.close(code=4401))

    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")

    expect(watch_live(person)).to_have_text("Sign in again to see live updates")
    expect(watch_live(person).get_by_role("link")).to_have_attribute(
        "href", f"/sign-in/?next=%2Fp%2FSHOP%2Fjira%2Fruns%2F{run.pk}%2F"
    )


def test_a_screen_reader_hears_the_first_failure_at_once_and_not_each_row(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Live")
    said: list[str] = []
    person.expose_function("heard", lambda text: said.append(text))
    person.evaluate(
        """() => {
            const region = document.getElementById("announce");
            const changes = { childList: true, characterData: true, subtree: true };
            new MutationObserver(() => heard(region.textContent)).observe(region, changes);
        }"""
    )

    for key, state in (("US-1", "created"), ("US-2", "created"), ("US-3", "failed"), ("US-4", "created")):
        becomes(run, key, state)
        expect(row(person, key)).to_contain_text(state.capitalize())

    assert len(said) == 1
    assert "1 failed." in said[0]
    expect(person.locator("#item-US-3 [aria-live], #item-US-3 [role=status]")).to_have_count(0)


def test_without_scripts_the_run_loads_itself_again(stage: Stage, open_page: OpenPage) -> None:
    run = stage.run({"US-1": "created"})
    page = stage.sign_in(open_page(java_script_enabled=False))

    page.goto(f"/p/SHOP/jira/runs/{run.pk}/")

    expect(page.locator("#item-US-1")).to_contain_text("Created")
    expect(page.locator("meta[http-equiv=refresh]")).to_have_count(1)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".badge", has_text="Stopping")).to_be_visible()


def test_a_badge_on_the_list_turns_and_the_storys_status_follows(stage: Stage, person: Page) -> None:
    story = stage.stories[0]
    ticket = a_ticket(stage.mapping, story, sync="not_exported", issue_id="", issue_key="")
    person.goto("/p/SHOP/stories/")
    expect(watch_live(person)).to_have_text("Live")
    person.evaluate("window.sameDocument = true")
    expect(person.locator("#sync-US-1")).to_contain_text("Not in Jira")

    Story.objects.filter(pk=story.pk).update(status="in_progress", version=2)
    ExportedTicket.objects.filter(pk=ticket.pk).update(
        sync="in_sync",
        issue_id="1",
        issue_key="SHOP-318",
        story_version=2,
        seq=ledger.next_live_seq(stage.project.ref),
    )
    elsewhere(lambda: progress.publish_ticket(ExportedTicket.objects.get(pk=ticket.pk)))

    expect(person.locator("#sync-US-1")).to_contain_text("In sync")
    expect(person.locator("#sync-US-1").get_by_role("link")).to_have_text("SHOP-318")
    expect(person.locator("#row-US-1")).to_contain_text("In progress")
    assert person.evaluate("window.sameDocument") is True


def test_counts_on_the_strip_filter_and_equal_the_rows(stage: Stage, person: Page) -> None:
    plan = stage.plan()
    person.goto(f"/p/SHOP/jira/plans/{plan.pk}/")
    strip = person.get_by_role("navigation", name="Filter by planned change")

    for word, count in (("to create", 2), ("to update", 1), ("no change", 1), ("in conflict", 1), ("blocked", 1)):
        strip.get_by_role("link", name=word).click()
        expect(person.locator("#plan-items > li")).to_have_count(count)
        expect(strip.get_by_role("link", name=word)).to_contain_text(str(count))
    expect(person.get_by_role("button", name="Export 3 stories to Jira")).to_be_visible()


def test_problems_and_the_first_of_each_kind_are_open(stage: Stage, person: Page) -> None:
    plan = stage.plan()
    person.goto(f"/p/SHOP/jira/plans/{plan.pk}/")

    def opened() -> list[str]:
        found: list[str] = person.eval_on_selector_all(
            "#plan-items > li", "all => all.filter(li => li.querySelector(':scope > details[open]')).map(li => li.id)"
        )
        return found

    assert opened() == ["plan-US-4", "plan-US-1", "plan-US-2"]
    person.get_by_role("button", name="Expand all").click()
    assert len(opened()) == 5
    person.get_by_role("button", name="Collapse all").click()
    assert opened() == []


def test_a_double_click_on_export_makes_one_run(stage: Stage, person: Page) -> None:
    plan = stage.plan()
    person.goto(f"/p/SHOP/jira/plans/{plan.pk}/")

    person.get_by_role("button", name="Export 3 stories to Jira").dblclick()

    person.wait_for_url("**/jira/runs/*/")
    assert ExportRun.objects.count() == 1


def test_a_plan_being_built_opens_by_itself_when_it_is_ready(stage: Stage, person: Page) -> None:
    plan = stage.plan()
    ExportPlan.objects.filter(pk=plan.pk).update(state="building", progress=3)
    person.goto(f"/p/SHOP/jira/plans/{plan.pk}/")
    expect(person.get_by_role("progressbar")).to_have_attribute("aria-valuetext", "3 of 6 read")

    ExportPlan.objects.filter(pk=plan.pk).update(state="ready")

    expect(person.get_by_role("button", name="Export 3 stories to Jira")).to_be_visible()


@pytest.mark.parametrize("look", [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)], ids=str)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    look: tuple[Any, int], stage: Stage, open_page: OpenPage, axe_violations: Callable[[Page], list[str]]
) -> None:
    theme, width = look
    page = stage.sign_in(open_page(theme=theme, width=width))
    plan, building = stage.plan(), a_plan(stage.mapping, {}, state="building")
    failed = a_plan(stage.mapping, {}, state="failed", error_code="unavailable")
    done = stage.run({f"US-{n}": "failed" for n in range(1, 5)}, state="partly_done", finished_at=timezone.now())
    done.items.filter(state="failed").update(
        error_code="required_field", error_values={"field": "Team"}, jira_said=["400 Team is required."]
    )
    later = timezone.now() + timedelta(minutes=2)
    going = stage.run(
        {"US-1": "failed", "US-2": "sending"}, state="waiting", not_before=later, reason_code="rate_limited"
    )
    going.items.filter(state="failed").update(error_code="unknown", jira_said=["418 teapot"])
    a_ticket(stage.mapping, stage.stories[0], sync="failed")
    addresses = [
        f"plans/{plan.pk}/",
        f"plans/{building.pk}/",
        f"plans/{failed.pk}/",
        f"runs/{done.pk}/",
        f"runs/{going.pk}/",
        "runs/",
        "",
    ]

    found = []
    for address in [*(f"/p/SHOP/jira/{one}" for one in addresses), "/audit/?project=SHOP"]:
        page.goto(address)
        found += [f"{address} {line}" for line in axe_violations(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{address} scrolls sideways")

    assert found == []


def test_no_page_scrolls_sideways_at_320(stage: Stage, open_page: OpenPage) -> None:
    page = stage.sign_in(open_page(width=320))
    plan = stage.plan()
    run = stage.run({"US-1": "failed"}, state="partly_done")

    for address in (f"plans/{plan.pk}/", f"runs/{run.pk}/", "runs/", ""):
        page.goto(f"/p/SHOP/jira/{address}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
