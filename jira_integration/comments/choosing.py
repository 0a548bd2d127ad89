"""A comment that was edited on both sides: a person says which text both keep."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from jira_integration import audit
from jira_integration.comments.body import hash_of
from jira_integration.comments.outbox import tell
from jira_integration.conf import story_source
from jira_integration.contracts import StoryChanged
from jira_integration.models import ExportedComment

State = ExportedComment.State


def choose(row: ExportedComment, keep: str, user: Any) -> bool:
    """`keep` "ours" or "theirs". Whether something is to be sent now. Nothing of Jira's is overwritten unseen: when it
    was edited once more meanwhile, the sending finds that and asks again."""
    source = story_source()
    ours = next(iter(source.comments([row.comment_ref])), None)
    if keep not in ("ours", "theirs") or ours is None:
        return False
    with transaction.atomic():
        found = ExportedComment.objects.select_for_update(of=["self"]).get(pk=row.pk)
        if found.state != State.CONFLICT:
            return False
        if keep == "theirs":
            try:
                kept = {**vars(ours), "body": found.theirs}
                source.keep_comment(type(ours)(**kept), expected=ours.body)
            except StoryChanged:
                return False  # edited this very moment: the page shows the conflict as it is now
            found.agreed_ours = hash_of(found.theirs)
        # What was shown of Jira's is what is replaced, or agreed on; a later edit there is a conflict of its own.
        found.state = State.WAITING if keep == "ours" else State.AGREED
        found.agreed_jira = found.theirs_jira
        found.theirs = found.error_code = ""
        found.not_before = None
        found.save()
        tell(row.ticket)
        audit.record(
            f"comment_{keep}",
            {"story": row.ticket.story_key, "issue": row.ticket.issue_key},
            user=user,
            project_ref=row.ticket.project_ref,
            object_ref=row.ticket.story_ref,
        )
    return keep == "ours"
