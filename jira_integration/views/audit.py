"""The audit trail: one sentence for each change, newest first."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from jira_integration.conf import story_source
from jira_integration.models import AuditEntry
from jira_integration.trail import Told
from jira_integration.views.access import page
from jira_integration.views.paging import piece

ROWS = 100


@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """`?project=&who=&what=`: entries of the projects this person is a member of, and of no other."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    mine = list(story_source().projects_for(request.user))
    if not mine:
        raise Http404
    asked = next((project for project in mine if project.key == request.GET.get("project")), None)
    chosen = [asked] if asked else mine
    entries = AuditEntry.objects.filter(project_ref__in=[project.ref for project in chosen]).select_related("user")
    who, what = request.GET.get("who", "").strip(), request.GET.get("what", "")
    if who:
        entries = entries.filter(actor_name__icontains=who)
    if what in AuditEntry.Actor.values:
        entries = entries.filter(actor=what)
    pages = piece(request, entries, ROWS)
    keys = {project.ref: project for project in mine}
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "entries": [Told(entry, keys.get(entry.project_ref)) for entry in pages.rows],
        "pages": pages,
        "projects": mine,
        "asked": asked,
        "who": who,
        "what": what,
        "actors": AuditEntry.Actor.choices,
        "query": query.urlencode(),
    }
    if request.headers.get("HX-Target") == "more":
        return render(request, "jira_integration/_audit_rows.html", context)
    return page(request, "audit.html", context, project=asked or mine[0])
