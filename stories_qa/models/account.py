"""Where a person is signed in, so that they can see it and end it."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SignedIn(models.Model):
    """One browser's session. The session itself is Django's; a row without one is over."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="signed_in")
    session_key = models.CharField(max_length=40, unique=True)
    agent = models.CharField(max_length=300, blank=True, help_text="What the browser calls itself.")
    address = models.GenericIPAddressField(null=True, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at"]
        verbose_name_plural = "signed in"

    def __str__(self) -> str:
        return f"{self.user} since {self.at}"
