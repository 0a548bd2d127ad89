"""Every address × every role. A row says who gets in; the others get what their place in the world gives them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from jira_integration import audit
from jira_integration.models import ExportPlan, ExportRun, PlannedTicket
from jira_integration.urls import urlpatterns
from jira_integration.urls_setup import urlpatterns as setup_urlpatterns
from stories_qa.models import Project, Role, Story
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_run

pytestmark = pytest.mark.django_db

VIEW, EXPORT = "view", "export"
LADDER = [Role.VIEWER, Role.EDITOR, Role.EXPORTER, Role.ADMIN]
FROM = {VIEW: Role.VIEWER, EXPORT: Role.EXPORTER}
# name: (method, act). The set-up's pages and the webhook have tables of their own.
TABLE = {
    "overview": ("get", VIEW),
    "check_now": ("post", EXPORT),
    "news": ("get", VIEW),
    "plan_create": ("post", EXPORT),
    "plan": ("get", VIEW),
    "plan_live": ("get", VIEW),
    "plan_export": ("post", EXPORT),
    "plan_refresh": ("post", EXPORT),
    "plan_discard": ("post", EXPORT),
    "plan_same": ("get", VIEW),
    "plan_csv": ("get", VIEW),
    "runs": ("get", VIEW),
    "run": ("get", VIEW),
    "run_live": ("get", VIEW),
    "run_stop": ("post", EXPORT),
    "run_pause": ("post", EXPORT),
    "run_move": ("post", EXPORT),
    "run_continue": ("post", EXPORT),
    "run_retry": ("post", EXPORT),
    "run_item_retry": ("post", EXPORT),
    "run_create": ("get", EXPORT),
    "run_item_create": ("get", EXPORT),
    "run_csv": ("get", VIEW),
}
WHOLE = {"plan_create", "runs"}  # of a backlog, not of one plan or run
SETUP = {pattern.name for pattern in setup_urlpatterns} | {"webhook"}
CASES = [(name, role) for name in TABLE for role in LADDER]


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


def asked(name: str, project: Project, client: Client) -> Any:
    method, _act = TABLE[name]
    return getattr(client, method)(address(name, project))


def test_no_address_is_missing_in_the_table() -> None:
    names = {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)}

    assert names == set(TABLE) | SETUP | {"audit", "audit_csv"}


@pytest.mark.parametrize(("name", "role"), CASES)
def test_a_role_gets_what_its_act_allows(name: str, role: str, backlog: Project, client: Client) -> None:
    client.force_login(a_person("ana", backlog, role))
    enough = LADDER.index(role) >= LADDER.index(FROM[TABLE[name][1]])

    answer = asked(name, backlog, client)

    assert (answer.status_code != 403) == enough
    assert answer.status_code < 500
    assert answer.status_code != 404


@pytest.mark.parametrize("name", TABLE)
def test_a_member_of_another_project_finds_nothing(name: str, backlog: Project, client: Client) -> None:
    client.force_login(a_person("eve", a_backlog("OTHER", "Other"), Role.ADMIN))

    assert asked(name, backlog, client).status_code == 404


@pytest.mark.parametrize("name", TABLE)
def test_nobody_is_sent_to_sign_in(name: str, backlog: Project, client: Client) -> None:
    answer = asked(name, backlog, client)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("name", [name for name in TABLE if name.startswith(("plan", "run")) and name not in WHOLE])
def test_a_plan_or_run_of_one_project_is_not_found_under_another(name: str, backlog: Project, client: Client) -> None:
    mine = a_backlog("OTHER", "Other")
    client.force_login(a_person("eve", mine, Role.ADMIN))
    method, _act = TABLE[name]

    answer = getattr(client, method)(address(name, backlog).replace("/p/SHOP/", "/p/OTHER/"))

    assert answer.status_code == 404


@pytest.mark.parametrize("name", [name for name, (method, _act) in TABLE.items() if method == "post"])
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
