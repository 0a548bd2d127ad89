from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from jira_integration.models import AuditEntry, JiraConnection, ProjectMapping
from stories_qa.models import Project, Role
from tests.jira_site import connect
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.visits import Visitor, text_of


@pytest.fixture
def twin(visitor: Visitor, mira: User, sandbox: RunningSandbox) -> tuple[int, ProjectMapping]:
    """SHOP at step 4 for Jira's SHOP, and a backlog TWIN of the same connection, mapped to Jira's SHOP already."""
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")
    other = Project.objects.create(key="TWIN", name="Twin")
    other.memberships.create(user=mira, role=Role.ADMIN)
    mapping = connect(other, sandbox, "SHOP", JiraConnection.objects.get(pk=pk))
    return pk, mapping


def page(pk: int, more: str = "") -> str:
    return f"/jira/connections/{pk}/copy/?project=SHOP{more}"


def test_a_mapping_is_copied_from_another_backlog_after_a_look_at_it(
    visitor: Visitor, twin: tuple[int, ProjectMapping]
) -> None:
    pk, former = twin
    priority = former.fields.get(kind="story", jira_field="priority")
    priority.value_map = {**priority.value_map, "low": "5"}
    priority.save()

    look = text_of(visitor.get(page(pk, "&source=TWIN")))
    answer = visitor.post(page(pk), {"source": "TWIN", "version": str(mine().version)})

    assert "Everything can be copied" in look
    assert answer.status_code == 303
    assert mine().fields.count() == former.fields.count()
    assert mine().statuses.count() == former.statuses.count()
    assert mine().fields.get(kind="story", jira_field="priority").value_map["low"] == "5"
    assert AuditEntry.objects.latest("pk").code == "mapping_copied"


def test_what_cannot_be_copied_is_listed_before_saving(visitor: Visitor, twin: tuple[int, ProjectMapping]) -> None:
    pk, former = twin
    visitor.choose(pk, "10001")  # MOB: another story point field, no acceptance criteria, other statuses
    stays = former.fields.get(kind="story", story_field="criteria")

    look = text_of(visitor.get(page(pk, "&source=TWIN")))
    visitor.post(page(pk), {"source": "TWIN", "version": str(mine().version)})

    assert f"Stories: MOB has no field like {stays.jira_name}." in look
    assert "MOB has no status In Review." in look
    copied = {one.story_field: one.jira_field for one in mine().fields.filter(kind="story")}
    assert copied["priority"] == "priority"
    assert "criteria" not in copied
    assert set(mine().statuses.filter(incoming=False).values_list("jira_status_name", flat=True)) <= {"To Do", "Done"}


def test_only_backlogs_one_may_set_up_are_offered(
    visitor: Visitor, mira: User, twin: tuple[int, ProjectMapping]
) -> None:
    pk, _former = twin
    assert "Twin (TWIN" in text_of(visitor.get(page(pk)))
    Project.objects.get(key="TWIN").memberships.all().delete()

    assert "Twin (TWIN" not in text_of(visitor.get(page(pk)))
    assert visitor.post(page(pk), {"source": "TWIN"}).status_code == 422
    assert mine().fields.count() == 0


def mine() -> ProjectMapping:
    return ProjectMapping.objects.get(
        jira_project_key__in=["SHOP", "MOB"], project_ref=Project.objects.get(key="SHOP").ref
    )
