"""The web face."""

from __future__ import annotations

from starlette.routing import Route


def web_routes() -> list[Route]:
    return []
