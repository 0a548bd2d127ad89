"""Tokens of OAuth grants, kept for all workers: one of them refreshes, the others wait for what it saves.

A refresh token is worth one use. So the right to use it is a lease, taken by compare-and-set under the database's
clock, and no lock is held while Atlassian is asked; the new pair is committed before anybody uses it. A worker that
dies in between leaves `sent_at` behind: for some minutes the same token may be sent again, after that a person has to
sign in anew, since Atlassian would take it for stolen. docs/decisions/0011-oauth-tokens.md
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from jira_integration.client.auth import Anonymous, Auth, Bearer, Secret
from jira_integration.client.exceptions import ErrorCode, JiraError, JiraLoginError, JiraRateLimited, JiraUnavailable
from jira_integration.client.guard import Guard
from jira_integration.client.oauth import NEEDED_SCOPES, GrantLogin, OAuthApp, Tokens, refreshed
from jira_integration.client.transport import Transport
from jira_integration.conf import conf
from jira_integration.models import JiraConnection, OAuthClient, OAuthGrant, seal

REFRESH_SECONDS = 20.0  # for the whole request to Atlassian
LEASE_SECONDS = 60.0  # a worker that is silent for longer is dead, or asleep and may send no more
WAIT_SECONDS = 45.0  # for somebody else's refresh
EARLY_SECONDS = 300.0  # before its end a token is renewed, or a quarter of its life before where that is less
CONFIRMED_SECONDS = 60.0  # for so long an answer to "whose token is this" is believed
CONSENT_LASTS = timedelta(days=365)  # Atlassian's absolute end, however often the tokens rotate


Judge = Callable[[OAuthGrant], bool]


class NoOAuthApp(JiraLoginError):
    """Nobody has told us the client id and secret of the app people consent to."""

    default_code = ErrorCode.OAUTH_APP


@dataclass(frozen=True)
class Lease:
    """The right to send one refresh token, once. `sent_before` is what `sent_at` was."""

    token: str
    generation: int
    refresh_token: str
    sent_before: datetime | None
    too_old: bool


def oauth_app() -> OAuthApp:
    """The app, from the settings, else from the admin pages. Raises NoOAuthApp."""
    if conf.OAUTH_CLIENT_ID and conf.OAUTH_CLIENT_SECRET:
        return OAuthApp(conf.OAUTH_CLIENT_ID, Secret(conf.OAUTH_CLIENT_SECRET))
    kept = OAuthClient.objects.filter(client_secret__isnull=False).first()
    if kept is None or kept.client_secret is None:
        raise NoOAuthApp("No OAuth app is set up.")
    return OAuthApp(kept.client_id, kept.client_secret.open(kept.bound_to))


def oauth_is_set_up() -> bool:
    """Whether there is an app to consent to, as far as can be told without opening its secret."""
    in_settings = bool(conf.OAUTH_CLIENT_ID and conf.OAUTH_CLIENT_SECRET)
    return in_settings or OAuthClient.objects.filter(client_secret__isnull=False).exists()


@asynccontextmanager
async def atlassian(
    base_url: str, auth: Auth | None = None, seconds: float = REFRESH_SECONDS
) -> AsyncIterator[Transport]:
    """Requests to Atlassian's auth server or gateway, each sent once."""
    transport = Transport(
        base_url,
        auth or Anonymous(),
        Guard(conf.ALLOW_LOOPBACK_HTTP, conf.ALLOWED_HOSTS),
        pool=1,
        connect_timeout=min(conf.CONNECT_TIMEOUT_SECONDS, seconds),
        read_timeout=seconds,
        deadline=seconds,
        tries=1,
        max_bytes=conf.MAX_ANSWER_BYTES,
        proxy=conf.PROXY or None,
    )
    try:
        yield transport
    finally:
        await transport.aclose()


def login_by_grant(connection: JiraConnection) -> GrantLogin:
    return GrantLogin(KeptGrant(connection))


