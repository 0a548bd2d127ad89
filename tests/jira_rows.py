"""Rows for tests of the plug-in: a backlog that is connected, tickets, plans, runs. Each function makes what it says
and nothing more; keyword arguments become columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from jira_integration.models import (
    ExportedTicket,
    ExportPlan,
    ExportRun,
    JiraConnection,
    PlannedTicket,
    ProjectMapping,
    RunItem,
)
from stories_qa.models import Epic, Membership, Project, Role, Story, TestCase, TestStep

STEPS = ["site", "sign-in", "project", "fields", "statuses", "webhook", "review"]
LEVELS = {"epic": 0, "story": 1, "test": 2}


def a_person(username: str, project: Project | None = None, role: str = Role.EXPORTER, **columns: Any) -> Any:
    """A user with the password "pw", a member of `project` in `role` when one is given."""
    user = get_user_model().objects.create_user(username, f"{username}@acme.test", "pw", **columns)
    if project is not None:
        Membership.objects.create(project=project, user=user, role=role)
    return user


def a_backlog(key: str = "SHOP", name: str = "Shop", stories: int = 0) -> Project:
    """A project with stories US-1 … US-n."""
    project = Project.objects.create(key=key, name=name)
    for number in range(1, stories + 1):
        a_story(project, number)
    return project


def a_story(project: Project, number: int = 1, **columns: Any) -> Story:
    columns.setdefault("title", f"Story {number}")
    return Story.objects.create(project=project, key=f"US-{number}", position=number, **columns)


def an_epic(project: Project, number: int = 1, **columns: Any) -> Epic:
    columns.setdefault("title", f"Epic {number}")
    return Epic.objects.create(project=project, key=f"EP-{number}", position=number, **columns)


def a_test(
    project: Project, story: Story | None = None, number: int = 1, steps: Sequence[tuple[str, str]] = (), **columns: Any
) -> TestCase:
    """Test case TC-n with (action, expected) steps."""
    columns.setdefault("title", f"Test {number}")
    case = TestCase.objects.create(project=project, story=story, key=f"TC-{number}", position=number, **columns)
    for position, (action, expected) in enumerate(steps):
        TestStep.objects.create(test_case=case, position=position, action=action, expected=expected)
    return case


def a_connection(**columns: Any) -> JiraConnection:
    """A Jira site that answers, signed in to as the QA bot."""
    columns.setdefault("name", "Acme")
    columns.setdefault("site_url", "https://acme.atlassian.net")
    columns.setdefault("deployment", "cloud")
    columns.setdefault("user_name", "qa-bot@acme.test")
    columns.setdefault("account_name", "QA bot")
    columns.setdefault("state", "ok")
    columns.setdefault("checked_at", timezone.now())
    connection = JiraConnection(**columns)
    connection.keep_secret("a-token-that-is-long-enough")
    connection.save()
    return connection


def a_mapping(project: Project, connection: JiraConnection | None = None, **columns: Any) -> ProjectMapping:
    """The backlog joined to Jira project SHOP, turned on."""
    columns.setdefault("jira_project_id", "10000")
    columns.setdefault("jira_project_key", "SHOP")
    columns.setdefault("jira_project_name", "Shop")
    columns.setdefault("epic_type_id", "10001")
    columns.setdefault("story_type_id", "10002")
    columns.setdefault("live", True)
    columns.setdefault("steps_done", STEPS)
    return ProjectMapping.objects.create(connection=connection or a_connection(), project_ref=project.ref, **columns)


def a_ticket(mapping: ProjectMapping, item: Any, **columns: Any) -> ExportedTicket:
    """The issue that stands for a story (or epic): in sync, with the key SHOP-<number of the story>."""
    columns.setdefault("sync", "in_sync")
    if columns["sync"] not in ("not_exported", "failed"):
        number = item.key.rpartition("-")[2]
        columns.setdefault("issue_id", f"{_kind(item)}{number}")
        columns.setdefault("issue_key", f"SHOP-{number}")
    columns.setdefault("story_version", item.version)
    columns.setdefault("checked_at", timezone.now())
    return ExportedTicket.objects.create(
        connection=mapping.connection,
        mapping=mapping,
        project_ref=mapping.project_ref,
        story_ref=item.ref,
        story_key=item.key,
        kind=_kind(item),
        **columns,
    )


def a_plan(mapping: ProjectMapping, actions: dict[Any, str] | None = None, **columns: Any) -> ExportPlan:
    """A plan that is ready: `actions` says for each story "create", "update", "unchanged", "conflict" or "blocked"."""
    columns.setdefault("state", "ready")
    columns.setdefault("jira_read_at", timezone.now())
    columns.setdefault("mapping_version", mapping.version)
    plan = ExportPlan.objects.create(mapping=mapping, project_ref=mapping.project_ref, **columns)
    for item, action in (actions or {}).items():
        a_planned(plan, item, action)
    plan.story_refs = list(plan.items.values_list("story_ref", flat=True))
    plan.counts = {action: plan.items.filter(action=action).count() for action in PlannedTicket.Action.values}
    plan.save()
    return plan


def a_planned(plan: ExportPlan, item: Any, action: str = "create", **columns: Any) -> PlannedTicket:
    ticket = ExportedTicket.objects.filter(story_ref=item.ref, unlinked_at=None).first()
    columns.setdefault("position", plan.items.count())
    columns.setdefault("title", item.title)
    if action == "create":
        columns.setdefault("changes", [{"field": "summary", "label": "Summary", "before": "", "after": item.title}])
    columns.setdefault("uid", ticket.uid if ticket else _fresh_uid())
    columns.setdefault("issue_id", ticket.issue_id if ticket else "")
    columns.setdefault("issue_key", ticket.issue_key if ticket else "")
    return PlannedTicket.objects.create(
        plan=plan,
        action=action,
        level=LEVELS[_kind(item)],
        kind=_kind(item),
        story_ref=item.ref,
        story_key=item.key,
        story_version=item.version,
        **columns,
    )


def a_run(plan: ExportPlan, states: dict[str, str] | None = None, **columns: Any) -> ExportRun:
    """A run of the plan with a ledger row for every item that would be sent; `states` gives the state of an item by
    its story's key, the others are queued. A lease is kept unless columns say otherwise."""
    columns.setdefault("state", "running")
    columns.setdefault("started_at", timezone.now())
    if columns["state"] in ExportRun.DRIVEN:
        columns.setdefault("lease_until", timezone.now() + timedelta(hours=1))
        columns.setdefault("lease_token", "t")
    run = ExportRun.objects.create(
        plan=plan,
        connection=plan.mapping.connection,
        project_ref=plan.project_ref,
        jira_project_id=plan.mapping.jira_project_id,
        **columns,
    )
    for planned in plan.items.all():
        state = (states or {}).get(planned.story_key, "queued")
        RunItem.objects.create(
            run=run,
            planned=planned,
            position=planned.position,
            kind=planned.kind,
            story_ref=planned.story_ref,
            story_key=planned.story_key,
            title=planned.title,
            action=planned.action,
            state=state,
            issue_key=planned.issue_key or (f"SHOP-{100 + planned.position}" if state == "created" else ""),
        )
    return run


def _kind(item: Any) -> str:
    return str(item.ref.partition(":")[0])


def _fresh_uid() -> Any:
    return ExportedTicket._meta.get_field("uid").get_default()
