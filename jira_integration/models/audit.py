"""The audit trail: one sentence for each change."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """Who did what to what, and when. Rows are only ever added, and purged by age."""

    class Actor(models.TextChoices):
        PERSON = "person", _("Person")
        JIRA = "jira", _("Someone in Jira")
        SYSTEM = "system", _("System")

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.CharField(max_length=6, choices=Actor)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_name = models.CharField(max_length=200, blank=True)
    project_ref = models.CharField(max_length=64, blank=True, db_index=True)
    object_ref = models.CharField(max_length=64, blank=True, db_index=True, help_text="A story's ref, or empty.")
    code = models.CharField(max_length=40, help_text="What happened; worded by the catalogue.")
    values = models.JSONField(default=dict, help_text="What the sentence names; never a secret.")

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.code}"


class LiveSequence(models.Model):
    """The number of the last change that pages of a backlog were told of. Raised in the same commit as the change."""

    project_ref = models.CharField(max_length=64, unique=True)
    value = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.project_ref} {self.value}"
