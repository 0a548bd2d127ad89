"""Named troubles: each changes what it says and nothing else, and can be mended."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from jira_integration.sandbox.sabotage import SABOTAGES
from jira_integration.sandbox.settings import Flavour
from tests.sandbox.test_webhooks import Receiver
from tests.sandbox.test_webhooks import register as register_admin
from tests.sandbox.three_legs import refresh, sign_in, through_gateway
from tests.sandbox_server import RunningSandbox

EVERYTHING = {"site", "login", "projects", "rights", "fields", "types", "statuses", "steps", "webhooks"}
# What each changes of the vital signs below; those that end every request change them all.
CHANGES: dict[str, set[str]] = {
    **dict.fromkeys(("not_jira", "login_page", "sso_redirect", "maintenance", "bad_gateway", "internal_error",
                     "hangs_up", "silent", "cut_off", "rate_limited"), EVERYTHING),
    "token_ended": EVERYTHING,
    "captcha": EVERYTHING,
    "anonymous": EVERYTHING - {"site"},
    "too_old": {"site"},
    "clock_ahead": {"clock"},
    "clock_behind": {"clock"},
    "slow": {"speed"},
    "no_browse": {"projects", "rights", "fields", "types", "statuses", "steps"},
    "no_create": {"rights", "fields", "types", "projects"},
    "no_edit": {"rights"},
    "no_delete": {"rights"},
    "no_transition": {"rights", "steps"},
    "no_link": {"rights", "fields"},
    "no_assign": {"rights", "fields"},
    "no_comment": {"rights"},
    "no_bulk_change": {"rights"},
    "not_admin": {"rights", "webhooks"},
    "project_archived": {"projects", "rights", "fields", "types", "steps"},
    "type_missing": {"fields", "types", "statuses"},
    "epic_type_missing": {"types", "statuses"},
    "field_required": {"fields"},
    "field_hidden": {"fields"},
    "priority_hidden": {"fields"},
    "status_unreachable": {"steps"},
    "status_missing": {"statuses", "steps"},
    "resolution_required": {"steps"},
    "webhook_missing": {"webhooks"},
    "webhook_disabled": {"webhooks"},
    "webhook_elsewhere": {"webhooks"},
    "rate_low": {"limits"},
    "no_bulk_fetch": {"many"},
}  # fmt: skip
APPS = {"webhook_expired", "access_ended", "scope_lost", "consent_withdrawn"}
RIGHTS = (
    "ADMINISTER,BULK_CHANGE,BROWSE_PROJECTS,CREATE_ISSUES,EDIT_ISSUES,DELETE_ISSUES,TRANSITION_ISSUES,LINK_ISSUES,"
    "ASSIGN_ISSUES,ADD_COMMENTS"
)


def signs(sandbox: RunningSandbox) -> dict[str, Any]:
    """The site's vital signs, as somebody outside sees them."""
    here = "issue/createmeta/SHOP/issuetypes"
    asked: dict[str, tuple[str, str, Any]] = {
        "site": ("GET", "serverInfo", None),
        "login": ("GET", "myself", None),
        "projects": ("GET", "project/search?action=create", None),
        "rights": ("GET", f"mypermissions?permissions={RIGHTS}&projectKey=SHOP", None),
        "types": ("GET", here, None),
        "fields": ("GET", f"{here}/10011", None),
        "statuses": ("GET", "project/SHOP/statuses", None),
        "steps": ("GET", "issue/SHOP-1/transitions?expand=transitions.fields", None),
        "webhooks": ("GET", "/rest/webhooks/1.0/webhook", None),
        "many": ("POST", "issue/bulkfetch", {"issueIdsOrKeys": ["SHOP-1"], "fields": ["project"]}),
    }
    seen = {name: _seen(sandbox, *one) for name, one in asked.items()}
    try:
        answer = sandbox.call("GET", "serverInfo", auth=None)
    except requests.RequestException:
        return seen
    skew = parsedate_to_datetime(answer.headers["Date"]).timestamp() - sandbox.control("clock", {})["now_ms"] / 1000
    limits = answer.headers.get("X-RateLimit-Remaining")
    return seen | {"clock": round(skew / 60), "limits": limits, "speed": answer.elapsed.total_seconds() > 2}


def _seen(sandbox: RunningSandbox, method: str, path: str, body: Any) -> Any:
    try:
        answer = sandbox.call(method, path, json=body, allow_redirects=False, timeout_seconds=2)
        told = answer.json() if "json" in answer.headers.get("content-type", "") else answer.text
    except requests.RequestException as trouble:
        return type(trouble).__name__
    if isinstance(told, dict):
        told.pop("serverTime", None)
    return answer.status_code, told


