"""OAuth 2.0 (3LO): the consent page, the token address, the sites of a grant.

On real sites these are at auth.atlassian.com and api.atlassian.com; here all is at the one address.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from jira_integration.sandbox.call import Jira
from jira_integration.sandbox.grants import Access, GrantError, access_of, by_code, by_refresh, consent
from jira_integration.sandbox.page import Html, fill, join, render, respond
from jira_integration.sandbox.sessions import show_login, signed_in

SCOPES = {
    "read:jira-work": "See issues and projects",
    "write:jira-work": "Make, change and delete issues",
    "read:jira-user": "See people",
    "manage:jira-webhook": "Be told of changes",
    "manage:jira-configuration": "See and change settings",
    "manage:jira-project": "See and change projects",
    "read:me": "See who you are",
    "report:personal-data": "Report which accounts it stores",
    "offline_access": "Do so while you are away",
}
_GRANULAR = ("read:", "write:", "delete:")
_OTHER_SITE = "99887766-d4c3-4b2a-9f00-0123456789ab"


def sites_of(jira: Jira, base: str) -> list[dict[str, str]]:
    """Every site a person could choose; the one that is really here is not the first."""
    own = (jira.settings.base_url or base).rstrip("/")
    return [
        {"id": _OTHER_SITE, "name": "another-team", "url": "https://another-team.example.test"},
        {"id": jira.settings.cloud_id, "name": "rehearsal", "url": own},
    ]


async def authorize(request: Request) -> Response:
    """Ask the person; with `POST` take the answer back to the app, with its `state`."""
    jira: Jira = request.app.state.jira
    given = request.query_params
    redirect = given.get("redirect_uri", "")
    if trouble := _trouble(jira, given, redirect):
        return respond("Something is wrong", fill("<h1>Something is wrong</h1><p>$t</p>", t=trouble), status=400)
    scopes = given.get("scope", "").split()
    if given.get("response_type") != "code":
        return _back(redirect, given, error="unsupported_response_type")
    if not scopes or any(s not in SCOPES and not _granular(s) for s in scopes):
        return _back(redirect, given, error="invalid_scope", error_description="An unknown scope was asked for.")
    account = signed_in(request)
    if not account:
        return show_login(request, f"/authorize?{given}")
    if request.method == "GET":
        return _ask(request, account, scopes, redirect)
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    site = form.get("site", "")
    if form.get("answer") != "allow" or site not in {s["id"] for s in sites_of(jira, str(request.base_url))}:
        refused = "User did not authorize the request"
        return _back(redirect, given, error="access_denied", error_description=refused)
    with jira.store.transaction():
        code = consent(jira, account, scopes, site, redirect)
    return _back(redirect, given, code=code)


def _granular(scope: str) -> bool:
    return scope.startswith(_GRANULAR) and scope.endswith(":jira")


def _trouble(jira: Jira, given: Mapping[str, str], redirect: str) -> str:
    """What must not be taken back to the app, since it may not be the app's address."""
    settings = jira.settings
    if given.get("client_id") != settings.oauth_client_id:
        return "There is no app with this client id."
    if urlsplit(redirect).scheme not in {"http", "https"} or not urlsplit(redirect).netloc:
        return "The callback address is not an address."
    if settings.oauth_callbacks and redirect not in settings.oauth_callbacks:
        return "The callback address is not one the app is registered with."
    if given.get("audience") != "api.atlassian.com":
        return "The audience is not api.atlassian.com."
    return ""


def _ask(request: Request, account: str, scopes: list[str], redirect: str) -> Response:
    jira: Jira = request.app.state.jira
    sites = sites_of(jira, str(request.base_url))
    main = render(
        "consent",
        app=jira.settings.oauth_client_id,
        name=jira.site.users[account].name,
        query=str(request.query_params),
        sites=join(_site_option(site, jira.settings.cloud_id) for site in sites),
        scopes=join(fill("<li>$what <code>$scope</code></li>", what=SCOPES.get(s, ""), scope=s) for s in scopes),
    )
    # A browser follows the answer's redirect only where the page says that its forms may lead.
    parts = urlsplit(redirect)
    return respond("Allow access", main, forms_lead_to=f"{parts.scheme}://{parts.netloc}", signing_in=True)


