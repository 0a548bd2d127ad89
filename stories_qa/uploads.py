"""An uploaded backlog on its way: stored, read in a task, shown, and brought in when somebody says so."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from stories_qa.importers import MAX_BYTES, BacklogUnreadable, ParsedBacklog, Problem, read
from stories_qa.importers.reading import too_large
from stories_qa.models import BacklogUpload, Project
from stories_qa.report import ImportReport
from stories_qa.store import bring_in, compare

State = BacklogUpload.State
LATE = timedelta(seconds=60)  # work on a file takes seconds; after this it may have been lost, and can be asked again

log = logging.getLogger(__name__)


def start(project: Project, by: User, file: UploadedFile[Any], format: str = "auto") -> BacklogUpload:
    """Store what was uploaded; it is read after the request. Raises BacklogUnreadable when it is too large."""
    limit = int(getattr(settings, "BACKLOG_MAX_BYTES", MAX_BYTES))
    if file.size is not None and file.size > limit:
        raise too_large(file.size, limit)
    name = PurePath(file.name or _("file")).name[:255]
    with transaction.atomic():
        # Stored under a name of our own: the uploaded one is only shown.
        upload = BacklogUpload(project=project, uploaded_by=by, file_name=name, format=format)
        upload.file.save(f"{upload.uid}", file, save=False)
        upload.save()
        _read_soon(upload.pk)
    return upload


def confirm(upload: BacklogUpload, by: User) -> bool:
    """Have a shown upload brought in; False when it is not waiting for that (somebody was faster)."""
    with transaction.atomic():
        if not _move(upload.pk, State.READY, State.IMPORTING):
            return False
        _bring_in_soon(upload.pk, by)
    upload.state = State.IMPORTING
    return True


def try_again(upload: BacklogUpload, by: User) -> bool:
    """Ask once more for work that could not be asked for, or that nobody has done for a minute. False when there is
    none. The tasks may run twice, so at worst a slow worker's work is done once more."""
    with transaction.atomic():
        if could_not_start(upload):
            if not _move(upload.pk, State.FAILED, State.READING):
                return False
        elif not is_late(upload) or not _move(upload.pk, upload.state, upload.state):
            return False
        if upload.state == State.IMPORTING:
            _bring_in_soon(upload.pk, by)
        else:
            _read_soon(upload.pk)
    return True


def could_not_start(upload: BacklogUpload) -> bool:
    """Whether the file is stored and unread because the queue was away."""
    return upload.state == State.FAILED and upload.report.get("code") == "queue_away"


def is_late(upload: BacklogUpload) -> bool:
    return upload.state in {State.READING, State.IMPORTING} and timezone.now() - upload.since > LATE


def _read_soon(upload_id: int) -> None:
    from stories_qa.tasks import read_upload  # tasks calls back into this module

    def send() -> None:
        try:
            read_upload.delay(upload_id)
        except OperationalError as away:
            log.error("Upload %s cannot be read now, the queue does not answer: %s", upload_id, away)
            report = {"code": "queue_away", "error": _("The queue that hands work to the workers does not answer.")}
            BacklogUpload.objects.filter(pk=upload_id, state=State.READING).update(state=State.FAILED, report=report)

    transaction.on_commit(send)


def _bring_in_soon(upload_id: int, by: User) -> None:
    from stories_qa.tasks import import_upload

    def send() -> None:
        try:
            import_upload.delay(upload_id, by.get_full_name() or by.get_username())
        except OperationalError as away:
            # Back to where a person can say so again; what would come in is still shown.
            log.error("Upload %s cannot be brought in now, the queue does not answer: %s", upload_id, away)
            with transaction.atomic():
                upload = BacklogUpload.objects.select_for_update().get(pk=upload_id)
                upload.report = {**upload.report, "code": "queue_away"}
                upload.save(update_fields=["report"])
                _move(upload_id, State.IMPORTING, State.READY)

    transaction.on_commit(send)


def look(upload_id: int) -> None:
    """Read the file and note what would come in. Safe to run twice."""
    upload = BacklogUpload.objects.select_related("project").filter(pk=upload_id, state=State.READING).first()
    if upload is None:
        return
    parsed = _parsed(upload, State.READING)
    if parsed is not None:
        _finish(upload, State.READING, State.READY, compare(upload.project, parsed).as_json())


def carry_out(upload_id: int, by: str) -> None:
    """Bring the file in. Safe to run twice: what is in already is unchanged the second time."""
    upload = BacklogUpload.objects.select_related("project").filter(pk=upload_id, state=State.IMPORTING).first()
    if upload is None:
        return
    parsed = _parsed(upload, State.IMPORTING)
    if parsed is None:
        return
    with transaction.atomic():
        report = bring_in(upload.project, parsed, by=by)
        _finish(upload, State.IMPORTING, State.DONE, report.as_json())
        transaction.on_commit(lambda: upload.file.storage.delete(str(upload.file.name)))


def _parsed(upload: BacklogUpload, state: str) -> ParsedBacklog | None:
    try:
        try:
            with upload.file.open("rb") as stored:
                data = stored.read()
        except FileNotFoundError as gone:
            raise BacklogUnreadable(_("The uploaded file is gone. Upload it again."), "not_found") from gone
        return read(data, upload.file_name, upload.format)
    except BacklogUnreadable as unreadable:
        problem = Problem(upload.file_name, unreadable.line, unreadable.reason, unreadable.code)
        report = ImportReport(upload.file_name, "", upload.project.key, problems=[problem])
        _finish(upload, state, State.FAILED, {**report.as_json(), "error": unreadable.reason})
        return None


def _finish(upload: BacklogUpload, before: str, after: str, report: dict[str, Any]) -> None:
    BacklogUpload.objects.filter(pk=upload.pk, state=before).update(state=after, report=report, since=timezone.now())


def _move(pk: int, before: str, after: str) -> bool:
    return BacklogUpload.objects.filter(pk=pk, state=before).update(state=after, since=timezone.now()) == 1
