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
        setup(_("Choose another field"), "fields", "s-{ours}"),
    ),
    "field_changed": Entry(
        _("“{field}” holds something else in Jira now."),
        _("What fills it does not fit any more."),
        _("Choose another field, or another way to fill it."),
        setup(_("Change the mapping of {field}"), "fields", "f-{field_id}"),
    ),
    "value_gone": Entry(
        _("Jira has no counterpart of “{value}” for {field} any more."),
        _("The value it stood for was removed or turned off."),
        _("Choose another one."),
        setup(_("Map “{value}”"), "fields", "f-{field_id}"),
    ),
    "fixed_value_gone": Entry(
        _("The value chosen for {field} is gone from Jira."),
        _("It was removed or turned off."),
        _("Choose another one."),
        setup(_("Change the mapping of {field}"), "fields", "f-{field_id}"),
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
    "text_cut": Entry(
        _("{field} is cut: the text has {length} characters."),
        _("This field of Jira's is one line of at most 255."),
        "",
        setup(_("Change the mapping of {field}"), "fields", "f-{field_id}"),
        "warning",
    ),
    "not_an_address": Entry(
        _("“{value}” is no address, so {field} is left out."),
        _("This field of Jira's takes addresses that begin with https:// or http://."),
        _("Change the story, or map another field."),
        setup(_("Change the mapping of {field}"), "fields", "f-{field_id}"),
        "warning",
    ),
    "value_left_out": Entry(
        _("“{value}” is left out of {field}."),
        _("{jira_project} has no value with this name. It has {allowed}."),
        _("Map it to one of these, or ask a Jira admin to add it."),
        setup(_("Change the mapping of {field}"), "fields", "f-{field_id}"),
        "warning",
    ),
    "value_not_carried": Entry(
        _("{field} cannot hold “{value}”."),
        _("What the story has is of another kind than this field of Jira's, so it is left out."),
        "",
        setup(_("Change the mapping of {field}"), "fields", "f-{field_id}"),
        "warning",
    ),
    "value_malformed": Entry(
        _("Jira would not take “{value}” for {field}."),
        _("It is not in the form that this field wants."),
        _("Change the value in the mapping."),
        setup(_("Change the mapping of {field}"), "fields", "f-{field_id}"),
    ),
    "value_too_long": Entry(
        _("{field} is longer than Jira takes."),
        _("What it said: {said}"),
        _("Make the text shorter."),
        setup(_("Change the mapping of {field}"), "fields", "f-{field_id}"),
    ),
    "test_type_gone": Entry(
        _("{jira_project} has no issue type for test cases any more."),
        _("The one that was chosen was removed from the project, or sub-tasks were turned off in it."),
        _("Choose another type, or let test cases stay here."),
        setup(_("Choose what test cases become"), "project", "id_test_type"),
    ),
    "test_without_story": Entry(
        _("{story} belongs to no story, so it cannot be a sub-task."),
        _("Test cases become sub-tasks of their story in {jira_project}."),
        _("Give it a story, or let test cases become linked issues."),
    ),
    "link_type_gone": Entry(
        _("Jira has no link “{link}” any more."),
        _("Test cases are linked to their story by it."),
        _("Choose another link."),
        setup(_("Choose how test cases are linked"), "project", "id_test_type"),
    ),
    "links_not_on_screen": Entry(
        _("A new {issue_type} cannot be linked in {jira_project}."),
        _("Linked issues are not on the screen that Jira shows for it."),
        _("Ask a Jira admin to put the field on that screen, or let test cases become sub-tasks."),
        setup(_("Choose what test cases become"), "project", "id_test_type"),
    ),
    "person_not_found": Entry(
        _("{value} has no Jira account that we can find."),
        _("The issue is created without {field}."),
        "",
        setup(_("Choose an account for {value}"), "fields", "f-{field_id}"),
        tone="warning",
    ),
    "person_not_assignable": Entry(
        _("{value} cannot be given issues of {jira_project}."),
        _("The account has left, or is no member there. The issue is created without {field}."),
        _("Ask a Jira admin to let them in, or choose another account."),
        setup(_("Choose an account for {value}"), "fields", "f-{field_id}"),
        tone="warning",
    ),
    "person_left": Entry(
        _("The Jira account of {value} is switched off."),
        _("Jira takes nobody who has left. The issue is created without {field}."),
        _("Choose another account, or another person in the story."),
        setup(_("Choose an account for {value}"), "fields", "f-{field_id}"),
        tone="warning",
    ),
    "person_rejected": Entry(
        _("Jira did not accept “{value}” for {field}."),
        _("The account is gone, has left, or may not be given issues of {jira_project}."),
        _("Choose another account, or leave the field empty."),
        setup(_("Choose an account"), "fields", "f-{field_id}"),
    ),
    "value_not_read_back": Entry(
        _("“{value}” in {field} cannot be read back."),
        _("What Jira holds has no counterpart here. The story keeps what it has."),
        "",
        setup(_("Change the mapping of {field}"), "fields", "f-{field_id}"),
        "warning",
    ),
    "text_not_read_back": Entry(
        _("{field} has something that cannot be kept here."),
        _("Taking it over would lose it: {lost}. The story keeps its text."),
        _("Change the text here or in Jira by hand."),
        tone="warning",
    ),
    "several_values": Entry(
        _("{field} has several values in Jira: {value}."),
        _("Here it holds one. The story keeps what it has."),
        tone="warning",
    ),
    "value_unknown_here": Entry(
        _("“{value}” in {field} stands for nothing of ours."),
        _("The story keeps what it has until that is decided."),
        "",
        setup(_("Map “{value}”"), "fields", "f-{field_id}"),
        "warning",
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
