from __future__ import annotations

import json
from typing import Any

import pytest
import responses

from jira_integration.client import DataCenterClient, Transport
from jira_integration.client.exceptions import ErrorCode, JiraLoginError, JiraNotFound, JiraUnavailable
from tests.client.conftest import MakeTransport

SITE = "https://intranet.test/jira"
API = f"{SITE}/rest/api/2"
PROPERTY = "stories-qa.item"


@pytest.fixture
def transport(make_transport: MakeTransport) -> Transport:
    return make_transport(SITE)


@pytest.fixture
def jira(transport: Transport) -> DataCenterClient:
    return DataCenterClient(transport)


def issue(number: int, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "key": f"SHOP-{number}", "fields": {"summary": f"Story {number}"}, **more}


def bodies(path: str) -> list[Any]:
    """The JSON bodies of the requests to a path, in their order."""
    called = [call.request for call in responses.calls if str(call.request.url).partition("?")[0] == f"{API}/{path}"]
    return [json.loads(request.body or b"null") for request in called]


def asked_of(path: str) -> int:
    return len([call for call in responses.calls if str(call.request.url).startswith(f"{API}/{path}")])


@responses.activate
async def test_issues_are_read_by_one_search_and_what_it_does_not_show_by_id(jira: DataCenterClient) -> None:
    responses.post(f"{API}/search", json={"startAt": 0, "maxResults": 100, "total": 1, "issues": [issue(11)]})
    responses.get(f"{API}/issue/12", json=issue(12))
    responses.get(f"{API}/issue/13", json={"errorMessages": ["Issue Does Not Exist"], "errors": {}}, status=404)

    found = await jira.bulk_fetch(["11", "12", "13"], fields=["summary"])

    assert [one.id for one in found] == ["11", "12"]  # 12 is not in the index yet, 13 is nowhere
    assert bodies("search") == [
        {
            "jql": "id in (11, 12, 13) ORDER BY id ASC",
            "startAt": 0,
            "maxResults": 100,
            "fields": ["summary"],
            "validateQuery": False,
        }
    ]


@responses.activate
async def test_a_search_that_stumbles_over_an_unknown_key_still_finds_the_others(jira: DataCenterClient) -> None:
    refusal = {"errorMessages": ["An issue with key 'SHOP-99' does not exist for field 'key'."], "errors": {}}
    responses.post(f"{API}/search", json=refusal, status=400)
    responses.get(f"{API}/issue/SHOP-11", json=issue(11))
    responses.get(f"{API}/issue/SHOP-99", json={"errorMessages": ["Issue Does Not Exist"]}, status=404)

    found = await jira.bulk_fetch(["SHOP-11", "SHOP-99"])

    assert [one.key for one in found] == ["SHOP-11"]
    assert bodies("search")[0]["jql"] == 'key in ("SHOP-11", "SHOP-99") ORDER BY id ASC'


@responses.activate
async def test_an_issue_that_moved_is_found_under_the_key_it_was_asked_for_by(jira: DataCenterClient) -> None:
    moved = {**issue(11), "key": "NEW-4"}
    responses.post(f"{API}/search", json={"total": 1, "issues": [moved]})
    responses.get(f"{API}/issue/SHOP-11", json=moved)

    found = await jira.bulk_fetch(["SHOP-11"])

    assert [(one.id, one.key) for one in found] == [("11", "NEW-4")]


@responses.activate
async def test_issues_with_properties_are_read_one_by_one_since_a_search_gives_none(jira: DataCenterClient) -> None:
    for number in (11, 12):
        responses.get(f"{API}/issue/{number}", json=issue(number, properties={PROPERTY: {"uid": f"u-{number}"}}))

    found = await jira.bulk_fetch(["11", "12"], fields=["summary"], properties=[PROPERTY])

    assert [one.properties[PROPERTY]["uid"] for one in found] == ["u-11", "u-12"]
    assert asked_of("search") == 0
    assert "properties=stories-qa.item" in str(responses.calls[0].request.url)


