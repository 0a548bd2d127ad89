"""The sync states as the list of stories names them, in the order of its tabs: (code, word, icon)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

STATES: list[tuple[str, str | Promise, str]] = [
    ("not_exported", gettext_lazy("Not in Jira"), "dashed"),
    ("changed_here", gettext_lazy("Changed here"), "up"),
    ("changed_in_jira", gettext_lazy("Changed in Jira"), "down"),
    ("conflict", gettext_lazy("Conflict"), "fork"),
    ("failed", gettext_lazy("Export failed"), "alert"),
    ("missing", gettext_lazy("Missing in Jira"), "unlink"),
    ("unchecked", gettext_lazy("Not checked"), "clock"),
    ("in_sync", gettext_lazy("In sync"), "check-circle"),
    ("off", gettext_lazy("Sync off"), "pause"),
]
