from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from config.celery import app as celery_app
from stories_qa.models import BacklogUpload, Project, Story
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
