"""Why a comment is not on both sides."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jira_integration.catalogue.entry import Entry, setup

ENTRIES: dict[str, Entry] = {
    "comment_not_allowed": Entry(
        _("{account} may not comment in {jira_project}."),
        _("Jira's permission “Add comments” is missing for this account. The comment stands here only."),
        _("Ask a Jira admin to grant it, then send the comment again."),
        setup(_("Check again"), "review"),
        "warning",
    ),
    "comment_refused": Entry(
        _("Jira did not take this comment."),
        _("The account may not change it there, or Jira does not allow its text. What it said: {said}"),
        _("Change the comment, or ask a Jira admin; then send it again."),
        tone="warning",
    ),
    "comment_issue_gone": Entry(
        _("{issue} is not to be found in Jira."),
        _("It was deleted, or the Jira account can no longer see it. The comment stands here only."),
        _("Look for the issue in Jira, then send the comment again."),
        tone="warning",
    ),
    "comment_gone_there": Entry(
        _("This comment was deleted in Jira while it was edited here."),
        _("Nothing of it is lost: it stands here only."),
        _("Send it to Jira as a new comment, or delete it here."),
        tone="warning",
    ),
    "comment_conflict": Entry(
        _("This comment was edited here and in Jira."),
        _("Neither text was overwritten."),
        _("Choose which one both sides keep."),
        tone="warning",
    ),
}
