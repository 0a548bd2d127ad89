"""What a page asks for while its socket is closed: the same pieces as over the socket."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from jira_integration.contracts import Act, ProjectInfo
from jira_integration.live import run_news, run_of, workspace_news
from jira_integration.views.access import for_project
from jira_integration.views.paging import asked_number

STOP_POLLING = 286  # htmx: swap this in, then ask no more


@require_GET
@never_cache
@for_project(Act.VIEW)
def run_live(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """`?after=<seq>&rows=12,13`: what changed in the run since, and in these of its items."""
    run = run_of(number)
    if run is None or run.project_ref != project.ref:
        raise Http404
    asked = [int(part) for part in request.GET.get("rows", "").split(",") if part.isascii() and part.isdigit()]
    show = request.GET.get("show", "all")
    news = run_news(run, project, request.user, after=asked_number(request, "after", 0), rows=asked, show=show)
    return HttpResponse(news.html, status=STOP_POLLING if news.ended else 200, headers={"X-Seq": str(news.seq)})


@require_GET
@never_cache
@for_project(Act.VIEW)
def news(request: HttpRequest, project: ProjectInfo) -> HttpResponse:
    """`?after=<seq>&keys=US-1,US-2&parts=conn,needs-you`: badges and parts of the frame that changed since."""
    told = workspace_news(
        project,
        request.user,
        after=asked_number(request, "after", 0),
        keys=[key for key in request.GET.get("keys", "").split(",") if key],
        parts=request.GET.get("parts", "").split(","),
    )
    return HttpResponse(told.html, headers={"X-Seq": str(told.seq)})
