"""How the backlog stands with Jira, at one look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from jira_integration import audit
from jira_integration.badges import SYNC
from jira_integration.catalogue import explain
from jira_integration.conf import story_source
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.figures import head_room
from jira_integration.models import ExportedTicket, ExportRun, PollRepairs, ProjectMapping, WebhookDelivery
from jira_integration.overview import charts_of, last_check, states_of
from jira_integration.runview import views_of
from jira_integration.standing import (
    mapping_of,
    open_conflicts,
    open_runs,
    setup_url,
    stale_mapping,
    standing_words,
    step_url,
)
from jira_integration.starting import start
from jira_integration.tasks import poll_connection
from jira_integration.views.access import for_project, page
from jira_integration.views.plans import see

LAST_RUNS = 5
WEEK = timedelta(days=7)
STANDING_SHOWN = 3
STALE_SHOWN = 3  # changes in Jira that the mapping has to follow


@require_GET
@for_project(Act.VIEW)
def overview(request: HttpRequest, project: ProjectInfo) -> HttpResponse:
    """What needs a person, what is worth a look, how the stories stand. Not set up: the page is the invitation."""
    mapping = mapping_of(project.ref)
    source = story_source()
    if mapping is None or not mapping.live:
        context: dict[str, Any] = {
            "mapping": mapping,
            "url": setup_url(project, mapping),
            "admins": list(source.who_may(project.ref, Act.ADMIN))[:2],
        }
        return page(request, "overview_start.html", context, project=project)
    states, room = states_of(project), head_room(mapping.connection_id)
    context = {
        "mapping": mapping,
        "connection": mapping.connection,
        "states": states,
        "changed_here": sum(one.count for one in states if one.badge.code == "changed_here"),
        "charts": charts_of(project.ref, states, room),
        "room": room,
        "check": last_check(mapping.connection),
        "needs": needs(project, mapping),
        "worth": worth(project, mapping),
        "runs": views_of(
            ExportRun.objects.filter(project_ref=project.ref).select_related("started_by", "plan__mapping")[:LAST_RUNS],
            project,
        ),
        "events": events_of(mapping),
    }
    return page(request, "overview.html", context, project=project)


def needs(project: ProjectInfo, mapping: ProjectMapping) -> list[dict[str, Any]]:
    """What stops work: {icon, text, url, action}."""
    stories = story_source().project_url(project.ref)
    tickets = ExportedTicket.objects.filter(project_ref=project.ref, unlinked_at=None)
    counts = dict(tickets.order_by().values_list("sync").annotate(n=Count("pk")))
    found = []
    connection = mapping.connection
    if connection.state == "auth":
        words = explain(connection.state_code or "login_expired", {"site": connection.host})
        found.append(
            {
                "icon": "alert",
                "text": words.title,
                "url": step_url(mapping, project, "sign-in"),
                "action": _("Sign in again"),
            }
        )
    found += [
        {
            "icon": "map",
            "text": words.title,
            "url": words.action.url if words.action else step_url(mapping, project, "fields"),
            "action": words.action.label if words.action else _("Open"),
        }
        for words in stale_mapping(project, mapping)[:STALE_SHOWN]
    ]
    for run in ExportRun.objects.filter(open_runs(project.ref), ~Q(state__in=["partly_done", "failed"]))[:3]:
        url = reverse("jira_integration:run", args=[project.key, run.pk])
        found.append(
            {"icon": "warn", "text": _("Run %(n)d was interrupted") % {"n": run.pk}, "url": url, "action": _("Open")}
        )
    if waiting := open_conflicts(project.ref):
        text = ngettext("%(n)d story in conflict", "%(n)d stories in conflict", waiting) % {"n": waiting}
        url = reverse("jira_integration:conflicts", args=[project.key])
        found.append({"icon": "fork", "text": text, "url": url, "action": _("Open")})
    found += elsewhere(tickets)
    for code in ("failed", "missing"):
        if counts.get(code):
            url = f"{stories}?{urlencode({'jira': code})}"
            text = f"{counts[code]} × {SYNC[code].word}"
            found.append({"icon": SYNC[code].icon, "text": text, "url": url, "action": _("Open")})
    return found


def elsewhere(tickets: QuerySet[ExportedTicket]) -> list[dict[str, Any]]:
    """Issues that are not where they were: moved, of another type, archived, out of sight; the first few by name."""
    rows = tickets.exclude(standing="").select_related("connection").order_by("pk")
    found = []
    for ticket in rows[:STANDING_SHOWN]:
        words = standing_words(ticket)
        url = story_source().story_url(ticket.story_ref)
        found.append({"icon": "warn", "text": words.title if words else "", "url": url, "action": _("Open")})
    more = rows.count() - len(found)
    if more > 0:
        text = ngettext("%(n)d more issue like these", "%(n)d more issues like these", more) % {"n": more}
        found.append({"icon": "warn", "text": text, "url": "", "action": ""})
    return found


def worth(project: ProjectInfo, mapping: ProjectMapping) -> list[dict[str, Any]]:
    """What does not stop work, but will, or shows that something is not right."""
    connection, found = mapping.connection, []
    if connection.secret_ends_soon and connection.secret_ends_on is not None:
        days = max(0, (connection.secret_ends_on - timezone.localdate()).days)
        found.append(
            {
                "icon": "warn",
                "text": _("The token ends in %(days)d days") % {"days": days},
                "url": step_url(mapping, project, "sign-in"),
                "action": _("Replace"),
            }
        )
    if connection.state == "down":
        found.append(
            {"icon": "warn", "text": _("Jira does not answer. We try again every minute."), "url": "", "action": ""}
        )
    if connection.webhook_secret is None:
        found.append(
            {
                "icon": "info",
                "text": _("No webhook: changes in Jira come in every few minutes"),
                "url": step_url(mapping, project, "webhook"),
                "action": _("Set it up"),
            }
        )
    if mapping.mode == ProjectMapping.Mode.AUTOMATIC:
        found.append({"icon": "bolt", "text": _("Stories go to Jira by themselves here"), "url": "", "action": ""})
    unsure = ExportRun.objects.filter(project_ref=project.ref, state="partly_done").order_by("-pk").first()
    if unsure is not None and unsure.items.filter(state="unconfirmed").exists():
        url = reverse("jira_integration:run", args=[project.key, unsure.pk])
        text = _("Run %(n)d has items that got no answer") % {"n": unsure.pk}
        found.append({"icon": "help", "text": text, "url": url, "action": _("Open")})
    return found


def events_of(mapping: ProjectMapping) -> dict[str, Any]:
    """What came through the webhook: last, today, refused by us or failed."""
    deliveries = WebhookDelivery.objects.filter(connection=mapping.connection)
    day = timezone.now() - timedelta(hours=24)
    week = PollRepairs.objects.filter(connection=mapping.connection, day__gt=(timezone.now() - WEEK).date())
    repaired = week.aggregate(count=Sum("count"))
    today = Q(received_at__gte=day)
    counts = deliveries.aggregate(
        last=Max("received_at"),
        today=Count("pk", filter=today),
        failed=Count("pk", filter=today & Q(state=WebhookDelivery.State.FAILED)),
    )
    return {
        **counts,
        "last": counts["last"] or mapping.connection.webhook_seen_at,
        "on": mapping.connection.webhook_secret is not None,
        "repaired": repaired["count"] or 0,
    }


@require_POST
@for_project(Act.EXPORT)
def check_now(request: HttpRequest, project: ProjectInfo) -> HttpResponse:
    """Look for news in Jira now, in the background; back to where the button stood."""
    mapping = mapping_of(project.ref)
    if mapping is None or not mapping.live:
        return see(reverse("jira_integration:overview", args=[project.key]))
    start(poll_connection, mapping.connection_id)
    source = story_source()
    ref = source.resolve(project.ref, request.POST.get("story", ""))
    if ref is None:
        return see(reverse("jira_integration:overview", args=[project.key]))
    story = next(iter(source.snapshots(project.ref, [ref])), None)
    audit.record(
        "checked",
        {"story": story.key if story else ""},
        user=request.user,
        project_ref=project.ref,
        object_ref=ref,
    )
    return see(source.story_url(ref))
