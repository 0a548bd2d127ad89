"""Entries of the audit trail in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from jira_integration.catalogue import sentence
from jira_integration.contracts import ProjectInfo
from jira_integration.models import AuditEntry
from jira_integration.untrusted import visible


@dataclass(frozen=True)
class Changed:
    """One value before and after; `field` is "" where the sentence names it."""

    field: str
    before: str
    after: str


class Told:
    """An entry and its sentence."""

    def __init__(self, entry: AuditEntry, project: ProjectInfo | None) -> None:
        self.entry, self.project = entry, project

    @property
    def actor(self) -> str:
        if self.entry.actor_name:
            return visible(self.entry.actor_name)
        return _("The system") if self.entry.actor == AuditEntry.Actor.SYSTEM else _("Someone")

    @property
    def sentence(self) -> str:
        named = {"project": self.project.name} if self.project else {}
        actor = self.entry.actor_name or self.actor
        return visible(sentence(self.entry.code, {"actor": actor, **named, **self.entry.values}))

    @property
    def changes(self) -> list[Changed]:
        """What was before and what is after: of the values' own `before` and `after`, or of each of their `changes`
        ({field, before, after})."""
        values = self.entry.values
        listed = values.get("changes")
        rows = listed if isinstance(listed, list) else [values] if {"before", "after"} <= values.keys() else []
        return [
            Changed(*(visible(str(row.get(name) or "")) for name in ("field", "before", "after")))
            for row in rows
            if isinstance(row, Mapping)
        ]

    @property
    def run(self) -> int | None:
        """The run it speaks of, to link to."""
        number = self.entry.values.get("run")
        return number if isinstance(number, int) else None
