"""How many SQL statements the pages that are looked at most take, however much there is."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jira_integration.models import JiraConnection
from stories_qa.models import Role
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_run, a_story, a_ticket

# The overview asks for as many kinds of things as it shows; none of them for each row.
MOST = {"/p/SHOP/jira/": 21, "/p/SHOP/stories/": 12}
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", MOST)
def test_a_page_takes_few_statements_however_much_there_is(client: Client, path: str) -> None:
    project = a_backlog(stories=60)
    mapping: Any = a_mapping(project)
    JiraConnection.objects.update(checked_at=timezone.now())
    client.force_login(a_person("ana", project, Role.ADMIN))
    for story in project.storys.all()[:40]:
        a_ticket(mapping, story)
    for _run in range(8):
        a_run(a_plan(mapping, {a_story(project, 100 + _run): "create"}), {f"US-{100 + _run}": "created"}, state="done")
    client.get(path)

    with CaptureQueriesContext(connection) as seen:
        client.get(path)

    asked = [one["sql"] for one in seen]
    assert len(asked) <= MOST[path], "\n".join(sql[:300] for sql in asked)
