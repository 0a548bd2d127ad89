"""Plans and runs under the address of another project, changes by GET, and what the trail shows to whom.

Who gets in where: tests/test_roles.py.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jira_integration import audit
from jira_integration.models import ExportPlan, ExportRun, PlannedTicket
from stories_qa.models import Project, Role, Story
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_run

pytestmark = pytest.mark.django_db

# name: method
TABLE = {
    "overview": "get",
    "check_now": "post",
    "news": "get",
    "plan_create": "post",
    "plan": "get",
    "plan_live": "get",
    "plan_same": "get",
    "plan_export": "post",
    "plan_refresh": "post",
    "plan_discard": "post",
    "plan_csv": "get",
    "runs": "get",
    "run": "get",
    "run_live": "get",
    "run_stop": "post",
    "run_pause": "post",
    "run_move": "post",
    "run_continue": "post",
    "run_retry": "post",
    "run_item_retry": "post",
    "run_create": "get",
    "run_item_create": "get",
    "run_csv": "get",
}
WHOLE = {"plan_create", "runs"}  # of a backlog, not of one plan or run


@pytest.fixture
def backlog() -> Project:
    project = a_backlog(stories=2)
    mapping = a_mapping(project)
    first, second = Story.objects.all()
    a_plan(mapping, {first: "create", second: "create"})
    a_run(a_plan(mapping, {first: "create"}), {"US-1": "failed"}, state="partly_done")
    return project


def address(name: str, project: Project) -> str:
    run = ExportRun.objects.get(project_ref=project.ref)
    plan = ExportPlan.objects.get(project_ref=project.ref, run=None)
    args: list[Any] = [project.key]
    if name.startswith("plan") and name != "plan_create":
        args.append(plan.pk)
    if name.startswith("run") and name != "runs":
        args.append(run.pk)
    if name == "plan_same":
        args.append(PlannedTicket.objects.filter(plan=args[-1])[0].pk)
    if name in ("run_item_retry", "run_item_create"):
        args.append(run.items.get().pk)
    return reverse(f"jira_integration:{name}", args=args)


@pytest.mark.parametrize("name", [name for name in TABLE if name.startswith(("plan", "run")) and name not in WHOLE])
def test_a_plan_or_run_of_one_project_is_not_found_under_another(name: str, backlog: Project, client: Client) -> None:
    mine = a_backlog("OTHER", "Other")
    client.force_login(a_person("eve", mine, Role.ADMIN))
    method = TABLE[name]

    answer = getattr(client, method)(address(name, backlog).replace("/p/SHOP/", "/p/OTHER/"))

    assert answer.status_code == 404


@pytest.mark.parametrize("name", [name for name, method in TABLE.items() if method == "post"])
def test_no_change_by_get_and_none_without_a_token(name: str, backlog: Project) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(a_person("ana", backlog, Role.ADMIN))

    assert client.get(address(name, backlog)).status_code == 405
    assert client.post(address(name, backlog)).status_code == 403


def test_who_may_not_reads_who_may(backlog: Project, client: Client) -> None:
    a_person("mira", backlog, Role.ADMIN, first_name="Mira", last_name="Kovač")
    client.force_login(a_person("jonas", backlog, Role.VIEWER))

    answer = client.post(address("plan_create", backlog))

    assert answer.status_code == 403
    assert "Ask Mira Kovač" in answer.content.decode()


def test_the_audit_trail_shows_only_what_happened_in_projects_of_ones_own(backlog: Project, client: Client) -> None:
    other = a_backlog("OTHER", "Other")
    audit.record("plan_made", {"count": 3}, actor_name="Ana", project_ref=backlog.ref)
    audit.record("plan_made", {"count": 5}, actor_name="Eve", project_ref=other.ref)
    client.force_login(a_person("ana", backlog, Role.VIEWER))

    page = client.get("/audit/").content.decode()
    asked_for_other = client.get("/audit/?project=OTHER").content.decode()

    assert "Ana previewed" in page
    assert "Eve previewed" not in page
    assert "Eve previewed" not in asked_for_other


def test_the_audit_trail_is_nothing_for_who_has_no_project(client: Client) -> None:
    assert client.get("/audit/").status_code == 302

    client.force_login(a_person(f"nobody-{uuid.uuid4().hex[:6]}"))

    assert client.get("/audit/").status_code == 404
