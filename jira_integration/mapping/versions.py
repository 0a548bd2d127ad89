"""Former states of a mapping: kept at every save, used again, said apart.

A snapshot is {"mapping": {column: value}, "fields": [{column: value}, …], "statuses": [{column: value}, …]}. Its
columns are those of the models, so that a column added later is kept without a line here; restoring passes over
columns that are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from jira_integration.models import FieldMapping, MappingVersion, ProjectMapping, StatusMapping

Snapshot = dict[str, Any]
# Not part of what is mapped: whose it is, how far the set-up came, when it was saved.
NOT_KEPT = frozenset(
    {"id", "connection", "project_ref", "mode", "comments", "live", "steps_done", "version", "saved_by", "saved_at"}
)


def snapshot(mapping: ProjectMapping) -> Snapshot:
    """What a mapping holds now."""
    return {
        "mapping": columns(mapping, NOT_KEPT),
        "fields": [columns(row) for row in mapping.fields.all()],
        "statuses": [columns(row) for row in mapping.statuses.all()],
    }


def columns(row: models.Model, leave_out: frozenset[str] = frozenset({"id", "mapping"})) -> dict[str, Any]:
    return {one.name: one.value_from_object(row) for one in row._meta.concrete_fields if one.name not in leave_out}


def known(model: type[models.Model], stored: Mapping[str, Any]) -> dict[str, Any]:
    """The stored columns that the model still has."""
    names = {one.name for one in model._meta.concrete_fields}
    return {name: value for name, value in stored.items() if name in names}


@contextmanager
def kept(mapping: ProjectMapping | None) -> Iterator[None]:
    """Around a change to a mapping, in one transaction: keeps what it was, should nobody have, and what it became."""
    with transaction.atomic():
        if mapping is not None and mapping.pk and mapping.jira_project_id:
            keep(ProjectMapping.objects.get(pk=mapping.pk))
        yield
        if mapping is not None and mapping.pk and mapping.jira_project_id:
            keep(mapping)


def keep(mapping: ProjectMapping) -> None:
    """Store the current state under the mapping's version; the same version again is the same state, or a later look
    of it that raised no version (a first save)."""
    MappingVersion.objects.update_or_create(
        mapping=mapping,
        number=mapping.version,
        defaults={"snapshot": snapshot(mapping)},
        create_defaults={
            "snapshot": snapshot(mapping),
            "saved_by": mapping.saved_by,
            "saved_at": mapping.saved_at or timezone.now(),
        },
    )


def same_project(mapping: ProjectMapping, stored: Snapshot) -> bool:
    """Whether a version was made for the Jira project the mapping goes to now: its ids mean nothing elsewhere."""
    return bool(stored["mapping"].get("jira_project_id") == mapping.jira_project_id)


def use_again(mapping: ProjectMapping, stored: Snapshot, *, saved_by: str) -> None:
    """Make a former state the current one, as a new version. The former rows stay in their versions."""
    if not same_project(mapping, stored):
        raise ValueError("A version of another Jira project cannot be used here.")
    with kept(mapping):
        for name, value in known(ProjectMapping, stored["mapping"]).items():
            setattr(mapping, name, value)
        mapping.fields.all().delete()
        mapping.statuses.all().delete()
        FieldMapping.objects.bulk_create(
            FieldMapping(mapping=mapping, **known(FieldMapping, row)) for row in stored["fields"]
        )
        StatusMapping.objects.bulk_create(
            StatusMapping(mapping=mapping, **known(StatusMapping, row)) for row in stored["statuses"]
        )
        mapping.version += 1
        mapping.saved_by = saved_by
        mapping.save()
