"""The connected Jira sites, and the way to a new one."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from jira_integration.conf import story_source
from jira_integration.contracts import Act
from jira_integration.models import JiraConnection, ProjectMapping
from jira_integration.views import setup_site
from jira_integration.views.access import admin_projects, for_connections, looks_after, not_allowed, page
from jira_integration.views.setup_frame import Wizard
from jira_integration.views.setup_open import project_asked


@dataclass(frozen=True)
class Backlog:
    """One backlog that goes over a connection; without an address for people who may not set it up."""

    name: str
    jira_project: str
    live: bool
    url: str


@dataclass(frozen=True)
class Site:
    """A row of the list. `url` opens its set-up, for a backlog of this person's that it serves or could serve."""

    connection: JiraConnection
    backlogs: tuple[Backlog, ...]
    url: str


@require_GET
@for_connections
def connections(request: HttpRequest) -> HttpResponse:
    """The Jira sites this person looks after, with their state and the backlogs that go to them."""
    source = story_source()
    mine = {project.ref: project for project in admin_projects(request.user)}
    project = project_asked(request)
    unconnected = [one for one in mine.values() if not ProjectMapping.objects.filter(project_ref=one.ref).exists()]
    sites = []
    for connection in JiraConnection.objects.prefetch_related("mappings"):
        if not looks_after(request.user, connection):
            continue
        backlogs = []
        served = [one for mapping in connection.mappings.all() if (one := mine.get(mapping.project_ref))]
        opened_for = next(iter([*served, *unconnected]), None)
        for mapping in connection.mappings.all():
            known = mine.get(mapping.project_ref) or source.project_by_ref(mapping.project_ref)
            if known is None or not source.may(request.user, known.ref, Act.VIEW):
                continue
            url = step_url(connection, "review", known.key) if known.ref in mine else ""
            backlogs.append(Backlog(known.name, mapping.jira_project_key, mapping.live, url))
        url = step_url(connection, "sign-in", opened_for.key) if opened_for is not None else ""
        sites.append(Site(connection, tuple(backlogs), url))
    context = {"sites": sites, "unconnected": unconnected}
    return page(request, "connections/list.html", context, project=project)


def step_url(connection: JiraConnection, slug: str, project_key: str) -> str:
    address = reverse("jira_integration:setup_step", args=[connection.pk, slug])
    return f"{address}?{urlencode({'project': project_key})}"


@require_http_methods(["GET", "POST"])
@for_connections
def connection_new(request: HttpRequest) -> HttpResponse:
    """Step 1 without a connection yet. A backlog whose set-up has begun goes on where it was left."""
    project = project_asked(request)
    if not story_source().may(request.user, project.ref, Act.ADMIN):
        return not_allowed(request, project, Act.ADMIN)
    mapping = ProjectMapping.objects.select_related("connection").filter(project_ref=project.ref).first()
    if mapping is not None and (mapping.live or mapping.jira_project_id):
        begun = Wizard(request, project, "site", mapping.connection, mapping)
        return begun.go(begun.first_open())
    return setup_site.step(Wizard(request, project, "site", None, mapping))
