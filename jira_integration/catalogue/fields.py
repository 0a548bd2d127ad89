"""What Jira does not take: a field, a value, an issue type. Mapping or story must change."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jira_integration.catalogue.entry import Entry, setup

FIELDS = setup(_("Open the field mapping"), "fields")

ENTRIES: dict[str, Entry] = {
    "rejected": Entry(
        _("Jira did not accept this."), _("What it said: {said}"), _("Change the mapping or the story."), FIELDS
    ),
    "required_field": Entry(
        _("Jira needs “{field}” for every new {issue_type}."),
        _("No story field or fixed value fills it."),
        "",
        setup(_("Map {field}"), "fields", "f-{field_id}"),
    ),
    "required_value": Entry(
        _("Jira needs “{field}” for every new {issue_type}."),
        _("It is mapped, but {story} has no value for it."),
        _("Give the story a value, or map a fixed value."),
        setup(_("Map {field}"), "fields", "f-{field_id}"),
    ),
    "issue_type_gone": Entry(
        _("{jira_project} has no issue type “{issue_type}”."),
        _("It was removed from the project or renamed."),
        _("Choose another type."),
        setup(_("Choose another type"), "project", "id_story_type"),
    ),
    "priority_not_allowed": Entry(
        _("Jira did not accept the priority “{value}”."),
        _("{jira_project} allows {allowed}."),
        _("Map it to one of these, or change the story's priority."),
        setup(_("Map “{value}”"), "fields", "f-priority"),
    ),
    "value_not_allowed": Entry(
        _("Jira did not accept “{value}” for {field}."),
        _("{jira_project} allows {allowed}."),
        _("Map it to one of these, or change the story."),
        setup(_("Map “{value}”"), "fields", "f-{field_id}"),
    ),
    "value_not_mapped": Entry(
        _("{field} “{value}” stands for nothing in Jira yet."),
        _("{jira_project} allows {allowed}."),
        _("Map it to one of these."),
        setup(_("Map “{value}”"), "fields", "f-{field_id}"),
    ),
    "field_not_on_screen": Entry(
        _("{field} cannot be set in {jira_project}."),
        _("It is not on the screen that Jira shows for a new {issue_type}."),
        _("Take it out of the mapping, or ask a Jira admin to put it on the screen."),
        setup(_("Change the mapping of {field}"), "fields", "f-{field_id}"),
    ),
    "field_gone": Entry(
        _("Jira has no field “{field}” any more."),
        _("It was mapped, but it is gone from the screen of a new {issue_type}."),
        _("Take it out of the mapping, or choose another field."),
        setup(_("Open the field mapping"), "fields", "f-{field_id}"),
    ),
    "field_rejected": Entry(
        _("Jira did not accept {field}."), _("What it said: {said}"), _("Change the story or the mapping."), FIELDS
    ),
    "summary_cut": Entry(
        _("The title is cut: it has {length} characters."),
        _("Jira's summary is one line of at most 255. The full title stands at the top of the description."),
        tone="warning",
    ),
    "description_cut": Entry(
        _("The description is cut."),
        _("It is longer than Jira takes. What is left out can be read here; the text ends with a link to the story."),
        tone="warning",
    ),
    "label_changed": Entry(
        _("The label “{label}” becomes “{sent}”."),
        _("Jira's labels hold no spaces; spaces become hyphens."),
        tone="info",
    ),
    "nothing_mapped": Entry(
        _("Nothing of a {issue_type} goes to Jira."),
        _("No field of ours fills a field of Jira's yet."),
        "",
        setup(_("Map the fields"), "fields"),
    ),
    "parent_other_project": Entry(
        _("The epic of {story} is in another Jira project."),
        _("Jira wants a story and its epic in the same project."),
        _("Move the epic in Jira, or give the story another epic."),
    ),
    "person_not_found": Entry(
        _("{value} has no Jira account that we can find."),
        _("The issue is created without {field}."),
        tone="warning",
    ),
    "unknown_status": Entry(
        _("Jira's status “{status}” stands for none of ours."),
        _("The story keeps its status until that is decided."),
        "",
        setup(_("Map the status"), "statuses"),
        tone="warning",
    ),
    "status_not_mapped": Entry(
        _("Our status “{status}” stands for nothing in Jira yet."),
        _("The issue is created in the status that Jira's workflow starts with."),
        "",
        setup(_("Map the status"), "statuses"),
        tone="warning",
    ),
}
