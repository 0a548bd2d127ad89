"""What somebody did, and what a run met: one sentence each."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jira_integration.catalogue.entry import Text

AUDIT: dict[str, Text] = {
    "created_issue": _("{actor} exported {story} to {issue}, new in Jira (run {run})"),
    "updated_issue": _("{actor} exported {story} to {issue}: {fields} (run {run})"),
    "moved_issue": _("{actor} moved {issue} to “{status}”, the status of {story} (run {run})"),
    "closed_issue": _("{actor} closed {issue} of the removed {story}: “{status}” (run {run})"),
    "plan_made": _("{actor} previewed an export of {count} stories"),
    "plan_discarded": _("{actor} discarded the preview of {count} stories"),
    "run_started": _("{actor} started run {run}: {create} to create, {update} to update"),
    "undo_previewed": _("{actor} previewed an undo of run {run}"),
    "undo_started": _(
        "{actor} started run {run}, the undo of run {undone}:"
        " {delete} to delete, {close} to close, {restore} to put back"
    ),
    "run_stopped_by": _("{actor} stopped run {run}"),
    "run_cancelled_by": _("{actor} cancelled run {run} before it began"),
    "run_paused_by": _("{actor} paused run {run}"),
    "run_moved_up": _("{actor} moved run {run} up to place {place} in line"),
    "created_anyway": _("{actor} let run {run} create {story} although it may be in Jira already"),
    "run_continued": _("{actor} continued run {run}"),
    "run_finished": _("Run {run} ended: {created} created, {updated} updated, {failed} failed"),
    "retried": _("{actor} retried {count} stories of run {run}"),
    "status_from_jira": _("{actor} moved {issue} to “{status}” in Jira, and {story} followed"),
    "taken_from_jira": _("{actor} changed {fields} of {issue} in Jira, and {story} followed"),
    "conflict_opened": _("{story} and {issue} were edited at the same time: {fields}. Somebody has to choose"),
    "conflict_ours": _("{actor} kept our {field} of {story} over the one of {issue}"),
    "conflict_theirs": _("{actor} took {field} of {issue} over into {story}"),
    "conflict_merged": _("{actor} wrote a merged {field} for {story} and {issue}"),
    "issue_key_changed": _("{before} is {after} in Jira now; {story} followed it"),
    "sweep_not_believed": _(
        "{missing} of {of} issues of {jira_project} were out of sight in Jira: too many to be believed, so none was "
        "called missing"
    ),
    "issue_back": _("{issue} is back in Jira, and {story} follows it again"),
    "issue_moved_there": _("{issue} was moved to {place} in Jira; {story} keeps its link"),
    "issue_retyped_there": _("{issue} is of type {place} in Jira now; {story} keeps its link"),
    "issue_archived_there": _("{issue} was archived in Jira; {story} keeps its link"),
    "changed_in_jira": _("{actor} changed {issue} in Jira: {fields}"),
    "connection_made": _("{actor} connected the Jira site {site}"),
    "connection_changed": _("{actor} changed the address of the Jira site from {before} to {site}"),
    "login_made": _("{actor} entered the sign-in for {site}: {account}"),
    "login_forgotten": _("{actor} disconnected the sign-in for {site}: {account}"),
    "certificates_changed": _("{actor} changed the certificates trusted at {site}"),
    "login_replaced": _("{actor} replaced the sign-in for {site}: {account}"),
    "project_chosen": _("{actor} chose the Jira project {jira_project} for {project}"),
    "trial_taken_back": _("{actor} took back the trial with {story}: {issues}"),
    "trial_kept": _("{actor} kept the trial with {story}: {issues}"),
    "mapping_version_used": _("{actor} used version {number} of the mapping of {project} to {jira_project} again"),
    "mapping_copied": _("{actor} copied the mapping of {source} to {project}"),
    "mapping_saved": _("{actor} saved the {part} mapping of {project} to {jira_project}"),
    "metadata_read": _("{actor} read the fields of {jira_project} again: {new} new, {gone} gone"),
    "turned_on": _("{actor} turned on Jira for {project}: {jira_project} at {site}"),
    "turned_off": _("{actor} turned off Jira for {project}"),
    "webhook_made": _("{actor} created the webhook at {site}"),
    "webhook_secret_made": _("{actor} made a new webhook secret for {site}"),
    "webhook_skipped": _("{actor} went on without a webhook at {site}"),
    "delivery_again": _("{actor} let the event {event} of {site} be handled again"),
    "linked": _("{actor} linked {story} to {issue}, which was in Jira already"),
    "unlinked": _("{actor} unlinked {story} from {issue}"),
    "given_up": _("{actor} unlinked {story} from {issue}, which is missing in Jira, to export it again"),
    "comments_chosen": _("{actor} chose which way comments of {project} go: {way}"),
    "comment_ours": _("{actor} kept our text of a comment on {story} over the one in {issue}"),
    "comment_theirs": _("{actor} took the text of a comment on {story} from {issue}"),
    "checked": _("{actor} asked Jira about {story}"),
    "missing_in_jira": _("{issue} is missing in Jira; {story} keeps its link"),
    "issue_missing": _("{issue} is missing in Jira; {story} keeps its link"),
}

ACTIVITY: dict[str, Text] = {
    "run_begun": _("Run begun: {count} to send"),
    "metadata_confirmed": _("Jira's fields are what the preview relied on"),
    "batch_sent": _("Sent {count} to Jira"),
    "batch_answered": _("Jira answered: {created} created, {failed} refused"),
    "no_answer": _("No answer to a request with {count}. They are looked up in Jira before anything is sent again"),
    "looked_up": _("Looked up in Jira: {found} were there, {missing} were not"),
    "read_back": _("Read back {count} issues"),
    "updated": _("Updated {issue}"),
    "waiting": _("Waiting: {why}"),
    "taken_over": _("Taken over after the former worker stopped"),
    "stopped": _("Stopped; {count} were not sent"),
    "status_refused": _("{story} stays in {now}: Jira did not let us move it to {status}"),
    "status_not_reached": _("{story} stays in {now}: the workflow has no way from there to {status}"),
    "parent_not_applied": _("Jira took {key} but did not put it into its place"),
    "link_not_applied": _("Jira took {key} but did not link it to its story"),
    "stopped_by_person": _("Stopped by a person"),
    "cancelled_by_person": _("Cancelled by a person before it began"),
    "paused_by_person": _("Paused by a person"),
    "paused": _("What was in flight is finished. The run rests until a person resumes it"),
    "continued_by_person": _("Continued by a person"),
    "created_anyway": _("A person decided to create {story} although it may be in Jira already"),
    "second_issue": _("{story} is in Jira twice: {issue} and {other}"),
    "ended": _("Ended: {state}"),
}

SENTENCES: dict[str, Text] = {**AUDIT, **ACTIVITY}