@responses.activate
async def test_trouble_with_one_issue_fails_the_whole_read(jira: DataCenterClient) -> None:
    responses.post(f"{API}/search", json={"total": 1, "issues": [issue(11)]})
    responses.get(f"{API}/issue/12", status=503)

    with pytest.raises(JiraUnavailable):
        await jira.bulk_fetch(["11", "12"])


@responses.activate
async def test_pages_after_the_first_are_asked_for_by_id_so_that_none_is_lost_when_the_order_changes(
    jira: DataCenterClient,
) -> None:
    responses.post(f"{API}/search", json={"total": 4, "issues": [issue(30), issue(10)]})
    responses.post(f"{API}/search", json={"total": 4, "issues": [issue(10), issue(20)]})
    responses.post(f"{API}/search", json={"total": 2, "issues": [issue(30), issue(40)]})

    pages = [page async for page in jira.search("project in (1) ORDER BY updated ASC", page_size=2)]

    assert [[one.id for one in page.issues] for page in pages] == [["30", "10"], ["20"], ["40"]]
    assert [page.is_last for page in pages] == [False, False, True]
    assert [body["jql"] for body in bodies("search")] == [
        "project in (1) ORDER BY updated ASC",
        "project in (1) ORDER BY id ASC",
        "(project in (1)) AND id > 20 ORDER BY id ASC",
    ]


@responses.activate
async def test_a_server_that_gives_fewer_than_asked_is_read_to_its_end(jira: DataCenterClient) -> None:
    responses.post(f"{API}/search", json={"total": 3, "issues": [issue(10)]})
    responses.post(f"{API}/search", json={"total": 2, "issues": [issue(20)]})
    responses.post(f"{API}/search", json={"total": 1, "issues": [issue(30)]})

    pages = [page async for page in jira.search("project in (1) ORDER BY id")]

    assert [one.id for page in pages for one in page.issues] == ["10", "20", "30"]
    assert bodies("search")[1]["jql"] == "(project in (1)) AND id > 10 ORDER BY id ASC"


@responses.activate
async def test_a_server_that_gives_the_same_page_again_is_not_followed_for_ever(jira: DataCenterClient) -> None:
    responses.post(f"{API}/search", json={"total": 3, "issues": [issue(10)]})

    with pytest.raises(JiraUnavailable) as caught:
        [page async for page in jira.search("project in (1) ORDER BY id")]

    assert caught.value.code == ErrorCode.UNREADABLE


@responses.activate
async def test_a_search_for_properties_reads_them_issue_by_issue(jira: DataCenterClient) -> None:
    responses.post(f"{API}/search", json={"total": 2, "issues": [issue(11), issue(12)]})
    responses.get(f"{API}/issue/11/properties/{PROPERTY}", json={"key": PROPERTY, "value": {"uid": "u-11"}})
    responses.get(f"{API}/issue/12/properties/{PROPERTY}", json={"errorMessages": ["none"]}, status=404)

    pages = [page async for page in jira.search("project in (1)", properties=[PROPERTY])]

    assert [one.properties for one in pages[0].issues] == [{PROPERTY: {"uid": "u-11"}}, {}]


EPIC_NAME = {"name": "Epic Name", "schema": {"type": "string", "custom": "com.pyxis.greenhopper.jira:gh-epic-label"}}
SUMMARY = {"fieldId": "summary", "name": "Summary", "required": True, "schema": {"type": "string", "system": "summary"}}


