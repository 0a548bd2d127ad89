"""The tasks that keep the database small and count what it holds. Beat calls them, by way of tasks.py."""

from __future__ import annotations

import logging

from celery import shared_task

from jira_integration import audit
from jira_integration.export.expiry import empty_old
from jira_integration.export.keepsake import forget_old
from jira_integration.figures import count_stories
from jira_integration.setup.counted import forget_hours

log = logging.getLogger(__name__)


@shared_task
def remove_old() -> None:
    """Empty what old runs and previews hold, forget what undos of old runs need, and purge the audit trail, as the
    settings say. May run twice."""
    plans, items = empty_old(), forget_old()
    log.info("%s plans emptied, %s items cannot be undone any more.", plans, items)
    log.info("%s audit entries purged.", audit.purge())
    forget_hours()


@shared_task
def count_days() -> None:
    """Put down how the stories of each connected backlog stand today. May run twice: the day's last look stays."""
    count_stories()
