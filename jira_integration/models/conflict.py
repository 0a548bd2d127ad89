"""Edits of one field on both sides that nothing could bring together: a person chooses."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jira_integration.models.ticket import ExportedTicket


class Conflict(models.Model):
    """One field of one ticket, with the last common value and both sides'.

    Values in our form are shaped as `contracts.StorySource.apply` takes them, as JSON: criteria as mappings of their
    parts, a person as {name, email}, an epic by its ref. Values in Jira's form are as Jira gave them.
    """

    class Choice(models.TextChoices):
        OURS = "ours", _("Kept ours")
        THEIRS = "theirs", _("Took Jira's")
        MERGED = "merged", _("Wrote a merged version")
        ITSELF = "itself", _("Both sides came to say the same")
        UNLINKED = "unlink", _("Story and issue were unlinked")

    ticket = models.ForeignKey(ExportedTicket, on_delete=models.CASCADE, related_name="conflicts")
    field = models.CharField(max_length=40, help_text="StoryField.key.")
    jira_field = models.CharField(max_length=64, help_text="Jira's field id; status for the status.")
    jira_name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, help_text="contracts.FieldKind of our field.")
    reason = models.CharField(
        max_length=40, blank=True, help_text="Catalogue code, where it is more than two edits: unknown_status."
    )
    base = models.JSONField(null=True, blank=True, help_text="The last common value, in our form.")
    base_jira = models.JSONField(null=True, blank=True, help_text="What Jira gave back then, reduced.")
    ours = models.JSONField(null=True, blank=True)
    ours_version = models.PositiveIntegerField(default=0, help_text="The story's version that holds `ours`.")
    ours_by = models.CharField(max_length=150, blank=True, help_text="Who saved the story last, where known.")
    ours_at = models.DateTimeField(null=True, blank=True)
    theirs = models.JSONField(null=True, blank=True, help_text="Jira's value in our form; null where it has none.")
    theirs_jira = models.JSONField(null=True, blank=True, help_text="Jira's value as Jira holds it.")
    theirs_words = models.TextField(blank=True, help_text="Jira's value as a person reads it.")
    theirs_by = models.CharField(max_length=150, blank=True, help_text="Who changed it in Jira, where Jira said so.")
    theirs_at = models.DateTimeField(null=True, blank=True, help_text="Jira's `updated` when this value was read.")
    merged = models.JSONField(
        null=True, blank=True, help_text="merge.MergedText as JSON: a proposal, for texts whose edits touch."
    )
    notes = models.JSONField(default=list, blank=True, help_text="What Jira's value would lose here, in words.")
    opened_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    choice = models.CharField(max_length=6, choices=Choice, blank=True)

    class Meta:
        ordering = ["opened_at", "pk"]
        indexes = [models.Index(fields=["resolved_at", "opened_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "field"], condition=Q(resolved_at=None), name="one_open_conflict_per_field"
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None, choice="") | (Q(resolved_at__isnull=False) & ~Q(choice="")),
                name="resolved_conflict_has_choice",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket} {self.field}"