class KeptGrant:
    """client.oauth.TokenStore in the database, for one connection."""

    def __init__(self, connection: JiraConnection) -> None:
        self._connection = connection
        self._known = ""
        self._renew_at = timezone.now()
        self._confirmed: tuple[str, float] = ("", 0.0)

    async def access_token(self) -> str:
        if self._known and timezone.now() < self._renew_at:
            return self._known
        spare = timedelta(seconds=5)
        return await self._good_for(
            lambda grant: timezone.now() < grant.renew_at,
            meanwhile=lambda grant: timezone.now() < grant.access_until - spare,
        )

    async def after(self, token: str) -> str:
        return await self._good_for(lambda grant: self._opened(grant) != token, meanwhile=lambda _grant: False)

    async def accepted(self, token: str) -> bool:
        """Asked of `myself` through the gateway; the answer counts for a minute."""
        known, at = self._confirmed
        if known == token and time.monotonic() - at < CONFIRMED_SECONDS:
            return True
        try:
            async with atlassian(self._connection.api_url, Bearer(token)) as gateway:
                await gateway.request("GET", "/rest/api/3/myself")
        except JiraError as trouble:
            return trouble.status not in {401, 403, 404}
        self._confirmed = (token, time.monotonic())
        return True

    async def _good_for(self, good: Judge, *, meanwhile: Judge) -> str:
        """The kept token once it is `good`; else it is renewed here. While somebody else is at it, one that is good
        enough `meanwhile` is taken as it is."""
        until = time.monotonic() + WAIT_SECONDS
        pause = 0.05
        while True:
            grant = await sync_to_async(_read)(self._connection)
            if good(grant):
                return self._keep(grant)
            lease = await sync_to_async(_take)(self._connection, grant.generation)
            if lease is not None:
                await self._refresh(lease)
                continue
            if meanwhile(grant):
                return self._opened(grant)
            if time.monotonic() > until:
                raise JiraUnavailable("Nobody finished renewing the sign-in.", code=ErrorCode.TIMEOUT)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 1.0)

    def _opened(self, grant: OAuthGrant) -> str:
        assert grant.access_token is not None
        return grant.access_token.open(OAuthGrant.bound_to(self._connection))

    def _keep(self, grant: OAuthGrant) -> str:
        self._known, self._renew_at = self._opened(grant), grant.renew_at
        return self._known

    async def _refresh(self, lease: Lease) -> None:
        """Send the refresh token of this lease and save what comes of it, whatever comes."""
        if lease.too_old:
            await self._over(lease, JiraLoginError("Too long without an answer.", code=ErrorCode.RECONNECT))
            return
        asked_at, by = timezone.now(), time.monotonic() + LEASE_SECONDS - REFRESH_SECONDS
        try:
            app = await sync_to_async(oauth_app)()
            async with atlassian(conf.AUTH_BASE_URL) as auth_server:
                auth_server.may_leave = lambda: time.monotonic() < by  # whoever slept past its lease sends nothing
                tokens = await refreshed(auth_server, app, lease.refresh_token)
        except JiraLoginError as refusal:
            if refusal.code == ErrorCode.RECONNECT:
                await self._over(lease, refusal)
                return
            await sync_to_async(_give_back)(self._connection, lease, sent=False)
            raise
        except JiraError as trouble:
            unknown = trouble.outcome_unknown and not isinstance(trouble, JiraRateLimited)
            await sync_to_async(_give_back)(self._connection, lease, sent=unknown)
            raise
        await sync_to_async(_save)(self._connection, lease, tokens, asked_at)

    async def _over(self, lease: Lease, trouble: JiraLoginError) -> None:
        """The grant is over, unless another worker has saved a newer pair meanwhile: then this says nothing of it."""
        if await sync_to_async(_end)(self._connection, lease, str(trouble.code)):
            raise trouble


