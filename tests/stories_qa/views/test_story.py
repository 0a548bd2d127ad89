from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from jira_integration.models import ExportedTicket
from stories_qa.models import Project, Story, TestCase
from stories_qa.writing import change
from tests.stories_qa.views.conftest import Visitor

LONG = "Ein langer Titel " * 118  # 2,006 characters
HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>"
FOREIGN = "قصة عن سلة التسوق 🛒 \u202eabc"


def edit(section: str, key: str = "US-2") -> str:
    return reverse("stories_qa:story_edit", args=["SHOP", key, section])


def seen(client: Client, url: str) -> str:
    """The fingerprint that the form of a section carries."""
    return str(client.get(url).context["seen"])


def properties(**changed: str) -> dict[str, str]:
    return {"status": "backlog", "priority": "medium", "epic": "EP-1", "labels": "checkout", **changed}


def test_the_text_is_saved_with_who_and_a_higher_version(shop: Project, visit: Visitor) -> None:
    editor, before = visit("editor"), Story.objects.get(key="US-2")

    answer = editor.post(
        edit("text"), {"title": "  Pay \n quickly ", "description": "As a guest", "seen": seen(editor, edit("text"))}
    )

    assert (answer.status_code, answer.headers["Location"]) == (303, "/p/SHOP/stories/US-2/")
    story = Story.objects.get(key="US-2")
    assert (story.title, story.description) == ("Pay quickly", "As a guest")
    assert (story.version, story.updated_by) == (before.version + 1, "Editor Person")


