"""Link a story to an issue that is in Jira already: both sides side by side first, then one button."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from jira_integration import progress
from jira_integration.catalogue import Explained, explain, from_error
from jira_integration.catalogue.recognise import about
from jira_integration.client.exceptions import JiraError
from jira_integration.client.schemas import Issue
from jira_integration.conf import story_source
from jira_integration.contracts import Act, ProjectInfo, StorySnapshot
from jira_integration.export.line import CannotDo
from jira_integration.intake import look_for
from jira_integration.models import ExportedTicket, ProjectMapping, SecretUnreadable
from jira_integration.setup.connect import NoLogin, jira_client
from jira_integration.setup.discover import PERSON_WAITS_SECONDS
from jira_integration.standing import mapping_of
from jira_integration.sync import linking
from jira_integration.views.access import for_project, page
from jira_integration.views.plans import see

LONGEST_KEY = 64


class SeenOther(Exception):
    """The issue changed since the person saw it; nothing was done."""


@require_http_methods(["GET", "POST"])
@for_project(Act.EXPORT)
def link(request: HttpRequest, project: ProjectInfo) -> HttpResponse:
    """`?story=US-7&issue=SHOP-12`: what both say. POST joins them, unless the issue changed since it was shown."""
    asked = request.POST if request.method == "POST" else request.GET
    mapping, snapshot = _found(project, asked.get("story", ""))
    key = asked.get("issue", "").strip().rpartition("/")[2][:LONGEST_KEY].upper()
    context: dict[str, Any] = {"story": snapshot, "key": key, "keep": asked.get("keep", linking.JIRAS)}
    if not key:
        return page(request, "link.html", context, project=project)
    trouble: Explained
    status = 422
    try:
        if request.method == "POST":
            ticket = async_to_sync(_join)(mapping, snapshot, key, asked, request.user)
            return _joined(request, ticket)
        issue = async_to_sync(_read)(mapping, snapshot, key)
        return page(request, "link.html", context | _shown(mapping, snapshot, issue), project=project)
    except SeenOther:
        issue = async_to_sync(_read)(mapping, snapshot, key)
        context |= _shown(mapping, snapshot, issue)
        trouble, status = explain("link_changed", {"issue": key}), 409
    except CannotDo as cannot:
        trouble = explain(cannot.code, {**about(mapping.connection, mapping), **cannot.values})
    except JiraError as error:
        code, values = from_error(error, mapping.connection)
        trouble = explain(code, {**values, "project_key": project.key})
    except (NoLogin, SecretUnreadable) as locked:
        code = "no_login" if isinstance(locked, NoLogin) else "secret_unreadable"
        trouble = explain(code, {**about(mapping.connection, mapping), "project_key": project.key})
    context |= {"trouble": trouble, "page_error": True}
    return page(request, "link.html", context, project=project, status=status)


def _found(project: ProjectInfo, story: str) -> tuple[ProjectMapping, StorySnapshot]:
    mapping, source = mapping_of(project.ref), story_source()
    ref = source.resolve(project.ref, story)
    snapshot = next(iter(source.snapshots(project.ref, [ref or story])), None)
    if mapping is None or not mapping.live or snapshot is None or not mapping.type_id(snapshot.kind):
        raise Http404
    return mapping, snapshot


async def _read(mapping: ProjectMapping, snapshot: StorySnapshot, key: str) -> Issue:
    fields = await sync_to_async(linking.fields_to_read)(mapping)
    async with jira_client(mapping.connection, seconds=PERSON_WAITS_SECONDS, tries=1) as jira:
        issue = await linking.read_issue(jira, key, fields)
    await sync_to_async(linking.check)(mapping, snapshot, issue)
    return issue


async def _join(mapping: ProjectMapping, snapshot: StorySnapshot, key: str, asked: Any, user: Any) -> ExportedTicket:
    fields = await sync_to_async(linking.fields_to_read)(mapping)
    async with jira_client(mapping.connection, seconds=PERSON_WAITS_SECONDS, tries=1) as jira:
        issue = await linking.read_issue(jira, key, fields)
        if asked.get("seen", "") != _mark(snapshot, issue):
            raise SeenOther
        await sync_to_async(linking.check)(mapping, snapshot, issue)
        uid = await linking.stamp(jira, issue)
    keep = linking.OURS if asked.get("keep") == linking.OURS else linking.JIRAS
    ticket: ExportedTicket = await sync_to_async(linking.adopt)(mapping, snapshot, issue, uid, keep, user)
    await look_for(ticket)
    return ticket


def _joined(request: HttpRequest, ticket: ExportedTicket) -> HttpResponse:
    progress.publish_ticket(ticket)
    said = {"story": ticket.story_key, "issue": ticket.issue_key}
    messages.success(request, _("%(story)s is linked to %(issue)s.") % said)
    return see(story_source().story_url(ticket.story_ref))


def _mark(snapshot: StorySnapshot, issue: Issue) -> str:
    """Which states of the two a person looked at."""
    return f"{snapshot.version} {issue.id} {issue.fields.get('updated', '')}"


def _shown(mapping: ProjectMapping, snapshot: StorySnapshot, issue: Issue) -> dict[str, Any]:
    rows = linking.sides(mapping, snapshot, issue)
    return {
        "issue": issue,
        "issue_url": mapping.connection.browse_url(issue.key),
        "rows": rows,
        "differ": sum(not one.same for one in rows),
        "seen": _mark(snapshot, issue),
    }
