from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from jira_integration.client.api import JiraClient
from jira_integration.client.exceptions import JiraNotFound
from jira_integration.mapping.changes import changes
from jira_integration.mapping.metadata import ProjectMetadata, current, keep, read_metadata, reread, stored
from jira_integration.models import JiraConnection, JiraMetadata
from jira_integration.setup.connect import jira_client
from tests.sandbox_server import RunningSandbox, running_sandbox

EPIC, STORY, SHOP = "10010", "10011", "10000"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def one_sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(one_sandbox: RunningSandbox) -> RunningSandbox:
    one_sandbox.clear_log()
    return one_sandbox


@pytest.fixture
def connection(sandbox: RunningSandbox) -> JiraConnection:
    made = JiraConnection(name="R", site_url=sandbox.url, deployment="cloud", user_name=sandbox.user)
    made.keep_secret(sandbox.token)
    made.save()
    return made


@pytest.fixture
async def jira(connection: JiraConnection) -> AsyncIterator[JiraClient]:
    async with jira_client(connection) as client:
        yield client


async def test_everything_of_a_project_is_read_to_the_last_page(jira: JiraClient, sandbox: RunningSandbox) -> None:
    metadata = await read_metadata(jira, SHOP, [EPIC, STORY])

    story = metadata.type(STORY)
    assert story is not None
    assert len(story.fields) > 50
    assert (metadata.key, metadata.team_managed, metadata.archived) == ("SHOP", False, False)
    assert [one.id for one in metadata.epic_types()] == [EPIC]
    assert metadata.permissions["CREATE_ISSUES"]
    assert [one.category for one in metadata.statuses_of([STORY])] == ["new", "indeterminate", "indeterminate", "done"]
    assert metadata.field_name("customfield_10031") == "Severity"
    severity = story.field("customfield_10031")
    assert severity is not None
    assert [one.name for one in severity.allowed] == ["Low", "Medium", "High"]
    assert sandbox.write_requests() == []


async def test_a_team_managed_project_is_told_apart(jira: JiraClient) -> None:
    metadata = await read_metadata(jira, "MOB", ["10111"])

    story = metadata.type("10111")
    assert story is not None
    assert metadata.team_managed
    assert [one.name for one in story.fields if one.must_be_filled and one.custom] == ["Team"]


async def test_where_nothing_may_be_created_no_field_is_read(jira: JiraClient) -> None:
    metadata = await read_metadata(jira, "RO", [STORY])

    assert not metadata.permissions["CREATE_ISSUES"]
    assert metadata.issue_types
    assert not any(one.fields for one in metadata.issue_types)


async def test_a_hidden_project_is_not_found(jira: JiraClient) -> None:
    with pytest.raises(JiraNotFound):
        await read_metadata(jira, "99999", [])


async def test_it_survives_being_stored_as_json(jira: JiraClient) -> None:
    metadata = await read_metadata(jira, SHOP, [STORY])

    again = ProjectMetadata.from_json(json.loads(json.dumps(metadata.to_json())))

    assert again == metadata
    assert again.fingerprint() == metadata.fingerprint()


async def test_what_is_fresh_is_not_read_again(
    jira: JiraClient, connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    first = await current(jira, connection, SHOP, [STORY])
    asked = len(sandbox.log())

    again = await current(jira, connection, SHOP, [STORY])

    assert again == first
    assert len(sandbox.log()) == asked


@pytest.mark.parametrize("reason", ["old", "another type", "asked for"])
async def test_what_is_old_or_lacks_a_type_is_read_again(
    jira: JiraClient, connection: JiraConnection, sandbox: RunningSandbox, reason: str
) -> None:
    await current(jira, connection, SHOP, [STORY])
    if reason == "old":
        await JiraMetadata.objects.aupdate(read_at=timezone.now() - timedelta(hours=1))
    asked = len(sandbox.log())

    types = [STORY, EPIC] if reason == "another type" else [STORY]
    metadata = await current(jira, connection, SHOP, types, force=reason == "asked for")

    assert len(sandbox.log()) > asked
    assert {one.id for one in metadata.issue_types if one.fields} == set(types)
    known = await sync_to_async(stored)(connection, SHOP)
    assert known is not None
    assert known[0] == metadata


async def test_reading_the_fields_again_takes_one_request_for_each_issue_type(
    jira: JiraClient, sandbox: RunningSandbox
) -> None:
    metadata = await read_metadata(jira, SHOP, [EPIC, STORY])
    sandbox.clear_log()

    again = await reread(jira, metadata)

    assert again.fingerprint() == metadata.fingerprint()
    assert len(sandbox.log()) == 2


async def test_the_fingerprint_changes_with_what_a_plan_relies_on_and_with_nothing_else(jira: JiraClient) -> None:
    metadata = await read_metadata(jira, SHOP, [STORY])
    story = metadata.type(STORY)
    assert story is not None

    def with_field(**changed: object) -> str:
        fields = (replace(story.fields[0], **changed), *story.fields[1:])  # type: ignore[arg-type]
        types = tuple(replace(one, fields=fields) if one.id == STORY else one for one in metadata.issue_types)
        return replace(metadata, issue_types=types).fingerprint()

    same = metadata.fingerprint()
    assert replace(metadata, key="NEW", name="New", time_zone="Asia/Tokyo", permissions={}).fingerprint() == same
    assert with_field(name="Another name") == same
    assert with_field(allowed=()) == same
    assert with_field(type="number") != same
    assert with_field(required=not story.fields[0].required) != same


async def test_new_gone_and_newly_demanded_fields_are_named(jira: JiraClient) -> None:
    metadata = await read_metadata(jira, SHOP, [STORY])
    story = metadata.type(STORY)
    assert story is not None
    first, second, *rest = (one for one in story.fields if one.custom)
    now = (replace(first, required=True), replace(second, id="customfield_9", name="Fresh"), *rest)
    after = replace(metadata, issue_types=(replace(story, fields=now),))
    before = replace(metadata, issue_types=(replace(story, fields=(first, second, *rest)),))

    found = changes(before, after)

    assert (found.new, found.gone, found.required) == (("Fresh",), (second.name,), (first.name,))
    assert not changes(after, after)
    assert not changes(None, after)


def test_one_row_is_kept_for_a_jira_project(connection: JiraConnection) -> None:
    keep(connection, ProjectMetadata("1", "A", "Old"))
    keep(connection, ProjectMetadata("1", "A", "New"))

    known = stored(connection, "1")
    assert known is not None
    assert (JiraMetadata.objects.count(), known[0].name) == (1, "New")
