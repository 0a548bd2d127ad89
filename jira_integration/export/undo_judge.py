"""Looks at the issues of a run that is to be undone: what stands there now, and what people did to it since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Q

from jira_integration.client import JiraClient
from jira_integration.client.exceptions import JiraNotFound
from jira_integration.client.schemas import Issue, jira_time
from jira_integration.contracts import Kind
from jira_integration.export.hierarchy import parent_field
from jira_integration.export.traces import READ_ALONG, Around, Trace, Written, traces
from jira_integration.mapping.jira_form import reduced
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.models import ExportedTicket, ExportRun, PlannedTicket, ProjectMapping, RunItem

State = RunItem.State
Links = dict[str, set[str]]  # uid → ids of issues


@dataclass(frozen=True)
class Looked:
    """One item with its issue as it is now; None: Jira does not show it."""

    item: RunItem
    issue: Issue | None
    found: list[Trace]
    latest: Mapping[str, Any]  # field id → what our last write of it left, reduced

    @property
    def holds(self) -> list[str]:
        """Fields that this run wrote and that still hold it."""
        wrote = self.item.after.get("fields", {})
        if self.issue is None:
            return []
        return [name for name, value in wrote.items() if reduced(self.issue.fields.get(name)) == value]


@dataclass
class Judge:
    """Judges items of one run. `going` are ids of issues that go away with it: they may hang on each other."""

    run: ExportRun
    mapping: ProjectMapping
    metadata: ProjectMetadata
    jira: JiraClient
    account: str
    going: frozenset[str] = frozenset()
    names: dict[str, str] = field(default_factory=dict)

    async def look(self, items: Sequence[RunItem], *, alone: bool = False) -> list[Looked]:
        """Read the issues of at most a hundred items and judge them. `alone` reads one by itself, past every index."""
        known = await sync_to_async(_known)(self, items)
        fields = sorted({name for one in known.values() for name in one.written.fields} | set(READ_ALONG))
        ids = [item.issue_id for item in items]
        if alone:
            read = [issue for one in ids if (issue := await self._one(one, fields)) is not None]
        else:
            read = await self.jira.bulk_fetch(ids, fields=fields, changelog=True)
        issues = {issue.id: issue for issue in read}
        hang = await self._hanging([item for item in items if item.kind == Kind.EPIC], known)
        return [self._judged(item, issues.get(item.issue_id), known[item.pk], hang) for item in items]

    async def _one(self, issue_id: str, fields: Sequence[str]) -> Issue | None:
        try:
            return await self.jira.get_issue(issue_id, fields=fields, changelog=True)
        except JiraNotFound:
            return None

    def _judged(self, item: RunItem, issue: Issue | None, known: Known, hang: Mapping[str, set[str]]) -> Looked:
        found: list[Trace] = []
        if issue is not None:
            created = item.state == State.CREATED or not item.before
            around = Around(
                account=self.account,
                links=frozenset(known.links),
                subtasks=frozenset(known.subtasks & self.going) if created else _ids(issue, "subtasks"),
                hang=tuple(sorted(hang.get(str(item.planned.uid), ()))) if created else (),
                names=self.names,
            )
            if not created:  # links were there before or are in the history
                around = Around(self.account, _linked(issue), around.subtasks, (), self.names)
            found = traces(issue, known.written, around)
        return Looked(item, issue, found, known.written.fields)

    async def _hanging(self, epics: Sequence[RunItem], known: Mapping[int, Known]) -> dict[str, set[str]]:
        """Keys of issues under these epics that do not go with them, by the epic's uid: those of ours at once,
        others as soon as Jira's index knows them."""
        if not epics:
            return {}
        story_type = self.metadata.type(self.mapping.story_type_id)
        link = parent_field(story_type) if story_type is not None else None
        name = link.id if link is not None else "parent"
        by_name = {form: str(item.planned.uid) for item in epics for form in (item.issue_id, item.issue_key)}
        hang: dict[str, set[str]] = defaultdict(set)
        for item in epics:
            hang[str(item.planned.uid)] |= {
                key for issue_id, key in known[item.pk].children.items() if issue_id not in self.going
            }
        clause = "parent" if name == "parent" else f"cf[{name.rpartition('_')[2]}]"
        listed = ", ".join(item.issue_id if name == "parent" else f'"{item.issue_key}"' for item in epics)
        async for page in self.jira.search(f"{clause} in ({listed})", fields=[name]):
            for issue in page.issues:
                value = issue.fields.get(name)
                parent = str(value.get("id")) if isinstance(value, Mapping) else str(value)
                if issue.id not in self.going and parent in by_name:
                    hang[by_name[parent]].add(issue.key)
        return hang


@dataclass
class Known:
    """What we know of an item without asking Jira."""

    written: Written
    links: set[str] = field(default_factory=set)
    subtasks: set[str] = field(default_factory=set)
    children: dict[str, str] = field(default_factory=dict)  # issue id → key


def _known(judge: Judge, items: Sequence[RunItem]) -> dict[int, Known]:
    for item in items:
        judge.names |= {one["field"]: one["label"] for one in item.planned.changes}
    uids = [item.planned.uid for item in items]
    rows = PlannedTicket.objects.filter(Q(uid__in=uids) | Q(parent_uid__in=uids), parent_uid__isnull=False)
    pairs = set(rows.filter(run_item__state__in=[State.CREATED, State.UPDATED]).values_list("uid", "parent_uid"))
    tickets = {
        ticket.uid: ticket
        for ticket in ExportedTicket.objects.filter(
            connection=judge.run.connection_id, uid__in={uid for pair in pairs for uid in pair}, unlinked_at=None
        ).exclude(issue_id="")
    }
    found = {item.planned.uid: Known(_written(judge, item)) for item in items}
    for child, parent in pairs:
        if child not in tickets or parent not in tickets:
            continue
        below, above = tickets[child], tickets[parent]
        if child in found and below.kind == Kind.TEST:
            found[child].links.add(above.issue_id)
        if parent in found:
            if below.issue_id in judge.going:
                found[parent].links.add(below.issue_id)
            found[parent].subtasks.add(below.issue_id)
            if _still_below(below, above):
                found[parent].children[below.issue_id] = below.issue_key
    return {item.pk: found[item.planned.uid] for item in items}


def _still_below(child: ExportedTicket, parent: ExportedTicket) -> bool:
    """Whether a child hangs where we put it, as far as we last saw."""
    return any(value in ({"id": parent.issue_id}, parent.issue_key) for value in child.base_jira.values())


def _written(judge: Judge, item: RunItem) -> Written:
    """This item's write and those of later runs on the same issue, undos among them."""
    later = RunItem.objects.filter(ticket=item.ticket_id, pk__gte=item.pk).exclude(after={}).order_by("pk")
    fields: dict[str, Any] = {}
    status, until = "", None
    for kept in later.values_list("after", flat=True):
        fields |= kept.get("fields", {})
        status = kept.get("status") or status
        until = jira_time(kept.get("updated")) or until
    since = jira_time(item.before.get("updated")) if item.before else None
    return Written(fields, status, judge.mapping.jira_project_id, since, until)


def _ids(issue: Issue, name: str) -> frozenset[str]:
    return frozenset(str(one["id"]) for one in issue.fields.get(name) or ())


def _linked(issue: Issue) -> frozenset[str]:
    ends: Iterable[Any] = (
        one.get("outwardIssue") or one.get("inwardIssue") or {} for one in issue.fields.get("issuelinks") or ()
    )
    return frozenset(str(one["id"]) for one in ends if "id" in one)
