"""A first story sent to see that a mapping works, and taken back or kept."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from jira_integration.models.plan import ExportPlan


class Trial(models.Model):
    """Marks a plan as the set-up's trial: it may run before Jira is turned on, and what it made can be taken back."""

    class Ended(models.TextChoices):
        KEPT = "kept", _("Kept")
        TAKEN_BACK = "taken_back", _("Taken back")

    plan = models.OneToOneField(ExportPlan, on_delete=models.CASCADE, related_name="trial")
    story_key = models.CharField(max_length=40)
    ended = models.CharField(max_length=10, choices=Ended, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(default=list, blank=True, help_text="[{key, how}]: deleted, closed, or gone already.")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Trial of {self.story_key}"
