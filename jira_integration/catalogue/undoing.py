"""Why a run, or something of it, is not taken back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jira_integration.catalogue.entry import Entry, Step

RUN = Step(_("Open the run"), "run", ("project", "run"), needs="view")

ENTRIES: dict[str, Entry] = {
    "undo_field": Entry(
        _("Left alone: {who} changed {label} in Jira since."),
        _("An undo does not take away what people wrote."),
        tone="warning",
    ),
    "undo_comment": Entry(
        _("Left alone: {who} commented in Jira since."),
        _("Comments on {issue} since the export: {n}. They would be lost with it."),
        tone="warning",
    ),
    "undo_worklog": Entry(
        _("Left alone: {who} logged time in Jira since."),
        _("Entries on {issue} since the export: {n}. They would be lost with it."),
        tone="warning",
    ),
    "undo_attachment": Entry(
        _("Left alone: {who} attached a file in Jira since."),
        _("Files on {issue} since the export: {n}. They would be lost with it."),
        tone="warning",
    ),
    "undo_link": Entry(
        _("Left alone: it was linked in Jira to {keys} since."),
        _("Whoever made the link relies on {issue}."),
        tone="warning",
    ),
    "undo_children": Entry(
        _("Left alone: {keys} hang on it."),
        _("They are not part of this run, and without {issue} they would hang on nothing."),
        _("Move them in Jira to another place, then preview the undo again."),
        tone="warning",
    ),
    "undo_children_stay": Entry(
        _("Left alone, because {keys} stay."),
        _("They hang on {issue}."),
        tone="warning",
    ),
    "undo_moved": Entry(
        _("Left alone: it was moved to another project in Jira since."),
        _("It is {issue} now."),
        _("Delete it in Jira if nobody needs it there."),
        tone="warning",
    ),
    "undo_history": Entry(
        _("Left alone: it was changed {n} times in Jira."),
        _("Jira shows only the last of these changes, so it cannot be told who made the others."),
        tone="warning",
    ),
    "undo_unlinked": Entry(
        _("{story} was unlinked from {issue}."),
        _("The issue is none of ours any more."),
        _("Delete it in Jira if nobody needs it."),
        tone="info",
    ),
    "undo_nothing_kept": Entry(
        _("What an undo of {story} needs is not kept any more."),
        _("It was written before undo was possible, or too long ago."),
        _("Change {issue} in Jira."),
        tone="info",
    ),
    "undo_nothing": Entry(
        _("There is nothing to put back."),
        _("{issue} has its old values, or a later export wrote them again."),
        tone="info",
    ),
    "undo_not_allowed": Entry(
        _("{account} may not take {issue} back."),
        _("Deleting or closing, and putting old values back, each take a permission in the Jira project."),
        _("Ask a Jira admin for Delete issues, or for Edit issues and Transition issues."),
    ),
    "undo_delete_refused": Entry(
        _("Jira did not delete {issue}."),
        _("It took the bulk delete and left this one out."),
        _("Retry; it is looked at again before."),
    ),
    "undo_no_way": Entry(
        _("{issue} could not be closed."),
        _("Its workflow shows no way to a status that counts as done."),
        _("Close it in Jira, or let the account delete issues and retry."),
    ),
    "undo_status_stays": Entry(
        _("{issue} did not go back to {status}."),
        _("Its fields have their old values. The workflow has no way back, or the account may not take it."),
        _("Move it in Jira, or retry."),
        tone="warning",
    ),
    "undo_of_undo": Entry(
        _("An undo is not undone."),
        _("The stories are as they were here."),
        _("Export them again."),
        tone="info",
    ),
    "undo_over": Entry(
        _("Run {run} cannot be undone any more."),
        _("What an undo needs is kept for {days} days, and was removed then."),
        tone="info",
    ),
    "undo_going": Entry(
        _("An undo of run {run} is going on already."),
        _("Two at once would be in each other's way."),
        _("Wait until it has ended."),
        tone="info",
    ),
    "undo_no_choice": Entry(
        _("There is nothing to choose about this any more."),
        _("The undo was started, or the preview was made anew."),
        _("Look at it again."),
        tone="info",
    ),
    "undo_number": Entry(
        _("Nothing was undone."),
        _("The number you typed is not the number of issues that would be deleted."),
        _("Type {n} to delete them."),
        tone="warning",
    ),
    "undo_bulk": Entry(_("The account may delete many issues at once."), tone="info"),
}
