"""What an undo of a run would do, item by item: a plan like that of an export, made by reading each issue now.

Created and untouched: deleted, or closed where the account may not delete. Updated and as we wrote it: the old values
put back. Touched by people since: left alone, with what they did, unless somebody says otherwise item by item.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from jira_integration import audit
from jira_integration.client import CloudClient, JiraClient
from jira_integration.client.schemas import Issue
from jira_integration.conf import conf
from jira_integration.export.building import claim, store
from jira_integration.export.hierarchy import parent_field
from jira_integration.export.keepsake import undo_until
from jira_integration.export.line import CannotDo
from jira_integration.export.pace import expected_seconds
from jira_integration.export.template import canonical, digest, edit_body
from jira_integration.export.undo_judge import Judge, Looked
from jira_integration.export.undo_values import put_back_value
from jira_integration.mapping.jira_form import in_words, reduced
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.models import ExportPlan, ExportRun, PlannedTicket, RunItem
from jira_integration.models.rows import insert_each

Action = PlannedTicket.Action
State = RunItem.State
TO_UNDO = (State.CREATED, State.UPDATED)
CHUNK = 100
DELETES_AT_ONCE = 20  # issues in a bulk delete, read right before: few, so that the reading is fresh
PERMISSIONS = ("DELETE_ISSUES", "EDIT_ISSUES", "TRANSITION_ISSUES")
BULK = "BULK_CHANGE"
NO_WAY_ROUND = ("undo_children", "undo_moved")  # traces that no "anyway" may pass over
STAYS = "undo_children_stay"


def may_undo(run: ExportRun) -> str:
    """The catalogue's code of why this run cannot be undone, "" when it can."""
    if run.plan.undoes_id is not None:
        return "undo_of_undo"
    if run.state not in ExportRun.ENDED:
        return "run_still_active"
    until = undo_until(run)
    if until is None or until < timezone.now():
        return "undo_over"
    if ExportRun.objects.filter(plan__undoes=run).exclude(state__in=ExportRun.ENDED).exists():
        return "undo_going"
    return ""


def new_undo(run: ExportRun, user: Any) -> ExportPlan:
    """A plan that takes a run back, to be built by `tasks.build_plan`. Raises CannotDo."""
    if code := may_undo(run):
        raise CannotDo(code, {"run": run.pk, "days": conf.UNDO_DAYS})
    with transaction.atomic():
        items = run.items.filter(state__in=TO_UNDO).order_by("position")
        plan = ExportPlan.objects.create(
            mapping=run.plan.mapping,
            project_ref=run.project_ref,
            story_refs=list(items.values_list("story_ref", flat=True)),
            undoes=run,
            created_by=user,
        )
        audit.record("undo_previewed", {"plan": plan.pk, "run": run.pk}, user=user, project_ref=run.project_ref)
    return plan


async def plan_undo(
    plan: ExportPlan, metadata: ProjectMetadata, jira: JiraClient, tell: Callable[[ExportPlan], None]
) -> None:
    """Read every issue of the run and fill the plan; `tell` hears of each hundred. Reads only. Raises TakenOver."""
    assert plan.undoes_id is not None
    run = await ExportRun.objects.select_related("plan__mapping", "connection").aget(pk=plan.undoes_id)
    held = await jira.permissions(metadata.key, [*PERMISSIONS, BULK])
    myself = await jira.myself()
    items = await sync_to_async(_items)(run)
    await sync_to_async(claim)(plan, len(items))
    going = frozenset(item.issue_id for item in items if item.state == State.CREATED)
    judge = Judge(run, plan.mapping, metadata, jira, myself.account_id or myself.name, going)
    rows: list[PlannedTicket] = []
    for start in range(0, len(items), CHUNK):
        looked = await judge.look(items[start : start + CHUNK])
        rows += await sync_to_async(_rows)(plan, looked, judge, held, start)
        await sync_to_async(store)(plan, progress=len(rows))
        await sync_to_async(tell)(plan)
    await sync_to_async(_freeze)(plan, rows, isinstance(jira, CloudClient) and held[BULK])


