"""The pieces that pages are told: the same as on the page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import Client

from jira_integration import progress
from jira_integration.conf import story_source
from jira_integration.contracts import ProjectInfo
from jira_integration.export.unlink import forget
from jira_integration.live import run_news, run_of, workspace_news
from jira_integration.models import ExportRun, RunItem, annotate_sync
from jira_integration.templatetags.jira import jira_badge
from stories_qa.models import Project, Role, Story
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_run, a_story, a_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return a_backlog(stories=4)


@pytest.fixture
def run(project: Project) -> ExportRun:
    plan = a_plan(a_mapping(project), dict.fromkeys(Story.objects.all(), "create"), state="exported")
    made = a_run(plan, {"US-1": "created", "US-2": "failed", "US-3": "sending"})
    made.items.filter(state="failed").update(error_code="required_field", error_values={"field": "Team"})
    return made


def info(project: Project) -> ProjectInfo:
    found = story_source().project(project.key)
    assert found is not None
    return found


def piece(html: str, pattern: str) -> str:
    found = re.search(pattern, html, re.S)
    assert found, pattern
    without_oob = re.sub(r' hx-swap-oob="[^"]*"', "", found[0])
    without_tokens = re.sub(r'<input type="hidden" name="csrfmiddlewaretoken"[^>]*>', "", without_oob)
    return re.sub(r"\s+", " ", re.sub(r">(now|\d+ s|about [^<]*)<", "><", without_tokens))


@pytest.mark.parametrize(
    "pattern",
    [
        r'<tbody\s+id="item-US-1".*?</tbody>',
        r'<tbody\s+id="item-US-2".*?</tbody>',
        r'<section\s+class="prog"\s+id="run-progress".*?</section>',
        r'<section\s+class="card"\s+id="run-activity".*?</section>',
        r'<nav\s+id="run-tabs".*?</nav>',
        r'<div\s+class="pagehead"\s+id="run-head".*?</div>\s*</div>',
    ],
)
def test_what_is_told_equals_what_the_page_shows(
    pattern: str, run: ExportRun, project: Project, client: Client
) -> None:
    ana = a_person("ana", project, Role.EXPORTER)
    client.force_login(ana)
    RunItem.objects.update(seq=1)
    fresh = run_of(run.pk)
    assert fresh is not None

    page = client.get(f"/p/SHOP/jira/runs/{run.pk}/").content.decode()
    told = run_news(fresh, info(project), ana, after=0, rows=list(run.items.values_list("pk", flat=True))).html

    assert piece(told, pattern) == piece(page, pattern)


def test_rows_come_in_a_template_so_that_a_browser_keeps_them(run: ExportRun, project: Project) -> None:
    RunItem.objects.update(seq=1)
    fresh = run_of(run.pk)
    assert fresh is not None

    told = run_news(fresh, info(project), AnonymousUser(), after=0, rows=[run.items.earliest("pk").pk]).html

    assert "<tbody" not in told.split("<template>")[0]
    assert told.strip().endswith("</template>")


def test_a_run_of_ten_thousand_is_told_in_the_time_of_its_rows_on_screen(
    project: Project, run: ExportRun, django_assert_max_num_queries: Any
) -> None:
    fresh = run_of(run.pk)
    assert fresh is not None

    with django_assert_max_num_queries(25):
        run_news(fresh, info(project), AnonymousUser(), after=0, rows=list(range(10_000)))


def test_a_badge_that_is_told_equals_the_badge_of_the_list(project: Project) -> None:
    story = Story.objects.earliest("pk")
    a_ticket(a_mapping(project), story, seq=5)

    told = workspace_news(info(project), AnonymousUser(), after=4, keys=["US-1"]).html
    on_list = jira_badge(annotate_sync(Story.objects.filter(pk=story.pk)).get())

    inner = r'<span class="row nowrap".*?</a>\s*</span>'
    assert piece(told, inner) == piece(on_list, inner)


def test_a_version_that_moved_makes_the_page_read_the_row_again(project: Project) -> None:
    story = a_story(project, 9, version=7)
    a_ticket(a_mapping(project), story, seq=1, story_version=7)

    told = workspace_news(info(project), AnonymousUser(), after=0, keys=["US-9"]).html

    assert 'data-version="7"' in told


def test_a_story_that_was_unlinked_is_told_to_be_not_in_jira(project: Project) -> None:
    ticket = a_ticket(a_mapping(project), Story.objects.earliest("pk"), seq=1)

    forget([ticket])
    told = workspace_news(info(project), AnonymousUser(), after=0, keys=["US-1"]).html

    assert "Not in Jira" in told
    assert ticket.issue_key not in told


def test_a_badge_of_another_backlog_is_not_told(project: Project) -> None:
    other = a_backlog("OTHER", "Other")
    a_ticket(a_mapping(other), a_story(other, 1), seq=1)

    told = workspace_news(info(project), AnonymousUser(), after=0, keys=["US-1"])

    assert told.html.strip() == ""


def test_group_names_are_plain_and_short_whatever_the_ref() -> None:
    for ref in ("project:" + "0" * 32, "ü/…'\" " * 9):
        assert re.fullmatch(r"[a-zA-Z0-9\-_.]{1,99}", progress.project_group(ref))


def test_a_layer_that_is_down_stops_nothing(run: ExportRun, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    layer = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
    }
    settings.CHANNEL_LAYERS = {"default": layer}

    progress.publish_run(run)
    progress.publish_item(run.items.select_related("ticket").earliest("pk"))

    assert "No open page was told" in caplog.text


def test_nothing_told_has_inline_style_or_script(run: ExportRun, project: Project) -> None:
    RunItem.objects.update(seq=1)
    fresh = run_of(run.pk)
    assert fresh is not None
    told = run_news(
        fresh, info(project), AnonymousUser(), after=0, rows=list(run.items.values_list("pk", flat=True))
    ).html
    live = render_to_string("jira_integration/_live.html", {"socket": "/ws/", "poll": "/", "seq": 1})

    for html in (told, live):
        assert not re.search(r"\sstyle=|<script|\son\w+=", html)
