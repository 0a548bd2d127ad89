"""The tasks that keep the database small. Beat calls them; Celery finds them through tasks.py."""

from __future__ import annotations

import logging

from celery import shared_task

from jira_integration import audit
from jira_integration.export.expiry import empty_old
from jira_integration.export.keepsake import forget_old

log = logging.getLogger(__name__)


@shared_task
def remove_old() -> None:
    """Empty what old runs and previews hold, forget what undos of old runs need, and purge the audit trail, as the
    settings say. May run twice."""
    plans, items = empty_old(), forget_old()
    log.info("%s plans emptied, %s items cannot be undone any more.", plans, items)
    log.info("%s audit entries purged.", audit.purge())
