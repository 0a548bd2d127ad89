"""What the overview's charts are drawn from: small rows, added up as things happen."""

from __future__ import annotations

from django.db import models

from jira_integration.models.connection import JiraConnection


class RequestHour(models.Model):
    """What one connection asked of Jira within one hour of UTC, which is also the window of Jira's quotas."""

    connection = models.ForeignKey(JiraConnection, on_delete=models.CASCADE, related_name="hours")
    hour = models.DateTimeField(help_text="When it began.")
    requests = models.PositiveIntegerField(default=0)
    limited = models.PositiveIntegerField(default=0, help_text="Answered with 429.")
    allowed = models.PositiveIntegerField(null=True, blank=True, help_text="The limit that Jira named last, if it did.")
    left = models.PositiveIntegerField(null=True, blank=True, help_text="What it said was left of that.")

    class Meta:
        ordering = ["hour"]
        constraints = [models.UniqueConstraint(fields=["connection", "hour"], name="one_row_an_hour")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}: {self.requests}"


class StoryDay(models.Model):
    """How many stories of a backlog stood how at the last look of a day (UTC)."""

    project_ref = models.CharField(max_length=64)
    day = models.DateField()
    counts = models.JSONField(default=dict, help_text="Sync state → number of stories.")

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["project_ref", "day"], name="one_row_a_day")]

    def __str__(self) -> str:
        return f"{self.project_ref} {self.day}"
