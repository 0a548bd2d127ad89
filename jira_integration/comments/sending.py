"""Comments of one story on their way to its issue: looked for when in doubt, then written, changed or deleted.

Never twice: the row says that a create is leaving before it leaves, the comment carries the row's uid as a property,
and after a lost answer the comments of the issue are looked through before anything is sent again.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from jira_integration.catalogue import from_error
from jira_integration.client import JiraClient
from jira_integration.client.exceptions import (
    JiraError,
    JiraForbidden,
    JiraLoginError,
    JiraNotFound,
    JiraRateLimited,
    JiraRejected,
    JiraUnavailable,
)
from jira_integration.client.schemas import Comment
from jira_integration.comments import outbox
from jira_integration.comments.body import hash_of, jira_hash, ours_from_jira, to_jira
from jira_integration.conf import conf, story_source
from jira_integration.contracts import StoryComment
from jira_integration.models import ExportedComment, SecretUnreadable
from jira_integration.setup.connect import NoLogin, jira_client

State = ExportedComment.State
PROPERTY = "stories-qa.comment"
MOST_ATTEMPTS = 8
PAUSE = timedelta(seconds=60)


async def send_waiting(ticket_id: int) -> int:
    """Send what of this ticket is due, one after the other; how many rows were worked on. What one comment meets is
    kept on its row; trouble of the whole connection leaves the rest waiting."""
    worked = 0
    while (row := await sync_to_async(outbox.take)(ticket_id)) is not None:
        worked += 1
        try:
            async with jira_client(row.ticket.connection) as jira:
                # A worker that was stopped for longer than this may have lost the row to another.
                jira.transport.may_leave = partial(_is_fresh, time.monotonic(), time.time())
                await _carry(jira, row)
        except (JiraRejected, JiraForbidden, JiraNotFound) as refused:
            await _refused(row, refused)
        except JiraError as trouble:
            await _put_off(row, trouble)
            break
        except (NoLogin, SecretUnreadable):
            await sync_to_async(outbox.end)(row, State.WAITING, not_before=timezone.now() + PAUSE)
            break
    return worked


def _is_fresh(monotonic: float, wall: float) -> bool:
    """Both clocks count: the first stands still while a machine sleeps, the second may be set back."""
    return max(time.monotonic() - monotonic, time.time() - wall) < conf.LEASE_SECONDS


async def _carry(jira: JiraClient, row: ExportedComment) -> None:
    if row.in_doubt and not row.remote_id:
        found = await look_for(jira, row)
        if found is not None:
            row.remote_id = found.id
            written = ours_from_jira(row.ticket.connection, found.body, await sync_to_async(_author)(row))
            row.agreed_ours, row.agreed_jira = hash_of(written), jira_hash(found.body)
            columns = ("remote_id", "agreed_ours", "agreed_jira")
            await _keep(row, in_doubt=False, **{name: getattr(row, name) for name in columns})
        else:
            await _keep(row, in_doubt=False)
        row.in_doubt = False
    ours = await sync_to_async(_comment)(row)
    if ours is None or ours.deleted:
        await _delete(jira, row)
    elif not row.remote_id:
        await _create(jira, row, ours)
    elif hash_of(ours.body) != row.agreed_ours:
        await _edit(jira, row, ours)
    else:
        await sync_to_async(outbox.end)(row, State.AGREED, error_code="", error_values={}, attempts=0)


async def look_for(jira: JiraClient, row: ExportedComment) -> Comment | None:
    """The comment that carries this row's uid, among all comments of the issue."""
    async for comment in jira.comments(row.ticket.issue_id, with_properties=True):
        stamped = comment.properties.get(PROPERTY)
        if isinstance(stamped, dict) and stamped.get("uid") == str(row.uid):
            return comment
    return None


async def _create(jira: JiraClient, row: ExportedComment, ours: StoryComment) -> None:
    if not await sync_to_async(outbox.leaves)(row):
        return
    row.in_doubt = True
    body = to_jira(row.ticket.connection, ours.body, ours.author)
    made = await jira.add_comment(row.ticket.issue_id, body, {PROPERTY: {"uid": str(row.uid)}})
    await _agreed(row, ours, made)


