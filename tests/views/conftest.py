"""What most pages are looked at with: a backlog, somebody who may export, a preview with one item of each action."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from jira_integration.models import ExportPlan
from stories_qa.models import Project, Role, Story
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_planned, a_story

ACTIONS = ["create", "update", "unchanged", "conflict", "blocked"]


@pytest.fixture
def project(db: None) -> Project:
    return a_backlog()


@pytest.fixture
def ana(project: Project, client: Client) -> Any:
    """An exporter, signed in."""
    person = a_person("ana", project, Role.EXPORTER, first_name="Ana")
    client.force_login(person)
    return person


@pytest.fixture
def mixed(project: Project) -> ExportPlan:
    """One item of each action."""
    mapping = a_mapping(project)
    plan = a_plan(mapping, {})
    for number, action in enumerate(ACTIONS, 1):
        story = a_story(project, number)
        findings: list[dict[str, Any]] = []
        changes: list[dict[str, str]] = []
        if action == "update":
            changes = [{"field": "priority", "label": "Priority", "before": "High", "after": "Highest"}]
        if action == "blocked":
            findings = [{"code": "required_field", "values": {"field": "Team"}, "blocking": True}]
        if action == "conflict":
            findings = [{"code": "conflict_fields", "values": {"fields": "Summary"}, "blocking": False}]
        columns = {} if action == "create" else {"changes": changes}
        a_planned(plan, story, action, findings=findings, same_fields=6, **columns)
    plan.counts = dict.fromkeys(ACTIONS, 1)
    plan.requests_expected = 4
    plan.story_refs = list(Story.objects.values_list("ref", flat=True))
    plan.save()
    return plan
