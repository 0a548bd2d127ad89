"""What every request to the REST API passes: the log, the latency, the faults.

An ASGI program around the real one. It holds each answer back until it is complete, so that a connection can be
dropped after the write and before the first byte.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jira_integration.sandbox.faults import Rule

ABORT = "sandbox.abort"  # the scope extension by which server.py lets us drop a connection
_READING_POSTS = re.compile(
    r"/rest/api/\d/(search(/jql|/approximate-count)?|issue/bulkfetch|changelog/bulkfetch|comment/list|jql/.*)"
)
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
    """What the control endpoints read and change: the log, the rules, the latency."""

    keep_bodies: bool = False
    latency_ms: int = 0
    latency_per_issue_ms: int = 0
    rules: list[Rule] = field(default_factory=list)
    log: list[Entry] = field(default_factory=list)


class Gate:
    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self.app = app
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/rest/"):
            await self.app(scope, receive, send)
            return
        body = await _whole_body(receive)
        if body is None:
            return
        entry = self._enter(scope, body)
        rule = next((r for r in self.traffic.rules if r.matches(entry.method, entry.path)), None)
        entry.fault = rule.kind if rule else ""
        pause_ms = self.traffic.latency_ms + self.traffic.latency_per_issue_ms * (entry.issues or 0)
        if pause_ms:
            await asyncio.sleep(pause_ms / 1000)
        match rule.kind if rule else "":
            case "close_before_write":
                await self._drop(entry, scope, receive)
                return
            case "status":
                await self._answer(entry, send, _made_up(rule))
                return
            case "stall":
                if not await self._stall(entry, scope, receive, rule):
                    return
        answer = await _collected(self.app, scope, body)
        if rule is not None and rule.kind == "close_after_write":
            await self._drop(entry, scope, receive)
            return
        await self._answer(entry, send, answer)

    def _enter(self, scope: Scope, body: bytes) -> Entry:
        method, path = scope["method"], scope["path"]
        write = method in {"POST", "PUT", "DELETE"} and not (method == "POST" and _READING_POSTS.fullmatch(path))
        query = scope["query_string"].decode("latin-1")
        entry = Entry(len(self.traffic.log) + 1, method, path, query, time.time(), write)
        parsed = _json(body) if path.endswith("/issue/bulk") or self.traffic.keep_bodies else None
        if path.endswith("/issue/bulk") and isinstance(parsed, dict) and isinstance(parsed.get("issueUpdates"), list):
            entry.issues = len(parsed["issueUpdates"])
        if self.traffic.keep_bodies:
            entry.body = parsed
        self.traffic.log.append(entry)
        return entry

    async def _answer(self, entry: Entry, send: Send, messages: list[Message]) -> None:
        entry.status, entry.done = messages[0]["status"], time.time()
        if self.traffic.keep_bodies:
            entry.answer = _json(b"".join(m.get("body", b"") for m in messages[1:]))
        for message in messages:
            await send(message)

    async def _drop(self, entry: Entry, scope: Scope, receive: Receive) -> None:
        """Close the connection without a byte."""
        entry.done = time.time()
        abort = scope.get("extensions", {}).get(ABORT)
        if abort is None:
            raise RuntimeError("A connection can only be dropped when server.py runs the program.")
        abort["now"]()
        await _hung_up(receive)

    async def _stall(self, entry: Entry, scope: Scope, receive: Receive, rule: Rule | None) -> bool:
        """Say nothing for a while; True when the request goes on after it."""
        seconds = rule.seconds if rule else None
        try:
            await asyncio.wait_for(_hung_up(receive), seconds)
        except TimeoutError:
            if rule is not None and rule.then == "close":
                await self._drop(entry, scope, receive)
                return False
            return True
        entry.done = time.time()
        return False


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


def _made_up(rule: Rule | None) -> list[Message]:
    if rule is None:
        raise ValueError("An answer can only be made up from a rule.")
    text = rule.body if isinstance(rule.body, str) else json.dumps(rule.body if rule.body is not None else {})
    headers = {"content-type": "text/html" if isinstance(rule.body, str) else "application/json"}
    headers |= {k.lower(): v for k, v in rule.headers.items()}
    raw = text.encode()
    headers["content-length"] = str(len(raw))
    return [
        {
            "type": "http.response.start",
            "status": rule.status,
            "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()],
        },
        {"type": "http.response.body", "body": raw},
    ]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
