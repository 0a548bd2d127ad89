"""The door to the seven steps, and what to do about trouble with Jira on the way."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from jira_integration.catalogue import explain, from_error
from jira_integration.client.exceptions import JiraError, JiraLoginError
from jira_integration.models import JiraConnection, SecretUnreadable
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
from jira_integration.views.access import for_connections
from jira_integration.views.setup_frame import STEPS, Wizard
from jira_integration.views.setup_open import opened

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
