"""The context path of a Data Center site: the whole program lives under `/jira`, as an administrator chose.

Inside, paths are without it. Links in the program's own pages begin with `/`, so it is put before them here, once.
"""

from __future__ import annotations

import re

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OWN_LINK = re.compile(rb"""(\s(?:href|action|src)=["'])/(?!/)""")


class ContextPath:
    """Answers 404 outside the context, but for `/_sandbox`, by which tests command it."""

    def __init__(self, app: ASGIApp, context: str) -> None:
        self.app = app
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.context or scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        inside = path.removeprefix(self.context)
        if path.startswith("/_sandbox/"):
            inside = path
        elif inside == path or (inside and not inside.startswith("/")):
            page = HTMLResponse("<h1>HTTP Status 404 – Not Found</h1>", status_code=404)
            await page(scope, receive, send)
            return
        # `app_root_path` is what links are made with; the routes see the rest of the path.
        within = {**scope, "path": inside or "/", "raw_path": (inside or "/").encode(), "app_root_path": self.context}
        await self.app(within, receive, _Links(send, self.context.encode()))


class _Links:
    """Puts the context before the links of web pages and before where a form leads."""

    def __init__(self, send: Send, context: bytes) -> None:
        self.send = send
        self.context = context
        self.start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = {name.lower(): value for name, value in message["headers"]}
            place = headers.get(b"location", b"")
            if place.startswith(b"/") and not place.startswith(b"//"):
                message = _with(message, b"location", self.context + place)
            if headers.get(b"content-type", b"").startswith(b"text/html"):
                self.start = message
                return
        elif self.start is not None and message["type"] == "http.response.body" and not message.get("more_body"):
            body = _OWN_LINK.sub(rb"\1" + self.context + b"/", message.get("body", b""))
            await self.send(_with(self.start, b"content-length", str(len(body)).encode()))
            self.start = None
            message = {**message, "body": body}
        elif self.start is not None:
            start, self.start = self.start, None
            await self.send(start)
        await self.send(message)


def _with(start: Message, name: bytes, value: bytes) -> Message:
    kept = [pair for pair in start["headers"] if pair[0].lower() != name]
    return {**start, "headers": [*kept, (name, value)]}
