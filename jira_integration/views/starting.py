"""Start a task once what it needs is committed."""

from __future__ import annotations

import logging

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def start(task: Task[[int], None], pk: int) -> None:
    """When the broker is away the page is shown all the same: the sweep finds what nobody drives."""

    def send() -> None:
        try:
            task.delay(pk)
        except OperationalError as away:
            logger.warning("%s %s waits for the next sweep: %s", task.name, pk, away)

    transaction.on_commit(send)
