"""A person at the preview; and every page about exporting under axe, in both themes, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from jira_integration import progress
from jira_integration.models import ExportPlan, ExportRun
from tests.browser.conftest import OpenPage
from tests.browser.stage import Stage, elsewhere
from tests.jira_rows import a_plan, a_ticket


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
    ExportPlan.objects.filter(pk=plan.pk).update(state="building", progress=3, total=6)
    person.goto(f"/p/SHOP/jira/plans/{plan.pk}/")
    expect(person.get_by_role("progressbar")).to_have_attribute("aria-valuetext", "3 of 6 read")

    ExportPlan.objects.filter(pk=plan.pk).update(state="ready")
    elsewhere(lambda: progress.publish_plan(ExportPlan.objects.get(pk=plan.pk)))

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
