"""The audit trail: one sentence for each change, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from jira_integration.conf import story_source
from jira_integration.contracts import ProjectInfo
from jira_integration.forms.audit import AuditFilter
from jira_integration.trail import Told
from jira_integration.views.access import page
from jira_integration.views.paging import piece
from jira_integration.views.spreadsheet import csv_answer

ROWS = 100


@require_GET
def audit(request: HttpRequest, form: str = "") -> HttpResponseBase:
    """`?project=&who=&what=&object=&from=&to=`: entries of the projects this person is a member of, and of no other.
    `form` "csv" is the same as a file."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    mine = list(story_source().projects_for(request.user))
    if not mine:
        raise Http404
    asked = AuditFilter(request.GET, mine)
    asked.is_valid()
    keys = {project.ref: project for project in mine}
    if form == "csv":
        return csv_answer(request, "audit", HEAD, rows(asked, keys))
    pages = piece(request, asked.entries(), ROWS)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": asked,
        "entries": [Told(entry, keys.get(entry.project_ref)) for entry in pages.rows],
        "pages": pages,
        "query": query.urlencode(),
    }
    if request.headers.get("HX-Target") == "more":
        return render(request, "jira_integration/_audit_rows.html", context)
    return page(request, "audit.html", context, project=asked.asked_project or mine[0])


HEAD = ["When (UTC)", "Kind", "Who", "Project", "What", "Before", "After"]


def rows(asked: AuditFilter, projects: Mapping[str, ProjectInfo]) -> Iterator[list[object]]:
    """One line for each value that changed; an entry without such has one line, too."""
    for entry in asked.entries().iterator(chunk_size=500):
        project = projects[entry.project_ref]
        told = Told(entry, project)
        lead = [f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.get_actor_display(), told.actor, project.key, told.sentence]
        for change in told.changes:
            yield [*lead, change.before, change.after]
        if not told.changes:
            yield [*lead, "", ""]
