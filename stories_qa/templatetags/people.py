"""People and times, as every page shows them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def person_name(user: Any) -> str:
    return (user.get_full_name() or user.get_username()) if user else ""


@register.simple_tag
def avatar(user: Any, hidden: bool = False) -> SafeString:
    """Initials on a tint that stays the same for a person; nobody is a dash. `hidden` where the name stands beside."""
    if user is None:
        return format_html('<span class="av" role="img" aria-label="{0}" title="{0}">&#8211;</span>', _("Nobody"))
    return avatar_named(person_name(user), hidden)


@register.simple_tag
def avatar_named(name: str, hidden: bool = False) -> SafeString:
    """The avatar of somebody known by name only: a file or Jira named them, and nobody here is called so."""
    words = name.split()
    initials = (words[0][:1] + (words[-1][:1] if len(words) > 1 else words[0][1:2])).upper() if words else "?"
    tint = "abcd"[crc32(name.encode()) % 4]
    if hidden:
        return format_html('<span class="av {}" aria-hidden="true">{}</span>', tint, initials)
    return format_html('<span class="av {0}" role="img" aria-label="{1}" title="{1}">{2}</span>', tint, name, initials)


def ago(then: datetime, now: datetime) -> str:
    """ "now", "5 min ago", "3 h ago", "2 d ago", and a date after four weeks."""
    passed = now - then
    if passed < timedelta(minutes=1):
        return _("now")
    if passed < timedelta(hours=1):
        minutes = int(passed.total_seconds() // 60)
        return ngettext("%(count)d min ago", "%(count)d min ago", minutes) % {"count": minutes}
    if passed < timedelta(days=1):
        hours = int(passed.total_seconds() // 3600)
        return ngettext("%(count)d h ago", "%(count)d h ago", hours) % {"count": hours}
    if passed < timedelta(days=28):
        return ngettext("%(count)d d ago", "%(count)d d ago", passed.days) % {"count": passed.days}
    return date_format(timezone.localtime(then), "j M Y")


@register.simple_tag
def time_ago(then: datetime | None) -> SafeString | str:
    """A <time> with how long ago in words and the exact time in its title."""
    if then is None:
        return ""
    exact = date_format(timezone.localtime(then), "j F Y, H:i:s T")
    return format_html('<time datetime="{}" title="{}">{}</time>', then.isoformat(), exact, ago(then, timezone.now()))
