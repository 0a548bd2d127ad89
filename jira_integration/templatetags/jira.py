"""What a host's templates may show of Jira: `{% load jira %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def jira_icon(name: str, css: str = "") -> SafeString:
    """One drawing of icons.svg; always beside a word, so hidden from screen readers."""
    source = static("jira_integration/icons.svg")
    return format_html('<svg class="i {}" aria-hidden="true"><use href="{}#{}"/></svg>', css, source, name)


@register.simple_tag
def jira_head() -> str:
    return ""


@register.simple_tag
def jira_badge(item: Any) -> str:
    return ""


@register.simple_tag
def jira_nav(project_key: str) -> str:
    return ""


@register.simple_tag
def jira_connection_card(project_key: str) -> str:
    return ""


@register.simple_tag
def jira_story_panel(item: Any) -> str:
    return ""


@register.simple_tag
def jira_invitation(project_key: str) -> str:
    return ""


@register.simple_tag
def jira_live(project_key: str) -> str:
    return ""
