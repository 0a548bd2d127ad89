"""Times and spans in words, the same on pages and in messages."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.humanize.templatetags import humanize
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def ago(then: datetime, now: datetime | None = None) -> str:
    """ "now", "5 min ago", "3 h ago", "2 d ago", and a date after four weeks."""
    passed = (now or timezone.now()) - then
    if passed < timedelta(minutes=1):
        return _("now")
    if passed < timedelta(hours=1):
        return _("%(count)d min ago") % {"count": int(passed.total_seconds() // 60)}
    if passed < timedelta(days=1):
        return _("%(count)d h ago") % {"count": int(passed.total_seconds() // 3600)}
    if passed < timedelta(days=28):
        return _("%(count)d d ago") % {"count": passed.days}
    return date_format(timezone.localtime(then), "j M Y")


def span(seconds: float) -> str:
    """How long something took: "0.4 s", "30 s", "4 min", "2 h 5 min"."""
    seconds = max(0.0, seconds)  # clocks of two machines may differ a little
    if seconds < 10:
        return _("%(seconds).1f s") % {"seconds": seconds}
    if seconds < 60:
        return _("%(seconds)d s") % {"seconds": round(seconds)}
    minutes = round(seconds / 60)
    if minutes < 60:
        return ngettext("%(count)d min", "%(count)d min", minutes) % {"count": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


def exact(then: datetime) -> str:
    return date_format(timezone.localtime(then), "j F Y, H:i:s T")


def ordinal(number: int) -> str:
    """1 as "1st"."""
    return str(humanize.ordinal(number))
