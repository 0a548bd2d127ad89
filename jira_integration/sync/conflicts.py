"""Conflicts as rows: opened and kept up to date by news, settled by themselves or by a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from jira_integration import audit
from jira_integration.agreement import next_live_seq
from jira_integration.conf import story_source
from jira_integration.contracts import Criterion, FieldKind, Person, StorySnapshot
from jira_integration.mapping.jira_form import reduced
from jira_integration.merge import Verdict
from jira_integration.models import Conflict, ExportedTicket, JiraConnection
from jira_integration.sync.changes import IssueChange
from jira_integration.sync.news import Looking, News
from jira_integration.sync.policy import Epics, MappingRules
from jira_integration.sync.written import MAY_BE_EMPTY, read_out

Choice = Conflict.Choice
Sync = ExportedTicket.Sync
STATUS = "status"
MOST_TOLD = 500  # characters of a value in the audit trail


@dataclass
class Open:
    """The conflicts of a chunk of tickets: open ones by our field, and what a person chose for one of several fields
    that share a field of Jira's."""

    rows: dict[int, dict[str, Conflict]] = field(default_factory=lambda: defaultdict(dict))
    decided: dict[int, list[Conflict]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, tickets: Iterable[ExportedTicket]) -> Open:
        found = cls()
        for row in Conflict.objects.filter(ticket__in=[ticket.pk for ticket in tickets], resolved_at=None):
            found.rows[row.ticket_id][row.field] = row
        kept = (Choice.OURS, Choice.MERGED)
        for row in Conflict.objects.filter(ticket__in=list(found.rows), choice__in=kept):
            found.decided[row.ticket_id].append(row)
        return found

    def has_decided(self, ticket: ExportedTicket, news: News) -> bool:
        """Whether a person chose ours over this very value of Jira's, and another part of the field is still open."""
        siblings = {row.jira_field for row in self.rows[ticket.pk].values() if row.field != news.key}
        return news.jira_field in siblings and any(
            row.field == news.key and reduced(row.theirs_jira) == reduced(news.theirs_jira)
            for row in self.decided[ticket.pk]
        )


def keep(
    ticket: ExportedTicket, found: Sequence[Conflict], known: Mapping[str, Conflict], told: Iterable[str]
) -> list[Conflict]:
    """Make the ticket's open conflicts these; returns those that are new. What is no conflict any more, of the fields
    Jira told of, has settled itself."""
    now = {row.field: row for row in found}
    heard = set(told)
    for name, row in known.items():
        if name not in now and row.jira_field in heard:
            row.resolved_at, row.choice = timezone.now(), Choice.ITSELF
            row.save(update_fields=["resolved_at", "choice"])
    new = []
    for name, row in now.items():
        before = known.get(name)
        if before is None:
            row.ticket = ticket
            row.save()
            new.append(row)
        elif changed := [one for one in KEPT_UP if getattr(row, one) != getattr(before, one)]:
            for one in changed:
                setattr(before, one, getattr(row, one))
            before.save(update_fields=changed)
    return new


KEPT_UP = (
    "ours", "ours_version", "ours_at", "theirs", "theirs_jira", "theirs_words", "theirs_by", "theirs_at", "merged",
    "notes", "reason",
)  # fmt: skip


def conflict_of(news: News, ticket: ExportedTicket, change: IssueChange, snapshot: StorySnapshot) -> Conflict:
    """An unsaved row for a field that both sides changed."""
    why = news.not_possible
    return Conflict(
        field=news.key,
        jira_field=news.jira_field,
        jira_name=news.jira_name[:200],
        kind=news.story_field.kind,
        reason=why.code if why else "",
        base=as_json(news.base),
        base_jira=ticket.base_jira.get(news.jira_field),
        ours=as_json(news.ours),
        ours_version=snapshot.version,
        ours_by=snapshot.updated_by,
        ours_at=snapshot.updated_at,
        theirs=as_json(news.theirs),
        theirs_jira=news.theirs_jira,
        theirs_words=news.words,
        theirs_by=change.actor,
        theirs_at=change.updated_at,
        merged=news.merged.as_json() if news.merged else None,
        notes=[str(why.values["lost"])] if why and why.values.get("lost") else [],
    )


def as_json(value: Any) -> Any:
    """A value of ours as JSON keeps it."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def as_value(kind: str, kept: Any) -> Any:
    """And back, as `StorySource.apply` takes it."""
    match kind:
        case FieldKind.CRITERIA:
            return [Criterion(**one) for one in kept or []]
        case FieldKind.PERSON:
            return Person(**kept) if kept else None
        case FieldKind.DATE:
            return date.fromisoformat(kept) if kept else None
    return kept


def edited_since(connection: JiraConnection) -> list[str]:
    """Ids of issues with an open conflict whose story was edited after it was judged: perhaps it is none any more."""
    rows = Conflict.objects.filter(ticket__connection=connection, ticket__unlinked_at=None, resolved_at=None)
    by_project: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
    for project, ref, version, issue_id in rows.values_list(
        "ticket__project_ref", "ticket__story_ref", "ours_version", "ticket__issue_id"
    ):
        by_project[project][ref] = (version, issue_id)
    return sorted(
        stories[ref][1]
        for project, stories in by_project.items()
        for ref, version in story_source().versions(project, stories).items()
        if version != stories[ref][0]
    )


class CannotChoose(Exception):
    """This choice cannot be made: settled meanwhile, or Jira's value has no form here. `code` is the catalogue's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def can_take(row: Conflict) -> bool:
    """Whether Jira's value has a form here: "nothing" is one for points or a person, none for a title."""
    return row.theirs is not None or (not row.reason and row.kind in MAY_BE_EMPTY)


