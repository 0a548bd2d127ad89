"""What people did to an issue since a run of ours wrote to it; pure.

Each trace is {"code", "values"} as the catalogue words it. Watchers and places on a board leave none. Whoever works
with the integration's own account in Jira is known by the fields that no longer hold what we wrote, and by everything
that an export never does: comments, logged time, files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jira_integration.client.schemas import History, Issue, User, jira_time
from jira_integration.mapping.jira_form import reduced

# Read with every issue that is to be judged, beside the fields that were written.
READ_ALONG = ("status", "updated", "project", "comment", "worklog", "attachment", "issuelinks", "subtasks")
NOT_TOUCHED = {"rank"}  # drawing a card up and down a board
# What our own writing leaves in the history of issues it does not name: moves are judged by the status, the rest is
# how issues hang together.
HANGING = {"status", "resolution", "link", "parent", "epic link", "epic child", "issueparentassociation"}

Trace = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """What our runs left of an issue. `fields` by id, reduced; `status` by id, "" where none was set."""

    fields: Mapping[str, Any]
    status: str
    project_id: str
    since: datetime | None  # by Jira's clock: what is older was there before us; None: the issue is ours from birth
    until: datetime | None  # our last write


@dataclass(frozen=True)
class Around:
    """What may hang on an issue without being a trace, by id: issues that we linked, sub-tasks that go with it.
    `hang` are the keys of other issues below it: an epic's."""

    account: str = ""
    links: frozenset[str] = frozenset()
    subtasks: frozenset[str] = frozenset()
    hang: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)  # field id → what people call it


def traces(issue: Issue, written: Written, around: Around) -> list[Trace]:
    """Everything somebody did, in the order a person would want to read it."""
    found: list[Trace] = []
    project = issue.fields.get("project")
    if isinstance(project, Mapping) and str(project.get("id")) != written.project_id:
        found.append(_trace("undo_moved", key=issue.key))
    changed = [name for name, value in written.fields.items() if reduced(issue.fields.get(name)) != value]
    if issue.status is not None and written.status and issue.status.id != written.status:
        changed.append("status")
    history = [one for one in _histories(issue) if _later(one.created, written.since)]
    others = [one for one in history if not _is(one.author, around.account)]
    told: set[str] = set()
    for name in changed:
        who, words = _by(others, name, around.names)
        told |= words
        found.append(_trace("undo_field", field=name, label=around.names.get(name, name), who=who))
    for one in history:
        ours = _is(one.author, around.account)
        for item in one.items:
            words = {item.field.casefold(), item.field_id.casefold()} - {""}
            if words & (told | NOT_TOUCHED) or (ours and not _surely_not_ours(one, words, written)):
                continue
            told |= words
            label = around.names.get(item.field_id) or item.field
            found.append(_trace("undo_field", field=item.field_id or item.field, label=label, who=_name(one.author)))
    if issue.changelog is not None and issue.changelog.total > len(issue.changelog.histories):
        found.append(_trace("undo_history", n=issue.changelog.total))
    found += _left_behind(issue, written.since)
    found += _hanging(issue, around)
    return found


def _surely_not_ours(one: History, words: set[str], written: Written) -> bool:
    """A person using our account: later than our last write, in a field that we do not write."""
    known = {name.casefold() for name in written.fields} | HANGING
    return written.until is not None and _later(one.created, written.until) and not words & known


def _left_behind(issue: Issue, since: datetime | None) -> Iterable[Trace]:
    """Comments, logged time and files; an export makes none of them."""
    for code, held in (
        ("undo_comment", _listed(issue, "comment", "comments")),
        ("undo_worklog", _listed(issue, "worklog", "worklogs")),
        ("undo_attachment", issue.fields.get("attachment") or []),
    ):
        new = [one for one in held if _later(one.get("created"), since)]
        if new:
            author = new[-1].get("author")
            who = _name(User.model_validate(author)) if isinstance(author, Mapping) else ""
            yield _trace(code, n=len(new), who=who)


def _listed(issue: Issue, name: str, rows: str) -> Sequence[Mapping[str, Any]]:
    held = issue.fields.get(name)
    return (held.get(rows) or []) if isinstance(held, Mapping) else []


def _hanging(issue: Issue, around: Around) -> Iterable[Trace]:
    linked = [
        other
        for one in issue.fields.get("issuelinks") or ()
        if (other := one.get("outwardIssue") or one.get("inwardIssue") or {}) and str(other["id"]) not in around.links
    ]
    if linked:
        yield _trace("undo_link", keys=sorted(str(one.get("key")) for one in linked))
    below = [one for one in issue.fields.get("subtasks") or () if str(one["id"]) not in around.subtasks]
    keys = sorted({*(str(one.get("key")) for one in below), *around.hang})
    if keys:
        yield _trace("undo_children", keys=keys)


def _histories(issue: Issue) -> list[History]:
    return issue.changelog.histories if issue.changelog is not None else []


def _by(histories: Iterable[History], name: str, names: Mapping[str, str]) -> tuple[str, set[str]]:
    """Who changed a field last, and what the history calls it."""
    called = {name.casefold(), names.get(name, name).casefold()}
    if name == "parent":
        called |= {"issueparentassociation", "epic link"}
    for one in sorted(histories, key=lambda one: one.created, reverse=True):
        if any({item.field.casefold(), item.field_id.casefold()} & called for item in one.items):
            return _name(one.author), called
    return "", called


def _later(moment: object, than: datetime | None) -> bool:
    at = jira_time(moment)
    return than is None or at is None or at > than


def _is(user: User | None, account: str) -> bool:
    return user is not None and bool(account) and account in (user.account_id, user.name)


def _name(user: User | None) -> str:
    return user.display_name if user is not None else ""


def _trace(code: str, **values: Any) -> Trace:
    return {"code": code, "values": values}


def key_of(trace: Trace) -> str:
    """Two looks at the same thing have the same key."""
    values = trace["values"]
    return f"{trace['code']} {values.get('field', '')} {values.get('n', '')} {values.get('keys', '')}"
