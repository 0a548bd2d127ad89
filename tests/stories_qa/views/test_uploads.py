from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from config.celery import app as celery_app
from stories_qa.models import BacklogUpload, Project, Story
from tests.conftest import point_celery_at
from tests.stories_qa.views.conftest import Visitor

IMPORT = "/p/SHOP/import/"


@pytest.fixture(autouse=True)
def at_once(tmp_path: object, settings: Settings) -> Iterator[None]:
    """Tasks run where they are started, when the transaction is done; files go to a folder of the test."""
    settings.MEDIA_ROOT = tmp_path
    celery_app.conf.task_always_eager = True
    yield
    celery_app.conf.task_always_eager = False


@pytest.fixture
def upload(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> object:
    def send(client: Client, content: bytes, name: str = "backlog.txt", **fields: str) -> object:
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(IMPORT, {"file": SimpleUploadedFile(name, content), "format": "auto", **fields})

    return send


@pytest.fixture
def no_queue() -> Iterator[None]:
    """The broker is a port where nobody listens."""
    celery_app.conf.task_always_eager = False
    before = celery_app.conf.broker_url
    point_celery_at("redis://127.0.0.1:1/0")
    yield
    point_celery_at(before)


def zipped() -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("backlog.txt", "As a guest I want to pay")
    return made.getvalue()


def test_a_file_is_shown_before_anything_is_stored(shop: Project, visit: Visitor, upload: object) -> None:
    editor = visit("editor")

    answer = upload(editor, b"As a guest I want to pay\nAs a guest I want to return <b>things</b>\n")  # type: ignore[operator]
    page = editor.get(answer.headers["Location"]).content.decode()

    assert answer.status_code == 303
    assert Story.objects.count() == 2
    assert "Bring in 2 items" in page
    assert "&lt;b&gt;things" in page


def test_bringing_in_twice_stores_once(
    shop: Project, visit: Visitor, upload: object, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    editor = visit("editor")
    where = upload(editor, b"As a guest I want to pay\n").headers["Location"]  # type: ignore[operator]

    for _time in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            editor.post(where)

    page = editor.get(where).content.decode()
    assert Story.objects.filter(title="As a guest I want to pay").count() == 1
    assert "1 new and 0 changed are in the backlog now" in page
    again = upload(editor, b"As a guest I want to pay\n").headers["Location"]  # type: ignore[operator]
    assert "Everything in this file is here already." in editor.get(again).content.decode()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (zipped(), "backlog.zip"),
        (zipped(), "backlog.txt"),
        ("As a guest\n".encode("utf-16")[3:] + b"\xff\xfe\xff", "backlog.txt"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "picture.png"),
        (b'{"stories": [', "backlog.json"),
    ],
)
def test_a_file_that_is_no_backlog_says_why_and_that_nothing_was_stored(
    content: bytes, name: str, shop: Project, visit: Visitor, upload: object
) -> None:
    editor = visit("editor")

    where = upload(editor, content, name).headers["Location"]  # type: ignore[operator]
    page = editor.get(where).content.decode()

    assert BacklogUpload.objects.get().state == "failed"
    assert "This file cannot be read" in page and "Nothing was stored." in page
    assert BacklogUpload.objects.get().report["error"]


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "The file is empty"), (b"x" * 2_000_000, "up to 1 MB come in at once")]
)
def test_an_empty_or_too_large_file_is_refused_beside_the_field(
    content: bytes, reason: str, shop: Project, visit: Visitor, upload: object, settings: Settings
) -> None:
    settings.BACKLOG_MAX_BYTES = 1024 * 1024

    answer = upload(visit("editor"), content)  # type: ignore[operator]

    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert 'href="#id_file"' in answer.content.decode()


def test_no_file_at_all_is_said(shop: Project, visit: Visitor) -> None:
    answer = visit("editor").post(IMPORT, {"format": "auto"})

    assert answer.status_code == 422
    assert "Choose a file." in answer.content.decode()


