"""What stops an item, a plan or a run."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jira_integration.catalogue.entry import EXPORT, Entry, Step, setup

AGAIN = Step(_("Preview again"), "plan_create", ("project",), needs=EXPORT)
RUN = Step(_("Open the run"), "run", ("project", "run"), needs="view")

ENTRIES: dict[str, Entry] = {
    "epic_blocked": Entry(
        _("{story} waits for its epic."),
        _("A story is created under its epic, and that one is blocked, or is not part of this export."),
        _("Add the epic to this export, or solve what blocks it."),
    ),
    "epic_not_exported": Entry(
        _("The epic {epic} is not in Jira yet."),
        _("It is not part of this export either, so {story} would stand alone."),
        _("Add the epic to this export."),
    ),
    "epic_failed": Entry(
        _("The epic of {story} did not reach Jira, so the story was not sent."),
        _("A story is created under its epic."),
        _("Retry the epic; the story goes with it."),
    ),
    "story_blocked": Entry(
        _("{story} waits for its story."),
        _("A test case is created with its story, and that one is blocked, or is not part of this export."),
        _("Solve what blocks the story."),
    ),
    "story_failed": Entry(
        _("The story of {story} did not reach Jira, so the test case was not sent."),
        _("A test case is created with its story."),
        _("Retry the story; its test cases go with it."),
    ),
    "tests_removed": Entry(
        _("Test cases removed here are still in Jira ({count}): {named}."),
        _("They are {keys}. This export leaves them as they are."),
        _("Preview their stories, and tick what is to be closed."),
        tone="warning",
    ),
    "test_removed": Entry(
        _("The test case was removed here."),
        _("{issue} is closed in Jira by a step of its workflow. It is not deleted, and its history stays."),
        _("Untick it under “Options” to leave it open."),
        tone="info",
    ),
    "story_changed_since_preview": Entry(
        _("{story} was edited here after the preview."),
        _("What you confirmed is no longer what the story says, so it was not sent."),
        _("Preview it again."),
        tone="warning",
    ),
    "issue_changed_since_preview": Entry(
        _("{issue} changed in Jira after the preview."),
        _("Sending would have overwritten that change, so it was not sent."),
        _("Preview it again."),
        tone="warning",
    ),
    "mapping_changed_since_preview": Entry(
        _("The mapping changed after this preview."),
        _("{by} saved it. Nothing was sent."),
        _("Preview again to see what would go to Jira now."),
        tone="warning",
    ),
    "metadata_changed_since_preview": Entry(
        _("{jira_project} changed in Jira after this preview."),
        _("Its fields or issue types are not what they were when the preview was built. Nothing was sent."),
        _("Preview again. It reads Jira anew."),
        tone="warning",
    ),
    "conflict_fields": Entry(
        _("{fields} changed here and in Jira."),
        _("Only a person can say which to keep, so {story} is left out."),
        _("Choose what to keep, then preview again."),
        tone="warning",
    ),
    "missing_in_jira": Entry(
        _("{issue} is missing in Jira."),
        _("It was deleted, or the Jira account can no longer see it. It is not created again by itself."),
        _("Look for it in Jira as {account}."),
    ),
    "already_exported": Entry(_("{story} is already in Jira as {issue}."), _("Nothing was created."), tone="info"),
    "unconfirmed_before": Entry(
        _("We do not know whether {story} reached Jira last time."),
        _("It was sent, but no answer came and Jira could not be asked since."),
        _("Check Jira first; it is not sent again before that."),
        tone="warning",
    ),
    "unconfirmed": Entry(
        _("We sent {story} but got no answer."),
        _("It may be in Jira. We look it up before we send it again."),
        tone="warning",
    ),
    "no_answer": Entry(
        _("Jira did not say whether {story} arrived."),
        _("It was sent, but no answer came. We look it up in Jira before anything is sent again."),
        tone="warning",
    ),
    "plan_not_ready": Entry(
        _("This preview is not ready."),
        _("It is still being built, was discarded, or was exported already."),
        _("Preview again."),
        tone="info",
    ),
    "run_not_running": Entry(_("This run is not going on."), _("There is nothing to stop."), tone="info"),
    "nothing_to_pause": Entry(
        _("This run cannot be paused."), _("It has ended, is ending, or is paused already."), tone="info"
    ),
    "not_in_line": Entry(
        _("This run does not wait in line."), _("It has begun, has ended, or was cancelled."), tone="info"
    ),
    "first_in_line": Entry(_("This run is the next to go."), _("No run that waits stands before it."), tone="info"),
    "line_of_others": Entry(
        _("A run of another backlog stands before this one."),
        _("Both go to the same Jira project, and you may not export that backlog."),
        _("Ask somebody who may export both."),
        tone="info",
    ),
    "not_unconfirmed": Entry(
        _("{story} is not unconfirmed any more."),
        _("It was looked up or is being created already. Nothing more was sent."),
        tone="info",
    ),
    "twice_in_jira": Entry(
        _("{story} is in Jira twice: {issue} and {other}."),
        _("It was created again while nobody knew whether the first one had arrived. We keep to {issue}."),
        _("Look at both in Jira and delete {other} there if nobody needs it."),
        tone="warning",
    ),
    "run_emptied": Entry(
        _("What this run sent is not kept any more."),
        _("Bodies of old runs are removed after {days} days. What became of each item stays."),
        _("Preview these stories again; what is in Jira already is compared, not created twice."),
        AGAIN,
        "info",
    ),
    "plan_emptied": Entry(
        _("The contents of this preview were removed."),
        _("What previews and runs hold of stories is kept for {days} days. What was planned for each stays."),
        _("Preview again to see what would go to Jira now."),
        tone="info",
    ),
    "preview_broke_off": Entry(
        _("This preview could not be built."),
        _("What builds it broke off again and again for an hour."),
        _("Try again. If that helps nothing, the log of the workers names the reason."),
    ),
    "run_still_active": Entry(
        _("This run is still going on."), _("What failed can be retried once it has ended."), tone="info"
    ),
    "nothing_to_continue": Entry(_("Nothing is left of this run."), _("Every item has ended."), tone="info"),
    "nothing_to_retry": Entry(
        _("There is nothing to retry."), _("No item of this run failed, or each is being retried already."), tone="info"
    ),
    "not_live": Entry(
        _("Jira is not turned on for {project} yet."),
        _("The set-up has steps left. Nothing was sent."),
        "",
        setup(_("Continue the set-up"), "review"),
        tone="info",
    ),
    "not_connected": Entry(
        _("Jira is not connected to {project}."),
        _("Connect it once; then stories can be exported."),
        "",
        Step(_("Connect Jira"), "connection_new"),
        tone="info",
    ),
    "nothing_to_take_back": Entry(
        _("There is nothing to take back."),
        _("The trial made nothing in Jira, or it was taken back already."),
    ),
    "empty_plan": Entry(
        _("There is nothing to export."),
        _("No story was chosen, or all chosen ones have sync turned off."),
        _("Choose stories on the list."),
        tone="info",
    ),
    "nothing_changed": Entry(
        _("Nothing changed here since the last export."),
        _("Every story that is in Jira is as it was sent."),
        _("Stories that are not in Jira yet are chosen on the list."),
        tone="info",
    ),
    "nothing_to_send": Entry(
        _("Nothing of this would change anything in Jira."),
        _("All chosen stories match Jira, or are left out."),
        tone="info",
    ),
    "plan_stale": Entry(
        _("This preview is old."),
        _("It was built from Jira data read at {read_at}."),
        _("Read Jira again before you export."),
        tone="warning",
    ),
    "run_stopped": Entry(
        _("The run was stopped before {story}."), _("It was not sent."), _("Continue with the rest."), RUN, "info"
    ),
    "run_busy": Entry(
        _("Another export of {project} is still going on."),
        _("Two at once could send a story twice, so this one waits."),
        "",
        RUN,
        "info",
    ),
    "worker_lost": Entry(
        _("The program that carried out this run stopped in the middle."),
        _("What was sent is kept. What got no answer is looked up in Jira before anything is sent again."),
        _("Continue with the rest."),
        RUN,
        "warning",
    ),
    "waited_too_long": Entry(
        _("Jira did not answer for an hour."),
        _("The run waits for you. What is done stays done."),
        _("Continue when Jira is back."),
        RUN,
        "warning",
    ),
    "held_by_run": Entry(
        _("Run {run} is about to write to {issue}."),
        _("Until it has ended, {story} keeps its link to {issue}."),
        _("Wait until the run has ended, or stop it."),
        RUN,
        "info",
    ),
    "not_missing": Entry(
        _("{issue} is not missing in Jira."),
        _("{story} keeps its link; exporting it again would make a second issue."),
        _("Preview an export to see what would change."),
        tone="info",
    ),
    "sync_off": Entry(
        _("Sync is turned off for {story}."), _("It was left out."), _("Turn it on at the story."), tone="info"
    ),
    "not_read_back": Entry(
        _("{issue} could not be read back."),
        _("Jira said that it was created, and does not show it. It may have been deleted since."),
        _("Look for it in Jira, then retry: it is looked up before anything is sent again."),
    ),
    "story_gone": Entry(_("{story} was deleted here."), _("It was not sent."), tone="info"),
    "kind_not_exported": Entry(
        _("{story} stays here."),
        _("No issue type is chosen for this kind in {jira_project}."),
        "",
        setup(_("Choose an issue type"), "project"),
        tone="info",
    ),
}
