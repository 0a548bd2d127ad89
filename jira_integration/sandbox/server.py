"""Running the program under uvicorn, with the one thing ASGI lacks: dropping a connection without an answer."""

from __future__ import annotations

from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from jira_integration.sandbox.gate import ABORT


class DroppableProtocol(HttpToolsProtocol):
    """Puts the transport's two ways to end into each request's scope: at once, and after what was sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = cast(ASGIApp, self.app)

        async def with_abort(scope: Scope, receive: Receive, send: Send) -> None:
            ends = {"now": self.transport.abort, "after_sent": self.transport.close}
            scope.setdefault("extensions", {})[ABORT] = ends
            await inner(scope, receive, send)

        self.app = with_abort


def make_server(
    app: ASGIApp, *, host: str = "127.0.0.1", port: int = 8001, tls_cert: str = "", tls_key: str = ""
) -> uvicorn.Server:
    """A server to `.run()`; give `.run(sockets=[…])` a bound socket to choose the port beforehand."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=DroppableProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,  # the gate tells the site's own time
        timeout_graceful_shutdown=2,
        ssl_certfile=tls_cert or None,
        ssl_keyfile=tls_key or None,
    )
    return uvicorn.Server(config)