def test_an_upload_is_found_in_its_own_project_only(shop: Project, visit: Visitor, upload: object) -> None:
    where = upload(visit("editor"), b"As a guest I want to pay\n").headers["Location"]  # type: ignore[operator]

    assert visit("stranger").get(where).status_code == 404
    assert visit("stranger").get(where.replace("SHOP", "OTHER")).status_code == 404
    assert visit("viewer").get(where).status_code == 403
    assert visit("").get(where).status_code == 302


def test_the_last_imports_are_listed(shop: Project, visit: Visitor, upload: object) -> None:
    editor = visit("editor")
    upload(editor, b"As a guest I want to pay\n", "sprint <7>.txt")  # type: ignore[operator]

    assert "sprint &lt;7&gt;.txt" in editor.get(IMPORT).content.decode()


def back_again(before: str) -> None:
    point_celery_at(before)
    celery_app.conf.task_always_eager = True


def test_a_file_that_comes_while_the_queue_is_away_is_kept_and_can_be_tried_again(
    shop: Project,
    visit: Visitor,
    upload: object,
    no_queue: None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    editor = visit("editor")

    answer = upload(editor, b"As a guest I want to pay\n")  # type: ignore[operator]
    where = answer.headers["Location"]
    page = editor.get(where).content.decode()

    assert answer.status_code == 303
    assert "The file was not read" in page and "does not answer" in page and "Try again" in page
    back_again("memory://")
    with django_capture_on_commit_callbacks(execute=True):
        assert editor.post(where, {"again": "1"}).status_code == 303
    assert "Bring in 1 item" in editor.get(where).content.decode()


def test_what_cannot_be_brought_in_while_the_queue_is_away_waits_for_another_click(
    shop: Project,
    visit: Visitor,
    upload: object,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    request: pytest.FixtureRequest,
) -> None:
    editor = visit("editor")
    where = upload(editor, b"As a guest I want to pay\n").headers["Location"]  # type: ignore[operator]
    request.getfixturevalue("no_queue")

    with django_capture_on_commit_callbacks(execute=True):
        assert editor.post(where).status_code == 303
    page = editor.get(where).content.decode()

    assert "Nothing was brought in" in page and "Bring in 1 item" in page
    back_again("memory://")
    with django_capture_on_commit_callbacks(execute=True):
        editor.post(where)
    assert "1 new and 0 changed are in the backlog now" in editor.get(where).content.decode()
    assert Story.objects.filter(title="As a guest I want to pay").count() == 1


@pytest.mark.parametrize("state", ["reading", "importing"])
def test_work_that_was_lost_can_be_asked_for_again_after_a_minute(
    state: str,
    shop: Project,
    visit: Visitor,
    upload: object,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    editor = visit("editor")
    where = upload(editor, b"As a guest I want to pay\n").headers["Location"]  # type: ignore[operator]
    BacklogUpload.objects.update(state=state, since=timezone.now() - timedelta(seconds=30))
    assert "Try again" not in editor.get(where).content.decode()
    editor.post(where, {"again": "1"})
    assert BacklogUpload.objects.get().state == state

    BacklogUpload.objects.update(since=timezone.now() - timedelta(seconds=90))
    page = editor.get(where).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        editor.post(where, {"again": "1"})

    assert "This takes longer than usual" in page and "Try again" in page
    assert BacklogUpload.objects.get().state == {"reading": "ready", "importing": "done"}[state]


def test_a_file_that_was_read_and_refused_cannot_be_tried_again(shop: Project, visit: Visitor, upload: object) -> None:
    editor = visit("editor")
    where = upload(editor, zipped()).headers["Location"]  # type: ignore[operator]

    editor.post(where, {"again": "1"})

    assert BacklogUpload.objects.get().state == "failed"
    assert "Try again" not in editor.get(where).content.decode()
