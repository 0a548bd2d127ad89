"""Create anyway: what is known of items that got no answer, and the decision of a person to send them once more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from jira_integration.contracts import Act, ProjectInfo
from jira_integration.export.anyway import create_anyway, search_url, unconfirmed
from jira_integration.models import RunEvent, RunItem
from jira_integration.views.access import for_project, page
from jira_integration.views.runs import act_on, run_of, run_page

MOST_SHOWN = 50


@dataclass(frozen=True)
class Known:
    """What is known of an item besides itself: the look-ups since it was sent, and Jira's own search for it."""

    item: RunItem
    looks: list[RunEvent]
    search: str


@require_http_methods(["GET", "POST"])
@for_project(Act.EXPORT)
def run_create(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """All unconfirmed creates of a run."""
    return decide(request, project, number, None)


@require_http_methods(["GET", "POST"])
@for_project(Act.EXPORT)
def run_item_create(request: HttpRequest, project: ProjectInfo, number: int, item: int) -> HttpResponse:
    """One of them."""
    row = get_object_or_404(RunItem, run__project_ref=project.ref, run_id=number, pk=item)
    return decide(request, project, number, row)


def decide(request: HttpRequest, project: ProjectInfo, number: int, item: RunItem | None) -> HttpResponse:
    """GET says what is known; POST creates, once the box is ticked that says that doubles may come of it."""
    run = run_of(project, number)
    chosen = unconfirmed(run).filter(**({"pk": item.pk} if item else {})).select_related("batch", "run__connection")
    count = chosen.count()
    if not count:
        values = {"story": item.story_key} if item else {}
        return run_page(request, project, run, trouble="not_unconfirmed", values=values)
    if request.method == "POST" and request.POST.get("understood"):
        return act_on(request, project, number, lambda found: create_anyway(found, request.user, item), drive=True)
    looked = list(run.events.filter(code="looked_up").order_by("pk"))
    known = [Known(one, looks_of(one, looked), search_url(one)) for one in chosen[:MOST_SHOWN]]
    context: dict[str, Any] = {
        "run": run,
        "item": item,
        "known": known,
        "count": count,
        "more": count - len(known),
        "missed": request.method == "POST",
    }
    return page(request, "run_create.html", context, project=project, status=422 if context["missed"] else 200)


def looks_of(item: RunItem, looked: list[RunEvent]) -> list[RunEvent]:
    """The look-ups of the request it was sent in."""
    return [one for one in looked if item.batch is not None and one.values.get("batch") == item.batch.number]
