"""The door of the web face and the control endpoints, which know no login.

They listen on loopback, so what is left to fear is another page in the same browser: one that posts here, or one
whose name was made to point at this machine. The REST API has a login of its own and is let through.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from jira_integration.sandbox.settings import SandboxSettings

# For programs, which bring a login with each request.
MACHINES = ("/rest/", "/ex/", "/oauth/token", "/app/", "/_edge/")


class WebGuard:
    def __init__(self, app: ASGIApp, settings: SandboxSettings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(MACHINES):
            reason = self._objection(scope)
            if reason:
                await PlainTextResponse(reason, status_code=403)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _objection(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if self.settings.web_hosts and name.strip("[]") not in self.settings.web_hosts:
            return "The sandbox's pages are open under this machine's own name only."
        if scope["method"] in {"GET", "HEAD"}:
            return ""
        # A browser sends at least one of the two with every form; programs send neither.
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return "This form was sent from another site."
        origin = headers.get("origin", "")
        if origin and origin != f"{scope['scheme']}://{host}":
            return "This form was sent from another site."
        return ""
