"""How a backlog stands with Jira, in one line: what the connection card, the sidebar and the overview say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import CharField, Count, F, Q, QuerySet, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jira_integration.catalogue import Explained, explain
from jira_integration.conf import story_source
from jira_integration.contracts import Kind, ProjectInfo
from jira_integration.mapping.metadata import stored
from jira_integration.mapping.stale import stale
from jira_integration.models import (
    AuditEntry,
    Conflict,
    ExportedTicket,
    ExportRun,
    JiraConnection,
    LiveSequence,
    ProjectMapping,
)
from jira_integration.timewords import ago
from jira_integration.trail import Told

STEPS = ("site", "sign-in", "project", "fields", "statuses", "webhook", "review")
NEEDS_YOU_RUNS = (ExportRun.State.INTERRUPTED, ExportRun.State.PARTLY_DONE, ExportRun.State.FAILED)
NEEDS_YOU_TICKETS = ("failed", "conflict", "missing")


@dataclass(frozen=True)
class Card:
    """The connection card: a coloured dot ("ok", "warn", "bad" or "" for none), a word, a line, where it goes."""

    tone: str
    word: str
    line: str
    url: str


def mapping_of(project_ref: str) -> ProjectMapping | None:
    """The backlog's mapping with its connection, live or still being set up."""
    return ProjectMapping.objects.select_related("connection").filter(project_ref=project_ref).first()


def step_url(mapping: ProjectMapping, project: ProjectInfo, step: str) -> str:
    return with_project(reverse("jira_integration:setup_step", args=[mapping.connection_id, step]), project)


def with_project(url: str, project: ProjectInfo) -> str:
    return f"{url}?{urlencode({'project': project.key})}"


def next_step(mapping: ProjectMapping) -> str:
    """The first step of the set-up that was not saved yet."""
    return next((step for step in STEPS if step not in mapping.steps_done), STEPS[-1])


def setup_url(project: ProjectInfo, mapping: ProjectMapping | None) -> str:
    """Where the set-up goes on, or begins."""
    if mapping is None:
        return with_project(reverse("jira_integration:connection_new"), project)
    return step_url(mapping, project, STEPS[-1] if mapping.live else next_step(mapping))


def stale_mapping(project: ProjectInfo, mapping: ProjectMapping) -> list[Explained]:
    """What Jira has no more of what the mapping relies on, as far as Jira was read; each with its control."""
    known = stored(mapping.connection, mapping.jira_project_id)
    if known is None:
        return []
    source = story_source()
    fields = {kind: source.fields(project.ref, kind) for kind in Kind}
    facts = {"project_key": project.key, "connection_id": mapping.connection_id}
    return [explain(one.code, {**facts, **one.values}) for one in stale(mapping, known[0], fields)]


def card(project: ProjectInfo, mapping: ProjectMapping | None) -> Card:
    """What the card says; the worst thing first."""
    if mapping is None:
        return Card("", _("Jira not connected"), _("Connect Jira"), setup_url(project, None))
    connection = mapping.connection
    overview = reverse("jira_integration:overview", args=[project.key])
    since = _clock(connection)
    match connection.state:
        case JiraConnection.State.AUTH:
            line = _("Since %(time)s. Exports wait") % {"time": since}
            return Card("bad", _("Jira refused our sign-in"), line, step_url(mapping, project, "sign-in"))
        case JiraConnection.State.DOWN:
            line = _("Since %(time)s. We try again every minute") % {"time": since}
            return Card("warn", _("Jira does not answer"), line, overview)
        case JiraConnection.State.PAUSED:
            return Card("", _("Sync paused"), _("Since %(time)s") % {"time": since}, overview)
    if not mapping.live:
        return Card("", _("Jira set-up not finished"), _("Go on with it"), setup_url(project, mapping))
    if connection.secret_ends_soon and connection.secret_ends_on is not None:
        days = (connection.secret_ends_on - timezone.localdate()).days
        word = (
            _("Token has ended")
            if days < 0
            else ngettext("Token ends in %(days)d day", "Token ends in %(days)d days", days) % {"days": days}
        )
        line = _("Replace it before %(date)s") % {"date": date_format(connection.secret_ends_on, "j M")}
        tone = "bad" if connection.secret_ends_now else "warn"
        return Card(tone, word, line, step_url(mapping, project, "sign-in"))
    line = connection.host
    if connection.checked_at:
        line = _("%(host)s · checked %(ago)s") % {"host": connection.host, "ago": ago(connection.checked_at)}
    return Card("ok", _("Jira connected"), line, overview)


