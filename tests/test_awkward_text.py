"""Titles, texts and labels as people and machines really write them: typed in, exported, read back, shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.test import Client

from jira_integration.export.runs import confirm
from jira_integration.models import ExportedTicket, ExportRun
from jira_integration.richtext import adf_to_markdown
from stories_qa.models import Project, Role, Story
from tests.jira_rows import a_backlog, a_person
from tests.jira_site import connect, drive, export, plan
from tests.sandbox_server import RunningSandbox, running_sandbox

SCRIPT = "<script>alert(1)</script>"
HANDLER = '"><img src=x onerror=alert(1)>'
EMOJI = "👩\u200d💻 🏳\ufe0f\u200d🌈 \U0001fae8 e\u0301"
WRITING = "שלום עולם مرحبا بالعالم می\u200cخواهم 你好"
TURNING = "\u202egnp.exe\u202c \u2066x\u2069"
AWKWARD = f"{SCRIPT} {HANDLER} {EMOJI} {WRITING} {TURNING}"
IN_A_TITLE = f"{SCRIPT} {HANDLER} {EMOJI} {WRITING} gnp.exe x"
TEXT = f"{AWKWARD}\n\n- {AWKWARD}\n\n```\n{SCRIPT}\n```\n\n| a |\n|---|\n| {AWKWARD} |\n"


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def project(transactional_db: None) -> Project:
    return a_backlog(name=AWKWARD[:120])


@pytest.fixture
def ana(project: Project, client: Client) -> Client:
    client.force_login(a_person("ana", project, Role.ADMIN, first_name=SCRIPT, last_name=WRITING[:20]))
    return client


def send(client: Client, address: str, **form: object) -> str:
    answer = client.post(address, form)
    assert answer.status_code == 303, answer.content.decode()
    return answer.headers["Location"]


@pytest.fixture
def story(ana: Client, project: Project) -> Story:
    """Everything a person can type, typed into the pages: an epic, a story of 2,000 characters, criteria, a test."""
    about = {"description": TEXT, "status": "in_progress", "labels": f"{AWKWARD}, plain"}
    send(ana, "/p/SHOP/epics/new/", title=AWKWARD, **about)
    title = (f"{AWKWARD} | " * 30)[:1999] + "!"
    epic = project.epics.get()
    here = send(ana, "/p/SHOP/stories/new/", title=title, priority="high", points="3", epic=epic.key, **about)
    seen = re.search(r'name="seen" value="(\w+)"', ana.get(f"{here}edit/criteria/").content.decode())
    assert seen is not None
    parts = {"text": [AWKWARD, ""], "given": ["", AWKWARD], "when": ["", SCRIPT], "then": ["", WRITING]}
    send(ana, f"{here}edit/criteria/", seen=seen[1], kind=["plain", "steps"], **parts)
    made = Story.objects.get()
    case = {"preconditions": TEXT, "last_result": "failed", "action": [AWKWARD], "expected": [SCRIPT]}
    send(ana, "/p/SHOP/tests/new/", title=AWKWARD, story=made.key, **case)
    made.refresh_from_db()
    assert len(made.title) == 2000
    return made


def test_it_is_exported_read_back_and_found_unchanged(story: Story, project: Project, sandbox: RunningSandbox) -> None:
    mapping = connect(project, sandbox)

    run = export(mapping)

    assert run.state == ExportRun.State.DONE
    issues = {issue["key"]: issue["fields"] for issue in sandbox.issues()}
    keys = dict(ExportedTicket.objects.values_list("kind", "issue_key"))
    assert issues[keys["epic"]]["summary"] == IN_A_TITLE
    cut = issues[keys["story"]]["summary"]
    assert len(cut) == 255 and cut.startswith(IN_A_TITLE) and cut.endswith("…")
    there = adf_to_markdown(issues[keys["story"]]["description"]).value
    for whole in (EMOJI, WRITING, TURNING, f"```\n{SCRIPT}\n```"):
        assert whole in there
    assert " ".join(story.title.split())[-60:-30] in there.replace("\\", "")  # the title that was cut stands on top
    sandbox.clear_log()
    again = plan(mapping)
    assert again.counts == {"blocked": 0, "conflict": 0, "update": 0, "close": 0, "create": 0, "unchanged": 2}
    assert sandbox.write_requests() == []


def test_every_page_shows_it_as_text_and_nothing_turns_the_words_around_it(
    story: Story, project: Project, ana: Client, sandbox: RunningSandbox
) -> None:
    mapping = connect(project, sandbox)
    made = plan(mapping)
    run = drive(confirm(made, None))
    epic, case, here = project.epics.get(), project.test_cases.get(), story.get_absolute_url()
    pages = [
        *("/p/SHOP/stories/", "/p/SHOP/stories/?q=script", "/p/SHOP/epics/", "/p/SHOP/tests/", "/p/SHOP/people/"),
        *(here, f"{here}edit/text/", f"{here}edit/criteria/", f"{here}edit/properties/", f"{here}delete/"),
        *(epic.get_absolute_url(), f"{epic.get_absolute_url()}edit/", f"/p/SHOP/stories/new/?epic={epic.key}"),
        *(case.get_absolute_url(), f"{case.get_absolute_url()}edit/", f"/p/SHOP/tests/new/?story={story.key}"),
        *(f"/p/SHOP/jira/plans/{made.pk}/", f"/p/SHOP/jira/plans/{plan(mapping).pk}/", "/p/SHOP/jira/"),
        *(f"/p/SHOP/jira/runs/{run.pk}/", "/p/SHOP/jira/runs/", "/audit/?project=SHOP"),
    ]

    loose: list[str] = []
    for address in pages:
        answer = ana.get(address)
        page = answer.content.decode()
        assert answer.status_code == 200, address
        assert SCRIPT not in page and "<img" not in page, address
        loose += [f"{address} {found}" for found in loose_marks(page)]
    assert loose == []


class Loose(HTMLParser):
    """Text with direction marks that no element keeps to itself (`dir="auto"`, `bdi`, or one that shows only text)."""

    KEEP = frozenset({"title", "textarea", "option", "bdi"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"input", "meta", "link", "br", "img", "hr", "rect", "circle", "path", "use"}:
            self.open.append((tag, tag in self.KEEP or ("dir", "auto") in attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "\u202e" in data and not any(kept for _tag, kept in self.open):
            self.found.append(" ".join(tag for tag, _kept in self.open[-4:]) + ": " + data.strip()[:40])


def loose_marks(page: str) -> list[str]:
    parser = Loose()
    parser.feed(page)
    return parser.found


@pytest.mark.parametrize("what", ["plans", "runs"])
def test_the_csv_has_the_text_as_it_is_in_one_cell(
    what: str, story: Story, project: Project, ana: Client, sandbox: RunningSandbox
) -> None:
    mapping = connect(project, sandbox)
    made = plan(mapping)
    run = drive(confirm(made, None))

    answer = ana.get(f"/p/SHOP/jira/{what}/{made.pk if what == 'plans' else run.pk}/csv/")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
