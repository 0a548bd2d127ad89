from __future__ import annotations

import json
from typing import Any

import pytest
import responses

from jira_integration.client import JiraClient
from jira_integration.client.exceptions import ErrorCode, JiraUnavailable
from tests.client.conftest import SITE, Payload

API = f"{SITE}/rest/api/3"


@responses.activate
async def test_the_site_says_what_it_is(jira: JiraClient, payload: Payload) -> None:
    body = payload("server_info__cloud")
    responses.get(f"{API}/serverInfo", body=body, content_type="application/json")

    info = await jira.server_info()

    assert info.is_cloud
    assert info.base_url == SITE


@responses.activate
async def test_myself_tells_the_account_and_its_time_zone(jira: JiraClient, payload: Payload) -> None:
    responses.get(f"{API}/myself", body=payload("myself__qa_bot"), content_type="application/json")

    me = await jira.myself()

    assert (me.account_id, me.display_name, me.email, me.time_zone) == ("5b10", "QA bot", "", "Europe/Ljubljana")


@responses.activate
async def test_projects_come_page_after_page(jira: JiraClient) -> None:
    for start in (0, 2):
        responses.get(
            f"{API}/project/search",
            json={
                "values": [{"id": str(n), "key": f"P{n}", "name": "x"} for n in range(start, min(start + 2, 3))],
                "total": 3,
                "isLast": start == 2,
            },
            match=[
                responses.matchers.query_param_matcher(
                    {"query": "p", "action": "create", "orderBy": "key", "startAt": start, "maxResults": 100}
                )
            ],
        )

    assert [project.key async for project in jira.projects("p")] == ["P0", "P1", "P2"]


@responses.activate
async def test_no_project_found_may_come_as_a_404(jira: JiraClient) -> None:
    responses.get(f"{API}/project/search", json={"errorMessages": ["No projects could be found."]}, status=404)

    assert [project async for project in jira.projects()] == []


@responses.activate
async def test_a_project_has_types_told_apart_by_level_not_by_name(jira: JiraClient, payload: Payload) -> None:
    responses.get(f"{API}/project/SHOP", body=payload("project__shop"), content_type="application/json")

    project = await jira.project("SHOP")

    assert [kind.name for kind in project.issue_types if kind.hierarchy_level == 1] == ["Epos"]


@responses.activate
@pytest.mark.parametrize("key", ["issueTypes", "values", "createMetaIssueType"])
async def test_issue_types_are_read_under_whatever_name_jira_gives_the_list(jira: JiraClient, key: str) -> None:
    rows = [{"id": "1", "name": "Bug", "subtask": False}]
    responses.get(f"{API}/issue/createmeta/10000/issuetypes", json={key: rows, "startAt": 0, "total": 1})

    assert [kind.name for kind in await jira.issue_types("10000")] == ["Bug"]


@responses.activate
@pytest.mark.parametrize("key", ["fields", "values", "results"])
async def test_create_fields_are_read_to_the_last_page_even_when_pages_are_shorter_than_asked(
    jira: JiraClient, key: str
) -> None:
    def page(request: Any) -> tuple[int, dict[str, str], str]:
        start = int(request.params["startAt"])
        rows = [{"fieldId": f"customfield_{n}", "name": f"F{n}"} for n in range(start, min(start + 50, 120))]
        return 200, {}, json.dumps({key: rows, "startAt": start, "maxResults": 50, "total": 120})

    responses.add_callback(
        "GET", f"{API}/issue/createmeta/SHOP/issuetypes/10002", page, content_type="application/json"
    )

    fields = await jira.create_fields("SHOP", "10002")

    assert len(fields) == 120
    assert len({field.field_id for field in fields}) == 120
    assert jira.transport.sent.total == 3


@responses.activate
async def test_fields_tell_what_they_hold_and_what_they_allow(jira: JiraClient, payload: Payload) -> None:
    path = f"{API}/issue/createmeta/SHOP/issuetypes/10002"
    responses.get(path, body=payload("create_fields__all_kinds"), content_type="application/json")

    summary, priority, team, labels = await jira.create_fields("SHOP", "10002")

    assert summary.must_be_filled
    assert not priority.must_be_filled
    assert [value.label for value in priority.allowed_values] == ["High", "Medium"]
    assert team.schema_.custom.endswith(":cascadingselect")
    assert team.schema_.custom_id == 10050
    assert team.allowed_values[0].children[0].value == "Card"
    assert (labels.schema_.type, labels.schema_.items, labels.operations) == (
        "array",
        "string",
        ["add", "set", "remove"],
    )


@responses.activate
async def test_site_fields_of_one_name_are_told_apart_by_their_project(jira: JiraClient, payload: Payload) -> None:
    responses.get(f"{API}/field", body=payload("fields__repeated_name"), content_type="application/json")

    fields = await jira.fields()

    assert [(field.id, field.project_id) for field in fields] == [
        ("customfield_10016", ""),
        ("customfield_10061", "10001"),
    ]


@responses.activate
async def test_statuses_carry_the_key_of_their_category(jira: JiraClient, payload: Payload) -> None:
    responses.get(f"{API}/project/SHOP/statuses", body=payload("statuses__shop"), content_type="application/json")

    (story,) = await jira.project_statuses("SHOP")

    assert [(status.name, status.category) for status in story.statuses] == [("Offen", "new"), ("Fertig", "done")]


@responses.activate
async def test_a_permission_jira_does_not_mention_is_not_held(jira: JiraClient, payload: Payload) -> None:
    responses.get(f"{API}/mypermissions", body=payload("permissions__no_create"), content_type="application/json")

    held = await jira.permissions("SHOP", ["CREATE_ISSUES", "BROWSE_PROJECTS", "EDIT_ISSUES"])

    assert held == {"CREATE_ISSUES": False, "BROWSE_PROJECTS": True, "EDIT_ISSUES": False}


@responses.activate
async def test_assignable_users_are_found(jira: JiraClient, payload: Payload) -> None:
    body = payload("users__assignable")
    responses.get(f"{API}/user/assignable/search", body=body, content_type="application/json")

    (mira,) = await jira.assignable_users("SHOP", "mira")

    assert (mira.account_id, mira.display_name) == ("5b10", "Mira Kovač")


@responses.activate
@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"values": 1}', b"tru", b'{"values": [{"id": {}}]}', b"[" * 9000])
async def test_an_answer_that_is_not_what_was_asked_for_is_unreadable_and_not_quoted(
    jira: JiraClient, body: bytes
) -> None:
    responses.get(f"{API}/issue/createmeta/SHOP/issuetypes", body=body, content_type="application/json")

    with pytest.raises(JiraUnavailable) as caught:
        await jira.issue_types("SHOP")

    assert caught.value.code == ErrorCode.UNREADABLE
    assert not caught.value.outcome_unknown
    assert caught.value.__context__ is None
