"""Join a story to an issue that is in Jira already, instead of making a second one.

What both sides say differs, as a rule, and nobody can know who is right. So a person chooses whose word counts where
they differ: the other side's values become the base of the merge, and the difference is then an edit of the one that
was chosen. Ours go out with the next export, which shows them first; Jira's are taken in as any news.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from jira_integration import audit
from jira_integration.agreement import next_live_seq
from jira_integration.client import JiraClient
from jira_integration.client.exceptions import JiraNotFound
from jira_integration.client.schemas import Issue
from jira_integration.conf import conf, story_source
from jira_integration.contracts import StorySnapshot
from jira_integration.export.line import CannotDo
from jira_integration.mapping.jira_form import in_words, reduced
from jira_integration.models import ExportedTicket, ExportRun, ProjectMapping, RunItem
from jira_integration.sync.changes import change_of, watched_fields
from jira_integration.sync.news import Looking
from jira_integration.sync.policy import Epics, MappingRules

OURS, JIRAS = "ours", "jira"
Sync = ExportedTicket.Sync
ALWAYS = ("summary", "project", "issuetype")


@dataclass(frozen=True)
class Side:
    """One field, as people read it on both sides."""

    label: str
    ours: str
    theirs: str
    same: bool


def fields_to_read(mapping: ProjectMapping) -> list[str]:
    return sorted({*watched_fields(mapping.connection), *ALWAYS})


async def read_issue(jira: JiraClient, key: str, fields: Sequence[str]) -> Issue:
    """The issue behind a key or id that a person gave. Raises CannotDo when Jira shows none."""
    try:
        return await jira.get_issue(key, fields=fields)
    except (JiraNotFound, ValueError) as absent:
        raise CannotDo("link_not_found", {"issue": key}) from absent


def check(mapping: ProjectMapping, snapshot: StorySnapshot, issue: Issue) -> None:
    """Raises CannotDo with the reason why these two cannot be joined."""
    named = {"story": snapshot.key, "issue": issue.key, "jira_project": mapping.jira_project_key}
    if _id(issue, "project") != mapping.jira_project_id:
        raise CannotDo("link_other_project", named)
    if _id(issue, "issuetype") != mapping.type_id(snapshot.kind):
        shown = in_words(issue.fields.get("issuetype"))
        raise CannotDo("link_other_type", {**named, "issue_type": shown})
    tickets = ExportedTicket.objects.filter(connection=mapping.connection_id, unlinked_at=None)
    taken = tickets.filter(issue_id=issue.id).exclude(story_ref=snapshot.ref).first()
    if taken is not None:
        raise CannotDo("link_issue_taken", {**named, "other": taken.story_key})
    own = tickets.filter(story_ref=snapshot.ref).first()
    if own is not None and own.issue_id:
        raise CannotDo("link_story_taken", {**named, "other": own.issue_key})
    if own is not None and _going(own):
        raise CannotDo("held_by_run", {**named, "run": _going(own)})


def _id(issue: Issue, name: str) -> str:
    value = issue.fields.get(name)
    return str(value.get("id", "")) if isinstance(value, dict) else ""


def _going(ticket: ExportedTicket) -> int | None:
    """The run that may be making an issue for this ticket."""
    items = RunItem.objects.filter(ticket=ticket, state__in=[*RunItem.OPEN, RunItem.State.UNCONFIRMED])
    return items.exclude(run__state__in=ExportRun.ENDED).values_list("run_id", flat=True).first()


def sides(mapping: ProjectMapping, snapshot: StorySnapshot, issue: Issue) -> list[Side]:
    """Every mapped field on both sides, the status last."""
    looking, rules = _looking(ExportedTicket(connection=mapping.connection, mapping=mapping), mapping, snapshot, issue)
    if looking is None:
        return []
    known = {one.id: one.name for one in looking.builder.issue_type.fields}
    found = []
    for name in _names(looking):
        wanted, there = looking.wanted(name), issue.fields.get(name)
        label = _("Epic") if name == "parent" else known.get(name, name)
        ours = looking.payload.words.get(name, "")
        if name == "parent":
            ours = _parent_words(mapping, snapshot)
        found.append(Side(label, ours, in_words(there), reduced(wanted) == reduced(there)))
    status = str(snapshot.values.get("status") or "")
    if "status" in snapshot.values:
        there_status = change_of(issue)
        agreed = rules.statuses.ours(there_status, status) == status
        story_field = looking.builder.story_fields.get("status")
        words = {one.value: one.label for one in story_field.choices} if story_field else {}
        found.append(Side(_("Status"), words.get(status, status), there_status.status_name, agreed))
    return found


def _parent_words(mapping: ProjectMapping, snapshot: StorySnapshot) -> str:
    refs = [snapshot.parent_ref] if snapshot.parent_ref else []
    return "".join(f"{one.key} {one.title}" for one in story_source().snapshots(mapping.project_ref, refs))


def _looking(
    ticket: ExportedTicket, mapping: ProjectMapping, snapshot: StorySnapshot, issue: Issue
) -> tuple[Looking | None, MappingRules]:
    rules = MappingRules.of(mapping.connection, mapping)
    parent = _id(issue, "parent")
    epics = Epics.of(mapping.connection, [parent] if parent else [], [snapshot])
    return Looking.of(ticket, snapshot, rules, epics, issue.fields), rules


def _names(looking: Looking) -> list[str]:
    on_screen = {one.id for one in looking.builder.issue_type.fields}
    names = [one.jira_field for one in looking.builder.mappings if one.jira_field in on_screen]
    names = [name for name in dict.fromkeys(names) if name != "parent"]
    return [*names, "parent"] if "parent" in looking.builder.story_fields else names


async def stamp(jira: JiraClient, issue: Issue) -> str:
    """Put a uid on the issue, as our own creates have it, so that every look-up knows it; the uid."""
    uid = str(uuid4())
    await jira.set_property(issue.id, conf.PROPERTY_KEY, {"uid": uid})
    return uid


def adopt(
    mapping: ProjectMapping, snapshot: StorySnapshot, issue: Issue, uid: str, keep: str, user: Any
) -> ExportedTicket:
    """The ticket that joins the two, saved. Raises CannotDo when either was joined to another meanwhile."""
    try:
        with transaction.atomic():
            check(mapping, snapshot, issue)
            rows = ExportedTicket.objects.filter(connection=mapping.connection_id, unlinked_at=None)
            ticket = rows.filter(story_ref=snapshot.ref).first() or ExportedTicket(
                connection=mapping.connection, project_ref=mapping.project_ref, story_ref=snapshot.ref
            )
            ticket.uid, ticket.mapping, ticket.kind = uid, mapping, snapshot.kind.value
            ticket.story_key, ticket.issue_id, ticket.issue_key = snapshot.key, issue.id, issue.key
            ticket.sync, ticket.error_code, ticket.theirs = Sync.IN_SYNC, "", {}
            _set_bases(ticket, mapping, snapshot, issue, keep)
            ticket.seq = next_live_seq(ticket.project_ref)
            ticket.save()
            audit.record(
                "linked",
                {"story": snapshot.key, "issue": issue.key},
                user=user,
                project_ref=mapping.project_ref,
                object_ref=snapshot.ref,
            )
    except IntegrityError as twice:  # somebody joined one of the two this very moment
        raise CannotDo("link_issue_taken", {"story": snapshot.key, "issue": issue.key}) from twice
    return ticket


def _set_bases(
    ticket: ExportedTicket, mapping: ProjectMapping, snapshot: StorySnapshot, issue: Issue, keep: str
) -> None:
    looking, rules = _looking(ticket, mapping, snapshot, issue)
    current = str(snapshot.values.get("status") or "")
    change = change_of(issue)
    ours_there = rules.statuses.ours(change, current)
    names = _names(looking) if looking is not None else []
    there = {name: issue.fields.get(name) for name in names}
    wanted = {name: looking.wanted(name) for name in names} if looking is not None else {}
    base = wanted if keep == JIRAS else there
    # A field that says the same counts as agreed in our own form: Jira's adds nothing but attributes.
    base = {name: wanted[name] if reduced(wanted[name]) == reduced(there[name]) else base[name] for name in names}
    ticket.base_sent, ticket.base_jira = base, {name: reduced(value) for name, value in base.items()}
    agreed = ours_there == current or ours_there is None
    if keep == JIRAS and not agreed:
        ticket.status_id, ticket.status_name, ticket.base_status = "", "", current
    else:
        ticket.status_id, ticket.status_name = change.status_id, change.status_name
        ticket.base_status = current if agreed else str(ours_there)
    ticket.story_version = snapshot.version
    if keep == OURS and looking is not None and looking.waits():
        ticket.story_version = snapshot.version - 1