def _clock(connection: JiraConnection) -> str:
    then = timezone.localtime(connection.state_since)
    today = then.date() == timezone.localdate()
    return date_format(then, "H:i") if today else date_format(then, "j M, H:i")


def open_runs(project_ref: str) -> Q:
    """Runs of this backlog that wait for a person: failures that were not retried, or a worker that died."""
    unsolved = Q(state__in=NEEDS_YOU_RUNS)
    lost = Q(state__in=ExportRun.DRIVEN) & (Q(lease_until__lt=timezone.now()) | Q(lease_until=None))
    return Q(project_ref=project_ref) & (unsolved | lost)


def standing_words(ticket: ExportedTicket) -> Explained | None:
    """What became of the issue as a whole, where it is not where it was: moved, of another type, archived, hidden."""
    if not ticket.standing:
        return None
    connection = ticket.connection
    facts = {
        "issue": ticket.issue_key,
        "story": ticket.story_key,
        "place": ticket.standing_words,
        "account": connection.account_name or connection.user_name,
    }
    return explain(f"issue_{ticket.standing}", facts)


def last_from_jira(story_ref: str, project: ProjectInfo) -> Told | None:
    """The last thing that Jira changed about this story."""
    entries = AuditEntry.objects.filter(object_ref=story_ref, code__in=["taken_from_jira", "status_from_jira"])
    entry = entries.order_by("-pk").first()
    return Told(entry, project) if entry else None


@dataclass(frozen=True)
class FrameCounts:
    """What the frame of every page says of a backlog: stories in `conflicts`, things that stop work and wait for a
    person, and the number of the last change that pages were told of."""

    conflicts: int = 0
    needs_you: int = 0
    seq: int = 0


def frame_counts(project_ref: str) -> FrameCounts:
    """All of them in one statement, since every page asks."""
    tickets = ExportedTicket.objects.filter(project_ref=project_ref, unlinked_at=None, sync__in=NEEDS_YOU_TICKETS)
    runs = ExportRun.objects.filter(
        open_runs(project_ref), ~Q(state__in=[ExportRun.State.PARTLY_DONE, ExportRun.State.FAILED])
    )
    asked = Conflict.objects.filter(ticket__project_ref=project_ref, ticket__unlinked_at=None, resolved_at=None)
    sequence = LiveSequence.objects.filter(project_ref=project_ref)
    parts = [
        _named("seq", sequence, F("value")),
        _named("conflicts", asked.values("ticket__project_ref"), Count("ticket", distinct=True)),
        _named("tickets", tickets.values("project_ref"), Count("pk")),
        _named("runs", runs.values("project_ref"), Count("pk")),
    ]
    found: dict[str, int] = dict(parts[0].union(*parts[1:], all=True))
    waiting = found.get("tickets", 0) + found.get("runs", 0)
    return FrameCounts(found.get("conflicts", 0), waiting, found.get("seq", 0))


def _named(name: str, rows: QuerySet[Any, Any], figure: Any) -> QuerySet[Any, Any]:
    counted = rows.order_by().annotate(frame_name=Value(name, output_field=CharField()), frame_figure=figure)
    named: QuerySet[Any, Any] = counted.values_list("frame_name", "frame_figure")
    return named


def open_conflicts(project_ref: str) -> int:
    """How many stories have a conflict that waits for somebody."""
    return frame_counts(project_ref).conflicts


def needs_you(project_ref: str) -> int:
    """How many things stop work here and wait for a person: the hot number in the sidebar."""
    return frame_counts(project_ref).needs_you
