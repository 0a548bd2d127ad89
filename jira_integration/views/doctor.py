"""The doctor: what is wrong between here and one Jira site. They take seconds, so the page asks for them apart."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from jira_integration.models import JiraConnection
from jira_integration.setup.doctor import Report, examine
from jira_integration.setup.doctor.bundle import support_bundle
from jira_integration.views.access import for_connections, page
from jira_integration.views.setup_open import project_asked


@require_GET
@for_connections
def doctor(request: HttpRequest, pk: int) -> HttpResponse:
    """The page before its checks; with a script they start by themselves."""
    return show(request, get_object_or_404(JiraConnection, pk=pk))


@require_POST
@for_connections
def doctor_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Run the checks and show them: the whole page, or its list alone to htmx."""
    connection = get_object_or_404(JiraConnection, pk=pk)
    report = async_to_sync(examine)(connection)
    if request.headers.get("HX-Request") == "true":
        return render(request, "jira_integration/_doctor.html", {"report": report, "connection": connection})
    return show(request, connection, report)


@require_POST
@for_connections
def doctor_bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """The report with versions, settings and counts, as a file to send along. It holds no secret."""
    connection = get_object_or_404(JiraConnection, pk=pk)
    bundle = support_bundle(async_to_sync(examine)(connection))
    name = f'attachment; filename="jira-support-{connection.pk}.json"'
    return JsonResponse(bundle, json_dumps_params={"indent": 2}, headers={"Content-Disposition": name})


def show(request: HttpRequest, connection: JiraConnection, report: Report | None = None) -> HttpResponse:
    context = {"connection": connection, "report": report}
    return page(request, "doctor.html", context, project=project_asked(request, connection))
