"""Counts what is asked of Jira, hour by hour, for the overview. One write when a client is closed, none on the way."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from jira_integration.client.governor import Governor, Scope
from jira_integration.client.limits import limit_news
from jira_integration.models import RequestHour

log = logging.getLogger(__name__)
KEEP = timedelta(days=30)


class Counted:
    """A governor that counts what another one lets through and is told."""

    def __init__(self, inner: Governor) -> None:
        self._inner = inner
        self.requests: Counter[datetime] = Counter()
        self.limited: Counter[datetime] = Counter()
        self.said: tuple[int, int] | None = None  # the limit and what is left of it, as Jira named them last

    @asynccontextmanager
    async def turn(self, scope: Scope) -> AsyncIterator[None]:
        async with self._inner.turn(scope):
            yield

    async def told(self, scope: Scope, status: int | None, headers: Mapping[str, str]) -> None:
        now = timezone.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        self.requests[hour] += 1
        self.limited[hour] += status == 429
        news = limit_news(headers, now.timestamp())
        if news.limit is not None and news.remaining is not None:
            self.said = (news.limit, news.remaining)
        await self._inner.told(scope, status, headers)


def keep(counted: Counted, connection_id: int | None) -> None:
    """Add it to the connection's hours. What cannot be stored is lost: figures must not stop an export."""
    if connection_id is None:  # a site that is being tried and was not saved yet
        return
    for hour, requests in counted.requests.items():
        more = {"requests": F("requests") + requests, "limited": F("limited") + counted.limited[hour]}
        said = dict(zip(("allowed", "left"), counted.said or (), strict=False))
        rows = RequestHour.objects.filter(connection_id=connection_id, hour=hour)
        try:
            if not rows.update(**more, **said):
                with transaction.atomic():
                    RequestHour.objects.create(
                        connection_id=connection_id,
                        hour=hour,
                        requests=requests,
                        limited=counted.limited[hour],
                        **said,
                    )
        except IntegrityError:  # another process began the hour in the same moment, or the connection is gone
            rows.update(**more, **said)
        except DatabaseError as trouble:
            log.warning("Requests to connection %s could not be counted: %s", connection_id, trouble)


def forget_hours() -> None:
    RequestHour.objects.filter(hour__lt=timezone.now() - KEEP).delete()
