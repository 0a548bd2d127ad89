"""What can go wrong with news from Jira."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jira_integration.catalogue.entry import Entry, setup

ENTRIES: dict[str, Entry] = {
    "webhook_bad": Entry(
        _("Jira did not create the webhook."),
        _("{account} may not administer Jira, or the address {address} cannot be used by it."),
        _("Copy the three values below into Jira, or go on without: we ask Jira every {minutes} min."),
        setup(_("Open the webhook step"), "webhook"),
        "warning",
    ),
    "webhook_signature": Entry(
        _("A message that said it came from Jira was refused."),
        _("Its signature did not fit the secret of this connection."),
        _("Copy the secret into Jira's webhook again."),
        setup(_("Open the webhook step"), "webhook"),
        "warning",
    ),
    "webhook_silent": Entry(
        _("No event from Jira since {since}."),
        _("We still ask Jira every {minutes} min, so nothing is lost, only later."),
        "",
        setup(_("Open the webhook step"), "webhook"),
        "warning",
    ),
    "status_refused_here": Entry(
        _("The new status from Jira could not be saved here."),
        _("{story} was being edited at that moment. It is tried again at the next look."),
        tone="warning",
    ),
    "unknown_status": Entry(
        _("Jira's status “{status}” stands for none of ours."),
        _("{issue} is in “{status}” in Jira. {story} keeps its own status."),
        _("Choose which of our statuses it stands for, or keep ours."),
        setup(_("Open the statuses step"), "statuses"),
        "warning",
    ),
    "epic_unknown_here": Entry(
        _("The epic that Jira shows is not one of ours."),
        _("{issue} stands under {value} in Jira, which is in no backlog here."),
        _("Keep our epic, or bring that epic in first."),
        tone="warning",
    ),
    "conflict_moved_on": Entry(
        _("{story} or {issue} changed again while you chose."),
        _("Nothing was saved. What is new is marked; your other choices are kept."),
        _("Look at what is marked, choose, and save again."),
        tone="warning",
    ),
    "not_ours_to_take": Entry(
        _("Jira's value cannot be taken over."),
        _("{field} is composed of several of our fields, or empty in Jira."),
        _("Keep ours, or change it in Jira."),
        tone="warning",
    ),
    "issue_not_shown": Entry(
        _("Jira does not show {issue} now."),
        _("It was deleted, or the Jira account cannot see it. Nothing was saved."),
        _("Look again later; the next full look at Jira finds out which it is."),
        tone="warning",
    ),
    "issue_moved": Entry(
        _("{issue} is in the Jira project {place} now."),
        _("Somebody moved it there. {story} followed, and both are still kept in step."),
        _("Move it back in Jira, or unlink it and export {story} anew."),
        tone="warning",
    ),
    "issue_retyped": Entry(
        _("{issue} is of type {place} in Jira now."),
        _("{story} would be made as another type. What both types have is still kept in step."),
        _("Change its type back in Jira, or unlink it and export {story} anew."),
        tone="warning",
    ),
    "issue_archived": Entry(
        _("{issue} is archived in Jira."),
        _("It can be read there, not changed: nothing that is edited here reaches it."),
        _("Restore it in Jira, or unlink it."),
        tone="warning",
    ),
    "issue_hidden": Entry(
        _("{account} may not see {issue} any more."),
        _("Jira does not let it browse the project. Nothing is known of the issue since; nothing was deleted here."),
        _("Ask a Jira admin for the permission “Browse projects”, then look again."),
        tone="warning",
    ),
    "conflict_settled": Entry(
        _("This conflict is settled already."),
        _("Somebody chose before you, or both sides came to say the same."),
        tone="info",
    ),
}
