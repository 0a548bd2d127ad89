"""Comments on a story's page: which way they go, how each stands, what a person can do. Part of `{% load jira %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.loader import render_to_string

from jira_integration.comments.standing import CommentsThere, comments_there, trouble_of
from jira_integration.conf import story_source
from jira_integration.contracts import Act
from jira_integration.standing import mapping_of

register = template.Library()


@register.simple_tag
def jira_comments(story: Any) -> CommentsThere:
    """Of one story: `sends`, `words`; handed to the two tags below."""
    return comments_there(story.ref, mapping_of(story.project.ref))


@register.simple_tag
def jira_comment(there: CommentsThere, ref: str) -> str:
    """The sign of one comment, and the link to it in Jira."""
    row = there.rows.get(ref)
    url = there.ticket.issue_url if there.ticket is not None and row is not None else ""
    context = {"there": there, "row": row, "issue_url": url}
    return render_to_string("jira_integration/_comment_state.html", context)


@register.simple_tag(takes_context=True)
def jira_comment_trouble(context: template.Context, there: CommentsThere, ref: str) -> str:
    """Why a comment is not on both sides, with what to do; the offer to send one that stands here only."""
    row, ticket = there.rows.get(ref), there.ticket
    words = trouble_of(row) if row is not None and row.state in ("failed", "conflict") else None
    offer = there.sends and row is None
    if ticket is None or (words is None and not offer):
        return ""
    may_edit = story_source().may(context.get("user"), ticket.project_ref, Act.EDIT)
    return render_to_string(
        "jira_integration/_comment_trouble.html",
        {
            "there": there,
            "row": row,
            "ref": ref,
            "words": words,
            "offer": offer and may_edit,
            "may_edit": may_edit,
            "project": story_source().project_by_ref(ticket.project_ref),
            "csrf_token": context.get("csrf_token"),
        },
    )
