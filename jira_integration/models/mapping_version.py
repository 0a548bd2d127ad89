"""What a mapping was after each save, so that a former one can be compared and used again."""

from __future__ import annotations

from django.db import models

from jira_integration.models.mapping import ProjectMapping


class MappingVersion(models.Model):
    """One saved state of a mapping; `number` is the mapping's `version` then. Never changed afterwards."""

    mapping = models.ForeignKey(ProjectMapping, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    snapshot = models.JSONField(help_text="mapping.versions.snapshot: the columns of the mapping and of its rows.")
    saved_by = models.CharField(max_length=150, blank=True)
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["mapping", "number"], name="mapping_version_kept_once")]

    def __str__(self) -> str:
        return f"{self.mapping} version {self.number}"