@pytest.mark.parametrize("name", sorted(set(CHANGES) - {"slow", "silent"}))
def test_a_sabotage_changes_what_it_says_and_is_mended(sandbox: RunningSandbox, name: str) -> None:
    register_admin(sandbox, Receiver(url="http://127.0.0.1:9/hook"))
    sandbox.call("POST", "issue", json={
        "fields": {"project": {"key": "SHOP"}, "issuetype": {"id": "10011"}, "summary": "Pay by card"},
        "transition": {"id": "11"},
    })  # fmt: skip
    healthy = signs(sandbox)

    sandbox.control("sabotage", {"names": [name]})
    sick = signs(sandbox)
    sandbox.control("sabotage", {"names": []})
    mended = signs(sandbox)

    changed = {sign for sign in healthy if sick.get(sign) != healthy[sign]}
    # Reading many issues is as ill as the site or the login is; what ends every request hides the rest too.
    hidden = {"many", "limits", "clock", "speed"} if "login" in CHANGES[name] or name == "no_browse" else set()
    assert changed - hidden == CHANGES[name] - hidden
    assert {sign for sign in healthy if mended[sign] != healthy[sign]} <= (
        {"webhooks"} if name.startswith("webhook") else set()
    )


def test_every_sabotage_is_tried_here_or_below() -> None:
    assert set(SABOTAGES) == set(CHANGES) | APPS | {"basic_off", "limit_low"}
    assert len(SABOTAGES) >= 40


def test_a_slow_site_answers_late_and_a_silent_one_never(sandbox: RunningSandbox) -> None:
    sandbox.control("sabotage", {"names": ["slow"]})
    slow = sandbox.call("GET", "serverInfo")
    sandbox.control("sabotage", {"names": ["silent"]})

    assert slow.elapsed.total_seconds() > 3.9
    with pytest.raises(requests.Timeout):
        requests.get(f"{sandbox.url}/rest/api/3/serverInfo", timeout=1)


def test_what_befalls_an_app(sandbox: RunningSandbox) -> None:
    tokens = sign_in(sandbox)
    entry = {
        "url": "https://a.example/",
        "webhooks": [{"events": ["jira:issue_updated"], "jqlFilter": "project = SHOP"}],
    }
    through_gateway(sandbox, "POST", "webhook", tokens.access, json=entry)

    def left(token: str) -> int:
        return int(through_gateway(sandbox, "GET", "webhook", token).json()["total"])

    assert left(tokens.access) == 1
    sandbox.control("sabotage", {"names": ["webhook_expired"]})
    assert left(tokens.access) == 0
    sandbox.control("sabotage", {"names": ["access_ended"]})
    assert through_gateway(sandbox, "GET", "myself", tokens.access).status_code == 401
    fresh = refresh(sandbox, tokens.refresh).json()
    sandbox.control("sabotage", {"names": ["scope_lost"]})
    assert through_gateway(sandbox, "POST", "issue", fresh["access_token"], json={"fields": {}}).status_code == 401
    assert through_gateway(sandbox, "GET", "myself", fresh["access_token"]).status_code == 200
    sandbox.control("sabotage", {"names": ["consent_withdrawn"]})
    assert refresh(sandbox, fresh["refresh_token"]).json()["error"] == "invalid_grant"


def test_data_center_has_troubles_of_its_own(data_center: RunningSandbox) -> None:
    data_center.control("sabotage", {"names": ["basic_off"]})
    off = data_center.call("GET", "myself", auth=("qa-bot", "sandbox-password")).status_code
    data_center.control("sabotage", {"names": ["limit_low"]})
    data_center.control("clock", {"stop": True})
    statuses = [data_center.call("GET", "myself").status_code for _ in range(6)]

    assert off == 403
    assert statuses == [200] * 5 + [429]


@pytest.mark.parametrize(
    ("names", "message"), [(["gremlins"], "no sabotage gremlins"), (["basic_off"], "flavour cloud")]
)
def test_a_sabotage_that_cannot_be_is_named(sandbox: RunningSandbox, names: list[str], message: str) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/sabotage", json={"names": names}, timeout=5)

    assert (answer.status_code, message in answer.text) == (400, True)


def test_a_person_breaks_and_mends_on_the_control_page(sandbox: RunningSandbox) -> None:
    page = f"{sandbox.url}/_sandbox/"

    broken = requests.post(f"{page}page/sabotage", data={"name": "captcha", "project": "SHOP"}, timeout=5)
    denied = sandbox.call("GET", "myself").status_code
    mended = requests.post(f"{page}page/sabotage", data={"name": ""}, timeout=5)
    rights = requests.post(
        f"{page}page/rights", data={"project": "SHOP", "denied": "DELETE_ISSUES, LINK_ISSUES"}, timeout=5
    )

    assert "Jira wants a CAPTCHA solved" in broken.text
    assert denied == 403
    assert "Nothing is broken on purpose." in mended.text
    assert sandbox.call("GET", "myself").status_code == 200
    assert "Storefront: DELETE_ISSUES, LINK_ISSUES" in rights.text


def test_signing_in_on_the_login_page_clears_a_captcha(sandbox: RunningSandbox) -> None:
    sandbox.control("sabotage", {"names": ["captcha"]})
    denied = sandbox.call("GET", "myself").status_code

    requests.post(
        f"{sandbox.url}/login",
        data={"username": "qa-bot@example.test", "password": "sandbox-password"}, timeout=5,
    )  # fmt: skip

    assert denied == 403
    assert sandbox.call("GET", "myself").status_code == 200
    assert SABOTAGES["captcha"].only in {None, Flavour.CLOUD}
