from __future__ import annotations

import pytest

from stories_qa.models import Project, Story, TestCase
from tests.stories_qa.views.conftest import Visitor

EDIT = "/p/SHOP/tests/TC-4/edit/"


def typed(**changed: object) -> dict[str, object]:
    return {"title": "Pay", "story": "US-2", "last_result": "passed", "action": ["Open"], "expected": [""], **changed}


def test_a_test_case_is_changed_with_its_steps_and_raises_its_storys_version(shop: Project, visit: Visitor) -> None:
    editor, before = visit("editor"), Story.objects.get(key="US-2").version
    seen = editor.get(EDIT).context["seen"]

    answer = editor.post(EDIT, typed(action=["One", "", "Two"], expected=["1", "", "2"], seen=seen))

    case = TestCase.objects.get(key="TC-4")
    assert answer.status_code == 303
    assert list(case.steps.values_list("action", "expected")) == [("One", "1"), ("Two", "2")]
    assert (case.title, case.last_result, Story.objects.get(key="US-2").version) == ("Pay", "passed", before + 1)


def test_a_test_case_that_moves_touches_both_stories(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")
    versions = dict(Story.objects.values_list("key", "version"))

    editor.post(EDIT, typed(story="us-3", seen=editor.get(EDIT).context["seen"]))

    now = dict(Story.objects.values_list("key", "version"))
    assert now == {key: version + 1 for key, version in versions.items()}
    assert TestCase.objects.get(key="TC-4").story == Story.objects.get(key="US-3")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"story": "US-99"}, "There is no story US-99 in this project."),
        ({"title": ""}, "Enter a title."),
        ({"action": [""], "expected": ["It works"]}, "Say what to do before what to expect."),
        ({"action": ["x" * 20_001]}, "This is longer than 20,000 characters."),
    ],
)
def test_what_cannot_be_saved_is_named(changed: dict[str, object], reason: str, shop: Project, visit: Visitor) -> None:
    editor = visit("editor")

    answer = editor.post(EDIT, typed(**changed, seen=editor.get(EDIT).context["seen"]))

    assert answer.status_code == 422
    page = answer.content.decode()
    assert page.count(reason) == 2, "in the summary and beside the field"
    assert "<title>Error: TC-4" in page


def test_two_people_saving_steps_is_a_conflict(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")
    seen = editor.get(EDIT).context["seen"]
    visit("admin").post(EDIT, typed(action=["Theirs"], seen=seen))

    answer = editor.post(EDIT, typed(action=["Mine"], seen=seen))

    assert answer.status_code == 409
    assert "Theirs" in answer.content.decode() and "Mine" in answer.content.decode()
    assert TestCase.objects.get(key="TC-4").steps.get().action == "Theirs"


def test_a_step_is_added_to_the_form_without_saving(shop: Project, visit: Visitor) -> None:
    answer = visit("editor").post("/p/SHOP/tests/new/", typed(row="add", title="Typed already"))

    assert answer.status_code == 200
    assert answer.content.decode().count('name="action"') == 2
    assert 'value="Typed already"' in answer.content.decode()
    assert TestCase.objects.count() == 1


def test_a_new_test_case_gets_the_next_key(shop: Project, visit: Visitor) -> None:
    answer = visit("editor").post("/p/SHOP/tests/new/", typed())

    assert answer.headers["Location"] == "/p/SHOP/tests/TC-5/"
    assert TestCase.objects.get(key="TC-5").story == Story.objects.get(key="US-2")


@pytest.mark.parametrize(("query", "found"), [("q=card", 1), ("q=us-2", 1), ("q=zzz", 0), ("result=failed", 0)])
def test_the_list_is_searched_and_filtered(query: str, found: int, shop: Project, visit: Visitor) -> None:
    answer = visit("viewer").get(f"/p/SHOP/tests/?{query}")

    assert len(answer.context["part"].rows) == found


def test_deleting_a_test_case_touches_its_story(shop: Project, visit: Visitor) -> None:
    before = Story.objects.get(key="US-2").version

    visit("editor").post("/p/SHOP/tests/TC-4/delete/")

    assert not TestCase.objects.exists()
    assert Story.objects.get(key="US-2").version == before + 1
