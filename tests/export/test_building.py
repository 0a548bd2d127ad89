"""A plan has one builder at a time; one that dies is replaced, and what was put away stays put away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from jira_integration import tasks
from jira_integration.export import building, draft
from jira_integration.export.draft import Drafting
from jira_integration.export.plan import build_plan, new_plan
from jira_integration.models import ExportPlan, ProjectMapping
from stories_qa.models import Project, Story
from tests.jira_rows import a_plan, a_story

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture
def plan(mapping: ProjectMapping, backlog: Project, monkeypatch: pytest.MonkeyPatch) -> ExportPlan:
    """Of five stories, planned two at a time."""
    monkeypatch.setattr(draft, "chunks", lambda refs: [refs[at : at + 2] for at in range(0, len(refs), 2)])
    for number in range(1, 6):
        a_story(backlog, number)
    return new_plan(mapping, list(Story.objects.order_by("pk").values_list("ref", flat=True)), None)


def build(plan: ExportPlan, **told: Any) -> ExportPlan:
    return async_to_sync(build_plan)(plan.pk, **told)


def test_how_far_it_is_of_how_many_is_told_all_the_way(plan: ExportPlan) -> None:
    told: list[tuple[int, int]] = []

    build(plan, tell=lambda found: told.append((found.progress, found.total)))

    assert told == [(2, 5), (4, 5), (5, 5)]


def test_a_plan_that_was_put_away_while_it_was_built_stays_so(plan: ExportPlan) -> None:
    def put_away(found: ExportPlan) -> None:
        ExportPlan.objects.filter(pk=found.pk).update(state="discarded")

    made = build(plan, tell=put_away)

    assert made.state == "discarded"
    assert made.items.count() == 2
    assert not made.counts


def test_who_is_slow_and_was_replaced_adds_nothing(plan: ExportPlan) -> None:
    replaced: list[ExportPlan] = []

    def replace(found: ExportPlan) -> None:
        if not replaced:
            replaced.append(found)
            building.claim(ExportPlan.objects.get(pk=found.pk), 5)

    made = build(plan, tell=replace)

    assert (made.state, made.items.count()) == ("building", 0)
    finished = build(plan)
    assert (finished.state, finished.items.count(), finished.counts["create"]) == ("ready", 5, 5)


def test_a_builder_that_died_is_replaced_once(plan: ExportPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    monkeypatch.setattr(tasks.build_plan, "delay", started.append)
    monkeypatch.setattr(Drafting, "freeze", lambda work: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build(plan)

    tasks.sweep_runs()
    assert started == []

    ExportPlan.objects.update(alive_at=timezone.now() - 2 * building.SILENT)
    tasks.sweep_runs()
    tasks.sweep_runs()
    assert started == [plan.pk]


def test_a_plan_that_nobody_began_is_begun(plan: ExportPlan) -> None:
    ExportPlan.objects.update(created_at=timezone.now() - 2 * building.SILENT)

    assert building.left_alone() == [plan.pk]


def test_a_plan_that_breaks_off_for_an_hour_fails_with_words(plan: ExportPlan) -> None:
    ExportPlan.objects.update(created_at=timezone.now() - timedelta(hours=2))

    assert building.left_alone() == []
    plan.refresh_from_db()
    assert (plan.state, plan.error_code) == ("failed", "preview_broke_off")


def test_what_is_not_being_built_is_left_alone(mapping: ProjectMapping) -> None:
    for state in ("ready", "failed", "exported", "discarded"):
        a_plan(mapping, {}, state=state)
    ExportPlan.objects.update(created_at=timezone.now() - timedelta(hours=2))

    assert building.left_alone() == []
    assert not ExportPlan.objects.filter(error_code="preview_broke_off").exists()
