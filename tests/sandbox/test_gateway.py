"""The gateway: sites, scopes, scoped tokens, and the webhooks of apps."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.sandbox.test_issues import make, story
from tests.sandbox.test_webhooks import Receiver, receiving, until
from tests.sandbox.three_legs import CLOUD, SECRET, consent, refresh, sign_in, through_gateway
from tests.sandbox_server import RunningSandbox

SCOPED = ("qa-bot@example.test", "sandbox-scoped-token")
GRANULAR = (
    "write:issue:jira write:comment:jira write:comment.property:jira write:attachment:jira read:issue:jira"
)  # fmt: skip


def test_links_are_the_gateways_and_the_base_url_is_the_sites(sandbox: RunningSandbox) -> None:
    token = sign_in(sandbox).access

    made = through_gateway(sandbox, "POST", "issue", token, json=story()).json()
    told = through_gateway(sandbox, "GET", "serverInfo", token).json()

    assert made["self"].startswith(f"{sandbox.url}/ex/jira/{CLOUD}/rest/api/3/issue/")
    assert told["baseUrl"] == sandbox.url
    assert sandbox.write_requests()[0]["path"].endswith("/rest/api/3/issue")


@pytest.mark.parametrize(
    ("scope", "method", "path", "body", "status"),
    [
        ("read:jira-work", "GET", "issue/SHOP-1", None, 200),
        ("read:jira-work", "POST", "search/jql", {"jql": "project = SHOP"}, 200),
        ("read:jira-work", "POST", "issue/bulkfetch", {"issueIdsOrKeys": ["SHOP-1"]}, 200),
        ("read:jira-work", "GET", "myself", None, 401),
        ("read:jira-work", "POST", "issue", story(), 401),
        ("write:jira-work", "POST", "issue", story(), 201),
        ("read:jira-work", "GET", "priority/search", None, 401),
        ("read:jira-work", "GET", "webhook", None, 401),
        (GRANULAR, "POST", "issue", story(), 201),
        (GRANULAR.removesuffix(" read:issue:jira"), "POST", "issue", story(), 401),
    ],
)
def test_every_operation_needs_its_scope(
    sandbox: RunningSandbox, scope: str, method: str, path: str, body: Any, status: int
) -> None:
    make(sandbox, story())

    answer = through_gateway(sandbox, method, path, sign_in(sandbox, scope=scope).access, json=body)

    assert answer.status_code == status
    if status == 401:
        assert answer.json() == {"code": 401, "message": "Unauthorized; scope does not match"}


def test_new_scopes_are_not_of_old_tokens(sandbox: RunningSandbox) -> None:
    old = sign_in(sandbox, scope="read:jira-work offline_access")
    consent(sandbox, scope="read:jira-work write:jira-work offline_access")

    refreshed = refresh(sandbox, old.refresh).json()

    assert refreshed["scope"] == "read:jira-work offline_access"
    assert through_gateway(sandbox, "POST", "issue", refreshed["access_token"], json=story()).status_code == 401


def test_a_site_that_was_not_chosen_is_closed(sandbox: RunningSandbox) -> None:
    token = sign_in(sandbox, site="99887766-d4c3-4b2a-9f00-0123456789ab").access

    assert through_gateway(sandbox, "GET", "myself", token).status_code == 403
    assert through_gateway(sandbox, "GET", "myself", "at-unknown").status_code == 401


def test_scoped_tokens_go_through_the_gateway_and_only_there(sandbox: RunningSandbox) -> None:
    tenant = sandbox.call("GET", "/_edge/tenant_info", auth=None).json()["cloudId"]
    at_gateway = f"/ex/jira/{tenant}/rest/api/3"

    assert sandbox.call("GET", f"{at_gateway}/myself", auth=SCOPED).status_code == 200
    assert sandbox.call("GET", "myself", auth=SCOPED).status_code == 401
    assert sandbox.call("GET", f"{at_gateway}/myself").status_code == 401
    assert sandbox.call("GET", f"{at_gateway}/webhook", auth=SCOPED).status_code == 401


def entry(jql: str = "project IN (SHOP)", **more: Any) -> dict[str, Any]:
    return {"events": ["jira:issue_updated", "jira:issue_created"], "jqlFilter": jql, **more}


def register(sandbox: RunningSandbox, token: str, receiver: Receiver, *entries: dict[str, Any]) -> Any:
    body = {"url": receiver.url, "webhooks": list(entries)}
    answer = through_gateway(sandbox, "POST", "webhook", token, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["webhookRegistrationResult"]


def test_an_app_is_told_with_the_numbers_that_matched_and_a_token_signed_by_its_secret(sandbox: RunningSandbox) -> None:
    with receiving() as receiver:
        token = sign_in(sandbox).access
        one, _, three = register(
            sandbox, token, receiver, entry(), entry("project = MOB"), entry("issuetype = Story")
        )  # fmt: skip

        make(sandbox, story())
        until(lambda: len(receiver.bodies) == 1)

        (event,), (headers,) = receiver.events(), receiver.headers
        head, _, signature = headers["Authorization"].removeprefix("Bearer ").rpartition(".")
        expected = hmac.new(SECRET.encode(), head.encode(), hashlib.sha256).digest()
        assert event["matchedWebhookIds"] == [one["createdWebhookId"], three["createdWebhookId"]]
        assert base64.urlsafe_b64decode(signature + "=") == expected
        assert "X-Hub-Signature" not in headers


def test_registrations_fail_one_by_one(sandbox: RunningSandbox) -> None:
    with receiving() as receiver:
        token = sign_in(sandbox).access

        results = register(
            sandbox, token, receiver,
            entry("summary ~ card"), entry(""), entry("project > SHOP"), {**entry(), "events": ["no_event"]},
            *(entry() for _ in range(6)),
        )  # fmt: skip

        assert [sorted(r) for r in results] == [["errors"]] * 4 + [["createdWebhookId"]] * 5 + [["errors"]]
        assert results[0]["errors"][0] == "The clause summary is unsupported"


def test_an_apps_webhook_lives_thirty_days_unless_refreshed(sandbox: RunningSandbox) -> None:
    with receiving() as receiver:
        tokens = sign_in(sandbox)
        kept, lost = (r["createdWebhookId"] for r in register(sandbox, tokens.access, receiver, entry(), entry()))
        sandbox.control("clock", {"advance_seconds": 29 * 86_400})
        access = refresh(sandbox, tokens.refresh).json()["access_token"]
        until_ms = through_gateway(
            sandbox, "PUT", "webhook/refresh", access, json={"webhookIds": [kept, 999]}
        ).json()["expirationDate"]  # fmt: skip
        sandbox.control("clock", {"advance_seconds": 2 * 86_400})
        access = sign_in(sandbox).access
        page = through_gateway(sandbox, "GET", "webhook", access).json()
        make(sandbox, story())
        until(lambda: len(receiver.bodies) == 1)

        assert [(v["id"], v["expirationDate"]) for v in page["values"]] == [(kept, until_ms)]
        assert receiver.events()[0]["matchedWebhookIds"] == [kept]
        assert lost not in receiver.events()[0]["matchedWebhookIds"]


def test_only_the_fields_an_app_cares_for_are_told(sandbox: RunningSandbox) -> None:
    with receiving() as receiver:
        token = sign_in(sandbox).access
        register(sandbox, token, receiver, entry(events=["jira:issue_updated"], fieldIdsFilter=["status"]))
        key = make(sandbox, story())

        sandbox.call("PUT", f"issue/{key}", json={"fields": {"summary": "Other"}})
        sandbox.call("POST", f"issue/{key}/transitions", json={"transition": {"id": "11"}})
        until(lambda: len(receiver.bodies) == 1)

        assert [i["field"] for e in receiver.events() for i in e["changelog"]["items"]] == ["status"]
        assert len(sandbox.deliveries()) == 1


def test_a_token_of_a_person_is_no_app(sandbox: RunningSandbox) -> None:
    with receiving() as receiver:
        body = {"url": receiver.url, "webhooks": [entry()]}

        refused = sandbox.call("POST", "webhook", json=body)

        assert refused.status_code == 403
        assert json.loads(refused.text)["errorMessages"]


def test_an_app_deletes_its_own_and_admins_do_not_see_them(sandbox: RunningSandbox) -> None:
    with receiving() as receiver:
        token = sign_in(sandbox).access
        (made,) = register(sandbox, token, receiver, entry())
        seen = sandbox.call("GET", "/rest/webhooks/1.0/webhook").json()

        gone = through_gateway(sandbox, "DELETE", "webhook", token, json={"webhookIds": [made["createdWebhookId"]]})

        assert seen == []
        assert gone.status_code == 202
        assert through_gateway(sandbox, "GET", "webhook", token).json()["total"] == 0
