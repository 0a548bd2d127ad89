"""The record that joins one story to one Jira issue."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jira_integration.models.connection import JiraConnection
from jira_integration.models.mapping import KIND_CHOICES, ProjectMapping


class ExportedTicket(models.Model):
    """The Jira issue that stands for one story, and what both sides last agreed on.

    Written before the first request that could create the issue: `uid` goes into the create body, so that an issue
    whose answer was lost can be recognised.
    """

    class Sync(models.TextChoices):
        NOT_EXPORTED = "not_exported", _("Not in Jira")
        IN_SYNC = "in_sync", _("In sync")
        CHANGED_IN_JIRA = "changed_in_jira", _("Changed in Jira")
        CONFLICT = "conflict", _("Conflict")
        FAILED = "failed", _("Export failed")
        MISSING = "missing", _("Missing in Jira")

    class Standing(models.TextChoices):
        """What became of the issue as a whole, beside its fields."""

        MOVED = "moved", _("In another Jira project")
        RETYPED = "retyped", _("Of another type")
        ARCHIVED = "archived", _("Archived")
        HIDDEN = "hidden", _("Out of the account's sight")

    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    connection = models.ForeignKey(JiraConnection, on_delete=models.PROTECT, related_name="tickets")
    mapping = models.ForeignKey(ProjectMapping, null=True, on_delete=models.SET_NULL, related_name="tickets")
    project_ref = models.CharField(max_length=64, db_index=True)
    story_ref = models.CharField(max_length=64, help_text="The host's id of the story, opaque to us.")
    story_key = models.CharField(max_length=40, blank=True, help_text="As last seen; for people.")
    kind = models.CharField(max_length=5, choices=KIND_CHOICES)
    issue_id = models.CharField(max_length=32, blank=True, help_text="Jira's id; never changes. Empty until created.")
    issue_key = models.CharField(max_length=64, blank=True, help_text="SHOP-7; changes when moved.")
    sync = models.CharField(max_length=15, choices=Sync, default=Sync.NOT_EXPORTED)
    standing = models.CharField(max_length=8, choices=Standing, blank=True)
    standing_words = models.CharField(max_length=200, blank=True, help_text="Jira's name of that project or type.")
    story_version = models.PositiveIntegerField(default=0, help_text="The story's version both sides agree on.")
    base_sent = models.JSONField(default=dict, help_text="Jira field id → what we sent last, in Jira's form.")
    base_jira = models.JSONField(default=dict, help_text="Jira field id → what Jira gave back after that.")
    status_id = models.CharField(max_length=32, blank=True, help_text="Jira's status when last seen.")
    status_name = models.CharField(max_length=200, blank=True)
    base_status = models.CharField(max_length=40, blank=True, help_text="Our status when both sides last agreed.")
    theirs = models.JSONField(
        default=dict, blank=True, help_text="What changed in Jira and was not taken in, by field."
    )
    jira_updated_at = models.DateTimeField(null=True, blank=True, help_text="`updated` of the news last taken in.")
    moved_at = models.DateTimeField(null=True, blank=True, help_text="When we last moved the issue to a status.")
    error_code = models.CharField(max_length=40, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    seq = models.PositiveBigIntegerField(default=0, help_text="Rises with every save that pages are told of.")
    created_at = models.DateTimeField(auto_now_add=True)
    unlinked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["story_ref"]), models.Index(fields=["project_ref", "sync"])]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "story_ref"], condition=Q(unlinked_at=None), name="one_ticket_per_story"
            ),
            models.UniqueConstraint(
                fields=["connection", "issue_id"],
                condition=Q(unlinked_at=None) & ~Q(issue_id=""),
                name="one_ticket_per_issue",
            ),
            models.CheckConstraint(
                condition=Q(sync__in=["not_exported", "failed"]) | ~Q(issue_id=""), name="synced_ticket_has_issue"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.story_key} {self.issue_key}".strip()

    @property
    def issue_url(self) -> str:
        return self.connection.browse_url(self.issue_key)
