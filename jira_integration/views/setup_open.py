"""Who visits a step of the set-up, or a page that belongs to one: finds connection, backlog and mapping."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from jira_integration.conf import story_source
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.models import JiraConnection, ProjectMapping
from jira_integration.views.access import admin_projects, not_allowed
from jira_integration.views.setup_frame import Wizard


def opened(request: HttpRequest, pk: int, slug: str) -> Wizard | HttpResponse:
    """The visit to a step or to a page that belongs to it, or the answer for who may not or not yet be there."""
    connection = get_object_or_404(JiraConnection, pk=pk)
    project = project_asked(request, connection)
    if not story_source().may(request.user, project.ref, Act.ADMIN):
        return not_allowed(request, project, Act.ADMIN)
    mapping = ProjectMapping.objects.filter(project_ref=project.ref).first()
    if mapping is not None and mapping.connection_id != connection.pk:
        if mapping.live or mapping.jira_project_id:
            other = Wizard(request, project, slug, mapping.connection, mapping)
            return other.go(other.first_open())
        mapping.connection = connection
    wizard = Wizard(request, project, slug, connection, mapping)
    return wizard if wizard.reachable(slug) else wizard.go(wizard.first_open())


def project_asked(request: HttpRequest, connection: JiraConnection | None = None) -> ProjectInfo:
    """The backlog that is being connected: `?project=KEY`, else the one this connection serves, else the first that
    is not connected. 404 for a project this person may not even see."""
    source = story_source()
    asked = request.GET.get("project", "")
    if asked:
        found = source.project(asked)
        if found is None or not source.may(request.user, found.ref, Act.VIEW):
            raise Http404
        return found
    mine = admin_projects(request.user)
    mapped = dict(ProjectMapping.objects.values_list("project_ref", "connection_id"))
    served = [one for one in mine if connection is not None and mapped.get(one.ref) == connection.pk]
    free = [one for one in mine if one.ref not in mapped]
    return (served or free or mine)[0]
