"""A run for its page and for the list of runs."""

from __future__ import annotations

from typing import Any

from jira_integration.models import ExportRun, ProjectMapping
from stories_qa.models import Project, Story
from tests.jira_rows import a_mapping, a_plan, a_run


def started(project: Project, states: dict[str, str] | None = None, **columns: Any) -> ExportRun:
    mapping = ProjectMapping.objects.filter(project_ref=project.ref).first() or a_mapping(project)
    plan = a_plan(mapping, dict.fromkeys(Story.objects.order_by("pk"), "create"), state="exported")
    return a_run(plan, states, **columns)
