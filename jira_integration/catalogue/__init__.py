"""Every error once: what happened, why, what to do, who can. And the sentences of the audit trail and of runs.

`explain(code, values)` words an error for a page or a command; `sentence(code, values)` words what somebody did or
what a run met. `from_error` and `from_field_errors` find the code. A code nobody knows gets the words of "unknown".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_integration.catalogue import (
    audit,
    comments,
    export,
    fields,
    linking,
    logins,
    projects,
    sites,
    syncing,
    undoing,
)
from jira_integration.catalogue.entry import Action, Entry, Explained, filled, worded
from jira_integration.catalogue.recognise import from_error, from_field_errors
from jira_integration.models import ExportRun

ENTRIES: dict[str, Entry] = {
    **sites.ENTRIES,
    **logins.ENTRIES,
    **fields.ENTRIES,
    **projects.ENTRIES,
    **export.ENTRIES,
    **syncing.ENTRIES,
    **comments.ENTRIES,
    **undoing.ENTRIES,
    **linking.ENTRIES,
}
SENTENCES = audit.SENTENCES
# Shorter names under which callers hand a value over.
ALSO = (("issue_type", "type"), ("issue_type", "kind"), ("issue", "key"), ("jira_project", "project"))


def explain(code: str, values: Mapping[str, Any] | None = None) -> Explained:
    """What to show for an error. `values` fill the gaps of its texts and the address of its action; what is missing
    is worded in general ("the Jira account")."""
    known = dict(values or {})
    name_alike(known)
    entry = ENTRIES.get(code)
    if entry is None:
        known.setdefault("code", code)
        entry = ENTRIES["unknown"]
    return filled(entry, code, known)


def sentence(code: str, values: Mapping[str, Any] | None = None) -> str:
    """One line for the audit trail or a run's activity. `values["actor"]` is who did it; audit sentences begin with
    it. An error's code gives its title."""
    known = dict(values or {})
    name_alike(known)
    if code == "ended" and known.get("state") in ExportRun.State.values:
        known["state"] = str(ExportRun.State(known["state"]).label)
    if code == "waiting" and known.get("code"):
        known["why"] = explain(known["code"], known).title
    if code in SENTENCES:
        return worded(SENTENCES[code], known)
    return explain(code, known).title


def name_alike(known: dict[str, Any]) -> None:
    for name, other in ALSO:
        if not known.get(name) and known.get(other):
            known[name] = known[other]


__all__ = ["ENTRIES", "SENTENCES", "Action", "Explained", "explain", "from_error", "from_field_errors", "sentence"]
