"""The program: routes of the REST API, the control endpoints and the web face on one site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jira_integration.sandbox import (
    bulk,
    comments,
    history,
    issue_api,
    links,
    metadata,
    people,
    places,
    properties,
    search,
    webhooks,
    work_done,
    workflow,
)
from jira_integration.sandbox.board import not_here
from jira_integration.sandbox.call import Handler, Jira, endpoint
from jira_integration.sandbox.clock import Clock
from jira_integration.sandbox.control import control_routes
from jira_integration.sandbox.control_page import control_page_routes
from jira_integration.sandbox.delivery import deliver_for_ever
from jira_integration.sandbox.faults import load_faults
from jira_integration.sandbox.gate import Gate, Traffic
from jira_integration.sandbox.knobs import command
from jira_integration.sandbox.seed import build_site
from jira_integration.sandbox.settings import Flavour, SandboxSettings
from jira_integration.sandbox.start import first_state
from jira_integration.sandbox.store import Store
from jira_integration.sandbox.web import web_routes
from jira_integration.sandbox.web_guard import WebGuard

_CLOUD: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "serverInfo", metadata.server_info),
    ("GET", "myself", metadata.myself),
    ("GET", "mypermissions", people.my_permissions),
    ("GET", "project/search", metadata.search_projects),
    ("GET", "project/{project}", metadata.get_project),
    ("GET", "project/{project}/statuses", metadata.project_statuses),
    ("GET", "issuetype", metadata.issue_types),
    ("GET", "field", metadata.fields),
    ("GET", "priority", metadata.priorities),
    ("GET", "priority/search", metadata.search_priorities),
    ("GET", "status", metadata.statuses),
    ("GET", "statuscategory", metadata.status_categories),
    ("GET", "resolution", metadata.resolutions),
    ("GET", "user", people.get_user),
    ("GET", "user/search", people.search_users),
    ("GET", "user/assignable/search", people.assignable_users),
    ("GET", "search", search.gone),
    ("POST", "search", search.gone),
    ("GET", "search/jql", search.search_get),
    ("POST", "search/jql", search.search_post),
    ("POST", "search/approximate-count", search.approximate_count),
    ("GET", "issue/createmeta/{project}/issuetypes", metadata.create_issue_types),
    ("GET", "issue/createmeta/{project}/issuetypes/{type}", metadata.create_fields),
    ("POST", "issue", issue_api.post_issue),
    ("POST", "issue/bulk", issue_api.post_bulk),
    ("POST", "issue/bulkfetch", issue_api.bulk_fetch),
    ("POST", "changelog/bulkfetch", history.bulk_changelogs),
    ("PUT", "issue/archive", places.archive),
    ("PUT", "issue/unarchive", places.unarchive),
    ("POST", "bulk/issues/delete", bulk.delete_issues),
    ("GET", "bulk/queue/{task}", bulk.get_progress),
    ("GET", "issue/{issue}", issue_api.get_issue),
    ("PUT", "issue/{issue}", issue_api.put_issue),
    ("DELETE", "issue/{issue}", issue_api.delete_issue),
    ("GET", "issue/{issue}/editmeta", issue_api.edit_meta),
    ("GET", "issue/{issue}/changelog", history.get_changelog),
    ("GET", "issue/{issue}/transitions", workflow.get_transitions),
    ("POST", "issue/{issue}/transitions", workflow.do_transition),
    ("GET", "issue/{issue}/comment", comments.get_comments),
    ("POST", "issue/{issue}/comment", comments.add_comment),
    ("GET", "issue/{issue}/comment/{comment}", comments.get_comment),
    ("PUT", "issue/{issue}/comment/{comment}", comments.update_comment),
    ("DELETE", "issue/{issue}/comment/{comment}", comments.delete_comment),
    ("GET", "issue/{issue}/worklog", work_done.get_worklogs),
    ("POST", "issue/{issue}/worklog", work_done.add_worklog),
    ("DELETE", "issue/{issue}/worklog/{worklog}", work_done.delete_worklog),
    ("POST", "issue/{issue}/attachments", work_done.add_attachments),
    ("GET", "attachment/{attachment}", work_done.get_attachment),
    ("DELETE", "attachment/{attachment}", work_done.delete_attachment),
    ("GET", "issue/{issue}/properties", properties.get_properties),
    ("GET", "issue/{issue}/properties/{key:path}", properties.get_property),
    ("PUT", "issue/{issue}/properties/{key:path}", properties.put_property),
    ("DELETE", "issue/{issue}/properties/{key:path}", properties.delete_property),
    ("GET", "issue/{issue}/remotelink", links.get_remote_links),
    ("POST", "issue/{issue}/remotelink", links.put_remote_link),
    ("DELETE", "issue/{issue}/remotelink", links.delete_remote_link),
    ("DELETE", "issue/{issue}/remotelink/{link}", links.delete_remote_link),
    ("POST", "issueLink", links.link_issues),
    ("GET", "issueLink/{link}", links.get_link),
    ("DELETE", "issueLink/{link}", links.delete_link),
    ("GET", "issueLinkType", links.link_types),
)
_WEBHOOKS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "webhook", webhooks.list_webhooks),
    ("POST", "webhook", webhooks.post_webhook),
    ("GET", "webhook/{webhook:int}", webhooks.get_webhook),
    ("PUT", "webhook/{webhook:int}", webhooks.put_webhook),
    ("DELETE", "webhook/{webhook:int}", webhooks.delete_webhook),
)


def rest_routes(flavour: Flavour) -> list[Route]:
    """The REST API of a flavour; Data Center gets a table of its own beside this one."""
    if flavour is not Flavour.CLOUD:
        raise NotImplementedError("Only the Cloud flavour is served so far.")
    tables = (("/rest/api/3", _CLOUD), ("/rest/webhooks/1.0", _WEBHOOKS))
    return [
        Route(f"{root}/{path}", endpoint(handler), methods=[method])
        for root, table in tables
        for method, path, handler in table
    ]


async def _not_served(request: Request, trouble: Exception) -> Response:
    if not request.url.path.startswith("/rest/"):
        return not_here("There is nothing at this address.")
    message = f"The rehearsal Jira has nothing at {request.url.path}."
    return JSONResponse({"errorMessages": [message], "errors": {}}, status_code=404)


def create_app(settings: SandboxSettings) -> Starlette:
    """One sandbox with its own state.

    Raises ValueError or OSError for a faults file that cannot be used.
    """
    clock = Clock()
    store = Store(settings.data_file, clock, settings.index_lag_ms)
    jira = Jira(settings, clock, store, build_site(settings), first_settings=settings, chores=[bulk.work])
    first_state(jira)
    traffic = Traffic(settings.keep_bodies, settings.latency_ms, settings.latency_per_issue_ms, clock=clock)
    if settings.faults_file is not None:
        command(jira, traffic, load_faults(settings.faults_file))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        jira.deliveries_due = asyncio.Event()
        sender = asyncio.create_task(deliver_for_ever(jira))
        yield
        sender.cancel()
        with suppress(asyncio.CancelledError):
            await sender
        store.close()

    app = Starlette(
        routes=[*rest_routes(settings.flavour), *control_routes(), *control_page_routes(), *web_routes()],
        middleware=[Middleware(WebGuard, settings=settings), Middleware(Gate, traffic=traffic)],
        exception_handlers={404: _not_served},
        lifespan=lifespan,
    )
    app.state.jira = jira
    app.state.traffic = traffic
    return app
