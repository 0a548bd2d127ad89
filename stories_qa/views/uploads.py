"""Bringing in a backlog: choose a file, look at what would come in, bring it in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from stories_qa.access import project_view
from stories_qa.forms.upload import UploadForm
from stories_qa.importers import BacklogUnreadable
from stories_qa.models import BacklogUpload, Project
from stories_qa.uploads import confirm, could_not_start, is_late, start, try_again
from stories_qa.views.pages import see_other

ROWS_SHOWN = 500
LAST_SHOWN = 10


def page_of(upload: BacklogUpload) -> str:
    return reverse("stories_qa:upload_detail", args=[upload.project.key, upload.uid])


@project_view("edit")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, project: Project) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and request.user.is_authenticated and form.is_valid():
        try:
            stored = start(project, request.user, form.cleaned_data["file"], form.cleaned_data["format"])
        except BacklogUnreadable as unreadable:
            form.add_error("file", unreadable.reason)
        else:
            return see_other(page_of(stored))
    context = {"project": project, "form": form, "last": project.uploads.select_related("uploaded_by")[:LAST_SHOWN]}
    return render(request, "stories_qa/upload.html", context, status=422 if request.method == "POST" else 200)


@project_view("edit")
@require_http_methods(["GET", "POST"])
def upload_detail(request: HttpRequest, project: Project, uid: UUID) -> HttpResponse:
    """What would come in, or came in. POST brings it in; a second one finds it done or under way. POST with `again`
    asks once more for work that nobody took up."""
    found = get_object_or_404(BacklogUpload.objects.select_related("uploaded_by"), project=project, uid=uid)
    if request.method == "POST":
        if request.user.is_authenticated:
            (try_again if "again" in request.POST else confirm)(found, request.user)
        return see_other(page_of(found))
    report: dict[str, Any] = found.report or {}
    rows = [row | {"word": change_word(row["change"])} for row in report.get("rows", [])]
    context = {
        "project": project,
        "upload": found,
        "report": report,
        "rows": rows[:ROWS_SHOWN],
        "rows_hidden": max(0, len(rows) - ROWS_SHOWN),
        "lost": [problem for problem in report.get("problems", []) if not problem["kept"]],
        "notes": [problem for problem in report.get("problems", []) if problem["kept"]],
        "to_write": report.get("new", 0) + report.get("changed", 0),
        "queue_away": report.get("code") == "queue_away",
        "could_not_start": could_not_start(found),
        "late": is_late(found),
        "waiting": found.state in {BacklogUpload.State.READING, BacklogUpload.State.IMPORTING},
    }
    return render(request, "stories_qa/upload_detail.html", context)


def change_word(change: str) -> str:
    words = {"new": _("New"), "changed": _("Changed"), "unchanged": _("No change"), "kept": _("Kept as edited here")}
    return words.get(change, change)