def _items(run: ExportRun) -> list[RunItem]:
    found = run.items.filter(state__in=TO_UNDO).select_related("planned", "ticket").order_by("position")
    return list(found.defer("planned__template", "planned__seen"))


def _rows(
    plan: ExportPlan, looked: Sequence[Looked], judge: Judge, held: Mapping[str, bool], first: int
) -> list[PlannedTicket]:
    return [_row(plan, one, judge, held, place) for place, one in enumerate(looked, first)]


def _row(plan: ExportPlan, looked: Looked, judge: Judge, held: Mapping[str, bool], position: int) -> PlannedTicket:
    item, issue = looked.item, looked.issue
    row = PlannedTicket(
        plan=plan,
        position=position,
        level=item.planned.level,
        kind=item.kind,
        story_ref=item.story_ref,
        story_key=item.story_key,
        title=item.title,
        story_version=item.planned.story_version,
        story_status=item.before.get("base_status", ""),
        uid=item.planned.uid,
        parent_uid=item.planned.parent_uid,
        issue_id=item.issue_id,
        issue_key=issue.key if issue is not None else item.issue_key,
        action=Action.LEAVE,
    )
    row.seen_updated_at = issue.updated if issue is not None else None
    row.findings = [{**one, "blocking": one["code"] in NO_WAY_ROUND} for one in looked.found]
    if item.ticket is None or item.ticket.unlinked_at is not None:
        _blocked(row, "undo_unlinked")
    elif issue is None:
        _blocked(row, "missing_in_jira", key=item.issue_key)
    elif not item.after:
        _blocked(row, "undo_nothing_kept")
    elif item.state == State.CREATED:
        may = [name for name in (Action.DELETE, Action.CLOSE) if held[NEEDS[name]]]
        row.seen = {"would": may[0] if may else ""}
        if not may:
            _blocked(row, "undo_not_allowed")
    else:
        _restore(row, looked, issue, judge, held)
    return row


NEEDS = {Action.DELETE: "DELETE_ISSUES", Action.CLOSE: "TRANSITION_ISSUES"}


def _blocked(row: PlannedTicket, code: str, **values: Any) -> None:
    row.findings = [{"code": code, "values": values, "blocking": True}, *row.findings]


def _restore(row: PlannedTicket, looked: Looked, issue: Issue, judge: Judge, held: Mapping[str, bool]) -> None:
    """The body that puts the old values back: of fields that hold what this run wrote, and of those that people
    changed since, should somebody say "anyway"; never of fields that a later run of ours wrote."""
    item, old = looked.item, looked.item.before.get("fields", {})
    wrote = item.after.get("fields", {})
    ours = [name for name in old if looked.latest.get(name) == wrote.get(name)]
    names = [name for name in ours if reduced(issue.fields.get(name)) != reduced(old[name])]
    now = {name: reduced(issue.fields.get(name)) for name in names}
    row.template = edit_body({name: put_back_value(old[name]) for name in names}, now)
    row.changes = [
        {
            "field": name,
            "label": judge.names.get(name) or judge.metadata.field_name(name),
            "before": in_words(issue.fields.get(name)),
            "after": in_words(old[name]),
        }
        for name in names
    ]
    row.seen = {"would": Action.RESTORE, "fields": now}
    issue_type = judge.metadata.type(judge.mapping.type_id(item.kind))
    parent = parent_field(issue_type) if issue_type is not None else None
    row.seen["leaves"] = parent is not None and parent.id in names
    _move_back(row, item, issue, judge)
    if row.template and not held["EDIT_ISSUES"]:
        _blocked(row, "undo_not_allowed")
    elif not row.template and not row.status_to:
        _blocked(row, "undo_nothing")
    if row.template:
        text = canonical(row.template)
        row.template_hash, row.body_bytes = digest(text), len(text)


