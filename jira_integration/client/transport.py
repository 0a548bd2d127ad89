"""One request to Jira, from the event loop to the socket and back. The only module that imports `requests`.

`requests` blocks, so each transport keeps a small pool of threads with one session each. The *seconds* budget of
repeats lives here and touches reads only; a write is sent once, and when nobody can say what became of it the error
says so (`outcome_unknown`). docs/decisions/0003-the-client.md.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from jira_integration.client.answers import Answer, lost, trouble_in
from jira_integration.client.asking import Asked, Params, encoded, filled, query, reads
from jira_integration.client.auth import Auth, without
from jira_integration.client.exceptions import ErrorCode, JiraError, JiraRateLimited
from jira_integration.client.governor import Governor, NoGovernor, Scope
from jira_integration.client.guard import Guard, SiteAddress, api_base
from jira_integration.client.pinned import Exchange, TooLate, Wire, pinned_pools
from jira_integration.client.repeats import FIRST_WAIT_SECONDS, TRIES, jitter, next_wait, pause_before_repeat

LOGIN_IN_DOUBT = frozenset({401, 403, 404})  # Atlassian's gateway answers all three to a token that has ended
USER_AGENT = "stories-qa-for-jira/0.1"  # a browser's would meet Data Center's XSRF filter


@dataclass(frozen=True, slots=True)
class Sent:
    """How many requests have gone out so far, repeats included."""

    total: int = 0
    writes: int = 0


class PinnedAdapter(HTTPAdapter):
    """urllib3 pools that connect where the guard looked; `send` stays as `requests` has it."""

    def __init__(self, guard: Guard, wire: Wire, *, pinned: bool) -> None:
        self._pools = pinned_pools(guard.resolve if pinned else None, wire)
        super().__init__(pool_connections=2, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


class Transport:
    """Requests to one site, under one login.

    `base_url` is the site's origin, with a context path or the gateway's path where there is one. Times in seconds.
    `deadline` bounds a whole call: its repeats, the waits between them, the reading of a slow answer. `tries` is 1
    where a person waits. `governor_waits`: after a 429 it is the next turn that waits, or gives up. `proxy`
    (http://proxy.test:3128) resolves names itself: the guard then judges the name as this machine resolves it, and
    cannot bind the proxy to that. `ca_bundle` is a file of certificates for a private site.
    """

    def __init__(
        self,
        base_url: str,
        auth: Auth,
        guard: Guard,
        governor: Governor | None = None,
        *,
        pool: int = 8,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        deadline: float = 60.0,
        tries: int = TRIES,
        governor_waits: bool = False,
        max_bytes: int = 20 * 1024 * 1024,
        proxy: str | None = None,
        ca_bundle: str | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = jitter,
    ) -> None:
        self.site: SiteAddress = api_base(base_url)
        guard.check(self.site)
        self._auth, self._guard, self._governor = auth, guard, governor or NoGovernor()
        self._timeouts = (connect_timeout, read_timeout)
        self._deadline, self._tries, self._max_bytes = deadline, tries, max_bytes
        self._governor_waits = governor_waits
        self._proxy, self._ca_bundle = proxy, ca_bundle
        self._clock, self._monotonic, self._sleep, self._jitter = clock, monotonic, sleep, jitter
        self._threads = ThreadPoolExecutor(pool, thread_name_prefix="jira")
        self._wire = Wire()
        self._own = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()
        self.sent = Sent()
        # Asked right before a write leaves; what may not leave counts as never sent.
        self.may_leave: Callable[[], bool] = lambda: True

    def __repr__(self) -> str:
        return f"Transport({self.site.url!r}, {self._auth!r})"

    async def request(
        self,
        method: str,
        path: str,
        *,
        at: Mapping[str, str] | None = None,
        params: Params | None = None,
        json: Any = None,
        repeatable: bool | None = None,
        deadline: float | None = None,
        also: Callable[[Answer], bool] | None = None,
        hidden: Collection[str] = (),
    ) -> Answer:
        """Send one request and return the answer, or raise one of JiraError's kinds.

        `path` may hold names in braces that `at` fills ("/rest/api/3/issue/{issue}"); values are quoted here.
        `json` is any JSON value. `repeatable` is true for reads unless said otherwise. `also` tells an answer that
        the caller reads for itself though its status is an error. `deadline` in seconds replaces the transport's own.
        `hidden` are secrets in the body, kept out of what Jira says of it.

        A cancelled caller does not stop a write on its way: the thread carries it to its end, and only the answer
        goes unheard. Whoever cancels has to look the issue up.
        """
        where = filled(path, at or {})
        asked = Asked(
            method=method,
            path=where,
            url=self.site.url + where,
            writes=not reads(method, path),
            query=query(params or {}),
            body=None if json is None else encoded(json),
            redact=lambda text: without(self._auth.redact(text), hidden),
        )
        scope = Scope(self.site.url, path, method, (at or {}).get("issue"), asked.writes)
        tries = self._tries if (not asked.writes if repeatable is None else repeatable) else 1
        until = self._monotonic() + (self._deadline if deadline is None else deadline)
        wait = FIRST_WAIT_SECONDS
        second_proof = False
        while True:
            tries -= 1
            await self._auth.ready()
            answer, trouble = await self._try(asked, scope, until - self._monotonic())
            if answer is not None:
                trouble = trouble_in(answer, asked, self._clock(), wanted=also is not None and also(answer))
                if trouble is None:
                    return answer
            assert trouble is not None
            if not second_proof and trouble.status in LOGIN_IN_DOUBT and await self._auth.refused(trouble):
                second_proof, tries = True, tries + 1  # Jira did nothing, so a write may go again too
                continue
            pause = pause_before_repeat(trouble, wait, self._jitter()) if tries else None
            if self._governor_waits and pause is not None and isinstance(trouble, JiraRateLimited):
                pause = 0.0
            if pause is None or self._monotonic() + pause >= until:
                raise trouble
            await self._sleep(pause)
            wait = next_wait(wait)

    async def _try(self, asked: Asked, scope: Scope, seconds: float) -> tuple[Answer | None, JiraError | None]:
        """One try at its turn; the governor hears what came of it, whatever came."""
        answer: Answer | None = None
        trouble: JiraError | None = None
        async with self._governor.turn(scope):
            try:
                answer = await self._carry(asked, seconds)
            except JiraError as failed:
                trouble = failed
            # Before the turn ends: who takes its place must know of a limit that was met.
            await self._governor.told(scope, answer.status if answer else None, answer.headers if answer else {})
        return answer, trouble

    async def _carry(self, asked: Asked, seconds: float) -> Answer:
        """One try in a pool thread, for at most so many seconds; then its socket is cut and nothing more can leave."""
        exchange = Exchange(self.may_leave if asked.writes else None)
        future = self._threads.submit(self._in_thread, exchange, asked)
        waiting = asyncio.wrap_future(future)
        try:
            done, _ = await asyncio.wait({waiting}, timeout=max(seconds, 0.0))
        except asyncio.CancelledError:
            waiting.cancel()  # keeps what still waits for a thread from starting; what has started goes on
            if asked.writes:
                exchange.abort_after(seconds)
            else:
                exchange.abort()
            raise
        if done:
            return waiting.result()
        waiting.cancel()
        left = exchange.abort()
        if future.done() and not future.cancelled() and future.exception() is None:
            return future.result()  # it came while we turned round; an answer to a create is never thrown away
        raise lost(asked, ErrorCode.TIMEOUT, outcome_unknown=left)

    def _in_thread(self, exchange: Exchange, asked: Asked) -> Answer:
        """Everything that can go wrong on the wire becomes one of our own errors here."""
        failure: JiraError
        self._wire.exchange = exchange
        self._count(asked, 1)
        try:
            if self._proxy:
                self._guard.judge_for_proxy(self.site.host, self.site.effective_port)
            return self._on_the_wire(asked)
        except JiraError as known:
            failure = known.with_traceback(None)
            sure = not exchange.left
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as trouble:
            code, sure = what_failed(trouble, exchange)
            failure = lost(asked, code, outcome_unknown=not sure)
        finally:
            exchange.end()
            self._wire.exchange = None
        if sure:
            self._count(asked, -1)
        # Outside the except block: what requests raised holds the request with its headers, and stays behind.
        raise failure

    def _count(self, asked: Asked, by: int) -> None:
        with self._lock:
            self.sent = Sent(self.sent.total + by, self.sent.writes + by * asked.writes)

    def _on_the_wire(self, asked: Asked) -> Answer:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
        if asked.body is not None:
            headers["Content-Type"] = "application/json"
        self._auth.apply(headers)
        session = self._session()
        request = requests.Request(asked.method, asked.url, headers, params=list(asked.query), data=asked.body)
        # The adapter itself, not the session's send: that one reads the whole body of a redirect, however large.
        response = session.get_adapter(asked.url).send(
            session.prepare_request(request),
            stream=True,
            timeout=self._timeouts,
            verify=self._ca_bundle or True,
            proxies={"http": self._proxy, "https": self._proxy} if self._proxy else {},
        )
        with response:
            received = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, received, self._read(response, asked))

    def _read(self, response: requests.Response, asked: Asked) -> bytes:
        """The decoded body, piece by piece: an answer must not fill our memory, however well it is packed."""
        pieces: list[bytes] = []
        size = 0
        while piece := response.raw.read1(65_536, decode_content=True):
            size += len(piece)
            if size > self._max_bytes:
                raise lost(asked, ErrorCode.TOO_LARGE, outcome_unknown=True)
            pieces.append(piece)
        return b"".join(pieces)

    def _session(self) -> requests.Session:
        """This thread's session. It takes nothing from the environment (a .netrc would replace our login) and keeps
        no cookies (a session of Jira's would outlive a login that was taken away)."""
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            adapter = PinnedAdapter(self._guard, self._wire, pinned=not self._proxy)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            self._own.session = session
            with self._lock:
                self._sessions.append(session)
        return session

    async def aclose(self) -> None:
        """Wait for what is on its way, then let go of threads and connections."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """The same as `aclose`, blocking."""
        self._threads.shutdown(wait=True)
        for session in self._sessions:
            session.close()


def what_failed(trouble: Exception, exchange: Exchange) -> tuple[ErrorCode, bool]:
    """The kind of a failure on the wire, and whether it is sure that nothing of the request arrived."""
    causes = set(causes_of(trouble))
    if TooLate in causes:
        return ErrorCode.TIMEOUT, True
    if urllib3.exceptions.NameResolutionError in causes:
        return ErrorCode.DNS, True
    if requests.ConnectTimeout in causes:
        return ErrorCode.TIMEOUT, True
    if urllib3.exceptions.NewConnectionError in causes:
        return ErrorCode.REFUSED, True
    if requests.exceptions.SSLError in causes or urllib3.exceptions.SSLError in causes:
        return ErrorCode.TLS, not exchange.left
    if requests.exceptions.ProxyError in causes:
        return ErrorCode.REFUSED, not exchange.left
    if causes & {requests.Timeout, requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError}:
        return ErrorCode.TIMEOUT, False
    return ErrorCode.UNAVAILABLE, False


def causes_of(trouble: BaseException) -> list[type]:
    """The types (with bases) of an exception and of those it was made from; requests hides urllib3's in `args`."""
    found: list[type] = []
    queue: list[object] = [trouble]
    for _ in range(10):
        if not queue:
            break
        current = queue.pop()
        if isinstance(current, BaseException):
            found += type(current).__mro__
            queue += [*current.args, getattr(current, "reason", None)]
    return found
