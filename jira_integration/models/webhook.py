"""What Jira posted, kept before it is answered."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from jira_integration.models.connection import JiraConnection


class WebhookDelivery(models.Model):
    """One event with a good signature, stored before 2xx. The same identifier twice is one row."""

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        HANDLED = "handled", _("Handled")
        IGNORED = "ignored", _("Ignored")
        FAILED = "failed", _("Failed")

    connection = models.ForeignKey(JiraConnection, on_delete=models.CASCADE, related_name="deliveries")
    identifier = models.CharField(
        max_length=128, help_text="Jira's identifier, or sha256 of the body where it has none."
    )
    event = models.CharField(max_length=80, blank=True)
    issue_id = models.CharField(max_length=32, blank=True)
    body = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was ignored or failed.")
    attempts = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField(auto_now_add=True)
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "webhook deliveries"
        indexes = [models.Index(fields=["state", "received_at"])]
        constraints = [
            models.UniqueConstraint(fields=["connection", "identifier"], name="webhook_delivery_stored_once")
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.issue_id}"


class PollRepairs(models.Model):
    """How many changes a poll brought on one day (UTC) that a webhook should have brought before."""

    connection = models.ForeignKey(JiraConnection, on_delete=models.CASCADE, related_name="repairs")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "poll repairs"
        constraints = [models.UniqueConstraint(fields=["connection", "day"], name="poll_repairs_counted_once_a_day")]

    def __str__(self) -> str:
        return f"{self.connection} {self.day}: {self.count}"
