"""What a form that makes something has made: the same form sent twice leads to the same thing."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Submission(models.Model):
    """One form, filled in in one way, sent by one person. Kept for a day."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    mark = models.CharField(max_length=64, help_text="Of the form's token and everything that was typed.")
    url = models.CharField(max_length=200, blank=True, help_text="The page of what was made.")
    made_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "mark"], name="one_thing_per_submission")]

    def __str__(self) -> str:
        return self.url or self.mark
