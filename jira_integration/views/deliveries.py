"""What Jira posted to one connection: each event with what became of it, and the button to handle it again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jira_integration import audit
from jira_integration.conf import conf, story_source
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.models import ExportedTicket, JiraConnection, ProjectMapping, WebhookDelivery
from jira_integration.tasks import enqueue_delivery
from jira_integration.untrusted import visible
from jira_integration.views.access import for_connections, page
from jira_integration.views.paging import piece
from jira_integration.views.plans import see

ROWS = 50
LONGEST_BODY = 20_000  # characters shown
# About people, and nothing that helps to understand an event.
PERSONAL = frozenset({"emailAddress", "displayName", "avatarUrls", "accountId", "timeZone", "locale"})


@dataclass(frozen=True)
class Shown:
    """One delivery. `body` is "" where it is about a backlog that the reader is no member of."""

    delivery: WebhookDelivery
    issue: str
    body: str
    cut: bool


@require_GET
@for_connections
def deliveries(request: HttpRequest, pk: int) -> HttpResponse:
    """`?state=&event=`: newest first."""
    connection, project = visited(request, pk)
    rows = WebhookDelivery.objects.filter(connection=connection)
    state, event = request.GET.get("state", ""), request.GET.get("event", "")
    known = list(rows.order_by("event").values_list("event", flat=True).distinct()[:100])
    chosen = rows.filter(state=state) if state in WebhookDelivery.State.values else rows
    chosen = chosen.filter(event=event) if event in known else chosen
    pages = piece(request, chosen, ROWS)
    query = request.GET.copy()
    query.pop("page", None)
    context: dict[str, Any] = {
        "connection": connection,
        "rows": shown(request.user, connection, pages.rows),
        "pages": pages,
        "query": query.urlencode(),
        "states": WebhookDelivery.State.choices,
        "events": known,
        "state": state,
        "event": event,
        "any": bool(known),
        "days": conf.WEBHOOK_KEEP_DAYS,
    }
    return page(request, "deliveries.html", context, project=project)


@require_POST
@for_connections
def delivery_again(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Read its issue once more, whatever became of it before: a delivery is a hint to look, so twice does no harm."""
    connection, project = visited(request, pk)
    delivery = get_object_or_404(WebhookDelivery, connection=connection, pk=number)
    with transaction.atomic():
        WebhookDelivery.objects.filter(pk=delivery.pk).update(
            state=WebhookDelivery.State.RECEIVED, reason="", attempts=0, handled_at=None
        )
        audit.record(
            "delivery_again",
            {"event": delivery.event or "–", "site": connection.host},
            user=request.user,
            project_ref=project.ref,
        )
        enqueue_delivery(delivery.pk)
    messages.success(request, _("The event is handled again."))
    address = reverse("jira_integration:deliveries", args=[connection.pk])
    return see(f"{address}?project={project.key}#delivery-{delivery.pk}")


def visited(request: HttpRequest, pk: int) -> tuple[JiraConnection, ProjectInfo]:
    """The connection, and the backlog in whose frame the page stands; 404 for who administers none that uses it."""
    connection = get_object_or_404(JiraConnection, pk=pk)
    source = story_source()
    found = [source.project_by_ref(ref) for ref in connection.mappings.values_list("project_ref", flat=True)]
    mine = [one for one in found if one is not None and source.may(request.user, one.ref, Act.ADMIN)]
    if not mine:
        raise Http404
    asked = request.GET.get("project", "")
    return connection, next((one for one in mine if one.key == asked), mine[0])


def shown(user: Any, connection: JiraConnection, rows: list[WebhookDelivery]) -> list[Shown]:
    ids = {row.issue_id for row in rows if row.issue_id}
    tickets = ExportedTicket.objects.filter(connection=connection, issue_id__in=ids)
    of = {issue_id: (key, ref) for issue_id, key, ref in tickets.values_list("issue_id", "issue_key", "project_ref")}
    projects = {ref for _key, ref in of.values()} | set(
        ProjectMapping.objects.filter(connection=connection).values_list("project_ref", flat=True)
    )
    open_ = {ref for ref in projects if story_source().may(user, ref, Act.VIEW)}
    found = []
    for row in rows:
        key, ref = of.get(row.issue_id, ("", ""))
        # An issue that stands for nothing here may belong to any backlog of the connection.
        text = pretty(row.body) if (ref in open_ if ref else open_ == projects) else ""
        found.append(Shown(row, key or named(row.body), text[:LONGEST_BODY], len(text) > LONGEST_BODY))
    return found


def named(body: Any) -> str:
    issue = body.get("issue") if isinstance(body, dict) else None
    return str(issue.get("key", ""))[:64] if isinstance(issue, dict) else ""


def pretty(body: Any) -> str:
    """The body for people: indented, control characters written out, what is about persons left out."""
    return visible(json.dumps(without_people(body), indent=2, ensure_ascii=False))


def without_people(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "…" if name in PERSONAL else without_people(entry) for name, entry in value.items()}
    return [without_people(entry) for entry in value] if isinstance(value, list) else value
