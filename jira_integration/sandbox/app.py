"""The program: routes of the REST API, the control endpoints and the web face on one site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jira_integration.sandbox import bulk
from jira_integration.sandbox.board import not_here
from jira_integration.sandbox.bucket import user_bucket
from jira_integration.sandbox.call import Jira
from jira_integration.sandbox.clock import Clock
from jira_integration.sandbox.context import ContextPath
from jira_integration.sandbox.control import control_routes
from jira_integration.sandbox.control_page import control_page_routes
from jira_integration.sandbox.delivery import deliver_for_ever
from jira_integration.sandbox.faults import load_faults
from jira_integration.sandbox.gate import Gate, Traffic
from jira_integration.sandbox.knobs import command
from jira_integration.sandbox.oauth import oauth_routes
from jira_integration.sandbox.resources import rest_routes
from jira_integration.sandbox.sabotage import commit
from jira_integration.sandbox.seed import build_site
from jira_integration.sandbox.settings import Flavour, SandboxSettings, complete
from jira_integration.sandbox.start import first_state
from jira_integration.sandbox.store import Store
from jira_integration.sandbox.web import web_routes
from jira_integration.sandbox.web_guard import WebGuard


async def _not_served(request: Request, trouble: Exception) -> Response:
    if not request.scope["path"].startswith("/rest/"):
        return not_here("There is nothing at this address.")
    settings: SandboxSettings = request.app.state.jira.settings
    if settings.flavour is Flavour.DATACENTER:
        return JSONResponse({"message": f"null for uri: {request.url}", "status-code": 404}, status_code=404)
    message = f"The rehearsal Jira has nothing at {request.url.path}."
    return JSONResponse({"errorMessages": [message], "errors": {}}, status_code=404)


def create_app(settings: SandboxSettings, sabotage: Sequence[str] = ()) -> Starlette:
    """One sandbox with its own state.

    Raises ValueError or OSError for a faults file or a sabotage that cannot be used.
    """
    settings = complete(settings)
    clock = Clock()
    store = Store(settings.data_file, clock, settings.index_lag_ms)
    jira = Jira(settings, clock, store, build_site(settings), first_settings=settings, chores=[bulk.work])
    first_state(jira)
    traffic = Traffic(settings.keep_bodies, settings.latency_ms, settings.latency_per_issue_ms, clock=clock)
    traffic.user_bucket = user_bucket(settings)
    if settings.faults_file is not None:
        command(jira, traffic, load_faults(settings.faults_file))

    if sabotage:
        commit(jira, traffic, sabotage)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        jira.deliveries_due = asyncio.Event()
        sender = asyncio.create_task(deliver_for_ever(jira))
        yield
        sender.cancel()
        with suppress(asyncio.CancelledError):
            await sender
        store.close()

    oauth = oauth_routes() if settings.flavour is Flavour.CLOUD else []
    app = Starlette(
        routes=[*rest_routes(settings), *oauth, *control_routes(), *control_page_routes(), *web_routes()],
        middleware=[
            Middleware(ContextPath, context=settings.context),
            Middleware(WebGuard, settings=settings),
            Middleware(Gate, traffic=traffic),
        ],
        exception_handlers={404: _not_served},
        lifespan=lifespan,
    )
    app.state.jira = jira
    app.state.traffic = traffic
    return app