def _site_option(site: Mapping[str, str], own: str) -> Html:
    """The site that is really here is chosen already, though it is not the first."""
    chosen = Html(" selected") if site["id"] == own else Html("")
    return fill('<option value="$id"$chosen>$name ($url)</option>', chosen=chosen, **site)


def _back(redirect: str, given: Mapping[str, str], **said: str) -> Response:
    if "state" in given:
        said["state"] = given["state"]
    mark = "&" if urlsplit(redirect).query else "?"
    return RedirectResponse(f"{redirect}{mark}{urlencode(said)}", status_code=303)


async def token(request: Request) -> Response:
    """`POST /oauth/token`, JSON or a form. Writes are kept even when the answer is a refusal: a revoked family is."""
    jira: Jira = request.app.state.jira
    given = _body(await request.body(), request.headers.get("content-type", ""))
    with jira.store.transaction():
        told = _granted(jira, given)
    if isinstance(told, GrantError):
        return JSONResponse(told.body, status_code=told.status)
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


def _body(raw: bytes, kind: str) -> dict[str, str]:
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode("utf-8", "replace")))
    try:
        parsed = json.loads(raw)
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in parsed.items()} if isinstance(parsed, dict) else {}


def _granted(jira: Jira, given: Mapping[str, str]) -> dict[str, Any] | GrantError:
    """A refusal is given back, not raised, when what led to it must be written."""
    settings = jira.settings
    secret = given.get("client_secret", "").encode()
    if given.get("client_id") != settings.oauth_client_id or not hmac.compare_digest(
        secret, settings.oauth_client_secret.encode()
    ):
        return GrantError(401, "access_denied", "Unauthorized")
    try:
        match given.get("grant_type"):
            case "authorization_code":
                return by_code(jira, given.get("code", ""), given.get("redirect_uri", ""))
            case "refresh_token":
                return by_refresh(jira, given.get("refresh_token", ""))
            case _:
                return GrantError(400, "unsupported_grant_type", "Unsupported grant type")
    except GrantError as refused:
        return refused


def bearer(request: Request) -> Access | None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return access_of(request.app.state.jira, given.strip()) if scheme.lower() == "bearer" else None


async def accessible_resources(request: Request) -> Response:
    """The sites of the grant with the token's scopes; several may come."""
    jira: Jira = request.app.state.jira
    access = bearer(request)
    if access is None:
        return JSONResponse({"code": 401, "message": "Unauthorized"}, status_code=401)
    scopes = sorted(access.scopes - {"offline_access"})
    return JSONResponse(
        [
            {**site, "scopes": scopes, "avatarUrl": f"{str(request.base_url).rstrip('/')}/_sandbox/avatar/site/jira"}
            for site in sites_of(jira, str(request.base_url))
            if site["id"] in access.sites
        ]
    )


async def report_accounts(request: Request) -> Response:
    """Which of these accounts an app that stores personal data must forget: closed ones."""
    jira: Jira = request.app.state.jira
    access = bearer(request)
    if access is None:
        return JSONResponse({"code": 401, "message": "Unauthorized"}, status_code=401)
    if "report:personal-data" not in access.scopes:
        return JSONResponse({"code": 403, "message": "Unauthorized; scope does not match"}, status_code=403)
    try:
        named = [str(a["accountId"]) for a in json.loads(await request.body())["accounts"]]
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"errorType": "invalid_request", "errorMessage": "accounts is missing"}, status_code=400)
    if len(named) > 90:
        return JSONResponse({"errorType": "invalid_request", "errorMessage": "At most 90 accounts"}, status_code=400)
    users = jira.site.users
    closed = [{"accountId": a, "status": "closed"} for a in named if a not in users or not users[a].active]
    headers = {"Cycle-Period": "7"}
    return JSONResponse({"accounts": closed}, headers=headers) if closed else Response(status_code=204, headers=headers)


async def tenant_info(request: Request) -> Response:
    return JSONResponse({"cloudId": request.app.state.jira.settings.cloud_id})


def oauth_routes() -> list[Route]:
    return [
        Route("/authorize", authorize, methods=["GET", "POST"]),
        Route("/oauth/token", token, methods=["POST"]),
        Route("/oauth/token/accessible-resources", accessible_resources, methods=["GET"]),
        Route("/app/report-accounts/", report_accounts, methods=["POST"]),
        Route("/_edge/tenant_info", tenant_info, methods=["GET"]),
    ]