def test_an_empty_title_is_refused_with_a_summary_that_leads_to_the_field(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")

    answer = editor.post(edit("text"), {"title": " ", "description": "kept", "seen": seen(editor, edit("text"))})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: US-2" in page
    assert "There is a problem" in page
    assert '<a href="#id_title">Enter a title.</a>' in page
    assert 'aria-describedby="id_title_error"' in page
    assert 'id="id_title_error"' in page
    assert ">kept</textarea>" in page.replace("\n", "")


def test_a_title_of_2000_characters_is_taken_and_one_more_is_refused(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")
    exact = LONG[:2000].strip().ljust(2000, "x")

    taken = editor.post(edit("text"), {"title": exact, "seen": seen(editor, edit("text"))})
    refused = editor.post(edit("text"), {"title": exact + "y", "seen": seen(editor, edit("text"))})

    assert taken.status_code == 303
    assert Story.objects.get(key="US-2").title == exact
    assert refused.status_code == 422
    assert "2,001 characters" in refused.content.decode() or "2001 characters" in refused.content.decode()
    assert editor.get("/p/SHOP/stories/").status_code == 200


@pytest.mark.parametrize("text", [HOSTILE, FOREIGN])
def test_every_field_shows_what_was_typed_and_runs_none_of_it(text: str, shop: Project, visit: Visitor) -> None:
    editor = visit("editor")
    editor.post(edit("text"), {"title": text, "description": text, "seen": seen(editor, edit("text"))})
    editor.post(edit("properties"), properties(labels=text) | {"seen": seen(editor, edit("properties"))})
    editor.post(
        edit("criteria"),
        {
            "kind": ["steps"],
            "text": [""],
            "given": [text],
            "when": [text],
            "then": [text],
            "seen": seen(editor, edit("criteria")),
        },
    )
    case_url = reverse("stories_qa:test_case_edit", args=["SHOP", "TC-4"])
    editor.post(
        case_url,
        {
            "title": text,
            "story": "US-2",
            "preconditions": text,
            "last_result": "failed",
            "action": [text],
            "expected": [text],
            "seen": seen(editor, case_url),
        },
    )
    epic_url = reverse("stories_qa:epic_edit", args=["SHOP", "EP-1"])
    editor.post(
        epic_url,
        {"title": text, "description": text, "status": "ready", "labels": text, "seen": seen(editor, epic_url)},
    )

    story = Story.objects.get(key="US-2")
    assert (story.title, story.description, story.labels) == (text, text, [text])
    assert TestCase.objects.get(key="TC-4").steps.get().action == text
    assert story.epic is not None and story.epic.title == text
    for address in (
        "stories/",
        "stories/US-2/",
        "stories/US-2/edit/text/",
        "stories/US-2/edit/criteria/",
        "stories/US-2/edit/properties/",
        "stories/US-2/delete/",
        "epics/",
        "epics/EP-1/",
        "epics/EP-1/edit/",
        "tests/",
        "tests/TC-4/",
        "tests/TC-4/edit/",
    ):
        page = editor.get(f"/p/SHOP/{address}").content.decode()
        assert "<script>alert" not in page, address
        assert "<img" not in page, address


def test_somebody_else_saved_the_same_part_first_and_both_versions_are_shown(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")
    opened = seen(editor, edit("text"))
    visit("admin").post(edit("text"), {"title": "Theirs", "seen": opened})

    answer = editor.post(edit("text"), {"title": "Mine", "description": "My words", "seen": opened})

    page = answer.content.decode()
    assert answer.status_code == 409
    assert Story.objects.get(key="US-2").title == "Theirs"
    assert "Admin Person saved this while you were writing" in page
    assert "Theirs" in page and 'value="Mine"' in page and "My words" in page

    again = editor.post(edit("text"), {"title": "Mine", "description": "My words", "seen": answer.context["seen"]})

    assert again.status_code == 303
    assert Story.objects.get(key="US-2").title == "Mine"


def test_a_change_of_another_part_meanwhile_is_no_conflict(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")
    opened = seen(editor, edit("text"))
    change(Story.objects.get(key="US-2"), {"status": "done"}, expected_version=None, by="Jonas in Jira")

    answer = editor.post(edit("text"), {"title": "Mine", "seen": opened})

    assert answer.status_code == 303
    story = Story.objects.get(key="US-2")
    assert (story.title, story.status) == ("Mine", "done")


def test_criteria_and_properties_have_their_own_conflicts(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")
    opened = {section: seen(editor, edit(section)) for section in ("criteria", "properties")}
    change(Story.objects.get(key="US-2"), {"priority": "urgent", "criteria": []}, expected_version=None, by="Mira")

    criteria = editor.post(
        edit("criteria"),
        {"kind": ["plain"], "text": ["Mine"], "given": [""], "when": [""], "then": [""], "seen": opened["criteria"]},
    )
    chosen = editor.post(edit("properties"), properties(status="ready") | {"seen": opened["properties"]})

    assert (criteria.status_code, chosen.status_code) == (409, 409)
    story = Story.objects.get(key="US-2")
    assert (story.status, story.priority, story.criteria.count()) == ("backlog", "urgent", 0)


def test_properties_are_saved(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")
    chosen = properties(
        status="in_review", priority="high", epic="", assignee="viewer", points="2.5", labels="b, a,b, "
    )

    editor.post(edit("properties"), chosen | {"seen": seen(editor, edit("properties"))})

    story = Story.objects.select_related("assignee").get(key="US-2")
    assert story.assignee is not None
    assert (story.status, story.priority, story.epic, story.points) == ("in_review", "high", None, Decimal("2.5"))
    assert (story.assignee.get_username(), story.labels) == ("viewer", ["b", "a"])


@pytest.mark.parametrize(
    ("field", "value"), [("points", "many"), ("points", "-1"), ("status", "gone"), ("epic", "EP-99")]
)
def test_a_property_that_cannot_be_is_named(field: str, value: str, shop: Project, visit: Visitor) -> None:
    editor = visit("editor")

    answer = editor.post(edit("properties"), properties(**{field: value}) | {"seen": seen(editor, edit("properties"))})

    assert answer.status_code == 422
    assert f'href="#id_{field}"' in answer.content.decode()


def test_an_assignee_who_is_no_member_stays_until_another_is_chosen(shop: Project, visit: Visitor) -> None:
    Story.objects.filter(key="US-2").update(assignee_name="Zoë Outside")
    editor = visit("editor")

    editor.post(
        edit("properties"), properties(assignee="name:Zoë Outside") | {"seen": seen(editor, edit("properties"))}
    )
    kept = Story.objects.get(key="US-2").assignee_name
    editor.post(edit("properties"), properties(assignee="") | {"seen": seen(editor, edit("properties"))})

    assert kept == "Zoë Outside"
    assert Story.objects.get(key="US-2").assignee_name == ""


def test_moving_a_criterion_changes_the_form_only_until_it_is_saved(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")
    rows = {"kind": ["plain", "steps"], "text": ["One", ""], "given": ["", "g"], "when": ["", "w"], "then": ["", "t"]}
    opened = seen(editor, edit("criteria"))

    moved = editor.post(edit("criteria"), rows | {"row": "down-0", "seen": opened})
    stored = list(Story.objects.get(key="US-2").criteria.values_list("text", flat=True))
    shown = [row.values for row in moved.context["rows"].rows]
    saved = editor.post(
        edit("criteria"),
        {
            "kind": ["steps", "plain"],
            "text": [row["text"] for row in shown],
            "given": [row["given"] for row in shown],
            "when": [row["when"] for row in shown],
            "then": [row["then"] for row in shown],
            "seen": opened,
        },
    )

    assert (moved.status_code, stored) == (200, ["It is fast.", ""])
    assert moved.context["said"] == "Moved to place 2 of 2"
    assert saved.status_code == 303
    assert list(Story.objects.get(key="US-2").criteria.values_list("text", "then")) == [("", "t"), ("One", "")]


def test_an_empty_criterion_is_left_out(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")

    editor.post(
        edit("criteria"),
        {
            "kind": ["plain", "plain"],
            "text": ["One", "  "],
            "given": ["", ""],
            "when": ["", ""],
            "then": ["", ""],
            "seen": seen(editor, edit("criteria")),
        },
    )

    assert [str(one) for one in Story.objects.get(key="US-2").criteria.all()] == ["One"]


@pytest.mark.parametrize("asked", ["up-0", "down-9", "remove-x", "up-²", "nonsense", "up--1"])
def test_a_row_button_that_makes_no_sense_does_nothing(asked: str, shop: Project, visit: Visitor) -> None:
    answer = visit("editor").post(
        edit("criteria"), {"kind": ["plain"], "text": ["One"], "given": [""], "when": [""], "then": [""], "row": asked}
    )

    assert answer.status_code == 200
    assert [row.values["text"] for row in answer.context["rows"].rows] == ["One"]


def test_a_new_story_gets_the_next_key_and_opens(shop: Project, visit: Visitor) -> None:
    answer = visit("editor").post("/p/SHOP/stories/new/", properties(title="Third"))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/p/SHOP/stories/US-5/")
    story = Story.objects.get(key="US-5")
    assert (story.version, story.updated_by, story.epic and story.epic.key) == (1, "Editor Person", "EP-1")


def test_deleting_asks_first_and_says_that_the_issue_stays_in_jira(
    shop: Project, visit: Visitor, exported: ExportedTicket
) -> None:
    editor = visit("editor")

    page = editor.get("/p/SHOP/stories/US-2/delete/").content.decode()
    answer = editor.post("/p/SHOP/stories/US-2/delete/")

    assert "Its test case is deleted, too." in page
    assert "SHOP-318 stays in Jira" in page
    assert answer.status_code == 303
    assert not Story.objects.filter(key="US-2").exists()
    assert "US-2 is deleted." in editor.get(answer.headers["Location"]).content.decode()


def test_saving_a_story_that_was_deleted_meanwhile_is_a_404_page(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")
    opened = seen(editor, edit("text"))
    Story.objects.filter(key="US-2").delete()

    assert editor.post(edit("text"), {"title": "Mine", "seen": opened}).status_code == 404
