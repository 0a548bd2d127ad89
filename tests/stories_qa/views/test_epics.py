from __future__ import annotations

import re
from typing import Any

import pytest

from jira_integration.models import ExportedTicket, ProjectMapping
from stories_qa.models import Epic, Project, Story
from tests.jira_rows import a_mapping, a_ticket
from tests.stories_qa.views.conftest import Visitor

EDIT = "/p/SHOP/epics/EP-1/edit/"


def test_the_list_counts_an_epics_stories(shop: Project, visit: Visitor) -> None:
    Story.objects.filter(key="US-3").update(epic=Epic.objects.get())

    page = visit("viewer").get("/p/SHOP/epics/").content.decode()

    assert "0 of 2" in page  # in sync
    assert "1 of 2" in page  # done


def test_an_epic_is_made_and_changed(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")

    made = editor.post("/p/SHOP/epics/new/", {"title": "Returns", "status": "ready", "labels": "a, b"})
    page = editor.get("/p/SHOP/epics/EP-5/edit/")
    changed = editor.post(
        "/p/SHOP/epics/EP-5/edit/",
        {"title": "Returns portal", "status": "done", "labels": "", "seen": page.context["seen"]},
    )

    assert made.headers["Location"] == "/p/SHOP/epics/EP-5/"
    assert changed.status_code == 303
    epic = Epic.objects.get(key="EP-5")
    assert (epic.title, epic.status, epic.labels, epic.version) == ("Returns portal", "done", [], 2)


def test_two_people_saving_an_epic_is_a_conflict_with_both_versions(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")
    seen = editor.get(EDIT).context["seen"]
    visit("admin").post(EDIT, {"title": "Theirs", "status": "ready", "seen": seen})

    answer = editor.post(EDIT, {"title": "Mine", "status": "ready", "seen": seen})

    assert answer.status_code == 409
    assert "Theirs" in answer.content.decode() and 'value="Mine"' in answer.content.decode()


def test_deleting_an_epic_keeps_its_stories_and_raises_their_version(shop: Project, visit: Visitor) -> None:
    before = Story.objects.get(key="US-2").version
    editor = visit("editor")

    page = editor.get("/p/SHOP/epics/EP-1/delete/").content.decode()
    editor.post("/p/SHOP/epics/EP-1/delete/")

    story = Story.objects.get(key="US-2")
    assert "Its story stays, without an epic." in page
    assert (story.epic, story.version) == (None, before + 1)


def test_the_export_button_of_an_epic_is_for_exporters(shop: Project, visit: Visitor) -> None:
    page = "/p/SHOP/epics/EP-1/"

    assert "Preview export with 1 story" in visit("exporter").get(page).content.decode()
    assert "Preview export" not in visit("editor").get(page).content.decode()


@pytest.fixture
def mapping(shop: Project) -> ProjectMapping:
    """EP-1 and its stories US-2 and US-3 are in Jira and match."""
    mapping = a_mapping(shop)
    epic = Epic.objects.get()
    Story.objects.update(epic=epic)
    for item in (epic, *Story.objects.all()):
        a_ticket(mapping, item)
    return mapping


def badge(page: str) -> str:
    """The word of the epic's badge, in the list or at the head of its page."""
    start = page.index('id="row-EP-1"') if 'id="row-EP-1"' in page else page.index('id="epic-standing"')
    found = re.search(r'class="badge [^>]*>.*?</svg>([^<]+)<', page[start:], re.DOTALL)
    assert found is not None
    return found[1].strip()


@pytest.mark.parametrize("address", ["/p/SHOP/epics/", "/p/SHOP/epics/EP-1/"])
@pytest.mark.parametrize(
    ("epic", "stories", "word", "matching"),
    [
        ("in_sync", ["in_sync", "in_sync"], "In sync", 2),
        ("in_sync", ["in_sync", "changed_in_jira"], "Changed in Jira", 1),
        ("in_sync", ["failed", "missing"], "Missing in Jira", 0),
        ("in_sync", ["conflict", "missing"], "Conflict", 0),
        ("conflict", ["in_sync", "failed"], "Conflict", 1),
        ("in_sync", ["not_exported", "in_sync"], "In sync", 1),
        ("not_exported", ["in_sync", "in_sync"], "Not in Jira", 2),
        ("not_exported", ["failed", "not_exported"], "Export failed", 0),
    ],
)
def test_an_epic_shows_the_worst_of_itself_and_its_stories_and_how_many_match(
    address: str, epic: str, stories: list[str], word: str, matching: int, mapping: Any, visit: Visitor
) -> None:
    for key, state in zip(("EP-1", "US-2", "US-3"), (epic, *stories), strict=True):
        ExportedTicket.objects.filter(story_key=key).update(sync=state)

    page = visit("viewer").get(address).content.decode()

    assert badge(page) == word
    assert f"{matching} of 2" in page


def test_when_it_is_a_story_the_badge_says_so_and_the_panel_stays_with_the_epics_own_issue(
    mapping: Any, visit: Visitor
) -> None:
    ExportedTicket.objects.filter(story_key="US-3").update(sync="conflict")

    page = visit("viewer").get("/p/SHOP/epics/EP-1/").content.decode()

    assert 'title="The worst of its stories: 1 of them. The same field was edited here and in Jira.' in page
    panel = page[page.index('id="jira-panel"') :]
    assert "In sync" in panel[: panel.index("</section>")]
    assert "1 of 2 in sync" in page


def test_edits_here_since_the_export_count_too(mapping: Any, visit: Visitor) -> None:
    Story.objects.filter(key="US-2").update(version=9)

    assert badge(visit("viewer").get("/p/SHOP/epics/").content.decode()) == "Changed here"


def test_the_list_of_epics_asks_a_fixed_number_of_times(
    mapping: Any, shop: Project, visit: Visitor, django_assert_max_num_queries: Any
) -> None:
    viewer = visit("viewer")
    Epic.objects.bulk_create(Epic(project=shop, key=f"EP-{n}", title="More", position=n) for n in range(10, 50))

    with django_assert_max_num_queries(25):
        viewer.get("/p/SHOP/epics/")
