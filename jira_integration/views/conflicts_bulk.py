"""The same choice for several stories: what it would write where, and then, confirmed, the writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from jira_integration import progress
from jira_integration.conflictview import CaseView, Choice, FieldView
from jira_integration.contracts import Act, ProjectInfo, StoryChanged
from jira_integration.forms import conflicts as form
from jira_integration.models import ExportedTicket
from jira_integration.sync.conflicts import CannotChoose
from jira_integration.sync.decide import Decision, cases_of, decide, open_tickets
from jira_integration.views.access import for_project, page
from jira_integration.views.conflicts import CONFLICT, ROWS, UNAVAILABLE, go_on, read, url_of
from jira_integration.views.plans import see

CHOICES = (Choice.OURS.value, Choice.THEIRS.value)


@dataclass(frozen=True)
class Line:
    """One story of the preview: fields that would be written, and those that the choice does not fit."""

    view: CaseView
    fields: list[FieldView]
    stay: list[FieldView]

    @property
    def pk(self) -> int:
        return self.view.case.ticket.pk


def lines_of(tickets: Sequence[ExportedTicket], project: ProjectInfo, choice: str) -> list[Line]:
    found = []
    for case in cases_of(tickets):
        view = CaseView(case, project)
        fits = [one for one in view.fields if choice in form.offered(one)]
        found.append(Line(view, fits, [one for one in view.fields if one not in fits]))
    return found


@require_http_methods(["GET", "POST"])
@for_project(Act.EXPORT)
def conflicts_preview(request: HttpRequest, project: ProjectInfo) -> HttpResponse:
    """`?take=ours&conflict=12&conflict=14`: what would be written where. POST does it, where nothing moved on."""
    asked = request.POST if request.method == "POST" else request.GET
    choice = asked.get("take", "")
    tickets = chosen(project, asked)
    if choice not in CHOICES or not tickets:
        messages.warning(request, _("Choose at least one story."))
        return see(url_of(project, "conflicts"))
    if request.method == "POST":
        return save_all(request, project, tickets, choice)
    return shown(request, project, lines_of(tickets, project, choice), choice)


def chosen(project: ProjectInfo, asked: QueryDict) -> list[ExportedTicket]:
    wanted = set(asked.getlist("conflict"))
    return [one for one in open_tickets(project.ref) if str(one.pk) in wanted][:ROWS]


def shown(
    request: HttpRequest, project: ProjectInfo, lines: list[Line], choice: str, status: int = 200, **more: object
) -> HttpResponse:
    count = sum(bool(line.fields) for line in lines)
    context = {"lines": lines, "choice": choice, "count": count, "page_error": status != 200, **more}
    return page(request, "conflicts_preview.html", context, project=project, status=status)


def save_all(request: HttpRequest, project: ProjectInfo, tickets: list[ExportedTicket], choice: str) -> HttpResponse:
    """Each story for itself: one that moved on since the preview stays open, and the page shows it anew."""
    before = {one.pk: one for one in tickets}
    for connection_id in {one.connection_id for one in tickets}:
        trouble = read([one for one in tickets if one.connection_id == connection_id])
        if trouble is not None:
            return shown(
                request, project, lines_of(tickets, project, choice), choice, status=UNAVAILABLE, trouble=trouble
            )
    fresh = list(ExportedTicket.objects.select_related("connection", "mapping__connection").in_bulk(before).values())
    saved, moved_on = [], []
    for line in lines_of(fresh, project, choice):
        case = line.view.case
        posted = {name: request.POST.get(f"seen-{line.pk}-{name}", "") for name in case.seen()}
        same = posted == case.seen() and request.POST.get(f"going-{line.pk}") == case.seen_going()
        try:
            if same and line.fields:
                saved.append(decide(case, {one.key: Decision(choice) for one in line.fields}, request.user))
            elif not same:
                moved_on.append(case.ticket)
        except (CannotChoose, StoryChanged):
            moved_on.append(case.ticket)
    for ticket in saved:
        progress.publish_ticket(ticket)
    if moved_on and not saved:
        lines = lines_of(moved_on, project, choice)
        return shown(request, project, lines, choice, status=CONFLICT, moved_on=True)
    said = ngettext("Saved %(n)d story.", "Saved %(n)d stories.", len(saved)) % {"n": len(saved)}
    if moved_on:
        keys = ", ".join(one.story_key for one in moved_on)
        said += " " + _("Left open, because they changed meanwhile: %(keys)s.") % {"keys": keys}
    return go_on(request, project, saved, said, url_of(project, "conflicts"))
