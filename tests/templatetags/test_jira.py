"""What a host's templates get from `{% load jira %}`."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from jira_integration.badges import SYNC, VOCABULARY, sync_state
from jira_integration.models import ExportedTicket, ExportPlan, ExportRun, JiraConnection, RunItem, annotate_sync
from stories_qa.models import Role, Story
from tests.jira_rows import a_backlog, a_connection, a_mapping, a_person, a_plan, a_run, a_story, a_ticket

pytestmark = pytest.mark.django_db
ICONS = Path(__file__).resolve().parents[2] / "jira_integration/static/jira_integration/icons.svg"


def shown(tag: str, user: Any = None, **context: Any) -> str:
    request = RequestFactory().get("/")
    request.user = user or AnonymousUser()
    full = {"request": request, "user": request.user, **context}
    return Template("{% load jira %}{% " + tag + " %}").render(Context(full))


def test_a_story_that_was_never_exported_says_so_in_a_word_with_a_hidden_icon() -> None:
    a_story(a_backlog())

    html = shown("jira_badge item", item=annotate_sync(Story.objects.all()).get())

    assert "Not in Jira" in html
    assert 'aria-hidden="true"' in html
    assert 'id="sync-US-1"' in html


def test_the_badge_links_to_the_issue_on_the_site_of_its_connection() -> None:
    project = a_backlog()
    a_ticket(a_mapping(project), a_story(project, 7))

    html = shown("jira_badge item", item=annotate_sync(Story.objects.all()).get())

    assert 'href="https://acme.atlassian.net/browse/SHOP-7"' in html
    assert "Matches Jira. Checked now." in html


def test_a_list_of_badges_asks_the_database_once(django_assert_num_queries: Any) -> None:
    project = a_backlog()
    mapping = a_mapping(project)
    for number in range(1, 6):
        a_ticket(mapping, a_story(project, number))

    with django_assert_num_queries(1):
        for item in annotate_sync(Story.objects.all()):
            shown("jira_badge item", item=item)


@pytest.mark.parametrize("sync_off", [False, True])
@pytest.mark.parametrize("sync", ["none", *ExportedTicket.Sync.values])
def test_python_and_sql_agree_on_the_state_of_a_story(sync: str, sync_off: bool) -> None:
    project = a_backlog()
    mapping = a_mapping(project)
    now = timezone.now()
    cases = itertools.product([1, 2], [now, now - timedelta(days=2)])
    for number, (version, checked_at) in enumerate(cases, 1):
        story = a_story(project, number, version=version, sync_off=sync_off)
        if sync != "none":
            a_ticket(mapping, story, sync=sync, story_version=1, checked_at=checked_at)

    for item in annotate_sync(Story.objects.all()):
        ticket = ExportedTicket.objects.filter(story_ref=item.ref).first()
        assert sync_state(ticket, version=item.version, sync_off=item.sync_off) == item.jira_state


def test_every_badge_has_a_word_an_icon_that_exists_and_a_family() -> None:
    drawings = ICONS.read_text()

    for badge in itertools.chain.from_iterable(group.values() for group in VOCABULARY.values()):
        assert str(badge.word)
        assert f'id="{badge.icon}"' in drawings
        assert badge.family in {"line", "info", "success", "warning", "danger", "purple"}


def test_every_state_of_a_ticket_an_item_a_run_and_a_plan_has_its_badge() -> None:
    assert set(ExportedTicket.Sync.values) <= set(SYNC)
    assert set(RunItem.State.values) <= set(VOCABULARY["item"])
    assert set(ExportRun.State.values) <= set(VOCABULARY["run"])
    assert set(ExportPlan.State.values) == set(VOCABULARY["plan"])
    assert set(JiraConnection.State.values) == set(VOCABULARY["connection"])


def test_the_card_invites_to_connect_where_nothing_is_connected() -> None:
    project = a_backlog()

    html = shown("jira_connection_card 'SHOP'", a_person("mira", project))

    assert "Jira not connected" in html
    assert "Connect Jira" in html


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({}, "Jira connected"),
        ({"state": "auth"}, "Jira refused our sign-in"),
        ({"state": "down"}, "Jira does not answer"),
        ({"state": "paused"}, "Sync paused"),
        ({"secret_ends_on": timezone.localdate() + timedelta(days=6)}, "Token ends in 6 days"),
        ({"state": "auth", "secret_ends_on": timezone.localdate() + timedelta(days=6)}, "Jira refused our sign-in"),
    ],
)
def test_the_card_says_the_worst_thing(columns: dict[str, Any], word: str) -> None:
    project = a_backlog()
    a_mapping(project, a_connection(**columns))

    assert word in shown("jira_connection_card 'SHOP'", a_person("mira", project))


def test_the_invitation_is_gone_once_jira_is_turned_on() -> None:
    project = a_backlog()
    mira = a_person("mira", project, Role.ADMIN)

    assert "Connect Jira" in shown("jira_invitation 'SHOP'", mira)

    a_mapping(project)

    assert shown("jira_invitation 'SHOP'", mira).strip() == ""


def test_who_may_not_connect_reads_whom_to_ask() -> None:
    project = a_backlog()
    a_person("mira", project, Role.ADMIN, first_name="Mira", last_name="Kovač")

    html = shown("jira_invitation 'SHOP'", a_person("jonas", project, Role.VIEWER))

    assert "Ask Mira Kovač." in html
    assert "<a class" not in html


def test_the_sidebar_counts_what_needs_a_person() -> None:
    project = a_backlog()
    mapping = a_mapping(project)
    a_ticket(mapping, a_story(project, 1), sync="failed")
    a_ticket(mapping, a_story(project, 2), sync="conflict")
    a_ticket(mapping, a_story(project, 3))

    html = shown("jira_nav 'SHOP'", a_person("mira", project))

    assert re.search(r'hot"\s*>\s*2\s*<', html)


def test_the_panel_offers_export_to_those_who_may_and_names_them_to_the_others() -> None:
    project = a_backlog()
    story = a_story(project)
    a_ticket(a_mapping(project), story, status_name="In Progress")
    item = annotate_sync(Story.objects.all()).get()
    ana = a_person("ana", project, Role.EXPORTER, first_name="Ana")

    for_ana = shown("jira_story_panel item", ana, item=item)
    for_jonas = shown("jira_story_panel item", a_person("jonas", project, Role.VIEWER), item=item)

    assert "Preview export" in for_ana
    assert "In Progress" in for_ana
    assert "Preview export" not in for_jonas
    assert "ask Ana" in for_jonas


def test_the_panel_names_the_last_run() -> None:
    project = a_backlog()
    story = a_story(project)
    mapping = a_mapping(project)
    run = a_run(a_plan(mapping, {story: "create"}), {"US-1": "failed"}, state="partly_done")

    html = shown("jira_story_panel item", a_person("ana", project), item=annotate_sync(Story.objects.all()).get())

    assert f"/p/SHOP/jira/runs/{run.pk}/" in html