def _move_back(row: PlannedTicket, item: RunItem, issue: Issue, judge: Judge) -> None:
    """The status the issue had, if this run moved it and it stands there still."""
    was, wanted = item.before.get("status"), item.planned.status_to
    if not was or not wanted or issue.status is None or issue.status.id != wanted["id"] or was["id"] == wanted["id"]:
        return
    statuses = judge.metadata.statuses_of([judge.mapping.type_id(item.kind)])
    category = next((one.category for one in statuses if one.id == was["id"]), "undefined")
    row.status_to = {**was, "category": category}
    change = {"field": "status", "label": str(judge.names.get("status", "Status"))}
    row.changes = [*row.changes, {**change, "before": issue.status.name, "after": was["name"]}]


def settle(rows: Sequence[PlannedTicket]) -> None:
    """Give each item its action by what was found and what a person chose; children before their parents, since what
    has a child that stays is left alone itself."""
    below: dict[Any, list[PlannedTicket]] = {}
    for row in sorted(rows, key=lambda row: -row.level):
        row.findings = [one for one in row.findings if one["code"] != STAYS]
        blocked = any(one["blocking"] for one in row.findings)
        touched = any(not one["blocking"] for one in row.findings)
        row.anyway = row.seen["would"] if touched and not blocked else ""
        row.action = Action.LEAVE if blocked or (touched and not row.seen.get("chosen")) else row.seen["would"]
        if row.action in (Action.DELETE, Action.CLOSE):
            staying = [one.issue_key for one in below.get(row.uid, ()) if not _goes(one)]
            if staying:
                row.action, row.anyway = Action.LEAVE, ""
                row.findings = [*row.findings, {"code": STAYS, "values": {"keys": staying}, "blocking": True}]
        if row.parent_uid is not None:
            below.setdefault(row.parent_uid, []).append(row)


def _goes(child: PlannedTicket) -> bool:
    """Whether a child is out of the way when its parent's turn comes: deleted, or put back under its old parent."""
    leaves = child.action == Action.RESTORE and bool(child.seen.get("leaves"))
    return child.action in (Action.DELETE, Action.CLOSE) or leaves


def _freeze(plan: ExportPlan, rows: Sequence[PlannedTicket], bulk: bool) -> None:
    settle(rows)
    plan.checks = [{"state": "ok", "code": "undo_bulk", "values": {}}] if bulk else []
    counted = _count(plan, rows)
    with transaction.atomic():
        store(
            plan,
            state=ExportPlan.State.READY,
            error_code="",
            error_values={},
            mapping_version=plan.mapping.version,
            jira_read_at=timezone.now(),
            checks=plan.checks,
            **counted,
        )
        insert_each(rows)


def _count(plan: ExportPlan, rows: Sequence[PlannedTicket]) -> dict[str, Any]:
    """Columns of the plan that follow from its items."""
    counted = Counter(str(row.action) for row in rows)
    deletes, moves = counted[Action.DELETE], sum(bool(row.status_to) for row in rows if row.action == Action.RESTORE)
    bulks = -(-deletes // DELETES_AT_ONCE)
    each = 3 * bulks if plan.checks else 2 * deletes
    writes = counted[Action.RESTORE]
    reads = 2 * -(-writes // CHUNK)
    requests = 2 + each + 3 * counted[Action.CLOSE] + writes + reads + moves
    seconds, measured = expected_seconds(plan.mapping.connection_id, requests)
    return {
        "counts": {action.value: counted.get(action.value, 0) for action in PlannedTicket.UNDOES},
        "requests_expected": requests,
        "seconds_expected": seconds,
        "measured_runs": measured,
    }


def choose(plan: ExportPlan, ref: str, *, anyway: bool) -> None:
    """Put one item back although people touched it, or leave it alone after all. Raises CannotDo."""
    with transaction.atomic():
        rows = list(plan.items.select_for_update().order_by("position"))
        chosen = next((row for row in rows if row.story_ref == ref), None)
        ready = ExportPlan.objects.filter(pk=plan.pk, state=ExportPlan.State.READY).exists()
        if chosen is None or not chosen.anyway or not ready:
            raise CannotDo("undo_no_choice")
        chosen.seen = {**chosen.seen, "chosen": anyway}
        settle(rows)
        PlannedTicket.objects.bulk_update(rows, ["seen", "action", "anyway", "findings"])
        ExportPlan.objects.filter(pk=plan.pk).update(**_count(plan, rows))
