from __future__ import annotations

from stories_qa.models import Epic, Project, Story
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
