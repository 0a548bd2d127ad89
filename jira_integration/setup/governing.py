"""Makes the governor of a connection: which Redis, which pauses are kept, whose record it is.

docs/decisions/0008-how-requests-queue.md
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Q
from django.db.models.functions import Now
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from jira_integration.client.desk import Rules
from jira_integration.client.guard import api_base
from jira_integration.client.local_desk import Memory
from jira_integration.client.pauses import Pause
from jira_integration.client.redis_desk import RedisDesk
from jira_integration.client.shared_governor import SharedGovernor
from jira_integration.conf import conf
from jira_integration.models import JiraConnection, JiraPause

log = logging.getLogger(__name__)
REDIS_SECONDS = 1.0  # to connect, and to answer a script of microseconds
REDIS_LOST = (RedisError, OSError)
OAUTH_APP = "oauth2"  # an installation has one app, and its quota is counted over all sites

memory = Memory()  # of this process: used without Redis and while it is away


class KeptPauses:
    """client.pauses.PauseStore in the database. Its clock counts, so that no worker's own does."""

    async def keep(self, pause: Pause) -> None:
        await sync_to_async(_keep)(pause)

    async def standing(self, owners: Collection[str]) -> Sequence[Pause]:
        return await sync_to_async(_standing)(list(owners))

    async def drop(self, key: str) -> None:
        await sync_to_async(_drop)(key)


def _keep(pause: Pause) -> None:
    until = None if pause.seconds is None else Now() + timedelta(seconds=pause.seconds)
    try:
        JiraPause.objects.filter(until__lt=Now()).delete()
        if until is None:  # what was held against the connection's former logins matters no more
            connection, _, _ = pause.owner.rpartition(" ")
            JiraPause.objects.filter(until=None, owner__startswith=f"{connection} ").exclude(key=pause.key).delete()
        later = Q(until=None) if until is None else Q(until=None) | Q(until__gte=until)
        if not JiraPause.objects.filter(later, key=pause.key).exists():
            JiraPause.objects.update_or_create(
                key=pause.key, defaults={"owner": pause.owner, "until": until, "reason": pause.reason[:60]}
            )
    except DatabaseError as trouble:
        log.warning("The pause of %s could not be kept: %s", pause.key, trouble)


def _standing(owners: Collection[str]) -> list[Pause]:
    try:
        rows = JiraPause.objects.filter(Q(until=None) | Q(until__gt=Now()), owner__in=owners).annotate(now=Now())
        return [
            Pause(row.key, row.owner, (row.until - row.now).total_seconds() if row.until else None, row.reason)
            for row in rows
        ]
    except DatabaseError as trouble:
        log.warning("Kept pauses could not be read: %s", trouble)
        return []


def _drop(key: str) -> None:
    try:
        JiraPause.objects.filter(key=key).delete()
    except DatabaseError as trouble:
        log.warning("The pause of %s could not be taken away: %s", key, trouble)


def rules(seconds: float | None = None) -> Rules:
    """The settings. Where a person waits `seconds` for a request, half of it at most goes to waiting for a turn."""
    most = float("inf") if seconds is None else seconds / 2
    return Rules(
        rates=conf.GOVERNOR_RATES,
        burst=conf.GOVERNOR_BURST,
        in_flight=conf.GOVERNOR_IN_FLIGHT,
        longest_wait=min(conf.GOVERNOR_LONGEST_WAIT_SECONDS, most),
        longest_queue=min(Rules().longest_queue, most),
    )


def login_generation(connection: JiraConnection) -> str:
    """The connection and the login it has now: what is known of one login says nothing about the next."""
    parts = (connection.login, connection.user_name, str(connection.secret_saved_at))
    return f"{connection.uid} {hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"


def redis_url() -> str:
    return str(conf.REDIS_URL or getattr(settings, "REDIS_URL", ""))


@asynccontextmanager
async def governor_of(
    connection: JiraConnection, *, seconds: float | None = None, trying_login: bool = False
) -> AsyncIterator[SharedGovernor]:
    """The governor for requests to this connection's site, to be used in this event loop.

    `seconds`: a person waits that long at most for each request. `trying_login`: a person asks to try a login that
    was refused (a CAPTCHA is solved in a browser); it passes the breaker, and when Jira accepts it closes it.
    """
    own_rules = rules(seconds)
    url = redis_url()
    redis = make_redis(url) if url else None
    by_oauth = connection.login == JiraConnection.Login.OAUTH2
    try:
        yield SharedGovernor(
            RedisDesk(redis, own_rules, REDIS_LOST) if redis is not None else None,
            memory,
            login=login_generation(connection),
            app=OAUTH_APP if by_oauth else "",
            rules=own_rules,
            pauses=KeptPauses(),
            login_counts=not by_oauth,
            trying_login=trying_login,
        )
    finally:
        if redis is not None:
            await redis.aclose()


def make_redis(url: str) -> Redis:
    """Short patience and no repeats: while Redis is away the work goes on without it."""
    return Redis.from_url(
        url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, retry=Retry(NoBackoff(), 0)
    )


def pauses_of(connection: JiraConnection) -> list[Pause]:
    """What must wait at this connection's site at the moment, and how long, for pages that explain a wait."""
    owners = [f"site {api_base(connection.api_url).url}", f"login {login_generation(connection)}"]
    if connection.login == JiraConnection.Login.OAUTH2:
        owners.append(f"app {OAUTH_APP}")
    return _standing(owners)
