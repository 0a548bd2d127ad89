from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from stories_qa.importers import BacklogUnreadable
from stories_qa.models import BacklogUpload, Project, Story
from stories_qa.tasks import import_upload, read_upload
from stories_qa.uploads import confirm, start

pytestmark = pytest.mark.django_db
State = BacklogUpload.State


@pytest.fixture
def shop(settings: Any, tmp_path: Path) -> Project:
    settings.MEDIA_ROOT = tmp_path
    return Project.objects.create(key="SHOP", name="Storefront")


@pytest.fixture
def mira() -> User:
    return User.objects.create_user("mira", first_name="Mira", last_name="Kovač")


def uploaded(project: Project, by: User, data: bytes, name: str = "a.txt") -> BacklogUpload:
    return start(project, by, SimpleUploadedFile(name, data))


def test_an_upload_is_read_then_shown_then_brought_in(shop: Project, mira: User, tmp_path: Path) -> None:
    upload = uploaded(shop, mira, b"Pay\nFind\n")
    assert upload.state == State.READING

    read_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.report["new"], upload.report["stored"]) == (State.READY, 2, False)
    assert not Story.objects.exists()

    assert confirm(upload, mira)
    import_upload(upload.pk, "Mira Kovač")
    upload.refresh_from_db()
    assert (upload.state, upload.report["new"], upload.report["stored"]) == (State.DONE, 2, True)
    assert [story.updated_by for story in Story.objects.all()] == ["Mira Kovač"] * 2


def test_tasks_that_run_twice_do_it_once(shop: Project, mira: User) -> None:
    upload = uploaded(shop, mira, b"Pay\n")
    read_upload(upload.pk)
    read_upload(upload.pk)
    confirm(upload, mira)

    import_upload(upload.pk, "Mira")
    import_upload(upload.pk, "Mira")

    assert Story.objects.count() == 1


def test_only_one_of_two_people_can_confirm(shop: Project, mira: User) -> None:
    upload = uploaded(shop, mira, b"Pay\n")
    read_upload(upload.pk)

    assert [confirm(upload, mira), confirm(upload, mira)] == [True, False]


def test_a_file_that_cannot_be_read_fails_with_the_sentence(shop: Project, mira: User) -> None:
    upload = uploaded(shop, mira, b"PK\x03\x04", "backlog.txt")

    read_upload(upload.pk)

    upload.refresh_from_db()
    assert upload.state == State.FAILED
    assert "zip archive" in upload.report["error"]
    assert upload.report["problems"][0]["code"] == "zip"


def test_a_file_over_the_limit_is_refused_before_it_is_stored(shop: Project, mira: User, settings: Any) -> None:
    settings.BACKLOG_MAX_BYTES = 10

    with pytest.raises(BacklogUnreadable, match="Split it"):
        uploaded(shop, mira, b"x" * 11)

    assert not BacklogUpload.objects.exists()


def test_the_uploaded_name_never_becomes_a_path(shop: Project, mira: User, tmp_path: Path) -> None:
    upload = uploaded(shop, mira, b"Pay\n", "../../evil.txt")

    assert Path(upload.file.path).parent == tmp_path / "backlogs"
    assert upload.file_name == "evil.txt"
    assert "evil" not in upload.file.name


def test_a_file_that_is_gone_says_so(shop: Project, mira: User) -> None:
    upload = uploaded(shop, mira, b"Pay\n")
    upload.file.storage.delete(upload.file.name)

    read_upload(upload.pk)

    upload.refresh_from_db()
    assert upload.report["error"] == "The uploaded file is gone. Upload it again."
