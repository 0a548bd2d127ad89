"""Answers of real sites through the client's own code. They lie in the folder `shared` beside the checkout."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import responses

from jira_integration.client import CloudClient, JiraClient, Transport
from jira_integration.client.auth import BasicToken
from jira_integration.client.exceptions import JiraForbidden, JiraNotFound, JiraRejected, JiraUnavailable
from jira_integration.client.guard import Guard
from jira_integration.client.schemas import FieldMeta, StatusInfo, User

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cases" / "rest"
FILES = sorted(path.name for path in CASES.glob("*.json"))
pytestmark = pytest.mark.skipif(not FILES, reason="Left out: recorded answers (no `shared` beside the checkout).")

ANYWHERE = re.compile("https://acme.atlassian.net/.*")
Read = Callable[[JiraClient, Any], Awaitable[None]]
# Boards, sprints, filters, worklogs and the like: the client has no call that would be answered so.
NOT_ASKED_FOR = (
    "agile__", "development_panels__", "entity_other__", "getIssueWorklog__", "getRemoteIssueLinks__",
    "issue_changelogs__", "issuelinktypes__", "list_other__", "paged_other__", "priorities__", "request-",
    "searchPriorities__", "sprints__", "versions__",
)  # fmt: skip
# Cut down by hand for somebody's tests: the issues have no id, which no site leaves out.
WITHOUT_IDS = ("issue__jira-cli-go__", "search__jira-cli-go__")
# What a site answers to a question that our client puts in another way, with the same things in it.
OLD_METADATA = ("createmeta_old__", "editmeta_or_fields__", "getCreateIssueMeta__")


async def server_info(jira: JiraClient, body: Any) -> None:
    assert (await jira.server_info()).is_cloud is (body["deploymentType"] == "Cloud")


async def myself(jira: JiraClient, body: Any) -> None:
    me = await jira.myself()
    assert me.account_id == body["accountId"]
    assert me.time_zone == body["timeZone"]


async def users(jira: JiraClient, body: Any) -> None:
    assert [one.account_id for one in await jira.assignable_users("X")] == [one["accountId"] for one in body]


async def projects(jira: JiraClient, body: Any) -> None:
    found = [one.key async for one in jira.projects()]
    assert found[: len(body["values"])] == [one["key"] for one in body["values"]]


async def project(jira: JiraClient, body: Any) -> None:
    found = await jira.project(body["key"])
    assert (found.id, found.key, found.simplified) == (body["id"], body["key"], body.get("simplified", False))
    assert [kind.id for kind in found.issue_types] == [kind["id"] for kind in body.get("issueTypes", [])]


async def issue_types(jira: JiraClient, body: Any) -> None:
    rows = body.get("issueTypes") or body.get("values")
    assert [kind.id for kind in await jira.issue_types("X")] == [row["id"] for row in rows]


async def fields(jira: JiraClient, body: Any) -> None:
    found = await jira.fields()
    assert [one.id for one in found] == [one["id"] for one in body]
    assert [one.schema_.type for one in found] == [(one.get("schema") or {}).get("type", "") for one in body]


async def issue(jira: JiraClient, body: Any) -> None:
    found = await jira.get_issue(body["key"])
    assert (found.id, found.key, found.fields) == (body["id"], body["key"], body["fields"])
    assert found.updated is not None or not isinstance(body["fields"].get("updated"), str)
    if "statusCategory" in (body["fields"].get("status") or {}):
        assert found.status is not None
        assert found.status.category == body["fields"]["status"]["statusCategory"]["key"]


async def search(jira: JiraClient, body: Any) -> None:
    pages = [page async for page in jira.search("project = X")]
    assert [one.key for one in pages[0].issues] == [one["key"] for one in body["issues"]]


async def bulk_fetch(jira: JiraClient, body: Any) -> None:
    assert [one.id for one in await jira.bulk_fetch(["X"])] == [one["id"] for one in body["issues"]]


async def transitions(jira: JiraClient, body: Any) -> None:
    found = await jira.transitions("X-1", with_fields=True)
    assert [one.id for one in found] == [str(one["id"]) for one in body["transitions"]]
    assert [one.to.id for one in found] == [one.get("to", {}).get("id", "") for one in body["transitions"]]


async def permissions(jira: JiraClient, body: Any) -> None:
    names = list(body["permissions"])
    held = {name: body["permissions"][name]["havePermission"] for name in names}
    assert await jira.permissions("X", names) == held


async def all_refused(jira: JiraClient, body: Any) -> None:
    answer = await jira.create_issues([{}] * len(body["errors"]))
    assert answer.by_position(len(body["errors"])) == {}
    assert [set(one.field_errors) for one in answer.errors] == [
        set(one["elementErrors"]["errors"]) for one in body["errors"]
    ]


READERS: dict[str, Read] = {
    "bulkFetchIssues__": bulk_fetch,
    "createIssues__": all_refused,
    "createmeta_issuetypes__go-jira__": project,
    "createmeta_issuetypes__": issue_types,
    "fields__": fields,
    "findUsers__": users,
    "getCreateIssueMetaIssueTypes__openapi__200": issue_types,
    "getCurrentUser__": myself,
    "getFields__": fields,
    "getIssue__": issue,
    "getMyPermissions__": permissions,
    "getTransitions__": transitions,
    "issue__": issue,
    "project__": project,
    "searchProjects__": projects,
    "search__": search,
    "serverinfo__": server_info,
    "transitions__": transitions,
}
REFUSALS = ("createIssue__", "error__", "getCreateIssueMetaIssueTypeId__", "getCreateIssueMetaIssueTypes__openapi__400")


def reader(name: str) -> Read | None:
    return next((read for start, read in READERS.items() if name.startswith(start)), None)


def known(name: str) -> bool:
    starts = NOT_ASKED_FOR + OLD_METADATA + REFUSALS
    lists = ("project_list__", "statuses__", "getStatuses__", "user__", "getFieldsPaginated__")
    return reader(name) is not None or name.startswith(starts + lists)


@pytest.fixture
async def jira() -> AsyncIterator[JiraClient]:
    transport = Transport("https://acme.atlassian.net", BasicToken("a@acme.test", "a-long-token"), Guard())
    yield CloudClient(transport)
    await transport.aclose()


def body_of(name: str) -> Any:
    return json.loads((CASES / name).read_text(encoding="utf-8"))


def answer_everything_with(name: str, status: int) -> None:
    for method in ("GET", "POST"):
        responses.add(
            method, ANYWHERE,
            body=(CASES / name).read_bytes(), status=status, content_type="application/json",
        )  # fmt: skip


@pytest.mark.parametrize("name", [name for name in FILES if reader(name) and not name.startswith(WITHOUT_IDS)])
@responses.activate
async def test_a_recorded_answer_is_read(jira: JiraClient, name: str) -> None:
    answer_everything_with(name, 400 if "__400" in name else 200)
    read = reader(name)
    assert read is not None

    await read(jira, body_of(name))


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(WITHOUT_IDS)])
@responses.activate
async def test_an_issue_without_its_id_is_unreadable_rather_than_half_known(jira: JiraClient, name: str) -> None:
    answer_everything_with(name, 200)
    body = body_of(name)

    with pytest.raises(JiraUnavailable):
        await (search if "issues" in body else issue)(jira, body)


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(REFUSALS) or "__403" in name])
@responses.activate
async def test_a_recorded_refusal_keeps_jiras_words(jira: JiraClient, name: str) -> None:
    status = 403 if "__403" in name else 404 if "no_" in name else 400
    answer_everything_with(name, status)
    body = body_of(name)

    with pytest.raises((JiraRejected, JiraForbidden, JiraNotFound)) as caught:
        await jira.get_issue("X-1")

    assert caught.value.jira_messages == tuple(body["errorMessages"])
    assert caught.value.field_errors == body["errors"]


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(OLD_METADATA)])
def test_fields_of_older_metadata_are_read_as_fields(name: str) -> None:
    found = list(fields_within(body_of(name)))

    assert [field.field_id for field, _ in found] == [field_id for _, field_id in found]
    assert found or "openapi" in name


def fields_within(node: Any) -> Any:
    """(field, its id) for every create field in an old answer, where fields are an object by id."""
    if isinstance(node, list):
        for child in node:
            yield from fields_within(child)
    elif isinstance(node, dict):
        for key, child in node.items():
            if key == "fields" and isinstance(child, dict):
                for field_id, meta in child.items():
                    yield FieldMeta.model_validate({**meta, "fieldId": field_id}), field_id
            else:
                yield from fields_within(child)


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(("statuses__", "getStatuses__"))])
def test_recorded_statuses_keep_the_key_of_their_category(name: str) -> None:
    for row in body_of(name):
        assert StatusInfo.model_validate(row).category == row["statusCategory"]["key"]


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("user__")])
def test_a_recorded_user_is_read(name: str) -> None:
    body = body_of(name)

    assert User.model_validate(body).display_name == body["displayName"]


def test_every_recorded_answer_is_either_read_or_named_as_not_asked_for() -> None:
    assert [name for name in FILES if not known(name)] == []
