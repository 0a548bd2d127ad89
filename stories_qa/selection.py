"""The stories a person has ticked in one project: kept in the session, so it survives paging, filters and reloads."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet
from django.dispatch import receiver
from django.http import HttpRequest, QueryDict

from stories_qa.jira_source import plan_confirmed, with_sync
from stories_qa.listing import filter_stories
from stories_qa.models import Project, Story

FILTERS = ("q", "status", "epic", "assignee", "tests", "jira", "sort")


def clean_query(params: QueryDict) -> str:
    """The part of a query string that filters and sorts, without empty values and paging: "q=guest&status=ready"."""
    kept = QueryDict(mutable=True)
    for name in FILTERS:
        if values := [value for value in params.getlist(name) if value]:
            kept.setlist(name, values)
    return kept.urlencode()


class Selection:
    """Either keys, or "all that match this filter" (then no key is stored, however many there are)."""

    def __init__(self, request: HttpRequest, project: Project) -> None:
        self.session = request.session
        self.slot = f"selected:{project.key}"
        self.project = project

    @cached_property
    def stored(self) -> dict[str, list[str] | str]:
        return self.session.get(self.slot) or {"keys": []}

    @property
    def all_of(self) -> str | None:
        """The query string whose every match is selected; None when keys are stored."""
        query = self.stored.get("all_of")
        return query if isinstance(query, str) else None

    def rows(self) -> QuerySet[Story]:
        """The selected stories that still exist, in the list's order."""
        if self.all_of is not None:
            return filter_stories(self.project, QueryDict(self.all_of))
        return filter_stories(self.project, QueryDict()).filter(key__in=self.stored["keys"])

    @cached_property
    def keys(self) -> list[str]:
        if self.all_of is None and not self.stored["keys"]:
            return []
        return list(self.rows().values_list("key", flat=True))

    @cached_property
    def key_set(self) -> frozenset[str]:
        return frozenset(self.keys)

    def state_counts(self) -> dict[str, int]:
        """Sync state → how many of the selected have it."""
        if not self.keys:
            return {}
        return dict(with_sync(self.rows()).order_by().values_list("jira_state").annotate(Count("pk")))

    def hidden_by(self, query: str) -> int:
        """How many selected stories this filter does not show."""
        if not self.keys or not query or query == self.all_of:
            return 0
        shown = frozenset(filter_stories(self.project, QueryDict(query)).values_list("key", flat=True))
        return len(self.key_set - shown)

    def add(self, keys: Iterable[str]) -> None:
        self._keep(self.key_set | set(keys))

    def remove(self, keys: Iterable[str]) -> None:
        self._keep(self.key_set - set(keys))

    def take_all(self, query: str) -> None:
        self._store({"all_of": query})

    def clear(self) -> None:
        self._store(None)

    def _keep(self, keys: Iterable[str]) -> None:
        self._store({"keys": sorted(keys)})

    def _store(self, value: dict[str, list[str] | str] | None) -> None:
        if value is None or value.get("keys") == []:
            self.session.pop(self.slot, None)
        else:
            self.session[self.slot] = value
        for name in ("stored", "keys", "key_set"):
            self.__dict__.pop(name, None)


@receiver(plan_confirmed)
def untick_what_was_sent(sender: object, *, run: Any, request: HttpRequest, **_more: object) -> None:
    """Once an export is on its way its stories are no longer ticked; others that a person ticked stay."""
    project = Project.objects.get(ref=run.project_ref)
    sent = set(run.plan.story_refs)
    rows = Story.objects.filter(project=project).values_list("key", "ref")
    Selection(request, project).remove(key for key, ref in rows if ref in sent)