def their_words(row: Conflict) -> str:
    """Jira's value in words: a choice as Jira calls it, a text as it would read here."""
    if row.theirs is None or row.kind in (FieldKind.CHOICE, FieldKind.STATUS, FieldKind.PERSON, FieldKind.PARENT):
        return row.theirs_words
    return read_out(row.kind, row.theirs)


def resolve(conflict: Conflict, choice: str, user: Any, merged: Any = None) -> ExportedTicket:
    """A person's choice: OURS goes to Jira with the next export, THEIRS is written here, MERGED (`merged`, a value in
    our form) both. Nothing is asked of Jira here: whoever calls has looked whether Jira's value is still the one shown.

    Raises CannotChoose, StoryChanged when the story was edited since the row was read, and what `apply` raises.
    """
    with transaction.atomic():
        row = Conflict.objects.select_for_update(of=["self"]).select_related("ticket").get(pk=conflict.pk)
        ticket = ExportedTicket.objects.select_for_update(of=["self"]).get(pk=row.ticket_id)
        if row.resolved_at is not None:
            raise CannotChoose("conflict_settled")
        if choice == Choice.THEIRS and not can_take(row):
            raise CannotChoose(row.reason or "not_ours_to_take")
        source = story_source()
        if choice != Choice.OURS:
            value = as_value(row.kind, row.theirs if choice == Choice.THEIRS else merged)
            name = user.get_full_name() or user.get_username() if user is not None else ""
            done = source.apply(
                ticket.story_ref, {row.field: value}, expected_version=conflict.ours_version, actor=name
            )
            # Our own writing moved the version: the others of this story were judged on what it still says.
            Conflict.objects.filter(ticket=ticket, resolved_at=None).update(ours_version=done.version)
        row.choice, row.resolved_at, row.resolved_by = choice, timezone.now(), user
        row.save(update_fields=["choice", "resolved_at", "resolved_by"])
        rest = Conflict.objects.filter(ticket=ticket, resolved_at=None)
        if not rest.filter(jira_field=row.jira_field).exists():  # a document of several fields moves with the last
            _move_base(ticket, row)
        ticket.story_version = _agreed_version(ticket)
        ticket.sync = Sync.CONFLICT if rest.exists() else Sync.CHANGED_IN_JIRA if ticket.theirs else Sync.IN_SYNC
        ticket.seq = next_live_seq(ticket.project_ref)
        ticket.save()
        audit.record(
            f"conflict_{choice}",
            {
                "story": ticket.story_key,
                "key": ticket.issue_key,
                "field": row.jira_name,
                "changes": [_changed(row, choice, merged)],
            },
            user=user,
            project_ref=ticket.project_ref,
            object_ref=ticket.story_ref,
        )
    return ticket


def _changed(row: Conflict, choice: str, merged: Any) -> dict[str, str]:
    """Before and after for the audit trail, on the side that loses its value; a merged version replaces ours."""
    ours, theirs = read_out(row.kind, row.ours), their_words(row)
    written = {Choice.OURS: (theirs, ours), Choice.THEIRS: (ours, theirs)}
    before, after = written.get(Choice(choice), (ours, read_out(row.kind, merged)))
    return {"field": row.jira_name, "before": before[:MOST_TOLD], "after": after[:MOST_TOLD]}


def _move_base(ticket: ExportedTicket, row: Conflict) -> None:
    """What Jira holds is known now: from here on a difference is an edit of ours."""
    name = row.jira_field
    ticket.theirs = {key: value for key, value in ticket.theirs.items() if key != name}
    if name == STATUS and row.theirs_jira:
        ticket.status_id, ticket.status_name = row.theirs_jira["id"], row.theirs_jira["name"]
        ticket.base_status = row.theirs or ""
    else:
        ticket.base_sent = {**ticket.base_sent, name: row.theirs_jira}
        ticket.base_jira = {**ticket.base_jira, name: reduced(row.theirs_jira)}


def _agreed_version(ticket: ExportedTicket) -> int:
    """The story's version when both sides say the same now; else one before it, so that the rest is sent."""
    snapshot = next(iter(story_source().snapshots(ticket.project_ref, [ticket.story_ref])))
    rules = MappingRules.of(ticket.connection, ticket.mapping)
    looking = Looking.of(ticket, snapshot, rules, Epics.of(ticket.connection, [], [snapshot]))
    waits = looking is None or looking.waits()
    return min(ticket.story_version, snapshot.version - 1) if waits else snapshot.version


def ours_by_choice(news: News, ticket: ExportedTicket, known: Open) -> News:
    """A part of a field that a person settled already, while another part of it is open."""
    if news.verdict is Verdict.CONFLICT and known.has_decided(ticket, news):
        return replace(news, verdict=Verdict.OURS)
    return news
