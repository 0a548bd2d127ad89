"""The browsers a person is signed in with: written down at sign-in, shown on the account page, ended from there."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.models import Session
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from stories_qa.models import SignedIn

# Each browser also names the ones it wants to be taken for: the first that matches is the true one.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone|iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@receiver(user_logged_in)
def note(sender: Any, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> None:
    key = request.session.session_key
    if key is not None and isinstance(user, User):
        values = {
            "user": user,
            "agent": request.headers.get("User-Agent", "")[:300],
            "address": request.META.get("REMOTE_ADDR") or None,
        }
        SignedIn.objects.update_or_create(session_key=key, defaults=values)


@receiver(user_logged_out)
def forget(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    SignedIn.objects.filter(session_key=request.session.session_key or "").delete()


def browsers(user: User) -> list[SignedIn]:
    """Where this person is signed in now, newest first; rows of sessions that are over are dropped."""
    rows = SignedIn.objects.filter(user=user)
    alive = Session.objects.filter(
        session_key__in=rows.values("session_key"), expire_date__gt=timezone.now()
    ).values_list("session_key", flat=True)
    rows.exclude(session_key__in=list(alive)).delete()
    return list(rows)


def end(user: User, *, keep: str | None, only: int | None = None) -> int:
    """Sign out one browser of this person (`only`, a row's id), or all but the session `keep`; how many there were."""
    rows = SignedIn.objects.filter(user=user).exclude(session_key=keep or "")
    if only is not None:
        rows = rows.filter(pk=only)
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.delete()
    return len(keys)


def in_words(agent: str) -> str:
    """ "Firefox on Linux" of a User-Agent header; it can be anything, and is shown as little as that."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for marks, name in SYSTEMS if re.search(marks, agent)), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")
