"""The host's door to the sync state of its rows: SQL annotations, no query per row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    F,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from jira_integration.models.ticket import ExportedTicket

AnyModel = TypeVar("AnyModel", bound=Model)
UNCHECKED_AFTER = timedelta(hours=24)


def annotate_sync(queryset: QuerySet[AnyModel]) -> Any:
    """Add what a badge needs to rows with the columns `ref`, `version` and `sync_off`.

    `jira_state` (a code of the badge vocabulary), `jira_key`, `jira_ticket_id`, `jira_site` (its address, empty when
    there is no issue) and `jira_seq`. When more than one state is true: conflict > missing > failed > changed_here >
    changed_in_jira > unchecked > in_sync.
    """
    ticket = ExportedTicket.objects.filter(story_ref=OuterRef("ref"), unlinked_at=None).order_by("pk")[:1]

    def of(field: str, output: Any) -> Subquery:
        return Subquery(ticket.values(field), output_field=output)

    stale = timezone.now() - UNCHECKED_AFTER
    return queryset.annotate(
        jira_ticket_id=of("pk", IntegerField()),
        jira_key=Coalesce(of("issue_key", CharField()), Value("")),
        jira_site=Coalesce(of("connection__site_url", CharField()), Value("")),
        jira_seq=Coalesce(of("seq", IntegerField()), Value(0)),
        _sync=of("sync", CharField()),
        _agreed=of("story_version", IntegerField()),
        _checked=of("checked_at", DateTimeField()),
    ).annotate(
        jira_state=Case(
            When(sync_off=True, then=Value("off")),
            When(_sync=None, then=Value("not_exported")),
            When(_sync__in=["not_exported", "conflict", "missing", "failed"], then=F("_sync")),
            When(version__gt=F("_agreed"), then=Value("changed_here")),
            When(Q(_sync="in_sync") & Q(_checked__lt=stale), then=Value("unchecked")),
            default=F("_sync"),
            output_field=CharField(),
        )
    )
