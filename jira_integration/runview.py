"""A run as its page shows it: its rows with their reasons, what several failures have in common, its activity.

The page, the polling answer and the socket all show these.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jira_integration.catalogue import Explained, explain
from jira_integration.conf import story_source
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.export.anyway import unconfirmed
from jira_integration.export.expiry import kept_days
from jira_integration.export.line import Place, place_of
from jira_integration.export.undo_plan import may_undo
from jira_integration.models import ExportRun, RunEvent, RunItem
from jira_integration.promise import Kept, kept
from jira_integration.run_controls import Button, buttons_of, in_line
from jira_integration.run_counts import FILTERS, Progress, counted_kinds
from jira_integration.run_rows import Line, Row, stories_of

ROWS = 100  # rows shown at once
SAME_REASON = 3  # this many equal failures are said once, above the list
GROUPED_MOST = 5_000  # failures looked at to find equal ones
ACTIVITY_LINES = 30
AGAIN_MOST = 500  # stories a "Preview again" button takes along

State = RunItem.State
SHOWN_WITH_REASON = (*FILTERS["needs"], State.SKIPPED, State.NOT_SENT)
# What a reason names that differs from story to story: without these, two failures may be one.
OWN_VALUES = {"story", "issue", "epic", "key", "title", "row"}


@dataclass(frozen=True)
class Group:
    """Failures with the same cause."""

    count: int
    reason: Explained
    code: str  # the cause, to retry by it


class RunView:
    """Everything the run page shows, read when asked for."""

    def __init__(self, run: ExportRun, project: ProjectInfo) -> None:
        self.run, self.project = run, project

    @cached_property
    def progress(self) -> Progress:
        return Progress.of(self.run)

    @property
    def seq(self) -> int:
        return self.run.seq

    @property
    def ended(self) -> bool:
        return self.run.state in ExportRun.ENDED

    @property
    def awake(self) -> bool:
        """Whether something may still change by itself: a page without scripts loads itself again."""
        return not self.ended and self.run.shown_state not in (ExportRun.State.INTERRUPTED, ExportRun.State.PAUSED)

    @cached_property
    def place(self) -> Place | None:
        """Where it stands in line; None when it does not wait there."""
        return place_of(self.run) if self.run.state in ExportRun.IN_LINE else None

    @property
    def place_words(self) -> str:
        return in_line(self.run, self.place) if self.place else ""

    @property
    def may_go_earlier(self) -> bool:
        return self.place is not None and self.place.number > 1

    @property
    def undoes(self) -> int | None:
        """The run that this one takes back."""
        return self.run.plan.undoes_id

    @cached_property
    def may_be_undone(self) -> bool:
        """Whether an undo is offered: in time, and something of it stands in Jira still."""
        left = self.progress.counts[State.CREATED] + self.progress.counts[State.UPDATED]
        return bool(left) and not may_undo(self.run)

    @property
    def buttons(self) -> list[Button]:
        if self.emptied:
            return []
        return buttons_of(self.run, self.retry_words if self.retriable else "")

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What every reason may name."""
        connection, mapping = self.run.connection, self.run.plan.mapping
        return {
            "project_key": self.project.key,
            "project": self.project.name,
            "connection_id": connection.pk,
            "site": connection.host,
            "account": connection.account_name or connection.user_name,
            "jira_project": mapping.jira_project_key,
            "run": self.run.pk,
        }

    def explained(self, code: str, values: Mapping[str, Any], item: RunItem | None = None) -> Explained:
        own = {"story": item.story_key, "issue": item.issue_key} if item else {}
        return explain(code, {**self.facts, **own, **values})

    @cached_property
    def groups(self) -> dict[str, Group]:
        """Causes that at least three failures share, by their fingerprint."""
        if self.progress.failed < SAME_REASON:
            return {}
        failures = self.run.items.filter(state=State.FAILED).order_by().values_list("error_code", "error_values")
        counted: dict[str, int] = defaultdict(int)
        examples: dict[str, tuple[str, dict[str, Any]]] = {}
        for code, values in failures[:GROUPED_MOST]:
            cause = fingerprint(code, values)
            counted[cause] += 1
            examples.setdefault(cause, (code, shared(values)))
        return {
            key: Group(count, self.explained(*examples[key]), examples[key][0])
            for key, count in sorted(counted.items(), key=lambda pair: -pair[1])
            if count >= SAME_REASON
        }

    def rows(self, items: Iterable[RunItem]) -> list[Row]:
        """Rows of these items: three queries, however many."""
        listed = list(items)
        if not listed:
            return []
        snapshots = list(story_source().snapshots(self.run.project_ref, [item.story_ref for item in listed]))
        urls = {snapshot.ref: snapshot.url for snapshot in snapshots}
        under = stories_of(self.run.project_ref, snapshots)
        events: dict[int, list[Line]] = defaultdict(list)
        tried = [item.pk for item in listed if item.attempt > 1 or item.state in FILTERS["needs"]]
        if tried:
            for event in RunEvent.objects.filter(item_id__in=tried).select_related("item").order_by("pk"):
                events[event.item_id or 0].append(Line.of(event, self.facts))
        made = []
        for item in listed:
            row = Row(item, self.run, urls.get(item.story_ref, ""), attempts=events[item.pk])
            row.under = under.get(item.story_ref, "")
            grouped = item.state == State.FAILED and fingerprint(item.error_code, item.error_values) in self.groups
            if item.error_code and item.state in SHOWN_WITH_REASON and not grouped:
                row.reason = self.explained(item.error_code, item.error_values, item)
            made.append(row)
        return made

    def items(self, show: str) -> QuerySet[RunItem]:
        items = self.run.items.order_by("position")
        return items if show == "all" else items.filter(state__in=FILTERS[show])

    @property
    def tabs(self) -> list[tuple[str, str, int]]:
        words = {
            "all": _("All"),
            "needs": _("Needs you"),
            "progress": _("In progress"),
            "done": _("Done"),
            "queued": _("Queued"),
            "out": _("Left out"),
        }
        counted = [(name, words[name], self.progress.of_filter(name)) for name in FILTERS]
        return [tab for tab in counted if tab[0] in ("all", "needs", "done") or tab[2]]

    @property
    def emptied(self) -> bool:
        """What was sent is not kept any more: nothing of it can be sent again."""
        return self.run.plan.emptied_at is not None

    @property
    def notice(self) -> Explained | None:
        """Why the run waits, was interrupted or failed as a whole."""
        if self.run.shown_state == ExportRun.State.INTERRUPTED:
            return self.explained("worker_lost", {})
        if self.emptied:
            return self.explained("run_emptied", {"days": kept_days()})
        if not self.run.reason_code:
            return None
        return self.explained(self.run.reason_code, self.run.reason_values)

    @cached_property
    def undecided(self) -> int:
        """Creates that only a person can decide about."""
        return unconfirmed(self.run).count() if self.progress.counts["unconfirmed"] else 0

    @cached_property
    def doubles(self) -> list[Explained]:
        """Stories that turned out to be in Jira twice, after somebody had them created anyway."""
        found = self.run.events.filter(code="second_issue").order_by("pk")
        told = found.values_list("item__story_key", "values")
        return [self.explained("twice_in_jira", {"story": story, **values}) for story, values in told]

    @property
    def waits_until(self) -> datetime | None:
        return self.run.not_before if self.run.state == ExportRun.State.WAITING else None

    @property
    def waits_seconds(self) -> float:
        return max(0.0, (self.waits_until - timezone.now()).total_seconds()) if self.waits_until else 0.0

    @cached_property
    def activity(self) -> list[Line]:
        """Newest first."""
        return [Line.of(event, self.facts) for event in self.run.events.select_related("item")[:ACTIVITY_LINES]]

    @property
    def started_by(self) -> str:
        user = self.run.started_by
        return (user.get_full_name() or user.get_username()) if user else ""

    @property
    def took(self) -> float | None:
        """Seconds from the first request to the end."""
        run = self.run
        return (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else None

    @cached_property
    def kept(self) -> Kept:
        """What the preview promised, beside what happened."""
        return kept(self.run, self.took)

    @property
    def retriable(self) -> int:
        counts = self.progress.counts
        stopped = 0 if self.run.state == ExportRun.State.STOPPED else counts["not_sent"]
        return counts["failed"] + counts["unconfirmed"] + stopped

    @property
    def retry_words(self) -> str:
        """The button names the act and the amount."""
        counts = self.progress.counts
        if counts["unconfirmed"] == self.retriable:
            return _("Check %(n)d in Jira") % {"n": self.retriable}
        if counts["failed"] == self.retriable:
            return ngettext("Retry %(n)d failed", "Retry %(n)d failed", self.retriable) % {"n": self.retriable}
        return _("Retry %(n)d") % {"n": self.retriable}

    @property
    def retry_refs(self) -> list[str]:
        """What "Preview again" is of, for a run that did not get anywhere: all that was chosen."""
        return list(self.run.plan.story_refs)[:AGAIN_MOST]

    @cached_property
    def admins(self) -> list[str]:
        return list(story_source().who_may(self.project.ref, Act.ADMIN))[:2]

    @property
    def kinds(self) -> str:
        """ "24 stories", "20 epics and 4 stories"."""
        counts = dict(self.run.items.order_by().values_list("kind").annotate(n=Count("pk")))
        return counted_kinds(counts)


def shared(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a reason names without what is one story's own."""
    return {name: value for name, value in values.items() if name not in OWN_VALUES}


def fingerprint(code: str, values: Mapping[str, Any]) -> str:
    """Two failures with the same fingerprint have the same cause."""
    return f"{code} {json.dumps(shared(values), sort_keys=True, default=str)}"


def views_of(runs: Iterable[ExportRun], project: ProjectInfo) -> list[RunView]:
    """Several runs with their counts, which are one statement for all of them."""
    views = [RunView(run, project) for run in runs]
    rows = RunItem.objects.filter(run__in=[view.run.pk for view in views]).order_by()
    counts: dict[int, dict[str, int]] = {view.run.pk: dict.fromkeys(RunItem.State.values, 0) for view in views}
    for run_id, state, number in rows.values_list("run_id", "state").annotate(n=Count("pk")):
        counts[run_id][state] = number
    for view in views:
        view.__dict__["progress"] = Progress(view.run, counts[view.run.pk])
    return views
