"""Updates: look first, write only what changed here, one issue to a request."""

from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async

from jira_integration import halts, ledger
from jira_integration.catalogue import from_error, from_field_errors
from jira_integration.client.exceptions import JiraError, JiraForbidden, JiraNotFound, JiraRejected
from jira_integration.client.schemas import Issue
from jira_integration.conf import story_source
from jira_integration.export.keepsake import keep_before
from jira_integration.export.template import canonical, digest, fill, put_back
from jira_integration.export.work import READ_AT_ONCE, Work, sent_fields
from jira_integration.mapping.jira_form import reduced
from jira_integration.models import RunBatch, RunItem

State = RunItem.State


async def update_all(work: Work) -> AsyncIterator[RunItem]:
    """Carry out the planned updates. An issue that changed since the preview is left alone and says so."""
    ids = await work.item_ids(State.QUEUED, action__in=["update", "close"])
    for start in range(0, len(ids), READ_AT_ONCE):
        chunk = await work.load(ids[start : start + READ_AT_ONCE])
        names = sorted({name for item in chunk for name in sent_fields(item.planned)} | {"updated", "status"})
        issues = {
            issue.id: issue for issue in await work.jira.bulk_fetch([item.issue_id for item in chunk], fields=names)
        }
        versions = await sync_to_async(story_source().versions)(
            work.run.project_ref, [item.story_ref for item in chunk]
        )
        for item in chunk:
            if not await work.may_send():
                return
            yield await _update(work, item, issues.get(item.issue_id), versions.get(item.story_ref, 0))
        await work.count_requests()


async def _update(work: Work, item: RunItem, issue: Issue | None, version: int) -> RunItem:
    """`version` is the story's now, 0 when it is gone."""
    planned = item.planned
    end = sync_to_async(ledger.end)
    if version != planned.story_version:
        return await end(item.pk, State.MOVED_ON, "story_changed_since_preview", was=[State.QUEUED])
    if issue is None:
        return await end(item.pk, State.MOVED_ON, "missing_in_jira", {"key": item.issue_key}, was=[State.QUEUED])
    parents = await sync_to_async(work.parents_of)([item])
    body = fill(planned.template, parents)
    fields = fill(sent_fields(planned), parents)
    now = {name: reduced(issue.fields.get(name)) for name in fields}
    if now == {name: reduced(value) for name, value in fields.items()}:
        # Only the status is to change, or someone (perhaps a request of ours whose answer was lost) wrote just this.
        if planned.status_to:
            await sync_to_async(keep_before)(item, issue, [])
        return await sync_to_async(ledger.updated)(item.pk)
    if now != {name: planned.seen.get(name) for name in now}:
        return await end(item.pk, State.MOVED_ON, "issue_changed_since_preview", {"key": issue.key}, was=[State.QUEUED])
    batch = await sync_to_async(_write_down)(work, item, body, issue)
    try:
        await work.jira.edit_issue(item.issue_id, fields=body.get("fields"), update=body.get("update"))
    except (JiraRejected, JiraForbidden, JiraNotFound) as trouble:
        code, values = from_error(trouble, work.run.connection)
        if trouble.field_errors:
            code, values = from_field_errors(trouble.field_errors, trouble.jira_messages, work.metadata, body)
        said = [*trouble.jira_messages, *(f"{name}: {text}" for name, text in trouble.field_errors.items())]
        refused = await end(item.pk, State.FAILED, code, values, said, batch_id=batch.pk)
        await sync_to_async(ledger.close_batch)(batch.pk)
        return refused
    except JiraError as trouble:
        # An edit sets values: sending it again after a look (above) does no harm, so it goes back into the queue.
        await sync_to_async(ledger.put_back)(batch, [item.pk], refused=not trouble.outcome_unknown)
        raise
    done = await sync_to_async(ledger.updated)(item.pk)
    await sync_to_async(ledger.close_batch)(batch.pk)
    await sync_to_async(halts.going_well)(work.run.pk)
    return done


def _write_down(work: Work, item: RunItem, body: object, issue: Issue) -> RunBatch:
    keep_before(item, issue, sent_fields(item.planned))
    hashes = {item.pk: digest(canonical(put_back(body, item.planned.template)))}
    written = ledger.form_batch(
        work.run.pk, work.token, [item], hashes, level=item.planned.level, action=RunBatch.Action.UPDATE, floor=0
    )
    work.counted = (work.counted[0] + 1, work.counted[1] + 1)  # form_batch did
    return written
