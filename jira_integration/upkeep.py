"""The tasks that keep the database small. Beat calls them; Celery finds them through tasks.py."""

from __future__ import annotations

import logging

from celery import shared_task

from jira_integration import audit
from jira_integration.export.expiry import empty_old

log = logging.getLogger(__name__)


@shared_task
def remove_old() -> None:
    """Empty what old runs and previews hold, and purge the audit trail, as the settings say. May run twice."""
    log.info("%s plans emptied, %s audit entries purged.", empty_old(), audit.purge())
