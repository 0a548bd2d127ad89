"""A preview comes to be, is sent once, made anew or thrown away."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from jira_integration.models import AuditEntry, ExportPlan, ExportRun, PlannedTicket, ProjectMapping
from stories_qa.models import Project, Role, Story
from tests.jira_rows import (
    a_backlog,
    a_connection,
    a_mapping,
    a_person,
    a_plan,
    a_planned,
    a_story,
    a_test,
    an_epic,
)
from tests.views.plan_pages import shown

pytestmark = pytest.mark.django_db


def test_sending_twice_leads_to_the_same_run(ana: Any, project: Project, client: Client) -> None:
    plan = a_plan(a_mapping(project), {a_story(project): "create"})

    first = client.post(f"/p/SHOP/jira/plans/{plan.pk}/export/")
    second = client.post(f"/p/SHOP/jira/plans/{plan.pk}/export/")

    assert first.status_code == second.status_code == 303
    assert first["Location"] == second["Location"] == f"/p/SHOP/jira/runs/{ExportRun.objects.get().pk}/"


def test_a_plan_that_was_sent_links_to_its_run_and_has_no_button(ana: Any, project: Project, client: Client) -> None:
    plan = a_plan(a_mapping(project), {a_story(project): "create"})
    client.post(f"/p/SHOP/jira/plans/{plan.pk}/export/")

    page = shown(client, plan)

    assert f"Open run {ExportRun.objects.get().pk}" in page
    assert 'class="bar"' not in page


def test_a_discarded_plan_can_not_be_sent(ana: Any, project: Project, client: Client) -> None:
    plan = a_plan(a_mapping(project), {a_story(project): "create"})

    client.post(f"/p/SHOP/jira/plans/{plan.pk}/discard/")
    answer = client.post(f"/p/SHOP/jira/plans/{plan.pk}/export/")

    assert answer.status_code == 422
    assert not ExportRun.objects.exists()
    assert "This preview was discarded" in shown(client, plan)
    assert AuditEntry.objects.filter(code="plan_discarded").count() == 1


def test_reading_jira_again_makes_a_new_plan_of_the_same_stories(ana: Any, mixed: ExportPlan, client: Client) -> None:
    answer = client.post(f"/p/SHOP/jira/plans/{mixed.pk}/refresh/")

    made = ExportPlan.objects.exclude(pk=mixed.pk).get()
    assert answer["Location"] == f"/p/SHOP/jira/plans/{made.pk}/"
    assert made.story_refs == mixed.story_refs
    mixed.refresh_from_db()
    assert mixed.state == "discarded"


class TestChoosing:
    """What `plan_create` understands."""

    @pytest.fixture(autouse=True)
    def rows(self, project: Project, ana: Any, client: Client) -> None:
        self.project, self.client = project, client
        self.epic = an_epic(project, 1)
        self.stories = [a_story(project, number, epic=self.epic if number < 3 else None) for number in (1, 2, 3)]
        a_mapping(project)

    def chosen(self, **form: Any) -> list[str]:
        answer = self.client.post("/p/SHOP/jira/plans/", form)
        assert answer.status_code == 303, answer.content.decode()
        plan = ExportPlan.objects.latest("pk")
        assert answer["Location"] == f"/p/SHOP/jira/plans/{plan.pk}/"
        refs: list[str] = plan.story_refs
        return refs

    def test_stories_by_key_or_ref(self) -> None:
        assert self.chosen(story=["US-3", self.stories[0].ref]) == [self.stories[2].ref, self.stories[0].ref]

    def test_what_is_unknown_is_left_out(self) -> None:
        foreign = a_story(a_backlog("OTHER", "Other"), 9)

        assert self.chosen(story=["US-1", "US-77", foreign.ref, "story:zzz"]) == [self.stories[0].ref]

    def test_an_epic_with_its_stories(self) -> None:
        assert self.chosen(epic="EP-1") == [self.epic.ref, self.stories[0].ref, self.stories[1].ref]

    def test_all_that_a_filter_shows(self) -> None:
        assert self.chosen(all="1", filter="q=Story+2") == [self.stories[1].ref]

    def test_everything_of_the_kinds_that_are_mapped(self) -> None:
        assert set(self.chosen(everything="1")) == {self.epic.ref, *(story.ref for story in self.stories)}

    def test_nothing_is_refused_in_words(self) -> None:
        answer = self.client.post("/p/SHOP/jira/plans/", {})

        assert answer.status_code == 422
        assert "There is nothing to export." in answer.content.decode()
        assert not ExportPlan.objects.exists()


def test_without_jira_the_page_leads_to_the_set_up(project: Project, client: Client) -> None:
    client.force_login(a_person("mira", project, Role.ADMIN))
    story = a_story(project)

    not_connected = client.post("/p/SHOP/jira/plans/", {"story": story.key})
    a_mapping(project, a_connection(), live=False, steps_done=["site", "sign-in"])
    not_live = client.post("/p/SHOP/jira/plans/", {"story": story.key})

    for answer in (not_connected, not_live):
        assert answer.status_code == 422
        assert "Go to the Jira set-up" in answer.content.decode()
    assert not PlannedTicket.objects.exists()


def test_the_options_of_a_preview_build_it_anew_and_are_kept(client: Client, ana: Any, mixed: ExportPlan) -> None:
    def again(plan: ExportPlan, **options: str) -> ExportPlan:
        answer = client.post(f"/p/SHOP/jira/plans/{plan.pk}/refresh/", options)
        assert answer.status_code == 303
        return ExportPlan.objects.order_by("-pk")[0]

    without = again(mixed, options="1")
    still = again(without)
    with_them = again(still, options="1", with_tests="1")

    assert [one.with_tests for one in (mixed, without, still, with_them)] == [True, False, False, True]
    assert with_them.story_refs == mixed.story_refs


def test_the_option_is_offered_where_test_cases_become_issues(client: Client, ana: Any, mixed: ExportPlan) -> None:
    before = client.get(f"/p/SHOP/jira/plans/{mixed.pk}/").content.decode()
    ProjectMapping.objects.update(test_target="linked", test_type_id="10014")
    a_planned(mixed, a_test(Project.objects.get(), Story.objects.get(key="US-1"), 7))

    after = client.get(f"/p/SHOP/jira/plans/{mixed.pk}/").content.decode()

    assert "Include test cases" not in before
    assert "Include test cases" in after
    assert "1 linked issue" in after
    assert after.index('id="plan-US-1"') < after.index('id="plan-TC-7" class="case"')
