"""The governor that all workers share: it waits a little, gives longer waits back, and tells everybody what it heard.

docs/decisions/0008-how-requests-queue.md draws the way of a request.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import NoReturn, TypeVar

from jira_integration.client.desk import Desk, DeskLost, Outcome, Place, Rules, Verdict, Word, place_of
from jira_integration.client.exceptions import (
    ErrorCode,
    JiraCaptcha,
    JiraLoginError,
    JiraRateLimited,
    JiraUnavailable,
)
from jira_integration.client.governor import Scope
from jira_integration.client.local_desk import LocalDesk, Memory
from jira_integration.client.pauses import NoPauseStore, Pause, PauseStore
from jira_integration.client.steering import UNAVAILABLE, orders

log = logging.getLogger(__name__)
T = TypeVar("T")
REDIS_AGAIN_SECONDS = 3.0
LONGEST_POLL_SECONDS = 0.1  # for a slot: nobody can say when one comes free


class SharedGovernor:
    """Turns for one connection. `shared` is the desk of all processes, None where there is none; `memory` is this
    process's own, used without it and while it is away.

    `app` names the OAuth app whose quota counts; `login` the connection and its login's generation: another
    generation has a clean record. `trying_login`: a person asks to try a login that was refused once more.
    `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        shared: Desk | None,
        memory: Memory,
        *,
        login: str,
        app: str = "",
        rules: Rules | None = None,
        pauses: PauseStore | None = None,
        login_counts: bool = True,
        trying_login: bool = False,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.rules = rules or Rules()
        self._shared, self._memory = shared, memory
        self._local = LocalDesk(memory, self.rules)
        self._pauses = pauses or NoPauseStore()
        self._login, self._app = login, app
        self._login_counts, self._trying_login = login_counts, trying_login
        self._clock, self._sleep = clock, sleep

    @asynccontextmanager
    async def turn(self, scope: Scope) -> AsyncIterator[None]:
        """Wait at most `rules.longest_wait` seconds for rate and pauses, then hold a slot.

        Raises, without a request and with nothing taken: JiraRateLimited or JiraUnavailable with the time to come
        back, JiraLoginError or JiraCaptcha while the login stands refused.
        """
        place = place_of(scope, self.rules, app=self._app, login=self._login)
        token = secrets.token_hex(8)
        desk = await self._granted(place, token, scope)
        keeper = asyncio.create_task(self._keep(desk, place, token))
        try:
            yield
        finally:
            keeper.cancel()
            await self._give_back(desk, place, token)

    async def told(self, scope: Scope, status: int | None, headers: Mapping[str, str]) -> None:
        """Enter one answer in the books; pauses that matter later are kept in the store too."""
        place = place_of(scope, self.rules, app=self._app, login=self._login)
        news = orders(status, headers, self._clock(), login_counts=self._login_counts)
        desk, seconds = await self._ask(place, lambda one: one.told(place, news, trying_login=self._trying_login))
        if news.outcome is Outcome.REFUSED:
            log.warning("Jira refused the login of %s: no more requests until it is replaced.", place.site)
            await self._pauses.keep(Pause(place.login, place.login, None, news.reason))
        elif news.outcome is Outcome.GOOD and self._trying_login:
            await self._pauses.drop(place.login)
        if seconds > (self.rules.longest_wait if desk is self._shared else 0):
            key = news.where.key(place)
            log.info("%s pauses for %.0f s: %s", key, seconds, news.reason)
            await self._pauses.keep(Pause(key, place.owner_of(key), seconds, news.reason))

    async def _granted(self, place: Place, token: str, scope: Scope) -> Desk:
        """The desk that gave the slot. Slept for the rate or a pause at most `longest_wait`, for a slot at most
        `longest_queue`."""
        rate_left, queue_left = self.rules.longest_wait, self.rules.longest_queue
        queued: Desk | None = None
        try:
            while True:
                desk, verdict = await self._take(place, token, rate_left)
                match verdict.word:
                    case Word.SEED:
                        await self._seed(desk, place)
                    case Word.GO:
                        queued = None
                        if await self._still_granted(desk, place, token, verdict.wait):
                            return desk
                        rate_left -= verdict.wait
                    case Word.PAUSED if verdict.wait <= rate_left:
                        await self._sleep(verdict.wait)
                        rate_left -= verdict.wait
                    case Word.BUSY if queue_left > 0:
                        queued = desk
                        pause = min(verdict.wait, LONGEST_POLL_SECONDS)
                        await self._sleep(pause)
                        queue_left -= pause
                    case _:
                        refuse(verdict, scope)
        finally:
            if queued is not None:  # given up or cancelled: those behind move up
                await self._give_back(queued, place, token)

    async def _take(self, place: Place, token: str, longest: float) -> tuple[Desk, Verdict]:
        return await self._ask(place, lambda one: one.take(place, token, longest, trying_login=self._trying_login))

    async def _still_granted(self, desk: Desk, place: Place, token: str, wait: float) -> bool:
        """Sleep until the reserved token has come; False when everybody was told to pause meanwhile."""
        if not wait:
            return True
        going = False
        try:
            await self._sleep(wait)
            going = await self._nothing_new(place, token)
        finally:
            if not going:
                await self._give_back(desk, place, token)
        return going

    async def _nothing_new(self, place: Place, token: str) -> bool:
        while True:
            desk, verdict = await self._ask(place, lambda one: one.look(place, token, trying_login=self._trying_login))
            if verdict.word is not Word.SEED:
                return verdict.word is Word.GO
            await self._seed(desk, place)

    async def _keep(self, desk: Desk, place: Place, token: str) -> None:
        """Renew the slot while the request is on the wire, so that it may take long, and a killed worker's not."""
        while True:
            await asyncio.sleep(self.rules.slot_lease / 3)
            with suppress(DeskLost):
                await desk.renew(place, token)

    async def _give_back(self, desk: Desk, place: Place, token: str) -> None:
        with suppress(DeskLost):  # its lease ends by itself
            await desk.release(place, token)

    async def _seed(self, desk: Desk, place: Place) -> None:
        kept = await self._pauses.standing(place.owners)
        try:
            await desk.seed(place, kept)
        except DeskLost as gone:
            self._redis_away(gone)

    async def _ask(self, place: Place, question: Callable[[Desk], Awaitable[T]]) -> tuple[Desk, T]:
        """Ask the shared desk; while it is away, this process's own."""
        if self._shared is not None and await self._redis_there(self._shared, place):
            try:
                return self._shared, await question(self._shared)
            except DeskLost as gone:
                self._redis_away(gone)
        return self._local, await question(self._local)

    async def _redis_there(self, shared: Desk, place: Place) -> bool:
        """Whether to ask Redis. After an outage it first hears what was paused meanwhile."""
        away_until = self._memory.redis_away_until
        if away_until is None:
            return True
        if self._memory.clock() < away_until:
            return False
        self._memory.redis_away_until = self._memory.clock() + REDIS_AGAIN_SECONDS
        try:
            await shared.seed(place, await self._pauses.standing(place.owners))
        except DeskLost:
            return False
        log.warning("Redis is back: all workers share Jira's limits again.")
        self._memory.redis_away_until = None
        return True

    def _redis_away(self, gone: DeskLost) -> None:
        if self._memory.redis_away_until is None:
            log.warning("Redis does not answer (%s): this process keeps Jira's limits alone.", gone)
        self._memory.redis_away_until = self._memory.clock() + REDIS_AGAIN_SECONDS


def refuse(verdict: Verdict, scope: Scope) -> NoReturn:
    """Raise what a verdict means for the caller. Nothing was sent, so a write was certainly not carried out."""
    said = f"{scope.method} {scope.endpoint} was not sent"
    match verdict.word:
        case Word.LOGIN:
            captcha = verdict.reason == ErrorCode.CAPTCHA
            kind = JiraCaptcha if captcha else JiraLoginError
            code = ErrorCode.CAPTCHA if captcha else ErrorCode.BAD_LOGIN
            raise kind(f"{said}: Jira refused this login before.", code=code, method=scope.method, path=scope.endpoint)
        case Word.DOWN:
            pass
        case Word.PAUSED if verdict.reason == UNAVAILABLE:
            pass
        case _:
            raise JiraRateLimited(
                f"{said}: wait {verdict.wait:.1f} s.",
                retry_after=max(verdict.wait, 1.0),
                reason=verdict.reason,
                status=None,
                method=scope.method,
                path=scope.endpoint,
            )
    raise JiraUnavailable(
        f"{said}: Jira did not answer lately; wait {verdict.wait:.1f} s.",
        retry_after=verdict.wait,
        method=scope.method,
        path=scope.endpoint,
    )
