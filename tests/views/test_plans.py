"""The page of an export preview."""

from __future__ import annotations

import csv
import io
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jira_integration.contracts import Kind
from jira_integration.models import ExportedTicket, ExportPlan, PlannedTicket
from stories_qa.models import Project, Role
from tests.jira_rows import (
    a_mapping,
    a_person,
    a_plan,
    a_planned,
    a_story,
    a_ticket,
)
from tests.views.plan_pages import shown

pytestmark = pytest.mark.django_db


def test_items_stand_in_the_order_of_urgency(ana: Any, mixed: ExportPlan, client: Client) -> None:
    page = shown(client, mixed)

    places = [page.index(f'id="plan-US-{number}"') for number in (5, 4, 2, 1, 3)]
    assert places == sorted(places)


def test_the_strip_counts_what_the_list_shows_and_filters_it(ana: Any, mixed: ExportPlan, client: Client) -> None:
    for action in ("create", "update", "unchanged", "conflict", "blocked"):
        page = shown(client, mixed, f"?show={action}")

        assert page.count('<li id="plan-US-') == 1
        assert f'href="?show={action}" aria-current="true"' in page


def test_the_button_names_the_act_and_the_amount(ana: Any, mixed: ExportPlan, client: Client) -> None:
    page = shown(client, mixed)

    assert "Export 2 stories to Jira" in page
    assert "Creates <b>1</b>, updates <b>1</b>." in page
    assert "Leaves out 3." in page


def test_an_update_shows_only_what_changes_and_says_how_much_does_not(
    ana: Any, mixed: ExportPlan, client: Client
) -> None:
    page = shown(client, mixed, "?show=update")

    assert re.search(r'<del\s*><span class="vh">removed: </span>High</del\s*>', page)
    assert re.search(r'<ins\s*><span class="vh">added: </span>Highest</ins\s*>', page)
    assert "6 fields stay the same." in page


def test_a_blocked_story_says_why_and_how_to_solve_it(mixed: ExportPlan, project: Project, client: Client) -> None:
    client.force_login(a_person("mira", project, Role.ADMIN))

    page = shown(client, mixed, "?show=blocked")

    assert "Jira needs “Team”" in page
    assert "/setup/fields/?project=SHOP" in page


def test_who_may_not_change_the_mapping_is_told_whom_to_ask(
    ana: Any, mixed: ExportPlan, project: Project, client: Client
) -> None:
    a_person("mira", project, Role.ADMIN, first_name="Mira", last_name="Kovač")

    page = shown(client, mixed, "?show=blocked")

    assert "/setup/fields/" not in page
    assert "Ask Mira Kovač." in page


def test_a_viewer_sees_the_plan_and_who_may_send_it(mixed: ExportPlan, project: Project, client: Client) -> None:
    a_person("ana", project, Role.EXPORTER, first_name="Ana")
    client.force_login(a_person("jonas", project, Role.VIEWER))

    page = shown(client, mixed)

    assert "Ask Ana." in page
    assert 'method="post" action="/p/SHOP/jira/plans/' not in page


def test_a_plan_where_nothing_would_be_sent_says_so_in_place_of_the_button(
    ana: Any, project: Project, client: Client
) -> None:
    mapping = a_mapping(project)
    same = a_plan(mapping, {a_story(project, 1): "unchanged"})
    stuck = a_plan(mapping, {a_story(project, 2): "blocked", a_story(project, 3): "conflict"})
    empty = a_plan(mapping, {})

    assert "Jira already has all of this." in shown(client, same)
    assert "Nothing to send. 1 is blocked, 1 is in conflict." in shown(client, stuck)
    assert "There is nothing to export." in shown(client, empty)
    for plan in (same, stuck, empty):
        assert "to Jira</button>" not in shown(client, plan)


def test_an_old_preview_says_that_it_is_old(ana: Any, project: Project, client: Client) -> None:
    old = timezone.now() - timedelta(minutes=16)
    plan = a_plan(a_mapping(project), {a_story(project): "create"}, jira_read_at=old)

    assert "This preview is old." in shown(client, plan)


def test_an_issue_that_changed_in_jira_since_is_named(ana: Any, project: Project, client: Client) -> None:
    mapping = a_mapping(project)
    story = a_story(project, 7)
    ticket = a_ticket(mapping, story, jira_updated_at=timezone.now())
    plan = a_plan(mapping, {story: "update"})
    plan.items.update(seen_updated_at=ticket.jira_updated_at)

    assert "Jira changed since this preview" not in shown(client, plan)

    ExportedTicket.objects.update(jira_updated_at=timezone.now() + timedelta(seconds=5))

    assert "Jira changed since this preview: SHOP-7." in shown(client, plan)


def test_a_mapping_that_was_saved_since_is_said(ana: Any, project: Project, client: Client) -> None:
    mapping = a_mapping(project, version=3)
    plan = a_plan(mapping, {a_story(project): "create"}, mapping_version=2)

    assert "The mapping changed after this preview." in shown(client, plan)


def test_a_plan_being_built_shows_how_far_it_is_and_asks_again(ana: Any, project: Project, client: Client) -> None:
    plan = a_plan(a_mapping(project), {a_story(project): "create"}, state="building", progress=1200, total=10_000)

    page = shown(client, plan)
    part = client.get(f"/p/SHOP/jira/plans/{plan.pk}/live/")

    for html in (page, part.content.decode()):
        assert "1,200 of 10,000" in html
        assert "<b>1</b> to create" in html
    assert f'ws-connect="/ws/plans/{plan.pk}/"' in page
    assert 'hx-swap-oob="true"' in part.content.decode()
    assert '<meta http-equiv="refresh" content="5">' in page
    assert part.status_code == 200


