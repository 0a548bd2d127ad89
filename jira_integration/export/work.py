"""What the parts of a push share: the run, its lease, the client, and the one border to the database."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError
from django.db.models import Q

from jira_integration import ledger
from jira_integration.client import JiraClient
from jira_integration.client.schemas import Issue, StatusInfo, Transition
from jira_integration.conf import conf
from jira_integration.export.template import IssueIds, labels_after
from jira_integration.export.ways import Step, Ways, keep_ways
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.models import ExportedTicket, ExportRun, PlannedTicket, ProjectMapping, RunItem

log = logging.getLogger(__name__)
READ_AT_ONCE = 100  # bulkfetch's limit


class RunMustWait(Exception):
    """The run cannot go on before `not_before`; a new task takes it up then."""

    def __init__(self, code: str, not_before: datetime) -> None:
        super().__init__(code)
        self.code = code
        self.not_before = not_before


class RunStops(Exception):
    """The run as a whole must not begin: nothing was sent. `code` is worded by the catalogue."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass
class Work:
    """One worker's hold on one run."""

    run: ExportRun
    token: str
    jira: JiraClient
    mapping: ProjectMapping
    metadata: ProjectMetadata
    ways: Ways
    floor: int = 0  # the highest issue number known in the Jira project
    counted: tuple[int, int] = field(default=(0, 0))
    forbidden: int = 0  # creates in a row that Jira did not permit
    going: bool = False  # a write was answered well, and the run was told
    parents: dict[str, IssueIds] = field(default_factory=dict)  # issues that children were sent under
    # Batches of creates loaded before their turn: those that stay, and those ended because they changed meanwhile.
    ahead: dict[tuple[int, ...], tuple[list[RunItem], list[RunItem]]] = field(default_factory=dict)
    seen: dict[int, StatusInfo] = field(default_factory=dict)  # items to be moved → status as just read back
    looked: set[tuple[str, str]] = field(default_factory=set)  # types and statuses whose ways were seen in this push
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    good_until: tuple[float, float] = (0.0, 0.0)  # the lease, as this process knows it: monotonic and wall clock

    async def item_ids(self, *states: str, **conditions: object) -> list[int]:
        """Ids alone: ten thousand bodies at once would not fit into a worker's memory."""
        return await sync_to_async(ids_of_items)(self.run.pk, states, **conditions)

    async def load(self, ids: Sequence[int]) -> list[RunItem]:
        return await sync_to_async(load_items)(ids)

    async def items(self, *states: str, **conditions: object) -> list[RunItem]:
        return await sync_to_async(items_of)(self.run.pk, states, **conditions)

    async def ids_of(self, uids: Iterable[object]) -> dict[str, IssueIds]:
        """uid → id and key of the issues that exist, from the ledger."""
        return await sync_to_async(issue_ids)(self.run.connection_id, [str(uid) for uid in uids])

    def parents_of(self, items: Iterable[RunItem]) -> dict[str, IssueIds]:
        """The same for the parents of these items, each asked for once: children are only sent under parents that
        were read back, and those keep their ids."""
        uids = {str(item.planned.parent_uid) for item in items if item.planned.parent_uid}
        if unknown := sorted(uids - self.parents.keys()):
            self.parents |= issue_ids(self.run.connection_id, unknown)
        return {uid: self.parents[uid] for uid in uids if uid in self.parents}

    async def may_send(self) -> bool:
        """Asked right before each request that writes: a worker that woke late has lost its lease."""
        return await sync_to_async(ledger.may_send)(self.run.pk, self.token)

    async def learn(self, type_id: str, status: str, found: Sequence[Transition]) -> list[Step]:
        """What one issue showed, for the next of its type and for the next plans."""
        steps = self.ways.learn(type_id, status, found)
        self.looked.add((type_id, status))
        await sync_to_async(keep_ways)(self.mapping, self.ways)
        return steps

    async def _renew(self) -> bool:
        """True while the lease is ours. A database that is away for a moment is asked again at the next beat."""
        before = (time.monotonic(), time.time())
        try:
            ours = await sync_to_async(ledger.renew)(self.run.pk, self.token)
        except (OperationalError, InterfaceError) as away:
            log.warning("The lease of run %s could not be renewed: %s", self.run.pk, away)
            return True
        if ours:
            self.good_until = (before[0] + conf.LEASE_SECONDS, before[1] + conf.LEASE_SECONDS)
        return ours

    def may_leave(self) -> bool:
        """Asked in the thread that sends, right before the first byte of a write: nothing may lie between, neither a
        wait for a turn nor a process that was stopped there. Both clocks count, since the first stands still while
        a machine sleeps and the second may be set back."""
        monotonic, wall = self.good_until
        return time.monotonic() < monotonic and time.time() < wall

    async def count_requests(self) -> None:
        sent = self.jira.transport.sent
        total, writes = self.counted
        if (sent.total, sent.writes) == self.counted:
            return
        self.counted = (sent.total, sent.writes)
        await sync_to_async(ledger.count_requests)(self.run.pk, sent.total - total, sent.writes - writes)

    @asynccontextmanager
    async def heartbeat(self) -> AsyncIterator[None]:
        """Renew the lease while work goes on. When it is lost, the next `may_send` says so."""

        async def beat() -> None:
            while await self._renew():
                await asyncio.sleep(conf.LEASE_SECONDS / 3)

        await self._renew()
        self.jira.transport.may_leave = self.may_leave
        task = asyncio.create_task(beat())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def items_of(run_id: int, states: Sequence[str], **conditions: object) -> list[RunItem]:
    rows = RunItem.objects.filter(run_id=run_id, **conditions).select_related("planned", "ticket", "batch")
    return list(rows.filter(state__in=states) if states else rows)


