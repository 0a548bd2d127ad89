"""What a Jira project as a whole does not allow: permissions, archived projects, places in its hierarchy."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jira_integration.catalogue.entry import EXPORT, Entry, Step, setup

AGAIN = Step(_("Preview again"), "plan_create", ("project",), needs=EXPORT)
LINK = Step(_("Look at {issue} and link"), "link", ("project",), {"story": "{story}", "issue": "{issue}"}, needs=EXPORT)
PROJECT = setup(_("Choose another Jira project"), "project")

ENTRIES: dict[str, Entry] = {
    "project_archived": Entry(
        _("{jira_project} is archived."),
        _("Jira takes no new issues and no changes in an archived project. Nothing was sent."),
        _("Ask a Jira admin to restore it, or choose another project."),
        PROJECT,
    ),
    "no_edit_permission": Entry(
        _("{account} may not edit issues in {jira_project}."),
        _("Jira's permission “Edit issues” is missing for this account, so nothing was changed there."),
        _("Ask a Jira admin to grant it, then preview again."),
        setup(_("Check again"), "review"),
    ),
    "no_transition_permission": Entry(
        _("{account} may not move issues to another status in {jira_project}."),
        _("Jira's permission “Transition issues” is missing. The issue stays in the status it has in Jira."),
        _("Ask a Jira admin to grant it, then preview again."),
        setup(_("Check again"), "review"),
        "warning",
    ),
    "no_link_permission": Entry(
        _("{account} may not link issues in {jira_project}."),
        _("Jira's permission “Link issues” is missing. Issues are made without their links."),
        _("Ask a Jira admin to grant it, then preview again."),
        setup(_("Check again"), "review"),
        "warning",
    ),
    "no_permission_for_field": Entry(
        _("{account} may not set {field} in {jira_project}."),
        _("Jira leaves a field off the screen of an account that may not set it. The issue goes without it."),
        _("Ask a Jira admin to grant it, or take {field} out of the mapping."),
        setup(_("Change the mapping of {field}"), "fields", "f-{field_id}"),
        "warning",
    ),
    "parent_missing": Entry(
        _("A {issue_type} needs a parent, and {story} has none."),
        _("Jira does not make this issue type on its own."),
        _("Give the story an epic, or choose another issue type."),
        setup(_("Choose another type"), "project", "id_story_type"),
    ),
    "parent_wrong_level": Entry(
        _("{story} becomes a {issue_type}, and that cannot stand under its parent."),
        _("Jira wants a parent that is exactly one level above in its hierarchy."),
        _("Choose other issue types for epics, stories or test cases."),
        setup(_("Choose another type"), "project", "id_story_type"),
    ),
    "parent_not_found": Entry(
        _("{epic} is missing in Jira, so {story} has no place there."),
        _("It was deleted, or the Jira account can no longer see it. Nothing can be made under it."),
        _("Look for it in Jira, or give {story} another place here."),
        AGAIN,
    ),
    "parent_other_project": Entry(
        _("{epic} is not in {jira_project} any more, and {story} belongs under it."),
        _("It was moved to another Jira project. {story} is made under it where Jira allows that, and only there."),
        _("Move {epic} back in Jira, or give {story} another place here."),
        AGAIN,
    ),
    "parent_refused": Entry(
        _("Jira did not take the epic of {story}."),
        _("It is gone, in another Jira project, or not one level above. The story was not made without it."),
        _("Look at the epic in Jira, then preview again."),
        AGAIN,
    ),
    "same_summary": Entry(
        _("{issue} in Jira has the same title as {story}."),
        _("It was not made from here. Exporting makes a second issue with this title."),
        _("Link the story to {issue} if it is the same piece of work."),
        Step(
            _("Look at {issue} and link"), "link", ("project",), {"story": "{story}", "issue": "{issue}"}, needs=EXPORT
        ),
        "warning",
    ),
    "refused_by_rule": Entry(
        _("Jira did not take {story}, and named no field."),
        _("It may be a rule of {jira_project} that its list of fields does not show. What it said: {said}"),
        _("Change the story as the rule wants it, or ask a Jira admin about the rule."),
        AGAIN,
    ),
    "watchers_mail": Entry(
        _("Updates may send up to {count} mails."),
        _("Jira tells the watchers of each issue that is updated, by its own rules."),
        tone="info",
    ),
    "summaries_not_looked": Entry(
        _("{count} titles were not looked for in Jira."),
        _("Whether an issue with the same title is there is asked for the first hundred new items of a preview."),
        tone="info",
    ),
}
