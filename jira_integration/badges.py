"""The whole vocabulary of signs: code → word, family, icon, tooltip. Every badge on every page comes from here.

`family` is a CSS class of badges.css; "line" is an outline only, for states that ask for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jira_integration.models import ExportedTicket
from jira_integration.models.annotations import UNCHECKED_AFTER
from jira_integration.timewords import ago

Words = str | Promise


@dataclass(frozen=True)
class Badge:
    code: str
    word: Words
    family: str
    icon: str
    tooltip: Words = ""

    @property
    def spins(self) -> bool:
        return self.icon == "spinner"


def _listed(*badges: Badge) -> Mapping[str, Badge]:
    return {badge.code: badge for badge in badges}


SYNC = _listed(
    Badge("not_exported", _("Not in Jira"), "line", "dashed", _("This was never exported.")),
    Badge("in_sync", _("In sync"), "success", "check-circle", _("Matches Jira.")),
    Badge(
        "changed_here",
        _("Changed here"),
        "info",
        "up",
        _("Edited here since the last export. Export to update Jira."),
    ),
    Badge("changed_in_jira", _("Changed in Jira"), "purple", "down", _("Edited in Jira since the last export.")),
    Badge(
        "conflict",
        _("Conflict"),
        "warning",
        "fork",
        _("The same field was edited here and in Jira. Choose which value to keep."),
    ),
    Badge(
        "failed",
        _("Export failed"),
        "danger",
        "alert",
        _("The last export did not reach Jira. Open the run for the reason."),
    ),
    Badge(
        "missing",
        _("Missing in Jira"),
        "danger",
        "unlink",
        _("The issue was deleted, or the Jira account can no longer see it."),
    ),
    Badge("off", _("Sync off"), "line", "pause", _("Sync is turned off for this.")),
    Badge("unchecked", _("Not checked"), "line", "clock", _("Jira was not looked at for more than a day.")),
)

ITEM = _listed(
    Badge("queued", _("Queued"), "line", "clock", _("Waiting for its turn.")),
    Badge("sending", _("Sending"), "info", "spinner", _("Being sent now.")),
    Badge("retrying", _("Waiting"), "warning", "retry", _("Jira asked us to wait. It goes on by itself.")),
    Badge("created", _("Created"), "success", "plus-circle", _("New issue in Jira.")),
    Badge("updated", _("Updated"), "success", "edit", _("Changed in Jira.")),
    Badge("unchanged", _("No change"), "line", "equal", _("Jira already had these values.")),
    Badge("failed", _("Failed"), "danger", "alert", _("Not in Jira. The reason is below.")),
    Badge(
        "unconfirmed",
        _("Unconfirmed"),
        "warning",
        "help",
        _("We sent this but got no answer. We look it up in Jira before sending again."),
    ),
    Badge(
        "moved_on",
        _("Changed since preview"),
        "warning",
        "fork",
        _("The issue or the story changed after the preview. Preview it again."),
    ),
    Badge("skipped", _("Left out"), "line", "skip", _("Blocked or in conflict in the preview.")),
    Badge("not_sent", _("Not sent"), "line", "skip", _("The run was stopped before this story.")),
    Badge("undone", _("Undone"), "purple", "undo", _("Put back by a later run.")),
)

RUN = _listed(
    Badge("queued", _("Queued"), "info", "clock"),
    Badge("running", _("Running"), "info", "spinner"),
    Badge("waiting", _("Waiting for Jira"), "warning", "clock"),
    Badge("stopping", _("Stopping"), "info", "stop"),
    Badge("pausing", _("Pausing"), "info", "pause", _("What is in flight is finished first.")),
    Badge("paused", _("Paused"), "line", "pause", _("It rests until somebody resumes it.")),
    Badge("interrupted", _("Interrupted"), "warning", "warn", _("Its worker stopped answering.")),
    Badge("stopped", _("Stopped"), "line", "stop"),
    Badge("done", _("Done"), "success", "check-circle"),
    Badge("partly_done", _("Partly done"), "warning", "warn"),
    Badge("failed", _("Failed"), "danger", "alert"),
    Badge("undone", _("Undone"), "purple", "undo"),
    Badge("partly_undone", _("Partly undone"), "purple", "undo"),
)

PLAN = _listed(
    Badge("building", _("Reading Jira"), "info", "spinner"),
    Badge("ready", _("Nothing sent yet"), "line", "clock"),
    Badge("failed", _("Could not read Jira"), "danger", "alert"),
    Badge("exported", _("Exported"), "success", "check-circle"),
    Badge("discarded", _("Discarded"), "line", "skip"),
)

CONNECTION = _listed(
    Badge("setup", _("Being set up"), "line", "dashed"),
    Badge("ok", _("Connected"), "success", "check-circle"),
    Badge("auth", _("Jira refused our sign-in"), "danger", "alert"),
    Badge("down", _("Jira does not answer"), "warning", "warn"),
    Badge("paused", _("Sync paused"), "line", "pause"),
)

VOCABULARY: Mapping[str, Mapping[str, Badge]] = {
    "sync": SYNC,
    "item": ITEM,
    "run": RUN,
    "plan": PLAN,
    "connection": CONNECTION,
}


@dataclass(frozen=True)
class Sign:
    """What a planned item's action looks like: `mark` is one character, or `icon` is drawn; `word` is read out."""

    code: str
    word: Words
    counted: Words
    family: str
    mark: str = ""
    icon: str = ""


SIGNS: Mapping[str, Sign] = {
    sign.code: sign
    for sign in (
        Sign("blocked", _("Blocked"), _("blocked"), "blk", "!"),
        Sign("conflict", _("Conflict"), _("in conflict"), "cnf", icon="fork"),
        Sign("update", _("Update"), _("to update"), "chg", "~"),
        Sign("create", _("Create"), _("to create"), "add", "+"),
        Sign("unchanged", _("No change"), _("no change"), "non", "="),
        Sign("close", _("Close"), _("to close"), "chg", icon="check"),
        Sign("undo_delete", _("Delete"), _("to delete"), "blk", "\N{MINUS SIGN}"),
        Sign("undo_close", _("Close"), _("to close"), "blk", icon="check"),
        Sign("undo_restore", _("Put back"), _("to put back"), "pur", icon="undo"),
    )
}


def sync_state(ticket: ExportedTicket | None, *, version: int, sync_off: bool, now: datetime | None = None) -> str:
    """The code that `annotate_sync` works out in SQL, for one story whose ticket is at hand."""
    if sync_off:
        return "off"
    if ticket is None:
        return "not_exported"
    if ticket.sync in ("not_exported", "conflict", "missing", "failed"):
        return ticket.sync
    if version > ticket.story_version:
        return "changed_here"
    stale = (now or timezone.now()) - UNCHECKED_AFTER
    if ticket.sync == "in_sync" and ticket.checked_at is not None and ticket.checked_at < stale:
        return "unchecked"
    return ticket.sync


def sync_tooltip(badge: Badge, checked_at: datetime | None) -> str:
    """What a sync badge says on hover, with the time of the last look where it matters."""
    if checked_at is not None and badge.code == "in_sync":
        return gettext("Matches Jira. Checked %(ago)s.") % {"ago": ago(checked_at)}
    if checked_at is not None and badge.code == "unchecked":
        return gettext("Last checked %(ago)s.") % {"ago": ago(checked_at)}
    return str(badge.tooltip)