def _read(connection: JiraConnection) -> OAuthGrant:
    """The grant. Raises JiraLoginError (reconnect) where there is none, or it is over."""
    grant = OAuthGrant.objects.filter(connection=connection).first()
    if grant is None or grant.refresh_token is None or grant.access_token is None:
        raise JiraLoginError("The grant is over.", code=ErrorCode.RECONNECT)
    return grant


def _held(connection: JiraConnection, lease: Lease) -> Any:
    return OAuthGrant.objects.filter(connection=connection, generation=lease.generation, lease_token=lease.token)


def _take(connection: JiraConnection, generation: int) -> Lease | None:
    """The lease on this pair; None while somebody else holds it, or when the pair is not the present one any more."""
    token = secrets.token_hex(16)
    free = Q(lease_token="") | Q(lease_until=None) | Q(lease_until__lt=Now())
    present = OAuthGrant.objects.filter(free, connection=connection, generation=generation, refresh_token__isnull=False)
    if not present.update(lease_token=token, lease_until=Now() + timedelta(seconds=LEASE_SECONDS)):
        return None
    ours = OAuthGrant.objects.filter(connection=connection, lease_token=token)
    grant = ours.annotate(now=Now()).first()
    if grant is None or grant.refresh_token is None or not ours.update(sent_at=Coalesce("sent_at", Now())):
        return None
    before = grant.sent_at
    too_old = before is not None and grant.now - before > timedelta(seconds=conf.OAUTH_REUSE_SECONDS)
    refresh_token = grant.refresh_token.open(OAuthGrant.bound_to(connection))
    return Lease(token, generation, refresh_token, before, too_old)


def _save(connection: JiraConnection, lease: Lease, tokens: Tokens, asked_at: datetime) -> None:
    """The new pair, if the lease still stands: whoever overslept it lost the right to say what is true."""
    _held(connection, lease).update(
        **_columns(connection, tokens, asked_at),
        generation=F("generation") + 1,
        lease_token="",
        lease_until=None,
        sent_at=None,
    )


def _give_back(connection: JiraConnection, lease: Lease, *, sent: bool) -> None:
    """No new pair came. `sent`: the token may be used up, and its minutes count from when it was first sent."""
    kept = F("sent_at") if sent else lease.sent_before
    _held(connection, lease).update(lease_token="", lease_until=None, sent_at=kept)


def _end(connection: JiraConnection, lease: Lease, code: str) -> bool:
    over = {"access_token": None, "refresh_token": None, "ended_code": code}
    return bool(_held(connection, lease).update(**over, lease_token="", lease_until=None))


def _columns(connection: JiraConnection, tokens: Tokens, asked_at: datetime) -> dict[str, Any]:
    early = min(EARLY_SECONDS, tokens.expires_in / 4)
    bound_to = OAuthGrant.bound_to(connection)
    return {
        "access_token": seal(tokens.access_token, bound_to),
        "refresh_token": seal(tokens.refresh_token, bound_to),
        "renew_at": asked_at + timedelta(seconds=tokens.expires_in - early),
        "access_until": asked_at + timedelta(seconds=tokens.expires_in),
    }


def keep_grant(connection: JiraConnection, tokens: Tokens, asked_at: datetime) -> OAuthGrant:
    """Save what a person consented to, in place of any grant before; the caller saves the connection."""
    grant, _made = OAuthGrant.objects.update_or_create(
        connection=connection,
        defaults={
            **_columns(connection, tokens, asked_at),
            "generation": secrets.randbelow(2**30) + 1,  # a refresh of the former grant must not fit this one
            "scopes": tokens.scope or " ".join(NEEDED_SCOPES),
            "consented_at": asked_at,
            "lease_token": "",
            "lease_until": None,
            "sent_at": None,
            "ended_code": "",
        },
    )
    connection.secret, connection.secret_hint, connection.secret_saved_at = None, "", asked_at
    return grant


def forget_grant(connection: JiraConnection) -> bool:
    """Forget the tokens. Atlassian has no address to revoke them at: the person does that in their account."""
    deleted, _rows = OAuthGrant.objects.filter(connection_id=connection.pk).delete()
    return bool(deleted)
