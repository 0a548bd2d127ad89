"""A comment of a story that stands in Jira, or is on its way there."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jira_integration.models.ticket import ExportedTicket


class ExportedComment(models.Model):
    """Joins one comment of the host to one comment of an issue.

    Written before the request that creates it: `uid` goes along as a property, so that a comment whose answer was
    lost can be recognised. Hashes are sha256; the words themselves are the host's.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting to go to Jira")
        SENDING = "sending", _("Going to Jira")
        AGREED = "agreed", _("In Jira")
        FAILED = "failed", _("Not in Jira")
        CONFLICT = "conflict", _("Edited on both sides")
        GONE = "gone", _("Deleted")

    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    ticket = models.ForeignKey(ExportedTicket, on_delete=models.CASCADE, related_name="comments")
    comment_ref = models.CharField(max_length=64, help_text="The host's id of the comment, opaque to us.")
    remote_id = models.CharField(max_length=32, blank=True, help_text="Jira's id. Empty until it is there.")
    from_jira = models.BooleanField(default=False, help_text="Written there: edited and deleted there only.")
    author_name = models.CharField(max_length=200, blank=True, help_text="As Jira names the author.")
    author_account = models.CharField(max_length=128, blank=True)
    agreed_ours = models.CharField(max_length=64, blank=True, help_text="Hash of the Markdown both sides agreed on.")
    agreed_jira = models.CharField(max_length=64, blank=True, help_text="Hash of what Jira held then, normalised.")
    theirs = models.TextField(blank=True, help_text="Jira's text, as Markdown, while both sides differ.")
    theirs_jira = models.CharField(max_length=64, blank=True, help_text="Hash of Jira's text in a conflict.")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    in_doubt = models.BooleanField(default=False, help_text="A create left, and nobody knows whether it arrived.")
    not_before = models.DateTimeField(null=True, blank=True)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error_code = models.CharField(max_length=40, blank=True)
    error_values = models.JSONField(default=dict, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["state", "not_before"])]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "comment_ref"], name="comment_joined_once"),
            models.UniqueConstraint(
                fields=["ticket", "remote_id"], condition=~Q(remote_id=""), name="jira_comment_joined_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket} {self.remote_id}".strip()
