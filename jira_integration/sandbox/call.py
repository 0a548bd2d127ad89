"""One request to the REST API: who asks, with what, on which site; and the border between handlers and HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from jira_integration.sandbox.beans import Beans
from jira_integration.sandbox.clock import Clock, zone
from jira_integration.sandbox.errors import JiraProblem, hidden_issue, no_issue
from jira_integration.sandbox.login import Caller, identify
from jira_integration.sandbox.model import Project, Site
from jira_integration.sandbox.settings import JONAS_ACCOUNT, SandboxSettings
from jira_integration.sandbox.shape import Shape, shaped
from jira_integration.sandbox.store import Issue, Store


@dataclass
class Jira:
    """The running site."""

    settings: SandboxSettings
    clock: Clock
    store: Store
    site: Site
    first_settings: SandboxSettings | None = None  # what a reset goes back to
    failed_logins: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)  # account by cookie, on the web face
    chores: list[Callable[[Jira], None]] = field(default_factory=list)  # what time has done since the last request
    deliveries_due: asyncio.Event = field(default_factory=asyncio.Event)

    def beans(self, base: str, api: int = 3) -> Beans:
        base = self.settings.base_url or base
        return Beans(
            self.site, self.store, base.rstrip("/"), zone(self.settings.site_zone), self.settings.account_zone, api
        )


@dataclass
class Call:
    """What a handler gets. `user` is an account id, or empty for nobody; `body` is parsed JSON, None when absent."""

    jira: Jira
    user: str
    base: str
    path: Mapping[str, Any]
    query: QueryParams
    body: Any
    api: int = 3
    raw: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    app: int = 0  # the number of the consent, when an OAuth app asks
    site_base: str = ""  # the site's own address, where `base` is the gateway's

    @property
    def site(self) -> Site:
        return self.jira.site

    @property
    def store(self) -> Store:
        return self.jira.store

    @property
    def now(self) -> int:
        return self.jira.clock.now_ms()

    @property
    def beans(self) -> Beans:
        return self.jira.beans(self.base, self.api)

    def object(self, **kinds: Shape) -> dict[str, Any]:
        """The body, which must be a JSON object with members of these shapes: `object(jql=str, fields=[str])`."""
        return shaped(self.body, **kinds)

    def listed(self, name: str) -> list[str]:
        """A query parameter that may be repeated or hold commas."""
        return [part.strip() for value in self.query.getlist(name) for part in value.split(",") if part.strip()]

    def number(self, name: str, default: int) -> int:
        text = self.query.get(name, "")
        if not text:
            return default
        try:
            return int(text)
        except ValueError:
            raise JiraProblem(404, [f"The value '{text}' for '{name}' is not a number."]) from None

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"

    def must_be_somebody(self) -> None:
        if not self.user:
            raise JiraProblem(401, ["You are not authenticated. Authentication required to perform this operation."])

    def is_admin(self) -> bool:
        return self.user == JONAS_ACCOUNT or (bool(self.user) and self.jira.settings.account_is_admin)

    def may_bulk_change(self) -> bool:
        return self.user == JONAS_ACCOUNT or (bool(self.user) and self.jira.settings.may_bulk_change)

    def sees(self, project: Project) -> bool:
        return bool(self.user) and (self.user == JONAS_ACCOUNT or "BROWSE_PROJECTS" not in project.denied)

    def may(self, project: Project, permission: str) -> bool:
        """Whether the caller holds a project permission, named as Jira names it; an archived project gives none."""
        if not self.sees(project) or project.archived:
            return False
        return self.user == JONAS_ACCOUNT or not (project.read_only or permission in project.denied)

    def issue(self, id_or_key: str) -> Issue:
        """A visible issue, or Jira's 404."""
        issue = self.store.issue(id_or_key)
        if issue is None:
            raise no_issue(self.site.data_center)
        if not self.sees(self.site.projects[issue.project_id]):
            raise hidden_issue(self.user) if self.site.data_center else no_issue()
        return issue

    def project(self, id_or_key: str) -> Project:
        project = self.site.project_named(id_or_key)
        if project is None or not self.sees(project):
            raise JiraProblem(404, [f"No project could be found with key '{id_or_key}'."])
        return project


Handler = Callable[[Call], Response]


def answer(content: Any, status: int = 200) -> Response:
    return JSONResponse(content, status_code=status)


def nothing(status: int = 204) -> Response:
    return Response(status_code=status)


Who = Callable[[Request, "Jira"], Caller]


def by_login(request: Request, jira: Jira) -> Caller:
    """Who asks at the site's own address."""
    base = jira.settings.base_url or str(request.base_url).rstrip("/")
    return identify(request.headers, jira.settings, jira.failed_logins, base)


def refusal(problem: JiraProblem) -> Response:
    """A problem as an answer; some of Jira's filters speak HTML."""
    kind = HTMLResponse if isinstance(problem.body, str) else JSONResponse
    return kind(problem.body, status_code=problem.status, headers=problem.headers)


def _refuse_browsers(request: Request) -> None:
    """Jira's filter against forms of other sites goes by the looks of a request, before it asks who sends it."""
    looks = request.headers.get("user-agent", "").startswith("Mozilla/")
    if request.method != "GET" and looks and request.headers.get("x-atlassian-token") != "no-check":
        raise JiraProblem(403, body="XSRF check failed")


Serve = Callable[[Request], Awaitable[Response]]
Address = Callable[[Request], str]


def endpoint(handler: Handler, *, api: int = 3, who: Who = by_login, at: Address | None = None) -> Serve:
    """Serve a handler: login first, then JSON, then one transaction; problems in Jira's shape."""

    async def serve(request: Request) -> Response:
        raw = await request.body()
        jira: Jira = request.app.state.jira
        caller = Caller()
        try:
            _refuse_browsers(request)
            caller = who(request, jira)
            body = _parsed(request, raw)
            asked = (
                request.path_params,
                request.query_params,
                body,
                api,
                raw,
                request.headers,
                caller.app,
                str(request.base_url),
            )
            base = at(request) if at else str(request.base_url)
            call = Call(jira, caller.user, base, *asked)
            with jira.store.transaction():
                for chore in jira.chores:
                    chore(jira)
            with jira.store.transaction():
                response = handler(call)
        except JiraProblem as problem:
            response = refusal(problem)
        for name, value in caller.headers.items():
            response.headers.setdefault(name, value)
        jira.deliveries_due.set()
        return response

    return serve


def _parsed(request: Request, raw: bytes) -> Any:
    if not raw:
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data" and request.url.path.endswith("/attachments"):
        return None
    if kind != "application/json":
        raise JiraProblem(415, body={"errorMessages": ["Unsupported Media Type"], "errors": {}})
    try:
        parsed = json.loads(raw)
        if b"\\ud" in raw.lower():
            json.dumps(parsed, ensure_ascii=False).encode()  # half a surrogate pair is no text
        return parsed
    except (ValueError, RecursionError):
        raise JiraProblem(400, ["There was an error parsing JSON. Check that your request body is valid."]) from None
