"""Signing in on the web face: for consents, and to get past a CAPTCHA. The boards need no sign-in."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from jira_integration.sandbox.call import Jira
from jira_integration.sandbox.page import Html, fill, render, respond

COOKIE = "rehearsal-jira"


def signed_in(request: Request) -> str:
    """The account of this browser, empty for nobody."""
    jira: Jira = request.app.state.jira
    return jira.sessions.get(request.cookies.get(COOKIE, ""), "")


async def login_page(request: Request) -> Response:
    return show_login(request, request.query_params.get("next", "/"))


def show_login(request: Request, then: str, problem: str = "", user: str = "") -> Response:
    """The form; it leads on to `then`, an address of this site."""
    jira: Jira = request.app.state.jira
    asked = jira.settings.captcha_after and any(
        count >= jira.settings.captcha_after for count in jira.failed_logins.values()
    )
    main = render(
        "login",
        problem=fill('<div class="problem" role="alert">$why</div>', why=problem) if problem else "",
        user=user,
        then=then,
        captcha=Html('<p class="muted">Signing in here counts as having solved the CAPTCHA.</p>') if asked else "",
        known=jira.settings.user,
        password=jira.settings.password,
    )
    return respond("Log in", main, status=400 if problem else 200, signing_in=True)


def _here(then: str) -> str:
    """An address of this site, whatever was asked for."""
    return then if then.startswith("/") and not then.startswith("//") and "\\" not in then else "/"


async def log_in(request: Request) -> Response:
    """Name and password; a good one also forgets the failures that led to a CAPTCHA."""
    jira: Jira = request.app.state.jira
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    user, then = form.get("username", "").strip(), form.get("next", "/")
    known = next((x for x in jira.settings.logins if x.user == user), None)
    if known is None or not hmac.compare_digest(known.password.encode(), form.get("password", "").encode()):
        return show_login(request, then, "That name and password do not go together.", user)
    jira.failed_logins.pop(user, None)
    session = secrets.token_urlsafe(24)
    jira.sessions[session] = known.account_id
    response = RedirectResponse(_here(then), status_code=303)
    response.set_cookie(COOKIE, session, httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return response


async def log_out(request: Request) -> Response:
    jira: Jira = request.app.state.jira
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    jira.sessions.pop(request.cookies.get(COOKIE, ""), None)
    response = RedirectResponse(_here(form.get("next", "/")), status_code=303)
    response.delete_cookie(COOKIE)
    return response
