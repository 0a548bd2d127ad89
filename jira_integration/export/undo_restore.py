"""Put back what a run changed: the old values, field by field, and the status; then the bases of the next merge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction

from jira_integration import halts, ledger
from jira_integration.agreement import Retreat, retreat
from jira_integration.catalogue import from_error, from_field_errors
from jira_integration.client.exceptions import JiraError, JiraForbidden, JiraNotFound, JiraRejected
from jira_integration.client.schemas import Issue
from jira_integration.export.keepsake import after
from jira_integration.export.statuses import move_one
from jira_integration.export.undo_judge import Looked
from jira_integration.export.undo_work import Undoing, missing, new_traces
from jira_integration.export.work import READ_AT_ONCE
from jira_integration.mapping.jira_form import reduced
from jira_integration.models import RunBatch, RunItem

State = RunItem.State


async def restore_all(undoing: Undoing) -> AsyncIterator[RunItem]:
    """Look at a hundred, write what still holds our values, read back, put it down."""
    async for chunk in undoing.due("restore", READ_AT_ONCE):
        written: list[tuple[RunItem, RunItem]] = []
        for item, looked in await undoing.look(chunk):
            if not await undoing.work.may_send():
                break
            ended = await _restore(undoing, item, looked)
            if ended is None:
                written.append((item, looked.item))
            else:
                yield ended
        if written:
            names = {name for item, _first in written for name in item.planned.seen["fields"]}
            issues = await undoing.work.jira.bulk_fetch(
                [item.issue_id for item, _first in written], fields=sorted(names | {"status", "updated"})
            )
            for item in await sync_to_async(_put_down)(undoing, written, {issue.id: issue for issue in issues}):
                yield item


async def _restore(undoing: Undoing, item: RunItem, looked: Looked) -> RunItem | None:
    """None when the issue holds the old values now; else the item as it ended."""
    issue, planned = looked.issue, item.planned
    if issue is None:
        return await undoing.stays(item, missing(item))
    old = looked.item.before.get("fields", {})
    seen = planned.seen["fields"]
    now = {name: reduced(issue.fields.get(name)) for name in seen}
    back = {name: reduced(old.get(name)) for name in seen}
    found = [one for one in new_traces(item, looked) if now != back or one["values"].get("field") not in back]
    if found:
        return await undoing.stays(item, found[0])
    if now not in (back, seen):
        return await undoing.stays(item, {"code": "issue_changed_since_preview", "values": {"key": issue.key}})
    if now != back or planned.status_to:
        batch = await undoing.write_down([item], RunBatch.Action.RESTORE)
        try:
            if now != back:
                body = planned.template
                await undoing.work.jira.edit_issue(item.issue_id, fields=body.get("fields"), update=body.get("update"))
            if planned.status_to and issue.status and not await move_one(undoing.work, item, issue.status):
                values = {"key": issue.key, "status": planned.status_to["name"]}
                return await _failed(batch, item, "undo_status_stays", values, [])
        except (JiraRejected, JiraForbidden, JiraNotFound) as trouble:
            code, values = from_error(trouble, undoing.work.run.connection)
            if trouble.field_errors:
                code, values = from_field_errors(
                    trouble.field_errors, trouble.jira_messages, undoing.work.metadata, planned.template
                )
            said = [*trouble.jira_messages, *(f"{name}: {text}" for name, text in trouble.field_errors.items())]
            return await _failed(batch, item, code, values, said)
        except JiraError as trouble:
            await sync_to_async(ledger.put_back)(batch, [item.pk], refused=not trouble.outcome_unknown)
            raise
        await sync_to_async(halts.going_well)(undoing.work.run.pk)
    return None


async def _failed(batch: RunBatch, item: RunItem, code: str, values: dict[str, Any], said: list[str]) -> RunItem:
    ended = await sync_to_async(ledger.end)(item.pk, State.FAILED, code, values, said, batch_id=batch.pk)
    await sync_to_async(ledger.close_batch)(batch.pk)
    return ended


def _put_down(undoing: Undoing, written: list[tuple[RunItem, RunItem]], issues: dict[str, Issue]) -> list[RunItem]:
    """Both sides are where they were before the run: the story differs from Jira again."""
    ended = []
    for item, first in written:
        issue = issues.get(item.issue_id)
        if issue is None:
            ended.append(ledger.end(item.pk, State.UNCONFIRMED, "not_read_back", {"key": item.issue_key}))
            continue
        held = {name: reduced(issue.fields.get(name)) for name in item.planned.seen["fields"]}
        with transaction.atomic():
            done = ledger.undone(item.pk, undoing.judge.run.pk, after(held, issue))
            assert item.ticket_id is not None
            sent, version = first.before.get("sent", {}), first.before.get("version", 0)
            retreat(Retreat(item.ticket_id, sent, held, version, issue.updated))
            if done.batch_id is not None:
                ledger.close_batch(done.batch_id)
        ended.append(done)
    return ended
