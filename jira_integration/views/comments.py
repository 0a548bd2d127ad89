"""What a person does about a comment that is not on both sides, and which way comments of a backlog go."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from jira_integration import audit
from jira_integration.comments.choosing import choose
from jira_integration.comments.tasks import comment_saved, send_comments
from jira_integration.conf import story_source
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.models import ExportedComment, ExportedTicket, ProjectMapping
from jira_integration.starting import start
from jira_integration.views.access import for_connections, for_project
from jira_integration.views.plans import see
from jira_integration.views.setup_open import opened


@require_POST
@for_project(Act.EDIT)
def comment_send(request: HttpRequest, project: ProjectInfo) -> HttpResponse:
    """Send a comment that stands here only, or try one again that Jira did not take."""
    ticket = get_object_or_404(
        ExportedTicket, project_ref=project.ref, story_ref=request.POST.get("story", ""), unlinked_at=None
    )
    found = next(iter(story_source().comments([request.POST.get("comment", "")])), None)
    if found is not None and found.story_ref == ticket.story_ref and not found.place:
        with transaction.atomic():
            comment_saved(ticket.story_ref, found.ref, asked=True)
    return see(f"{story_source().story_url(ticket.story_ref)}#section-comments")


@require_POST
@for_project(Act.EDIT)
def comment_choose(request: HttpRequest, project: ProjectInfo, number: int) -> HttpResponse:
    """Which text of a comment both sides keep; chosen twice is chosen once."""
    row = get_object_or_404(
        ExportedComment.objects.select_related("ticket"), ticket__project_ref=project.ref, pk=number
    )
    if choose(row, request.POST.get("keep", ""), request.user):
        start(send_comments, row.ticket_id)
    return see(f"{story_source().story_url(row.ticket.story_ref)}#section-comments")


@require_POST
@for_connections
def setup_comments(request: HttpRequest, pk: int) -> HttpResponse:
    """Which way comments go. No plan relies on it, so the mapping's version stays."""
    wizard = opened(request, pk, "review")
    if isinstance(wizard, HttpResponse):
        return wizard
    way = request.POST.get("comments", "")
    if way in ProjectMapping.Comments.values and way != wizard.map.comments:
        with transaction.atomic():
            ProjectMapping.objects.filter(pk=wizard.map.pk).update(comments=way)
            audit.record(
                "comments_chosen",
                {"project": wizard.project.name, "way": str(ProjectMapping.Comments(way).label)},
                user=request.user,
                project_ref=wizard.project.ref,
            )
    return wizard.go("review")
