"""Making something once, however often the form is sent: by a double click without scripts, by a reload, by Back.

A form carries a token (`{% once %}`). The token alone would not do: who goes back, writes something else and sends
again wants a second one. So what counts as the same is the token with everything that was typed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from stories_qa.models import Submission

NAME = "once"
KEPT = timedelta(days=1)


def mark_of(request: HttpRequest) -> str:
    """64 hex digits of the token and the values of the form; "" when it carries no token."""
    token = request.POST.get(NAME, "")
    if not token:
        return ""
    typed = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    return hashlib.sha256(json.dumps(typed).encode()).hexdigest()


def made_before(request: HttpRequest) -> str:
    """Where the thing is that this very form has made already, "" when it made none. Ask before the form is checked:
    a second project of the same key, for example, is none."""
    mark = mark_of(request) if request.method == "POST" else ""
    if not mark or request.user.pk is None:
        return ""
    found = Submission.objects.filter(user_id=request.user.pk, mark=mark)
    return found.values_list("url", flat=True).first() or ""


def make_once(request: HttpRequest, make: Callable[[], str]) -> str:
    """Make it, by `make`, which returns the address of its page, and return that; the second of two at the same
    moment waits for the first and gets its address."""
    mark = mark_of(request)
    if not mark or request.user.pk is None:
        return make()
    with transaction.atomic():
        kept, fresh = Submission.objects.get_or_create(user_id=request.user.pk, mark=mark)
        if fresh:
            kept.url = make()
            kept.save(update_fields=["url"])
            Submission.objects.filter(made_at__lt=timezone.now() - KEPT).delete()
    return kept.url


def forget(url: str) -> None:
    """The thing at this address is gone: sent again, its form makes a new one."""
    Submission.objects.filter(url=url).delete()
