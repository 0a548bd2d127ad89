"""Starting tasks, whether the broker is there or not."""

from __future__ import annotations

import logging
from datetime import datetime

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def start(task: Task[[int], None], pk: int, at: datetime | None = None) -> None:
    """Start a task once what it needs is committed. When the broker is away nothing is lost: the sweep finds what
    nobody drives, and whoever asked goes on."""

    def send() -> None:
        try:
            if at is None:
                task.delay(pk)
            else:
                task.apply_async(args=(pk,), eta=at)
        except OperationalError as away:
            log.warning("%s %s waits for the next sweep: %s", task.name, pk, away)

    transaction.on_commit(send)
