"""The audit trail's only writer. Call `record` inside the transaction of the change it tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from jira_integration.conf import conf
from jira_integration.models import AuditEntry
from jira_integration.models.rows import insert_each


def record(
    code: str,
    values: Mapping[str, Any] | None = None,
    *,
    user: User | AnonymousUser | None = None,
    actor: str = AuditEntry.Actor.PERSON,
    actor_name: str = "",
    project_ref: str = "",
    object_ref: str = "",
) -> AuditEntry:
    """Add one sentence: `code` is worded by the catalogue with `values`, which must never hold a secret."""
    made = entry(
        code,
        values,
        user=user,
        actor=actor,
        actor_name=actor_name,
        project_ref=project_ref,
        object_ref=object_ref,
    )
    made.save()
    return made


def record_each(entries: Sequence[AuditEntry]) -> None:
    """Add many made by `entry`, in one statement."""
    insert_each(entries)


def entry(
    code: str,
    values: Mapping[str, Any] | None = None,
    *,
    user: User | AnonymousUser | None = None,
    actor: str = AuditEntry.Actor.PERSON,
    actor_name: str = "",
    project_ref: str = "",
    object_ref: str = "",
) -> AuditEntry:
    """A sentence that is not stored yet; the arguments are those of `record`."""
    person = user if isinstance(user, User) else None
    if not actor_name and person is not None:
        actor_name = person.get_full_name() or person.get_username()
    return AuditEntry(
        actor=actor,
        user=person,
        actor_name=actor_name,
        project_ref=project_ref,
        object_ref=object_ref,
        code=code,
        values=dict(values or {}),
    )


def purge() -> int:
    """Remove entries older than `JIRA_AUDIT_KEEP_DAYS`, which keeps all of them unless it is set; returns how many."""
    if not conf.AUDIT_KEEP_DAYS:
        return 0
    last = timezone.now() - timedelta(days=conf.AUDIT_KEEP_DAYS)
    return AuditEntry.objects.filter(at__lt=last).delete()[0]
