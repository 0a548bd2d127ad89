"""Why a story and an issue cannot be linked."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jira_integration.catalogue.entry import Entry, setup

ENTRIES: dict[str, Entry] = {
    "link_not_found": Entry(
        _("Jira shows no issue {issue}."),
        _("It does not exist, or the Jira account may not see it."),
        _("Check the key: it stands before the issue's title in Jira."),
        tone="warning",
    ),
    "link_other_project": Entry(
        _("{issue} is not in {jira_project}."),
        _("This backlog goes to {jira_project}; a story cannot stand for an issue elsewhere."),
        _("Choose an issue of {jira_project}, or move {issue} there in Jira."),
        tone="warning",
    ),
    "link_other_type": Entry(
        _("{issue} is of the type {issue_type}."),
        _("{story} becomes another issue type by the mapping."),
        _("Change the issue's type in Jira, or choose other types in the mapping."),
        setup(_("Choose another type"), "project", "id_story_type"),
        "warning",
    ),
    "link_issue_taken": Entry(
        _("{issue} stands for {other} already."),
        _("One issue can stand for one story only."),
        _("Unlink {other} first if {issue} belongs to {story}."),
        tone="warning",
    ),
    "link_story_taken": Entry(
        _("{story} is linked to {other} already."),
        _("One story can have one issue only."),
        _("Unlink it from {other} first if {issue} is the right one."),
        tone="warning",
    ),
    "link_changed": Entry(
        _("The story or {issue} changed since you looked."),
        _("Nothing was linked."),
        _("Look at both sides below once more."),
        tone="warning",
    ),
}
