"""What a person is told when what they gave is no good: what happened and what to do, by the real page.

Commands: tests/management/commands/test_jira_connect.py and tests/stories_qa/management/. Text that is only awkward,
all the way to Jira: tests/test_awkward_text.py; zero bytes: tests/test_zero_bytes.py.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from config.celery import app as celery_app
from jira_integration.models import ExportPlan, JiraConnection, ProjectMapping
from stories_qa.models import BacklogUpload, Project, Role, Story
from tests.jira_rows import a_backlog, a_mapping, a_person
from tests.sandbox_server import RunningSandbox, running_sandbox
from tests.views.wizard.other_sites import site_that_answers
from tests.views.wizard.visits import Visitor, text_of

pytestmark = pytest.mark.django_db
NEW = "/jira/connections/new/?project=SHOP"
AWKWARD = ["x" * 2000, "👩\u200d💻" * 200, "שלום عليكم", "<script>alert(1)</script>", "\u202egnp"]


@pytest.fixture
def project(db: None) -> Project:
    project = a_backlog(stories=1)
    project.take_numbers(1)
    return project


@pytest.fixture
def mira(project: Project, client: Client) -> Visitor:
    client.force_login(a_person("mira", project, Role.ADMIN))
    return Visitor(client)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


def says(answer: HttpResponse, happened: str, todo: str) -> None:
    """Refused, with both sentences, and announced as an error."""
    said = text_of(answer)
    assert answer.status_code == 422
    assert happened in said
    assert todo in said
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "happened", "todo"),
    [
        (
            "https://acme.invalid",
            "There is no Jira at acme.invalid. The name could not be found.",
            "Check the spelling.",
        ),
        ("http://acme.atlassian.net", "The address must start with https://.", "Use https in the address."),
        ("https://10.0.0.5", "10.0.0.5 may not be used from here.", "Use the public address of your Jira, or ask"),
        ("https://[fd00::1]", "may not be used from here.", "Use the public address of your Jira, or ask"),
        ("not an address", "“not an address” is not the address of a site.", "copy what is before /browse."),
        ("<script>alert(1)</script>", "is not the address of a site.", "copy what is before /browse."),
    ],
)
def test_an_address_that_is_none(typed: str, happened: str, todo: str, mira: Visitor) -> None:
    answer = mira.send(NEW, site_url=typed)

    says(answer, happened, todo)
    assert "<script>alert" not in answer.content.decode()
    assert not JiraConnection.objects.exists()


def test_a_web_page_instead_of_jira(mira: Visitor) -> None:
    with site_that_answers("<html><h1>Our intranet</h1></html>") as address:
        answer = mira.send(NEW, site_url=address)

    says(answer, "Something answered, but not as Jira does.", "Open Jira in a tab and copy what is before /browse.")


@pytest.mark.parametrize("anonymous", [False, True], ids=["401", "200 for nobody"])
def test_a_bad_token(anonymous: bool, mira: Visitor, sandbox: RunningSandbox) -> None:
    nobody = {
        "kind": "status",
        "path": "/rest/api/3/myself",
        "status": 200,
        "headers": {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"},
        "body": {},
    }
    mira.send(NEW, site_url=sandbox.url)
    sandbox.faults(*([nobody] if anonymous else []))
    step = mira.step(JiraConnection.objects.get().pk, "sign-in")

    answer = mira.send(step, user_name=sandbox.user, token="a-token-that-is-wrong", login="api_token")
    sandbox.faults()

    says(answer, "Jira did not accept the e-mail and token.", "token")
    assert "a-token-that-is-wrong" not in answer.content.decode()
    assert JiraConnection.objects.get().secret is None


def test_a_project_that_jira_does_not_have(mira: Visitor, sandbox: RunningSandbox) -> None:
    pk = mira.connect(sandbox)

    answer = mira.get(f"{mira.step(pk, 'project')}&jira_project=424242")

    said = text_of(answer)
    assert "QA Bot cannot see the Jira project 424242." in said
    assert "Choose another project, or ask a Jira admin to let QA Bot in." in said
    assert not ProjectMapping.objects.exclude(jira_project_id="").exists()


def test_nothing_to_export(mira: Visitor, project: Project) -> None:
    a_mapping(project)

    answer = mira.post("/p/SHOP/jira/plans/", {"story": "US-404"})

    assert answer.status_code == 422
    assert "There is nothing to export." in text_of(answer)
    assert 'href="/p/SHOP/stories/"' in answer.content.decode()
    assert not ExportPlan.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("title", "x" * 2001, "The title has 2001 characters; 2,000 is the most."),
        ("title", " \n ", "Enter a title."),
        ("title", "\u202e\x00", "This holds a character that cannot be stored (code 0)"),
        ("description", "x" * 200_001, "This has 200001 characters; 200000 is the most. Shorten it."),
        ("labels", "x" * 2001, "This has 2001 characters; 2000 is the most. Shorten it."),
        ("points", "many", "Story points are a number, for example 3 or 0.5."),
        ("points", "-1", "Story points go from 0 to 9999.9"),
        ("points", "123456", "Story points go from 0 to 9999.9"),
        ("points", "0.25", "Story points go from 0 to 9999.9"),
    ],
)
def test_a_story_that_cannot_be_stored(field: str, value: str, said: str, mira: Visitor) -> None:
    form = {"title": "Pay", "status": "backlog", "priority": "medium", field: value}

    answer = mira.post("/p/SHOP/stories/new/", form)

    says(answer, "There is a problem", said)
    assert f'href="#id_{field}"' in answer.content.decode()
    assert Story.objects.count() == 1


@pytest.mark.parametrize("title", AWKWARD)
def test_titles_that_are_only_awkward_come_in_as_they_are(title: str, mira: Visitor) -> None:
    form = {"title": title, "status": "backlog", "priority": "medium"}

    answer = mira.post("/p/SHOP/stories/new/", form)

    assert answer.status_code == 303
    assert Story.objects.exclude(key="US-1").get().title == title
    assert "<script>alert" not in mira.get(answer.headers["Location"]).content.decode()


def zipped() -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("backlog.txt", "As a guest I want to pay")
    return made.getvalue()


@pytest.fixture
def upload(
    mira: Visitor,
    tmp_path: Path,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Iterator[Any]:
    """Upload a file and go where the page leads; the task runs at once."""
    settings.MEDIA_ROOT = tmp_path
    celery_app.conf.task_always_eager = True

    def send(name: str, content: bytes) -> HttpResponse:
        with django_capture_on_commit_callbacks(execute=True):
            answer = mira.post("/p/SHOP/import/", {"file": SimpleUploadedFile(name, content), "format": "auto"})
        return mira.get(answer.headers["Location"]) if answer.status_code == 303 else answer

    yield send
    celery_app.conf.task_always_eager = False


@pytest.mark.parametrize(
    ("name", "content", "happened", "todo"),
    [
        (
            "latin.txt",
            "Grüße\n".encode("latin-1"),
            "The file is not UTF-8: byte 0xFC at position 2",
            "save it as UTF-8",
        ),
        ("backlog.zip", zipped(), "This is a zip archive", "Unpack an archive and bring in the files"),
        ("renamed.txt", zipped(), "This is a zip archive", "Unpack an archive and bring in the files"),
        ("zero.txt", b"Pay\x00now\n", "The file is not text", "Bring in text, CSV, Markdown, JSON or .feature files"),
        ("blank.txt", b" \n\n", "The file is empty.", "Save it with its content"),
    ],
)
def test_a_file_that_is_no_backlog(name: str, content: bytes, happened: str, todo: str, upload: Any) -> None:
    said = text_of(upload(name, content))

    assert "This file cannot be read" in said and "Nothing was stored." in said
    assert happened in said and todo in said
    assert "Choose another file" in said
    assert Story.objects.count() == 1


def test_a_file_over_twenty_megabytes_is_refused_and_one_below_is_read(upload: Any) -> None:
    line = b"As a guest I want to pay " + b"x" * 1000 + b"\n"
    most = 20 * 1024 * 1024

    over = upload("big.txt", (line * (most // len(line) + 1))[: most + 1])
    assert not BacklogUpload.objects.exists()
    below = upload("right.txt", (line * (most // len(line))) + b"\n")

    says(over, "The file has 20.1 MB; up to 20 MB come in at once.", "Split it and bring in the parts one by one.")
    assert f"Bring in {most // len(line)} items" in text_of(below)


def test_right_to_left_and_markup_in_a_file_are_shown_as_text(upload: Any) -> None:
    page = upload("a.txt", "<script>alert(1)</script> שלום 👩\u200d💻\n".encode()).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt; שלום 👩\u200d💻" in page
    assert "<script>alert" not in page
    assert 'dir="auto"' in page
