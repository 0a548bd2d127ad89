"""Celery's door to the host: reading and bringing in uploaded backlogs off the request."""

from __future__ import annotations

from celery import shared_task

from stories_qa import uploads


@shared_task(acks_late=True)
def read_upload(upload_id: int) -> None:
    """Safe to run twice: an upload that was read already is passed over."""
    uploads.look(upload_id)


@shared_task(acks_late=True)
def import_upload(upload_id: int, by: str) -> None:
    """Safe to run twice: an upload that came in already is passed over."""
    uploads.carry_out(upload_id, by)
