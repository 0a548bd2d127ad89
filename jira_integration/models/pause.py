"""Pauses Jira asked for, kept where a restart of Redis does not reach them."""

from __future__ import annotations

from django.db import models


class JiraPause(models.Model):
    """Something at Jira that must not be asked before `until`: a site, an endpoint, an issue, an OAuth app, a login."""

    key = models.CharField(max_length=600, unique=True, help_text="What pauses, in the governor's words.")
    owner = models.CharField(max_length=400, db_index=True, help_text="The site, app or login it is filed under.")
    until = models.DateTimeField(
        null=True, blank=True, help_text="By the database's clock; empty: until the login is replaced."
    )
    reason = models.CharField(max_length=60, help_text="Jira's word for the limit, or the code of a refused login.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["until"]

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"
