"""Entries of the audit trail in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from jira_integration.catalogue import sentence
from jira_integration.contracts import ProjectInfo
from jira_integration.models import AuditEntry
from jira_integration.untrusted import visible


class Told:
    """An entry and its sentence."""

    def __init__(self, entry: AuditEntry, project: ProjectInfo | None) -> None:
        self.entry, self.project = entry, project

    @property
    def sentence(self) -> str:
        actor = self.entry.actor_name or (
            _("The system") if self.entry.actor == AuditEntry.Actor.SYSTEM else _("Someone")
        )
        named = {"project": self.project.name} if self.project else {}
        return visible(sentence(self.entry.code, {"actor": actor, **named, **self.entry.values}))

    @property
    def run(self) -> int | None:
        """The run it speaks of, to link to."""
        number = self.entry.values.get("run")
        return number if isinstance(number, int) else None