def test_once_built_the_page_stops_asking_and_loads_the_plan(ana: Any, mixed: ExportPlan, client: Client) -> None:
    answer = client.get(f"/p/SHOP/jira/plans/{mixed.pk}/live/")

    assert answer.status_code == 286
    assert answer["HX-Location"] == f"/p/SHOP/jira/plans/{mixed.pk}/"


def test_a_plan_that_could_not_be_built_says_why_and_offers_to_try_again(
    ana: Any, project: Project, client: Client
) -> None:
    plan = a_plan(a_mapping(project), {}, state="failed", error_code="unavailable")

    page = shown(client, plan)

    assert "Jira does not answer." in page
    assert "Nothing was sent." in page
    assert "Try again" in page


def test_a_page_of_ten_thousand_blocked_items_stays_small(ana: Any, project: Project, client: Client) -> None:
    plan = a_plan(a_mapping(project), {})
    ExportPlan.objects.update(story_refs=[f"story:{number:032x}" for number in range(10_000)])
    finding = {"code": "unconfirmed_before", "values": {}, "blocking": True}
    rows = [
        PlannedTicket(
            plan=plan,
            position=number,
            level=1,
            kind="story",
            story_ref=f"story:{number:032x}",
            story_key=f"US-{number}",
            title=f"Story {number}",
            story_version=1,
            uid=uuid.uuid4(),
            action="blocked",
            findings=[finding],
        )
        for number in range(10_000)
    ]
    PlannedTicket.objects.bulk_create(rows, batch_size=500)
    ExportPlan.objects.update(counts={"blocked": 10_000})

    page = shown(client, plan)

    assert "50 of 10000 shown" in page
    assert len(page) < 200_000


def test_fifty_are_shown_at_once_and_the_rest_on_request(ana: Any, project: Project, client: Client) -> None:
    mapping = a_mapping(project)
    plan = a_plan(mapping, {a_story(project, number): "create" for number in range(1, 61)})

    first = shown(client, plan)
    second = client.get(f"/p/SHOP/jira/plans/{plan.pk}/?page=2", headers={"HX-Request": "true", "HX-Target": "more"})

    assert first.count('<li id="plan-US-') == 50
    assert "Show 10 more" in first
    assert second.content.decode().count('<li id="plan-US-') == 10
    assert "<html" not in second.content.decode()


def test_a_page_of_a_large_plan_asks_the_database_a_fixed_number_of_times(
    ana: Any, project: Project, client: Client, django_assert_max_num_queries: Any
) -> None:
    mapping = a_mapping(project)
    plan = a_plan(mapping, {a_story(project, number): "create" for number in range(1, 51)})

    with django_assert_max_num_queries(45):
        shown(client, plan)


def test_the_csv_has_a_line_for_each_field_and_no_formulas(ana: Any, project: Project, client: Client) -> None:
    story = a_story(project, 1, title='=HYPERLINK("http://evil.test")')
    plan = a_plan(a_mapping(project), {story: "create"})

    answer = client.get(f"/p/SHOP/jira/plans/{plan.pk}/csv/")
    body = b"".join(answer.streaming_content).decode()

    assert body.startswith("\ufeffKey,Title,Action")
    assert answer["Content-Disposition"] == f'attachment; filename="SHOP-preview-{plan.pk}.csv"'
    row = list(csv.reader(io.StringIO(body)))[1]
    assert row[:3] == ["US-1", '\'=HYPERLINK("http://evil.test")', "Create"]
    assert row[6].startswith("'=")


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 }}{% now %}"])
def test_what_people_and_jira_wrote_is_escaped(evil: str, ana: Any, project: Project, client: Client) -> None:
    mapping = a_mapping(project)
    story = a_story(project, 1, title=evil)
    plan = a_plan(mapping, {})
    changes = [{"field": "summary", "label": evil, "before": evil, "after": f"{evil} more"}]
    a_planned(plan, story, "update", changes=changes, findings=[{"code": evil[:40], "values": {"field": evil}}])
    ExportPlan.objects.update(counts={"update": 1})

    page = shown(client, plan)

    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_characters_that_turn_text_around_are_shown(ana: Any, project: Project, client: Client) -> None:
    plan = a_plan(a_mapping(project), {})
    changes = [{"field": "summary", "label": "Summary", "before": "user\u202etxt.exe", "after": "user"}]
    a_planned(plan, a_story(project), "update", changes=changes)
    ExportPlan.objects.update(counts={"update": 1})

    page = shown(client, plan)

    assert "\u202e" not in page
    assert "\\u202e" in page


def test_a_title_of_two_thousand_characters_is_cut_and_takes_its_own_direction(
    ana: Any, project: Project, client: Client
) -> None:
    story = a_story(project, 1, title="שלום " * 400)
    plan = a_plan(a_mapping(project), {story: "unchanged"})

    page = shown(client, plan)

    assert page.count("שלום") < 70
    assert 'dir="auto"' in page


def test_a_double_of_the_kinds_stays_in_step_with_the_border() -> None:
    assert {kind.value for kind in Kind} == set(dict(PlannedTicket._meta.get_field("kind").choices))


def test_a_preview_whose_values_are_gone_says_so_and_still_lists_its_items(
    ana: Any, mixed: ExportPlan, client: Client
) -> None:
    PlannedTicket.objects.update(template={}, changes=[], seen={})
    ExportPlan.objects.update(emptied_at=timezone.now(), state="discarded")

    page = shown(client, mixed)

    assert "The contents of this preview were removed." in page
    assert "Preview again" in page
    assert "0 fields" not in page
    assert page.count('<li id="plan-US-') == 5
    assert 'class="bar"' not in page
    assert client.get(f"/p/SHOP/jira/plans/{mixed.pk}/csv/").status_code == 200
