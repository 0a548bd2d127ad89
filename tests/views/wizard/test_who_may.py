"""The pages beside the seven steps: for admins of the backlog, by every address and button."""

from __future__ import annotations

import pytest
from django.test import Client

from jira_integration.models import MappingVersion, Trial
from stories_qa.models import Project, Role
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.conftest import member
from tests.views.wizard.visits import Visitor

PAGES = ("versions/", "copy/", "trial/", "find/")


@pytest.fixture
def saved(visitor: Visitor, sandbox: RunningSandbox) -> int:
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")
    for slug in ("fields", "statuses", "webhook"):
        visitor.send(visitor.step(pk, slug))
    return pk


@pytest.mark.parametrize("page", PAGES)
def test_an_exporter_is_told_who_may(client: Client, saved: int, backlog: Project, page: str) -> None:
    client.force_login(member(backlog, "eve", Role.EXPORTER))

    answer = client.get(f"/jira/connections/{saved}/{page}?project=SHOP")

    assert answer.status_code == 403
    assert "Mira Kovač" in answer.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_an_admin_of_another_backlog_finds_nothing(client: Client, saved: int, page: str) -> None:
    other = Project.objects.create(key="OTHER", name="Other")
    client.force_login(member(other, "eve", Role.ADMIN))

    assert client.get(f"/jira/connections/{saved}/{page}?project=SHOP").status_code == 404


@pytest.mark.parametrize("page", ["versions/1/use/", "copy/", "trial/"])
def test_nothing_changes_for_who_may_not(client: Client, saved: int, backlog: Project, page: str) -> None:
    client.force_login(member(backlog, "eve", Role.EXPORTER))
    before = MappingVersion.objects.count()
    given = {"start": "1", "story": "US-142", "source": "SHOP"}

    answer = client.post(f"/jira/connections/{saved}/{page}?project=SHOP", given)

    assert answer.status_code == 403
    assert MappingVersion.objects.count() == before
    assert not Trial.objects.exists()
