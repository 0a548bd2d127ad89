"""An uploaded backlog between "look what would come in" and "bring it in"."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from stories_qa.models.project import Project


class BacklogUpload(models.Model):
    """A file a person uploaded: first read and shown, then brought in. Work happens in a task, off the request."""

    class State(models.TextChoices):
        READING = "reading", _("Reading")
        READY = "ready", _("Ready")
        IMPORTING = "importing", _("Importing")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="uploads")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    file = models.FileField(upload_to="backlogs/")
    file_name = models.CharField(max_length=255)
    format = models.CharField(max_length=10, default="auto")
    state = models.CharField(max_length=10, choices=State, default=State.READING)
    report = models.JSONField(default=dict, help_text="Counts, rows and problems; the shape is ImportReport's.")
    since = models.DateTimeField(default=timezone.now, help_text="When it came into this state.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file_name
