"""What every request to the REST API passes: the log, the token buckets, the latency, the faults.

An ASGI program around the real one. It holds each answer back until it is complete, so that a connection can be
dropped after the write and before the first byte.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jira_integration.sandbox.bucket import Bucket
from jira_integration.sandbox.clock import Clock
from jira_integration.sandbox.fault_answers import (
    body_of,
    bucket_answer,
    bucket_headers,
    http_date,
    made_up,
    rule_headers,
    user_bucket_answer,
    user_bucket_headers,
    with_headers,
)
from jira_integration.sandbox.faults import MADE_UP, Rule
from jira_integration.sandbox.web_guard import MACHINES

ABORT = "sandbox.abort"  # the scope extension by which server.py lets us drop a connection
_AS_NOBODY = {"x-seraph-loginreason": "AUTHENTICATED_FAILED"}
_READING_POSTS = re.compile(
    r"/rest/api/\d/(search(/jql|/approximate-count)?|issue/bulkfetch|changelog/bulkfetch|comment/list|jql/.*)"
)
_GATEWAY = re.compile(r"^/ex/jira/[^/]+")
_BODY_LIMIT = 50 * 1024 * 1024  # bytes


@dataclass
class Entry:
    """One request. `at` and `done` are seconds since the epoch; `status` is None while under way or when dropped."""

    n: int
    method: str
    path: str
    query: str
    at: float
    write: bool
    issues: int | None = None  # elements of a bulk create
    status: int | None = None
    done: float | None = None
    fault: str = ""
    body: Any = None
    answer: Any = None


@dataclass
class Traffic:
    """What the control endpoints read and change: the log, the rules, the buckets, the latency."""

    keep_bodies: bool = False
    latency_ms: int = 0
    latency_per_issue_ms: int = 0
    rules: list[Rule] = field(default_factory=list)
    buckets: list[Bucket] = field(default_factory=list)
    log: list[Entry] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    date_skew_ms: int = 0  # how far the Date header is from the site's clock
    sabotage: list[str] = field(default_factory=list)  # sabotage.py: what was done, and what was before it
    undo: Any = None
    user_bucket: Bucket | None = None  # Data Center's own limit, told on every answer


@dataclass(frozen=True)
class _Exchange:
    """One request on its way, and what its answer is to say about limits."""

    scope: Scope
    receive: Receive
    send: Send
    body: bytes
    limits: dict[str, str]


class Gate:
    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self.app = app
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(MACHINES):
            await self.app(scope, receive, send)
            return
        body = await _whole_body(receive)
        if body is None:
            return
        entry = self._enter(scope, body)
        limits = self._drawn(entry, scope)
        if isinstance(limits, list):
            await self._answer(entry, send, limits)
            return
        rule = next((r for r in self.traffic.rules if r.matches(entry.method, entry.path)), None)
        pause_ms = self.traffic.latency_ms + self.traffic.latency_per_issue_ms * (entry.issues or 0)
        if pause_ms:
            await asyncio.sleep(pause_ms / 1000)
        if rule is not None:
            entry.fault = rule.kind
            await self._go_wrong(rule, entry, _Exchange(scope, receive, send, body, limits))
            return
        answer = await _collected(self.app, scope, body)
        await self._answer(entry, send, with_headers(answer, limits))

    async def _go_wrong(self, rule: Rule, entry: Entry, exchange: _Exchange) -> None:
        scope, receive, send = exchange.scope, exchange.receive, exchange.send
        if rule.kind == "close_before_write":
            await self._drop(entry, scope, receive)
            return
        if rule.kind in MADE_UP and rule.when == "before":
            await self._answer(entry, send, made_up(rule, self.traffic.clock.now_ms()))
            return
        if rule.kind == "stall" and rule.when == "before" and not await self._stall(entry, scope, receive, rule):
            return
        if rule.kind == "anonymous":
            scope = {**scope, "headers": [h for h in scope["headers"] if h[0].lower() != b"authorization"]}
        answer = with_headers(await _collected(self.app, scope, exchange.body), exchange.limits)
        now = self.traffic.clock.now_ms()
        match rule.kind:
            case "close_after_write":
                await self._drop(entry, scope, receive)
            case "stall":
                if rule.when == "before" or await self._stall(entry, scope, receive, rule):
                    await self._answer(entry, send, answer)
            case "drip":
                await self._drip(entry, receive, send, answer, rule)
            case "truncated":
                await self._cut(entry, scope, receive, send, answer, rule)
            case "anonymous":
                await self._answer(entry, send, with_headers(answer, {**_AS_NOBODY, **rule_headers(rule, now)}))
            case "headers":
                await self._answer(entry, send, with_headers(answer, rule_headers(rule, now)))
            case _:
                await self._answer(entry, send, made_up(rule, now))

    def _drawn(self, entry: Entry, scope: Scope) -> list[Message] | dict[str, str]:
        """A token from every bucket that cares, and what the answer says of them; or the refusal."""
        now = self.traffic.clock.now_ms()
        asked = [(b, key) for b in self.traffic.buckets if (key := b.counts(entry.method, entry.path)) is not None]
        for bucket, key in asked:
            if bucket.wait_ms(key, now):
                bucket.refused += 1
                entry.fault = "bucket"
                return bucket_answer(bucket, key, now)
        user = self.traffic.user_bucket
        if user is not None:
            who = hashlib.sha256(next((v for k, v in scope["headers"] if k == b"authorization"), b"")).hexdigest()
            if user.wait_ms(who, now):
                user.refused += 1
                entry.fault = "bucket"
                return user_bucket_answer(user, who, now)
            user.take(who, now)
            asked_of_user = user_bucket_headers(user, who, now)
        headers: dict[str, str] = {}
        # The tightest is told last, and so wins.
        for bucket, key in sorted(asked, key=lambda pair: -pair[0].left(pair[1], now)):
            bucket.take(key, now)
            headers |= bucket_headers(bucket, key, now)
        return headers if user is None else asked_of_user | headers

    def _enter(self, scope: Scope, body: bytes) -> Entry:
        method, path = scope["method"], scope["path"]
        inside = _GATEWAY.sub("", path)
        reads = method == "POST" and _READING_POSTS.fullmatch(inside)
        write = method in {"POST", "PUT", "DELETE"} and inside.startswith("/rest/") and not reads
        query = scope["query_string"].decode("latin-1")
        entry = Entry(len(self.traffic.log) + 1, method, path, query, time.time(), write)
        parsed = _json(body) if path.endswith("/issue/bulk") or self.traffic.keep_bodies else None
        if path.endswith("/issue/bulk") and isinstance(parsed, dict) and isinstance(parsed.get("issueUpdates"), list):
            entry.issues = len(parsed["issueUpdates"])
        if self.traffic.keep_bodies:
            entry.body = parsed
        self.traffic.log.append(entry)
        return entry

    def _answered(self, entry: Entry, answer: list[Message]) -> list[Message]:
        """Note the answer, and give it the site's own time."""
        entry.status, entry.done = answer[0]["status"], time.time()
        if self.traffic.keep_bodies:
            entry.answer = _json(body_of(answer))
        return with_headers(answer, {"date": http_date(self.traffic.clock.now_ms() + self.traffic.date_skew_ms)})

    async def _answer(self, entry: Entry, send: Send, answer: list[Message]) -> None:
        for message in self._answered(entry, answer):
            await send(message)

    async def _drip(self, entry: Entry, receive: Receive, send: Send, answer: list[Message], rule: Rule) -> None:
        """Some bytes at a time, so that no single read of the client ever times out."""
        start, *_ = self._answered(entry, answer)
        await send(start)
        body, size = body_of(answer), rule.bytes or 1
        for at in range(0, len(body), size):
            await send({"type": "http.response.body", "body": body[at : at + size], "more_body": True})
            with suppress(TimeoutError):
                await asyncio.wait_for(_hung_up(receive), 0.5 if rule.seconds is None else rule.seconds)
                return
        await send({"type": "http.response.body", "body": b""})
        entry.done = time.time()

    async def _cut(
        self, entry: Entry, scope: Scope, receive: Receive, send: Send, answer: list[Message], rule: Rule
    ) -> None:
        """Half of the answer, or the first bytes of it: whole as HTTP, or ended before its length is reached."""
        body = body_of(answer)
        kept = body[: rule.bytes or len(body) // 2]
        start, *_ = self._answered(entry, answer)
        if rule.then == "answer":
            start, *_ = with_headers([start], {"content-length": str(len(kept))})
            await send(start)
            await send({"type": "http.response.body", "body": kept})
            return
        await send(start)
        await send({"type": "http.response.body", "body": kept, "more_body": True})
        _ends(scope)["after_sent"]()
        await _hung_up(receive)

    async def _drop(self, entry: Entry, scope: Scope, receive: Receive) -> None:
        """Close the connection without a byte."""
        entry.done = time.time()
        _ends(scope)["now"]()
        await _hung_up(receive)

    async def _stall(self, entry: Entry, scope: Scope, receive: Receive, rule: Rule) -> bool:
        """Say nothing for a while; True when the request goes on after it."""
        try:
            await asyncio.wait_for(_hung_up(receive), rule.seconds)
        except TimeoutError:
            if rule.then == "close":
                await self._drop(entry, scope, receive)
                return False
            return True
        entry.done = time.time()
        return False


def _ends(scope: Scope) -> dict[str, Callable[[], None]]:
    ends: dict[str, Callable[[], None]] | None = scope.get("extensions", {}).get(ABORT)
    if ends is None:
        raise RuntimeError("A connection can only be dropped when server.py runs the program.")
    return ends


async def _whole_body(receive: Receive) -> bytes | None:
    """None when the client hung up before it had said everything."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size <= _BODY_LIMIT:
            parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _collected(app: ASGIApp, scope: Scope, body: bytes) -> list[Message]:
    """Run the program on a body already read and keep its answer."""
    messages: list[Message] = []
    unread = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return unread.pop() if unread else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    return messages


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
