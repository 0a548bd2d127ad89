"""How the comments of one story stand with Jira, for its page."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from jira_integration.catalogue import Explained, explain
from jira_integration.catalogue.recognise import about
from jira_integration.comments.outbox import goes_out, ticket_of
from jira_integration.models import ExportedComment, ExportedTicket, ProjectMapping

Comments = ProjectMapping.Comments
State = ExportedComment.State


@dataclass(frozen=True)
class CommentsThere:
    """`sends`: what is written now goes to Jira. `words`: which way comments go, in a sentence."""

    sends: bool
    words: str
    ticket: ExportedTicket | None = None
    rows: dict[str, ExportedComment] = field(default_factory=dict)


def comments_there(story_ref: str, mapping: ProjectMapping | None) -> CommentsThere:
    if mapping is None or not mapping.live:
        return CommentsThere(False, "")
    ticket = ticket_of(story_ref)
    if ticket is None:
        return CommentsThere(False, _("This story is not in Jira: comments stay here."))
    rows = {row.comment_ref: row for row in ExportedComment.objects.filter(ticket=ticket)}
    sends = goes_out(ticket)
    if sends:
        words = _("Goes to %(issue)s with your name.") % {"issue": ticket.issue_key}
    elif mapping.comments == Comments.FROM_JIRA:
        words = _("Stays here: the mapping takes comments from Jira only.")
    elif mapping.comments == Comments.NONE:
        words = _("Stays here: comments are not synced.")
    else:
        words = _("Stays here while %(issue)s is missing in Jira.") % {"issue": ticket.issue_key}
    return CommentsThere(sends, words, ticket, rows)


def trouble_of(row: ExportedComment) -> Explained | None:
    """What keeps a comment from being the same on both sides, when a person has to know."""
    if not row.error_code:
        return None
    ticket = row.ticket
    return explain(row.error_code, {**about(ticket.connection, ticket.mapping), **row.error_values})