async def _edit(jira: JiraClient, row: ExportedComment, ours: StoryComment) -> None:
    """Write ours over Jira's, unless somebody changed it there since both sides agreed."""
    connection = row.ticket.connection
    try:
        now = await jira.comment(row.ticket.issue_id, row.remote_id)
    except JiraNotFound:
        await sync_to_async(outbox.end)(row, State.FAILED, remote_id="", error_code="comment_gone_there")
        return
    theirs = ours_from_jira(connection, now.body, ours.author)
    if hash_of(theirs) == hash_of(ours.body):
        await _agreed(row, ours, now)
        return
    if jira_hash(now.body) != row.agreed_jira:
        there = {"theirs": theirs, "theirs_jira": jira_hash(now.body)}
        await sync_to_async(outbox.end)(row, State.CONFLICT, error_code="comment_conflict", **there)
        return
    made = await jira.edit_comment(row.ticket.issue_id, row.remote_id, to_jira(connection, ours.body, ours.author))
    await _agreed(row, ours, made)


async def _delete(jira: JiraClient, row: ExportedComment) -> None:
    if row.remote_id:
        with suppress(JiraNotFound):  # gone already, which is what was wanted
            await jira.delete_comment(row.ticket.issue_id, row.remote_id)
    await sync_to_async(outbox.end)(row, State.GONE, error_code="", error_values={})


async def _agreed(row: ExportedComment, ours: StoryComment, there: Comment) -> None:
    """Both sides say the same now; edited here meanwhile, it goes out once more."""
    latest = await sync_to_async(_comment)(row)
    moved_on = latest is None or latest.deleted or latest.body != ours.body
    await sync_to_async(outbox.end)(
        row,
        State.WAITING if moved_on else State.AGREED,
        remote_id=there.id,
        agreed_ours=hash_of(ours.body),
        agreed_jira=jira_hash(there.body),
        author_name=(there.author.display_name if there.author else "")[:200],
        author_account=(there.author.account_id or there.author.name if there.author else "")[:128],
        in_doubt=False,
        not_before=None,
        theirs="",
        theirs_jira="",
        error_code="",
        error_values={},
        attempts=0,
    )


async def _refused(row: ExportedComment, refused: JiraError) -> None:
    """Jira said no: it stays here, says why, and waits for a person. A missing permission is asked for by its name,
    because Jira's own answer is in the words of its language."""
    connection, mapping = row.ticket.connection, row.ticket.mapping
    code, values = from_error(refused, connection)
    values |= {"issue": row.ticket.issue_key}
    if isinstance(refused, JiraNotFound):
        code = "comment_issue_gone"
    elif mapping is not None:
        values["jira_project"] = mapping.jira_project_key
        code = "comment_refused"
        if not await _may_comment(connection, mapping.jira_project_key):
            code = "comment_not_allowed"
    await sync_to_async(outbox.end)(row, State.FAILED, in_doubt=False, error_code=code, error_values=values)


async def _may_comment(connection: Any, project_key: str) -> bool:
    try:
        async with jira_client(connection) as jira:
            return (await jira.permissions(project_key, ["ADD_COMMENTS"]))["ADD_COMMENTS"]
    except JiraError:
        return True  # not known: then Jira's refusal is told as it is


async def _put_off(row: ExportedComment, trouble: JiraError) -> None:
    """Later: after Jira's own time, after a minute, or once somebody has mended the sign-in."""
    code, values = from_error(trouble, row.ticket.connection)
    unknown = trouble.outcome_unknown and row.in_doubt
    if row.attempts >= MOST_ATTEMPTS and not isinstance(trouble, JiraLoginError):
        await sync_to_async(outbox.end)(row, State.FAILED, error_code=code, error_values=values, in_doubt=unknown)
        return
    columns: dict[str, Any] = {"error_code": code, "error_values": values, "not_before": _when(trouble)}
    if not unknown:
        columns["in_doubt"] = False  # it never left, or was refused as a whole
    await sync_to_async(outbox.end)(row, State.WAITING, **columns)


def _when(trouble: JiraError) -> datetime:
    seconds = 0.0
    if isinstance(trouble, JiraRateLimited | JiraUnavailable):
        seconds = trouble.retry_after or 0.0
    if trouble.outcome_unknown:
        seconds = max(seconds, conf.UNKNOWN_WAIT_SECONDS)
    return timezone.now() + max(PAUSE if not trouble.outcome_unknown else timedelta(), timedelta(seconds=seconds))


async def _keep(row: ExportedComment, **columns: Any) -> None:
    await ExportedComment.objects.filter(pk=row.pk, lease_token=row.lease_token).aupdate(**columns)


def _comment(row: ExportedComment) -> StoryComment | None:
    return next(iter(story_source().comments([row.comment_ref])), None)


def _author(row: ExportedComment) -> str:
    ours = _comment(row)
    return ours.author if ours is not None else ""
