"""Icons, badges and times in templates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jira_integration.badges import SIGNS, VOCABULARY
from jira_integration.timewords import ago, exact, span
from jira_integration.untrusted import visible

register = template.Library()


@register.simple_tag
def jira_icon(name: str, css: str = "") -> SafeString:
    """One drawing of icons.svg; always beside a word, so hidden from screen readers."""
    source = static("jira_integration/icons.svg")
    return format_html('<svg class="i {}" aria-hidden="true"><use href="{}#{}"/></svg>', css, source, name)


@register.simple_tag
def badge_of(kind: str, code: str, css: str = "") -> str:
    """A badge of the vocabulary: kind is "sync", "item", "run", "plan" or "connection"."""
    return render_to_string("jira_integration/_badge.html", {"badge": VOCABULARY[kind][str(code)], "css": css})


@register.simple_tag
def sign_of(action: str) -> SafeString:
    """The sign of a planned action, with its word for who cannot see it."""
    sign = SIGNS[str(action)]
    drawn = jira_icon(sign.icon) if sign.icon else sign.mark
    return format_html(
        '<span class="sg {}" aria-hidden="true">{}</span><span class="vh">{}: </span>', sign.family, drawn, sign.word
    )


@register.simple_tag
def jira_time(then: datetime | None) -> SafeString | str:
    """A <time> with how long ago in words and the exact time in its title."""
    return _time(then, ago(then)) if then else ""


@register.simple_tag
def jira_clock(then: datetime | None, form: str = "H:i:s") -> SafeString | str:
    """A <time> with the time of day, the exact time in its title."""
    return _time(then, date_format(timezone.localtime(then), form)) if then else ""


def _time(then: datetime, words: str) -> SafeString:
    return format_html('<time datetime="{}" title="{}">{}</time>', then.isoformat(), exact(then), words)


@register.filter(name="visible")
def visible_text(text: str) -> str:
    """Text from Jira with control and direction characters written out."""
    return visible(text)


@register.filter
def in_words(seconds: Any) -> str:
    """Seconds as "0.4 s", "4 min"; nothing for None."""
    return "" if seconds is None else span(float(seconds))
