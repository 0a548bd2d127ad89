from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jira_integration.models import ExportPlan, JiraMetadata, ProjectMapping
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.visits import Visitor, text_of

Field = dict[str, Any]


@pytest.fixture
def live(visitor: Visitor, sandbox: RunningSandbox) -> int:
    """SHOP connected, mapped as suggested and turned on."""
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")
    for slug in ("fields", "statuses", "webhook", "review"):
        visitor.send(visitor.step(pk, slug))
    return pk


def jira_changes(change: Callable[[list[Field]], None]) -> None:
    """Let what is stored of Jira differ from what it was when the mapping was saved."""
    row = JiraMetadata.objects.get()
    change(next(one for one in row.payload["issue_types"] if one["id"] == "10011")["fields"])
    row.save()


def points_gone(fields: list[Field]) -> None:
    fields[:] = [one for one in fields if one["id"] != "customfield_10016"]


def highest_gone(fields: list[Field]) -> None:
    priority = next(one for one in fields if one["id"] == "priority")
    priority["allowed"] = [one for one in priority["allowed"] if one["name"] != "Highest"]


def effort_required(fields: list[Field]) -> None:
    next(one for one in fields if one["id"] == "customfield_10040")["required"] = True


def points_are_text(fields: list[Field]) -> None:
    points = next(one for one in fields if one["id"] == "customfield_10016")
    points["custom"], points["type"] = "com.atlassian.jira.plugin.system.customfieldtypes:textfield", "string"


@pytest.mark.parametrize(
    ("change", "said", "anchor"),
    [
        (points_gone, "Jira has no field “Story Points” any more.", "#s-points"),
        (highest_gone, "Jira has no counterpart of “Urgent” for Priority any more.", "#f-priority"),
        (effort_required, "Jira needs “Effort” for every new Story.", "#f-customfield_10040"),
        (points_are_text, "“Story Points” holds something else in Jira now.", "#f-customfield_10016"),
    ],
)
def test_a_change_in_jira_is_told_with_the_control_that_mends_it(
    visitor: Visitor, live: int, change: Callable[[list[Field]], None], said: str, anchor: str
) -> None:
    mapping = ProjectMapping.objects.get()
    plan = ExportPlan.objects.create(mapping=mapping, project_ref=mapping.project_ref, state="ready")
    pages = (visitor.step(live, "fields"), "/p/SHOP/jira/", f"/p/SHOP/jira/plans/{plan.pk}/")
    before = [text_of(visitor.get(page)) for page in pages]

    jira_changes(change)

    assert all(said not in page for page in before)
    for page in pages:
        answer = visitor.get(page)
        assert said in text_of(answer), page
        assert anchor in answer.content.decode(), page
    assert f'id="{anchor[1:]}"' in visitor.get(pages[0]).content.decode()