def ids_of_items(run_id: int, states: Sequence[str], **conditions: object) -> list[int]:
    rows = RunItem.objects.filter(run_id=run_id, state__in=states, **conditions).order_by("position")
    return list(rows.values_list("pk", flat=True))


NOT_NEEDED = ("planned__changes", "planned__findings", "ticket__base_sent", "ticket__base_jira")
FOR_CREATES = (
    *("run_id", "position", "kind", "story_ref", "story_key", "title", "action", "state", "attempt", "issue_id"),
    *(f"planned__{name}" for name in ("uid", "parent_uid", "template", "story_version", "story_status", "status_to")),
    *(f"ticket__{name}" for name in ("connection_id", "project_ref", "issue_id", "issue_key", "seq")),
)


def load_items(ids: Sequence[int], without: Sequence[str] = NOT_NEEDED, only: Sequence[str] = ()) -> list[RunItem]:
    """Items with what a push needs of them, in their order."""
    rows = RunItem.objects.filter(pk__in=ids).select_related("planned", "ticket").order_by("position")
    return list(rows.only(*only) if only else rows.defer(*without))


def issue_ids(connection_id: int, uids: Sequence[str]) -> dict[str, IssueIds]:
    found: dict[str, IssueIds] = {}
    for start in range(0, len(uids), 500):
        rows = ExportedTicket.objects.filter(
            ~Q(issue_id=""), connection_id=connection_id, uid__in=uids[start : start + 500], unlinked_at=None
        )
        found |= {
            str(uid): IssueIds(issue_id, key) for uid, issue_id, key in rows.values_list("uid", "issue_id", "issue_key")
        }
    return found


def sent_fields(planned: PlannedTicket) -> dict[str, object]:
    """The mapped fields of a planned body, with the values they will have: without project and issue type, which are
    not ours to merge."""
    fields = planned.template.get("fields", {})
    sent = {name: value for name, value in fields.items() if name not in ("project", "issuetype")}
    for name, operations in planned.template.get("update", {}).items():
        if name == "parent":
            sent[name] = None
        elif name != "issuelinks":
            sent[name] = labels_after(operations, planned.seen.get(name))
    return sent


def number_in(key: str) -> int:
    """SHOP-318 → 318."""
    tail = key.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0


def uid_of(issue: Issue) -> str:
    """The uid our create stamped on an issue; empty when it carries none."""
    stamp = issue.properties.get(conf.PROPERTY_KEY)
    return str(stamp.get("uid", "")) if isinstance(stamp, dict) else ""
