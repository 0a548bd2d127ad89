"""What a host's templates may show of Jira: `{% load jira %}`. Documented in docs/install-in-your-project.md.

Signs and times are in templatetags/jira_signs.py and come along with this library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import template
from django.conf import settings
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from jira_integration.badges import SYNC, sync_tooltip
from jira_integration.conf import story_source
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.models import ExportedTicket, ProjectMapping, RunItem
from jira_integration.standing import (
    FrameCounts,
    card,
    frame_counts,
    last_from_jira,
    mapping_of,
    setup_url,
    standing_words,
    with_project,
)
from jira_integration.templatetags import jira_comments, jira_signs

register = template.Library()
register.tags.update(jira_signs.register.tags)
register.tags.update(jira_comments.register.tags)
register.filters.update(jira_signs.register.filters)

SHEETS = ("tokens", "base", "controls", "badges", "lists", "messages", "wizard", "plan", "run", "conflict", "small")
T = TypeVar("T")


def once(context: template.Context, key: str, ask: Callable[[], T]) -> T:
    """`ask()` at most once per page: the frame shows its parts twice (sidebar and small-screen menu)."""
    request = context.get("request")
    kept: dict[str, Any] = request.__dict__.setdefault("_jira_frame", {}) if request is not None else {}
    if key not in kept:
        kept[key] = ask()
    value: T = kept[key]
    return value


def project_in(context: template.Context, key: str) -> ProjectInfo | None:
    return once(context, f"project {key}", lambda: story_source().project(key))


def mapping_in(context: template.Context, project: ProjectInfo) -> ProjectMapping | None:
    return once(context, f"mapping {project.ref}", lambda: mapping_of(project.ref))


def counts_in(context: template.Context, project: ProjectInfo) -> FrameCounts:
    return once(context, f"counts {project.ref}", lambda: frame_counts(project.ref))


def may_in(context: template.Context, project: ProjectInfo, act: Act) -> bool:
    user = context.get("user")
    return once(context, f"may {project.ref} {act}", lambda: story_source().may(user, project.ref, act))


@register.simple_tag
def jira_head(styles: bool = False) -> SafeString:
    """The script of the live parts. `styles=True` also links the plug-in's style sheets, for hosts that do not list
    them among their own."""
    sheets = SHEETS if styles else ()
    links = format_html_join(
        "", '<link rel="stylesheet" href="{}">', ((static(f"jira_integration/css/{name}.css"),) for name in sheets)
    )
    script = format_html('<script src="{}" defer></script>', static("jira_integration/js/live.js"))
    return mark_safe(links + script)  # noqa: S308 (both parts are escaped by format_html)


@register.simple_tag
def jira_badge(item: Any, rolled: bool = False, tooltip: str = "") -> str:
    """The badge of a row that went through `annotate_sync`, and a link to its issue; live by its id.

    `rolled`: its `jira_state` speaks for others, too (an epic's for its stories), so news of the item itself do not
    change it; put it into an element with an id and `data-reload-on-news`. `tooltip` goes before the usual one."""
    badge = SYNC[item.jira_state]
    site = getattr(item, "jira_site", "")
    return render_to_string(
        "jira_integration/_sync.html",
        {
            "key": item.key,
            "badge": badge,
            "tooltip": f"{tooltip} {sync_tooltip(badge, getattr(item, '_checked', None))}".strip(),
            "rolled": rolled,
            "issue_key": item.jira_key,
            "issue_url": f"{site}/browse/{item.jira_key}" if site and item.jira_key else "",
            "seq": getattr(item, "jira_seq", 0),
            "version": item.version,
        },
    )


@register.simple_tag(takes_context=True)
def jira_nav(context: template.Context, project_key: str) -> str:
    """The Jira group of the sidebar."""
    project = project_in(context, project_key)
    if project is None:
        return ""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    mapping = mapping_in(context, project)
    counts = counts_in(context, project)
    return render_to_string(
        "jira_integration/_nav.html",
        {
            "project": project,
            "at": match.url_name if match is not None and match.namespace == "jira_integration" else "",
            "conflicts": counts.conflicts,
            "needs_you": counts.needs_you,
            "setup_url": with_project(reverse("jira_integration:connections"), project)
            if mapping is None
            else setup_url(project, mapping),
            "audit_url": with_project(reverse("jira_integration:audit"), project),
            "may_admin": may_in(context, project, Act.ADMIN),
        },
    )


@register.simple_tag(takes_context=True)
def jira_connection_card(context: template.Context, project_key: str) -> str:
    project = project_in(context, project_key)
    if project is None:
        return ""
    shown = once(context, f"card {project.ref}", lambda: card(project, mapping_in(context, project)))
    return render_to_string("jira_integration/_connection_card.html", {"card": shown})


@register.simple_tag(takes_context=True)
def jira_invitation(context: template.Context, project_key: str) -> str:
    """The first-run message on the list of stories; nothing once Jira is turned on."""
    project = project_in(context, project_key)
    if project is None:
        return ""
    mapping = mapping_in(context, project)
    if mapping is not None and mapping.live:
        return ""
    may_admin = may_in(context, project, Act.ADMIN)
    return render_to_string(
        "jira_integration/_invitation.html",
        {
            "project": project,
            "mapping": mapping,
            "url": setup_url(project, mapping),
            "may_admin": may_admin,
            "who": [] if may_admin else list(story_source().who_may(project.ref, Act.ADMIN))[:2],
        },
    )


@register.simple_tag(takes_context=True)
def jira_live(context: template.Context, project_key: str) -> str:
    """The socket of a page that shows badges, and the word that says whether it is open. Once per page."""
    project = project_in(context, project_key)
    if project is None:
        return ""
    return render_to_string(
        "jira_integration/_live.html",
        {
            "socket": f"/ws/workspace/{project.key}/",
            "poll": reverse("jira_integration:news", args=[project.key]),
            "seq": counts_in(context, project).seq,
            "sign_in": resolve_url(settings.LOGIN_URL),
            "csrf_token": context.get("csrf_token"),
        },
    )


@register.simple_tag(takes_context=True)
def jira_story_panel(context: template.Context, item: Any, test: bool = False) -> str:
    """The Jira card on the page of a story, an epic or a test case that went through `annotate_sync`; nothing for a
    `test` case that stays here."""
    ticket = ExportedTicket.objects.filter(pk=item.jira_ticket_id).select_related("connection").first()
    source = story_source()
    found = context.get("project") or getattr(item, "project", None)
    project = project_in(context, found.key) if found is not None else None
    if project is None:
        return ""
    mapping = mapping_in(context, project)
    if test and ticket is None and (mapping is None or not mapping.exports_tests):
        return ""
    badge = SYNC[item.jira_state]
    last = RunItem.objects.filter(story_ref=item.ref).select_related("run").order_by("-pk").first()
    return render_to_string(
        "jira_integration/_story_panel.html",
        {
            "project": project,
            "item": item,
            "ticket": ticket,
            "seq": ticket.seq if ticket else 0,
            "version": item.version,
            "issue_key": ticket.issue_key if ticket else "",
            "issue_url": ticket.issue_url if ticket else "",
            "badge": badge,
            "tooltip": sync_tooltip(badge, ticket.checked_at if ticket else None),
            "mapping": mapping,
            "setup_url": setup_url(project, mapping),
            "last": last,
            "standing": standing_words(ticket) if ticket else None,
            "missing": ticket is not None and ticket.sync == ExportedTicket.Sync.MISSING,
            "in_conflict": ticket is not None and ticket.conflicts.filter(resolved_at=None).exists(),
            "from_jira": last_from_jira(item.ref, project),
            "story_url": source.story_url(item.ref),
            "may_export": may_in(context, project, Act.EXPORT),
            "who": list(source.who_may(project.ref, Act.EXPORT))[:2],
            "csrf_token": context.get("csrf_token"),
        },
    )
