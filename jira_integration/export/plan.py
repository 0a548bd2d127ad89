"""`plan_export` says what an export would do, item by item, and stores it: the preview shows it, the push sends it.

Nothing is written to Jira here. New items need no request; items that have an issue are read again, 100 to a request,
and compared with both bases (what we sent, what Jira made of it).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction

from jira_integration import audit
from jira_integration.catalogue import from_error
from jira_integration.client import JiraClient
from jira_integration.client.exceptions import JiraError
from jira_integration.client.schemas import Issue
from jira_integration.contracts import Kind
from jira_integration.export.asking import READ_ALONG, ask
from jira_integration.export.building import TakenOver, store
from jira_integration.export.draft import Drafting
from jira_integration.export.removed import READ, keep_closes, removed_cases, still_open, to_close
from jira_integration.export.selection import CHUNK
from jira_integration.export.undo_plan import plan_undo
from jira_integration.mapping.metadata import ProjectMetadata, current
from jira_integration.mapping.questions import Questions
from jira_integration.models import ExportPlan, ProjectMapping
from jira_integration.setup.connect import NoLogin, answered, jira_client

log = logging.getLogger(__name__)


def new_plan(
    mapping: ProjectMapping,
    refs: Sequence[str],
    user: Any,
    *,
    with_tests: bool = True,
    left_open: Sequence[str] = (),
) -> ExportPlan:
    """Store what was chosen, whether test cases come along, and the refs of removed ones whose issues stay open.
    The plan is built by `build_plan`, off the request."""
    with transaction.atomic():
        plan = ExportPlan.objects.create(
            mapping=mapping,
            project_ref=mapping.project_ref,
            story_refs=list(dict.fromkeys(refs)),
            with_tests=with_tests,
            left_open=list(left_open),
            created_by=user,
        )
        audit.record("plan_made", {"plan": plan.pk, "count": len(refs)}, user=user, project_ref=mapping.project_ref)
    return plan


async def build_plan(plan_id: int, tell: Callable[[ExportPlan], None] = lambda plan: None) -> ExportPlan:
    """Read Jira and fill the plan; `tell` hears of each hundred items. What goes wrong is kept on the plan, for the
    page to say."""
    plan = await ExportPlan.objects.select_related("mapping__connection").aget(pk=plan_id)
    if plan.state not in (ExportPlan.State.BUILDING, ExportPlan.State.FAILED):
        return plan
    mapping = plan.mapping
    try:
        async with jira_client(mapping.connection) as jira:
            types = [type_id for kind in Kind if (type_id := mapping.type_id(kind))]
            metadata = await current(jira, mapping.connection, mapping.jira_project_id, types)
            if plan.undoes_id:
                await plan_undo(plan, metadata, jira, tell)
            else:
                await plan_export(plan, metadata, jira, tell)
        await sync_to_async(answered)(mapping.connection)
    except JiraError as trouble:
        await _failed(plan, *from_error(trouble, mapping.connection))
    except NoLogin:
        await _failed(plan, "no_login", {})
    except TakenOver:
        log.warning("Plan %s is built by somebody else, or was put away.", plan_id)
        return await ExportPlan.objects.select_related("mapping__connection").aget(pk=plan_id)
    return plan


async def _failed(plan: ExportPlan, code: str, values: Mapping[str, Any]) -> None:
    with suppress(TakenOver):  # somebody else may have more luck
        await sync_to_async(store)(plan, state=ExportPlan.State.FAILED, error_code=code, error_values=dict(values))


async def plan_export(
    plan: ExportPlan, metadata: ProjectMetadata, jira: JiraClient, tell: Callable[[ExportPlan], None]
) -> None:
    """Fill `plan` with an item for each chosen story, its test cases and each epic they need, and freeze it. Raises
    TakenOver."""
    work = await sync_to_async(Drafting.begin)(plan, metadata)
    questions = Questions(jira, plan.mapping.connection, metadata)
    for chunk in work.chunks():
        snapshots = await sync_to_async(work.snapshots)(chunk)
        ids = [work.tickets[ref].issue_id for ref in chunk if ref in work.tickets and work.tickets[ref].issue_id]
        issues: dict[str, Issue] = {}
        if ids:
            fetched = await jira.bulk_fetch(ids, fields=[*work.compared_fields, *READ_ALONG])
            issues = {issue.id: issue for issue in fetched}
            questions.heard(fetched)
        await ask(work, questions, snapshots)
        await sync_to_async(work.keep)(snapshots, issues)
        await sync_to_async(tell)(plan)
    await _close_removed(work, jira)
    await sync_to_async(work.freeze)()


async def _close_removed(work: Drafting, jira: JiraClient) -> None:
    """Items for the issues of test cases that are gone here; a check names those that stay open."""
    removed = await sync_to_async(removed_cases)(work)
    offered = await sync_to_async(to_close)(work, removed)
    closing: set[str] = set()
    for start in range(0, len(offered), CHUNK):
        tickets = offered[start : start + CHUNK]
        issues = await jira.bulk_fetch([ticket.issue_id for ticket in tickets], fields=READ)
        closing |= set(await sync_to_async(keep_closes)(work, tickets, {issue.id: issue for issue in issues}))
    work.checks += still_open(removed, closing)
