"""The door to the seven steps: finds connection, backlog and mapping, and says what to do about trouble with Jira."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from jira_integration.catalogue import explain, from_error
from jira_integration.client.exceptions import JiraError, JiraLoginError
from jira_integration.conf import story_source
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.models import JiraConnection, ProjectMapping, SecretUnreadable
from jira_integration.setup.connect import NoLogin
from jira_integration.views import (
    setup_fields,
    setup_project,
    setup_review,
    setup_sign_in,
    setup_site,
    setup_statuses,
    setup_webhook,
)
from jira_integration.views.access import admin_projects, for_connections, not_allowed
from jira_integration.views.setup_frame import STEPS, Wizard

VIEWS: dict[str, Callable[[Wizard], HttpResponse]] = {
    "site": setup_site.step,
    "sign-in": setup_sign_in.step,
    "project": setup_project.step,
    "fields": setup_fields.step,
    "statuses": setup_statuses.step,
    "webhook": setup_webhook.step,
    "review": setup_review.step,
}


@require_http_methods(["GET", "POST"])
@for_connections
def setup_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """One step of the set-up. A step whose turn has not come leads to the first one that is open."""
    if step not in STEPS:
        raise Http404
    wizard = opened(request, pk, step)
    if isinstance(wizard, HttpResponse):
        return wizard
    return answer(wizard, VIEWS[step])


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


def answer(wizard: Wizard, view: Callable[[Wizard], HttpResponse]) -> HttpResponse:
    """What a view says, or what to do about the trouble it met with Jira."""
    connection, project = wizard.site, wizard.project
    try:
        return view(wizard)
    except JiraError as trouble:
        code, values = from_error(trouble, connection)
        wizard.connection = JiraConnection.objects.get(pk=connection.pk)
        if isinstance(trouble, JiraLoginError) and wizard.slug != "sign-in":
            wizard.slug = "sign-in"
            return setup_sign_in.show(wizard, explained=explain(code, {**values, "project_key": project.key}))
        explained = explain(code, {**values, "project_key": project.key})
        return wizard.render("trouble", {"said": values.get("said", "")}, explained=explained, status=502)
    except (SecretUnreadable, NoLogin) as missing:
        code = "secret_unreadable" if isinstance(missing, SecretUnreadable) else "no_login"
        wizard.slug = "sign-in"
        return setup_sign_in.show(wizard, explained=explain(code, {"site": connection.host}))


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