@responses.activate
async def test_an_epic_is_told_by_the_field_for_its_name_whatever_it_is_called(jira: DataCenterClient) -> None:
    types = [
        {"id": "1", "name": "Aufgabe"},
        {"id": "2", "name": "Großes"},
        {"id": "3", "name": "Teil", "subtask": True},
    ]
    createmeta = f"{API}/issue/createmeta/10000/issuetypes"
    responses.get(createmeta, json={"values": types, "total": 3, "isLast": True})
    responses.get(f"{createmeta}/1", json={"values": [SUMMARY], "total": 1, "isLast": True})
    named = {"fieldId": "customfield_10104", "required": True, **EPIC_NAME}
    responses.get(f"{createmeta}/2", json={"values": [SUMMARY, named], "total": 2, "isLast": True})

    found = await jira.issue_types("10000")
    fields = await jira.create_fields("10000", "2")

    assert {one.name: one.hierarchy_level for one in found} == {"Aufgabe": 0, "Großes": 1, "Teil": -1}
    assert [one.field_id for one in fields] == ["summary", "customfield_10104"]
    assert asked_of("issue/createmeta/10000/issuetypes/2") == 1  # its screen was read once for both


@responses.activate
async def test_before_8_4_types_and_screens_come_from_the_old_address(jira: DataCenterClient) -> None:
    responses.get(
        f"{API}/issue/createmeta/SHOP/issuetypes", status=404, json={"errorMessages": ["Issue Does Not Exist"]}
    )
    old = {"id": "2", "name": "Epic", "fields": {"summary": {**SUMMARY}, "customfield_10104": EPIC_NAME}}
    responses.get(f"{API}/issue/createmeta", json={"projects": [{"id": "10000", "key": "SHOP", "issuetypes": [old]}]})

    found = await jira.issue_types("SHOP")
    fields = await jira.create_fields("SHOP", "2")

    assert [(one.id, one.hierarchy_level) for one in found] == [("2", 1)]
    assert {one.field_id for one in fields} == {"summary", "customfield_10104"}
    assert "projectKeys=SHOP" in str(responses.calls[1].request.url)


@responses.activate
async def test_a_hidden_project_is_not_found_at_the_old_address_either(jira: DataCenterClient) -> None:
    gone = {"errorMessages": ["Issue Does Not Exist"], "errors": {}}
    responses.get(f"{API}/issue/createmeta/SHOP/issuetypes", status=404, json=gone)
    responses.get(f"{API}/issue/createmeta", json={"projects": []})

    with pytest.raises(JiraNotFound):
        await jira.issue_types("SHOP")


@responses.activate
async def test_projects_come_all_at_once_and_are_looked_through_here(jira: DataCenterClient) -> None:
    rows = [{"id": "1", "key": "SHOP", "name": "Storefront"}, {"id": "2", "key": "MOB", "name": "Mobile app"}]
    responses.get(f"{API}/project", json=rows)

    assert [one.key async for one in jira.projects("store")] == ["SHOP"]
    assert [one.key async for one in jira.projects()] == ["SHOP", "MOB"]


@responses.activate
async def test_people_are_looked_for_by_user_name(jira: DataCenterClient) -> None:
    responses.get(f"{API}/user/assignable/search", json=[{"name": "mira", "displayName": "Mira", "active": True}])

    found = await jira.assignable_users("SHOP", "mir")

    assert [one.name for one in found] == ["mira"]
    assert "username=mir" in str(responses.calls[0].request.url)


@responses.activate
async def test_an_answer_that_carries_retry_after_0_is_no_limit(jira: DataCenterClient) -> None:
    headers = {
        "Retry-After": "0",
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "99",
        "X-RateLimit-Interval-Seconds": "1",
        "X-RateLimit-FillRate": "10",
    }
    responses.get(f"{API}/myself", json={"name": "mira", "key": "JIRAUSER1"}, headers=headers)

    assert (await jira.myself()).name == "mira"


@responses.activate
async def test_basic_authentication_that_is_switched_off_is_a_matter_of_the_login(jira: DataCenterClient) -> None:
    said = {"message": "Basic Authentication has been disabled on this instance."}
    responses.get(f"{API}/myself", json=said, status=403)

    with pytest.raises(JiraLoginError) as caught:
        await jira.myself()

    assert caught.value.code == ErrorCode.BASIC_OFF
