"""Data Center: its addresses, forms and refusals, where they differ from Cloud's."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from jira_integration.sandbox.settings import Flavour
from tests.sandbox.test_issues import epic, make, story
from tests.sandbox.test_webhooks import receiving, register, until
from tests.sandbox_server import RunningSandbox, running_sandbox

EPIC_LINK, EPIC_NAME = "customfield_10014", "customfield_10011"


def named_epic(summary: str = "Checkout") -> dict[str, Any]:
    body = epic(summary)
    body["fields"][EPIC_NAME] = summary
    return body


def fields(sandbox: RunningSandbox, key: str) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.call("GET", f"issue/{key}").json()["fields"]
    return found


def test_it_says_what_it_is_under_its_context_path(data_center: RunningSandbox) -> None:
    told = data_center.call("GET", "serverInfo", auth=None).json()
    outside = requests.get(f"{data_center.url.removesuffix('/jira')}/rest/api/2/serverInfo", timeout=5)

    assert (told["deploymentType"], told["versionNumbers"]) == ("Server", [9, 12, 8])
    assert told["baseUrl"] == data_center.url
    assert (outside.status_code, outside.headers["content-type"][:9]) == (404, "text/html")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/rest/api/3/serverInfo"),
        ("GET", "/rest/api/2/project/search"),
        ("POST", "/rest/api/2/issue/bulkfetch"),
        ("POST", "/rest/api/2/search/jql"),
        ("POST", "/rest/api/2/search/approximate-count"),
        ("POST", "/rest/api/2/bulk/issues/delete"),
        ("GET", "/rest/api/2/webhook"),
        ("GET", "/_edge/tenant_info"),
    ],
)
def test_what_only_cloud_has_is_not_there(data_center: RunningSandbox, method: str, path: str) -> None:
    answer = data_center.call(method, path, json={} if method == "POST" else None)

    assert answer.status_code in {404, 405}


def test_people_have_names_and_keys_but_no_account_ids(data_center: RunningSandbox) -> None:
    me = data_center.call("GET", "myself")
    found = data_center.call("GET", "user/assignable/search?project=SHOP&username=jon").json()

    assert (me.json()["name"], me.json()["key"]) == ("qa-bot", "JIRAUSER10100")
    assert me.headers["X-AUSERNAME"] == "qa-bot"
    assert [u["name"] for u in found] == ["jonas"]
    assert "accountId" not in me.text


def test_projects_are_a_bare_list_and_types_have_no_level(data_center: RunningSandbox) -> None:
    projects = data_center.call("GET", "project").json()
    project = data_center.call("GET", "project/SHOP").json()

    assert [p["key"] for p in projects] == ["MOB", "RO", "SHOP"]
    assert "hierarchyLevel" not in str(project)
    assert "style" not in project


def test_create_screens_are_read_under_values_with_an_end(data_center: RunningSandbox) -> None:
    types = data_center.call("GET", "issue/createmeta/SHOP/issuetypes").json()
    first = data_center.call("GET", "issue/createmeta/SHOP/issuetypes/10011").json()
    epics = data_center.call("GET", "issue/createmeta/SHOP/issuetypes/10010").json()["values"]

    assert (types["isLast"], first["isLast"], first["maxResults"]) == (True, False, 50)
    assert [f["required"] for f in epics if f["fieldId"] == EPIC_NAME] == [True]
    assert "parent" not in {f["fieldId"] for f in epics + first["values"]}


@pytest.mark.parametrize(("version", "status"), [("8.20", 200), ("9.12", 404), ("10.3", 404)])
def test_the_old_create_screen_is_gone_since_nine(version: str, status: int) -> None:
    with running_sandbox(flavour=Flavour.DATACENTER, dc_version=version) as sandbox:
        answer = sandbox.call(
            "GET", "issue/createmeta?projectKeys=SHOP&issuetypeIds=10010&expand=projects.issuetypes.fields"
        )

        assert answer.status_code == status
        if status == 200:
            ((project,),) = [answer.json()["projects"]]
            assert project["issuetypes"][0]["fields"][EPIC_NAME]["required"] is True
        else:
            assert answer.json()["errorMessages"] == ["Issue Does Not Exist"]


def test_stories_hang_on_an_epic_by_its_key(data_center: RunningSandbox) -> None:
    parent = make(data_center, named_epic())
    key = make(data_center, story(**{EPIC_LINK: parent}))

    shown = fields(data_center, key)
    found = data_center.call("POST", "search", json={"jql": f'"Epic Link" = {parent}'}).json()

    assert shown[EPIC_LINK] == parent
    assert "parent" not in shown
    assert fields(data_center, parent)[EPIC_NAME] == "Checkout"
    assert [i["key"] for i in found["issues"]] == [key]


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        (epic(), EPIC_NAME, "Epic Name is required"),
        (story(parent={"key": "SHOP-1"}), "parent", "not on the appropriate screen"),
        (story(**{EPIC_LINK: "SHOP-999"}), EPIC_LINK, "does not exist"),
        (story(**{EPIC_LINK: {"key": "SHOP-1"}}), EPIC_LINK, "must be a string"),
        (story(description={"type": "doc", "version": 1, "content": []}), "description", "must be a string"),
        (story(description="x" * 32_768), "description", "32,767"),
        (story(assignee={"accountId": "5f0c1a7be8d4c30071b2aa02"}), "assignee", "'name' property"),
        (story(assignee={"name": "nobody"}), "assignee", "does not exist"),
        (story(assignee={"name": "theo"}), "assignee", "cannot be assigned"),
    ],
)
def test_what_data_center_refuses(data_center: RunningSandbox, body: dict[str, Any], field: str, message: str) -> None:
    refused = data_center.call("POST", "issue", json=body)

    assert refused.status_code == 400
    assert message in refused.json()["errors"][field]


def test_an_epic_takes_stories_by_the_agile_address_too(data_center: RunningSandbox) -> None:
    parent, key = make(data_center, named_epic()), make(data_center, story())

    answer = data_center.call("POST", f"/rest/agile/1.0/epic/{parent}/issue", json={"issues": [key]})

    assert answer.status_code == 204
    assert fields(data_center, key)[EPIC_LINK] == parent


def test_a_description_is_wiki_markup_with_line_ends_of_its_own(data_center: RunningSandbox) -> None:
    key = make(data_center, story(description="h2. Why\n* *fast*\n"))

    assert fields(data_center, key)["description"] == "h2. Why\r\n* *fast*"
    assert data_center.call("PUT", f"issue/{key}", json={"fields": {"description": "h2. Why\n* *fast*"}}).ok
    log = data_center.call("GET", f"issue/{key}?expand=changelog").json()["changelog"]
    assert log["histories"] == []


def test_search_pages_by_start_and_counts_all(data_center: RunningSandbox) -> None:
    for n in range(3):
        make(data_center, story(f"Story {n}"))

    page = data_center.call(
        "POST", "search", json={"jql": "key >= SHOP-2 ORDER BY key", "startAt": 1, "maxResults": 5000}
    ).json()

    assert (page["startAt"], page["maxResults"], page["total"]) == (1, 1000, 2)
    assert [i["key"] for i in page["issues"]] == ["SHOP-3"]
    assert page["issues"][0]["fields"]["summary"] == "Story 2"
    assert data_center.call("GET", "search?jql=&fields=id").json()["total"] == 3


def test_a_query_that_is_not_validated_warns(data_center: RunningSandbox) -> None:
    query = {"jql": "project = NONE"}

    strict = data_center.call("POST", "search", json=query)
    lax = data_center.call("POST", "search", json=query | {"validateQuery": False})

    assert (strict.status_code, lax.status_code) == (400, 200)
    assert (lax.json()["total"], len(lax.json()["warningMessages"])) == (0, 1)


def test_properties_are_made_with_an_issue_and_asked_for_only_where_a_plugin_says_so() -> None:
    mine = {"properties": [{"key": "an.item", "value": {"uid": "u1"}}]}
    query = {"jql": 'issue.property["an.item"].uid = u1'}
    with running_sandbox(flavour=Flavour.DATACENTER) as plain:
        make(plain, story() | mine)
        refused = plain.call("POST", "search", json=query)
        read = plain.call("GET", "issue/SHOP-1?properties=an.item").json()["properties"]
    with running_sandbox(flavour=Flavour.DATACENTER, indexed_properties=("an.item.uid",)) as declared:
        make(declared, story() | mine)
        make(declared, story("Other"))
        found = declared.call("POST", "search", json=query).json()

    assert refused.status_code == 400
    assert read == {"an.item": {"uid": "u1"}}
    assert [i["key"] for i in found["issues"]] == ["SHOP-1"]


def test_bulk_creates_have_no_stated_limit_and_are_not_transactional(data_center: RunningSandbox) -> None:
    updates = [story(f"Story {n}") for n in range(51)] + [story("")]

    answer = data_center.call("POST", "issue/bulk", json={"issueUpdates": updates})

    assert answer.status_code == 201
    assert len(answer.json()["issues"]) == 51
    assert answer.json()["errors"][0]["failedElementNumber"] == 51


def test_a_step_that_does_not_exist_is_an_internal_error(data_center: RunningSandbox) -> None:
    key = make(data_center, story())

    unknown = data_center.call("POST", f"issue/{key}/transitions", json={"transition": {"id": "99"}})
    closed = data_center.call("POST", f"issue/{key}/transitions", json={"transition": {"id": "31"}})
    taken = data_center.call("POST", f"issue/{key}/transitions", json={"transition": {"id": "11"}})

    assert (unknown.status_code, closed.status_code, taken.status_code) == (500, 400, 204)


def test_an_edit_keeps_to_the_screen(data_center: RunningSandbox) -> None:
    key = make(data_center, story())
    data_center.control("project", {"project": "SHOP", "hidden": {"10011": ["labels"]}})

    refused = data_center.call("PUT", f"issue/{key}", json={"fields": {"labels": ["a"]}})

    assert refused.status_code == 400


def test_archiving_is_by_issue(data_center: RunningSandbox) -> None:
    key = make(data_center, story())

    assert data_center.call("PUT", f"issue/{key}/archive").status_code == 204
    assert data_center.call("POST", "search", json={"jql": ""}).json()["total"] == 0
    assert data_center.call("PUT", f"issue/{key}/restore").status_code == 204
    assert data_center.call("POST", "search", json={"jql": ""}).json()["total"] == 1


def test_the_web_face_lives_under_the_context_and_renders_wiki_markup(data_center: RunningSandbox) -> None:
    key = make(data_center, story(description="h2. Why\n* *fast*\n\n{code}\na < b\n{code}"))

    board = requests.get(f"{data_center.url}/projects/SHOP", timeout=5)
    page = requests.get(f"{data_center.url}/browse/{key}", timeout=5).text
    edited = requests.post(
        f"{data_center.url}/browse/{key}/edit",
        data={"summary": "Pay", "priority": "3", "description": "plain"}, timeout=5,
    )  # fmt: skip

    assert f'href="/jira/browse/{key}"' in board.text
    assert "<strong>fast</strong>" in page
    assert "a &lt; b" in page
    assert edited.url == f"{data_center.url}/browse/{key}"
    assert fields(data_center, key)["description"] == "plain"
    assert requests.get(f"{data_center.url}/_sandbox/static/sandbox.css", timeout=5).status_code == 200


@pytest.mark.parametrize(("version", "signed"), [("9.12", False), ("10.3", True)])
def test_webhooks_are_signed_since_ten_and_never_tried_again(version: str, signed: bool) -> None:
    with receiving(500) as receiver, running_sandbox(flavour=Flavour.DATACENTER, dc_version=version) as sandbox:
        key = make(sandbox, story())
        registered = register(sandbox, receiver, secret="hush", events=["jira:issue_updated", "comment_created"])
        sandbox.call("POST", f"issue/{key}/comment", json={"body": "seen"})
        until(lambda: len(receiver.bodies) == 2)
        until(lambda: all(d["outcome"] != "waiting" for d in sandbox.deliveries()))

        events = {e["webhookEvent"]: e for e in receiver.events()}
        assert ("X-Hub-Signature" in receiver.headers[0], "isSigned" in registered) == (signed, signed)
        assert "X-Atlassian-Webhook-Identifier" not in receiver.headers[0]
        assert events["jira:issue_updated"]["issue_event_type_name"] == "issue_commented"
        assert events["jira:issue_updated"]["user"]["name"] == "qa-bot"
        assert events["comment_created"]["comment"]["body"] == "seen"
        assert {d["outcome"] for d in sandbox.deliveries()} == {"given up: 500", "delivered"}


def test_only_an_administrator_discards_notifications(data_center: RunningSandbox) -> None:
    key = make(data_center, story())
    data_center.control("settings", {"account_is_admin": False})

    refused = data_center.call("PUT", f"issue/{key}?notifyUsers=false", json={"fields": {"summary": "Other"}})

    assert refused.status_code == 403


def test_an_epic_link_shows_in_the_history_by_its_own_name(data_center: RunningSandbox) -> None:
    parent, key = make(data_center, named_epic()), make(data_center, story())
    data_center.call("PUT", f"issue/{key}", json={"fields": {EPIC_LINK: parent}})

    (history,) = data_center.call("GET", f"issue/{key}?expand=changelog").json()["changelog"]["histories"]

    (item,) = history["items"]
    assert (item["field"], item["toString"]) == ("Epic Link", parent)


def test_the_first_page_tells_how_to_connect_to_data_center(data_center: RunningSandbox) -> None:
    text = requests.get(f"{data_center.url}/", timeout=5).text

    assert all(told in text for told in ("Personal access token", "User name", "sandbox-password", data_center.url))
