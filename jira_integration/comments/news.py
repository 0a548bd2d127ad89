"""What an issue's comments say now, taken in. May run twice, and cannot tell a webhook from a poll.

A comment that was written in Jira is Jira's: it comes in, and follows every edit and its deletion. One that was
written here follows Jira's edits too; changed on both sides, a person chooses. A comment that not everybody who sees
the issue may read (a role's, an internal note) never comes in, and leaves when it becomes one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from jira_integration.client import JiraClient
from jira_integration.client.reading import read_rows
from jira_integration.client.schemas import Comment, jira_time
from jira_integration.comments.body import from_jira, hash_of, jira_hash, ours_from_jira
from jira_integration.comments.outbox import tell
from jira_integration.conf import story_source
from jira_integration.contracts import StoryChanged, StoryComment
from jira_integration.models import ExportedComment, ExportedTicket, JiraConnection, ProjectMapping

State = ExportedComment.State
Comments = ProjectMapping.Comments
FIELD = "comment"  # of an issue: {"comments": […], "total": n, "maxResults": n}
PLACE = "Jira"


def pages_of(fields: Mapping[str, Any]) -> tuple[list[Comment], bool] | None:
    """The comments that came with an issue, and whether those are all; None when none were asked for."""
    page = fields.get(FIELD)
    if not isinstance(page, Mapping) or not isinstance(page.get("comments"), list):
        return None
    found = read_rows(Comment, page["comments"], FIELD)
    return found, int(page.get("total") or 0) <= len(found)


async def all_of(
    jira: JiraClient, connection: JiraConnection, issues: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[Comment]]:
    """issue id → all its comments, for issues (id → fields as read) that are ours. Only an issue with more comments
    than came along costs requests of its own."""
    told = {issue_id: page for issue_id, fields in issues.items() if (page := pages_of(fields)) is not None}
    ours = ExportedTicket.objects.filter(connection=connection, issue_id__in=told, unlinked_at=None)
    found: dict[str, list[Comment]] = {}
    async for issue_id in ours.exclude(mapping__comments=Comments.NONE).values_list("issue_id", flat=True):
        rows, complete = told[issue_id]
        found[issue_id] = rows if complete else [one async for one in jira.comments(issue_id)]
    return found


def take_in(
    connection: JiraConnection, told: Mapping[str, Sequence[Comment]], asked_at: datetime
) -> Iterator[tuple[ExportedTicket, bool]]:
    """Make our comments follow; yields each ticket that changed (saved), and True where something has to be looked at
    once more. `told` is what Jira held at `asked_at`, by our clock."""
    tickets = list(
        ExportedTicket.objects.filter(connection=connection, issue_id__in=told, unlinked_at=None)
        .exclude(mapping__comments=Comments.NONE)
        .filter(mapping__live=True)
        .select_related("mapping", "connection")
    )
    by_project: dict[str, list[str]] = defaultdict(list)
    for ticket in tickets:
        by_project[ticket.project_ref].append(ticket.story_ref)
    source = story_source()
    open_ = {one.ref for ref, refs in by_project.items() for one in source.snapshots(ref, refs) if not one.sync_off}
    known: dict[int, list[ExportedComment]] = defaultdict(list)
    for row in ExportedComment.objects.filter(ticket__in=tickets):
        known[row.ticket_id].append(row)
    refs = [row.comment_ref for rows in known.values() for row in rows]
    ours = {one.ref: one for one in source.comments(refs)} if refs else {}
    for ticket in tickets:
        if ticket.story_ref not in open_ or (not told[ticket.issue_id] and not known[ticket.pk]):
            continue
        with transaction.atomic():
            round_ = _Round(ticket, known[ticket.pk], ours, asked_at)
            changed = round_.run(told[ticket.issue_id])
            if changed:
                tell(ticket)
        if changed or round_.held:
            yield ticket, round_.held


class _Round:
    """One ticket and all comments of its issue."""

    def __init__(
        self,
        ticket: ExportedTicket,
        known: Sequence[ExportedComment],
        ours: Mapping[str, StoryComment],
        asked_at: datetime,
    ) -> None:
        self.ticket, self.ours, self.asked_at = ticket, ours, asked_at
        self.by_id = {row.remote_id: row for row in known if row.remote_id}
        # While a create of ours has no answer, a new comment by our own account may be that very one.
        self.in_doubt = any(row.in_doubt or row.state == State.SENDING for row in known)
        self.held = False

    def run(self, there: Sequence[Comment]) -> bool:
        changed = False
        seen = set()
        for comment in there:
            if not comment.for_everybody:
                continue
            seen.add(comment.id)
            row = self.by_id.get(comment.id) or self._before(comment)
            changed |= self._new(comment) if row is None else self._known(row, comment)
        for row in self.by_id.values():
            if row.remote_id not in seen and row.state != State.GONE:
                changed |= self._gone(row)
        return changed

    def _before(self, comment: Comment) -> ExportedComment | None:
        """The row of an earlier link of this story to this issue: linked again, nothing comes in twice."""
        row = ExportedComment.objects.filter(
            remote_id=comment.id,
            ticket__connection=self.ticket.connection_id,
            ticket__story_ref=self.ticket.story_ref,
            ticket__unlinked_at__isnull=False,
        ).first()
        if row is not None:
            row.ticket = self.ticket
            row.save(update_fields=["ticket"])
        return row

    def _new(self, comment: Comment) -> bool:
        author = comment.author
        account = (author.account_id or author.name) if author else ""
        if self.in_doubt and account in ("", self.ticket.connection.account_id or account):
            self.held = True
            return False
        body = from_jira(comment.body)
        ref = story_source().keep_comment(self._as_ours("", comment, body))
        if not ref:
            return False
        ExportedComment.objects.create(
            ticket=self.ticket,
            comment_ref=ref,
            remote_id=comment.id,
            from_jira=True,
            author_name=author.display_name[:200] if author else "",
            author_account=account[:128],
            agreed_ours=hash_of(body),
            agreed_jira=jira_hash(comment.body),
            state=State.AGREED,
        )
        return True

    def _known(self, row: ExportedComment, comment: Comment) -> bool:
        if row.state == State.SENDING:
            self.held = True
            return False
        there = jira_hash(comment.body)
        back = row.state == State.GONE and row.from_jira  # out of sight for a while
        if there == row.agreed_jira and not back:
            return False
        ours = self.ours.get(row.comment_ref) or next(iter(story_source().comments([row.comment_ref])), None)
        if ours is None or (ours.deleted and not row.from_jira):
            return False  # deleted here; that is on its way, or was refused and says so
        if row.changed_at > self.asked_at:
            self.held = True  # read before we wrote it last
            return False
        connection = self.ticket.connection
        body = from_jira(comment.body) if row.from_jira else ours_from_jira(connection, comment.body, ours.author)
        if not row.from_jira and hash_of(ours.body) != row.agreed_ours and hash_of(body) != hash_of(ours.body):
            return self._conflict(row, body, there)
        try:
            story_source().keep_comment(self._as_ours(row.comment_ref, comment, body, ours), expected=ours.body)
        except StoryChanged:
            self.held = True
            return False
        row.agreed_ours, row.agreed_jira, row.state = hash_of(body), there, State.AGREED
        row.theirs = row.error_code = ""
        row.save(update_fields=["agreed_ours", "agreed_jira", "state", "theirs", "error_code", "changed_at"])
        return True

    def _conflict(self, row: ExportedComment, body: str, there: str) -> bool:
        if row.state == State.CONFLICT and row.theirs == body:
            return False
        row.state, row.theirs, row.theirs_jira, row.error_code = State.CONFLICT, body, there, "comment_conflict"
        row.save(update_fields=["state", "theirs", "theirs_jira", "error_code", "changed_at"])
        return True

    def _gone(self, row: ExportedComment) -> bool:
        """Deleted in Jira, or hidden from the account now. An edit of ours that waits is not lost with it."""
        if row.state == State.SENDING or row.changed_at > self.asked_at:
            self.held = True
            return False
        ours = self.ours.get(row.comment_ref)
        if ours is not None and not ours.deleted:
            if not row.from_jira and hash_of(ours.body) != row.agreed_ours:
                row.state, row.remote_id, row.error_code = State.FAILED, "", "comment_gone_there"
                row.save(update_fields=["state", "remote_id", "error_code", "changed_at"])
                return True
            # What others wrote is not kept beyond its deletion; what was written here stays with its author.
            kept = ours.body if not row.from_jira else ""
            story_source().keep_comment(
                StoryComment(
                    ours.ref, ours.story_ref, kept, ours.author, ours.written_at, timezone.now(), ours.place, True
                )
            )
        row.state, row.agreed_jira = State.GONE, ""
        row.save(update_fields=["state", "agreed_jira", "changed_at"])
        return True

    def _as_ours(self, ref: str, comment: Comment, body: str, ours: StoryComment | None = None) -> StoryComment:
        author = comment.author.display_name if comment.author else ""
        written, edited = jira_time(comment.created), jira_time(comment.updated)
        return StoryComment(
            ref=ref,
            story_ref=self.ticket.story_ref,
            body=body,
            author=ours.author if ours is not None else author or _("Somebody in Jira"),
            written_at=ours.written_at if ours is not None else written or timezone.now(),
            edited_at=edited if edited != written else None,
            place=ours.place if ours is not None else PLACE,
        )
