from __future__ import annotations

import uuid

from django.test import Client

from jira_integration.models import PlannedTicket
from stories_qa.models import Role
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan


def test_a_cause_that_many_stories_share_is_one_line_that_mends_it_once(client: Client, db: None) -> None:
    project = a_backlog()
    client.force_login(a_person("mira", project, Role.ADMIN))
    plan = a_plan(a_mapping(project), {}, counts={"blocked": 3})
    values = {"field": "Team", "field_id": "customfield_1", "issue_type": "Story"}
    for number in range(3):
        PlannedTicket.objects.create(
            plan=plan,
            position=number,
            level=1,
            kind="story",
            story_ref=f"story:{number:032x}",
            story_key=f"US-{number}",
            title="Pay",
            story_version=1,
            uid=uuid.uuid4(),
            action="blocked",
            findings=[{"code": "required_field", "values": values, "blocking": True}],
        )

    page = client.get(f"/p/SHOP/jira/plans/{plan.pk}/").content.decode()

    assert page.count("3 × Jira needs “Team” for every new Story.") == 1
    assert page.count("Fix once") == 1
    assert "kind=story#f-customfield_1" in page
