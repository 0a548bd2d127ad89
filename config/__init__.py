"""The site: settings, addresses, ASGI entry, Celery app and the local supervisor."""

from __future__ import annotations

from config.celery import app as celery_app

__all__ = ["celery_app"]
