"""What can be said about a field of each kind: fixed value, value for empty ones, who wins, composed text."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.http import HttpResponse

from jira_integration.models import FieldMapping, JiraMetadata, JiraPerson, ProjectMapping
from stories_qa.models import Story
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.visits import Visitor, form_values, text_of

CASCADE = "customfield_10900"
COUNTRY = "customfield_10901"
OPTIONS = [
    {"id": "1", "name": "Web", "children": [{"id": "11", "name": "Checkout"}, {"id": "12", "name": "Search"}]},
    {"id": "2", "name": "App", "children": [{"id": "21", "name": "iOS"}]},
]
COUNTRIES = [{"id": str(number), "name": f"Country {number}"} for number in range(1, 301)]


@pytest.fixture
def at_fields(visitor: Visitor, sandbox: RunningSandbox) -> str:
    """Step 4 for SHOP, whose stories also have a required cascade and a select with 300 values."""
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")
    know(CASCADE, "Area", "option-with-child", "cascadingselect", OPTIONS, required=True)
    know(COUNTRY, "Country", "option", "select", COUNTRIES)
    return visitor.step(pk, "fields")


def know(field_id: str, name: str, type_: str, custom: str, allowed: list[dict[str, Any]], **more: Any) -> None:
    """Let the stored metadata say that stories have this field too."""
    row = JiraMetadata.objects.get()
    story = next(one for one in row.payload["issue_types"] if one["id"] == "10011")
    kind = f"com.atlassian.jira.plugin.system.customfieldtypes:{custom}"
    story["fields"].append({"id": field_id, "name": name, "type": type_, "custom": kind, "allowed": allowed, **more})
    row.save()


def look(visitor: Visitor, url: str, **changes: Any) -> HttpResponse:
    return visitor.send(url, "look", **changes)


def add(visitor: Visitor, url: str, field_id: str, given: dict[str, Any]) -> HttpResponse:
    """Add a row for a Jira field, fill it by "always" and what is given, and save."""
    cascade = {f"fill-{CASCADE}": "always", f"text-{CASCADE}": "1"} if field_id != CASCADE else {}
    page = visitor.send(url, "add", add_field=field_id)
    data = {**form_values(page), "row": [CASCADE, field_id], f"fill-{field_id}": "always", **cascade, **given}
    return visitor.post(url, {**data, "save": "1"})


def saved(field_id: str) -> FieldMapping:
    return ProjectMapping.objects.get().fields.get(kind="story", jira_field=field_id)


@pytest.mark.parametrize(
    ("field_id", "given", "value"),
    [
        ("customfield_10036", "2027-03-14", "2027-03-14"),
        ("customfield_10037", "2027-03-14T09:30", "2027-03-14T09:30:00.000+0000"),
        ("customfield_10040", "2,5", 2.5),
        ("customfield_10035", "https://example.test/spec", "https://example.test/spec"),
        ("customfield_10032", ["100320", "100322"], [{"id": "100320"}, {"id": "100322"}]),
        ("customfield_10039", "one two", ["one", "two"]),
        ("components", ["10000"], [{"id": "10000"}]),
    ],
)
def test_a_fixed_value_of_each_kind_is_stored_in_jiras_own_form_and_shown_again(
    visitor: Visitor, at_fields: str, field_id: str, given: Any, value: Any
) -> None:
    answer = add(visitor, at_fields, field_id, {f"text-{field_id}": given})

    assert answer.status_code == 303, text_of(answer)
    assert saved(field_id).fixed_value == value
    again = form_values(visitor.get(at_fields))[f"text-{field_id}"]
    assert again in ([given], given, ["2.5"])


def test_a_document_is_written_in_markdown(visitor: Visitor, at_fields: str) -> None:
    answer = add(visitor, at_fields, "environment", {"text-environment": "On **every** browser"})

    assert answer.status_code == 303, text_of(answer)
    assert saved("environment").fixed_value["type"] == "doc"
    assert form_values(visitor.get(at_fields))["text-environment"] == ["On **every** browser"]


def test_what_cannot_be_read_is_said_at_its_control(visitor: Visitor, at_fields: str) -> None:
    answer = add(visitor, at_fields, "customfield_10036", {"text-customfield_10036": "soon"})

    assert answer.status_code == 422
    assert (
        '<a href="#text-customfield_10036">Write the date of Target date as 2027-03-14.</a>' in answer.content.decode()
    )


def test_a_required_cascade_blocks_until_both_lists_are_answered_for(visitor: Visitor, at_fields: str) -> None:
    first = visitor.get(at_fields)
    shown = text_of(first)
    chosen = look(visitor, at_fields, **{f"fill-{CASCADE}": "always"})
    parent = {"row": [CASCADE], f"fill-{CASCADE}": "always", f"text-{CASCADE}": "1"}
    narrowed = visitor.post(at_fields, {**form_values(chosen), **parent, "look": "1"})
    answer = visitor.post(at_fields, {**form_values(narrowed), f"text-{CASCADE}-child": "12", "save": "1"})

    assert "Example: US-142 would be blocked" in shown
    assert f'href="#f-{CASCADE}">Map Area</a>' in first.content.decode()
    assert second_list(chosen) == ["Checkout", "Search", "iOS"]
    assert second_list(narrowed) == ["Checkout", "Search"]
    assert "Example: US-142 can go to Jira" in text_of(narrowed)
    assert answer.status_code == 303
    assert saved(CASCADE).fixed_value == {"id": "1", "child": {"id": "12"}}
    assert "Always “Web › Search”" in text_of(visitor.get(at_fields))


def test_without_scripts_the_second_list_alone_says_which_first_one_is_meant(visitor: Visitor, at_fields: str) -> None:
    chosen = look(visitor, at_fields, **{f"fill-{CASCADE}": "always"})
    answer = visitor.post(at_fields, {**form_values(chosen), f"text-{CASCADE}-child": "21", "save": "1"})

    assert answer.status_code == 303
    assert saved(CASCADE).fixed_value == {"id": "2", "child": {"id": "21"}}


def test_a_second_list_that_is_not_under_the_first_is_refused(visitor: Visitor, at_fields: str) -> None:
    chosen = look(visitor, at_fields, **{f"fill-{CASCADE}": "always"})
    mixed = {f"text-{CASCADE}": "1", f"text-{CASCADE}-child": "21", "save": "1"}
    answer = visitor.post(at_fields, {**form_values(chosen), **mixed})

    assert answer.status_code == 422
    assert "Choose again what is under Web." in text_of(answer)


def test_values_of_ours_go_to_both_lists_of_a_cascade(visitor: Visitor, at_fields: str) -> None:
    chosen = look(visitor, at_fields, **{f"fill-{CASCADE}": "from:priority"})
    values = {"urgent": "1/11", "high": "1/12", "medium": "2", "low": "2/21"}
    decided = {f"map-{CASCADE}-{ours}": theirs for ours, theirs in values.items()}
    shown = visitor.post(at_fields, {**form_values(chosen), **decided, "look": "1"})
    answer = visitor.post(at_fields, {**form_values(shown), "save": "1"})

    assert "0 of 4 values mapped" in text_of(chosen)
    assert "Urgent → Web › Checkout" in text_of(shown)
    assert answer.status_code == 303
    assert saved(CASCADE).value_map == values


def test_a_value_for_everything_else_lets_undecided_values_pass(visitor: Visitor, at_fields: str) -> None:
    chosen = look(visitor, at_fields, **{f"fill-{CASCADE}": "from:priority"})
    default = {f"default-{CASCADE}": "2", f"default-{CASCADE}-child": "21"}
    shown = visitor.post(at_fields, {**form_values(chosen), **default, "look": "1"})
    answer = visitor.post(at_fields, {**form_values(shown), "save": "1"})

    assert "Example: US-142 would be blocked" in text_of(chosen)
    assert "Example: US-142 can go to Jira" in text_of(shown)
    assert answer.status_code == 303
    assert saved(CASCADE).default_value == {"id": "2", "child": {"id": "21"}}


def test_who_wins_when_both_sides_changed_is_kept_for_each_field(visitor: Visitor, at_fields: str) -> None:
    page = form_values(visitor.get(at_fields))
    area = {"row": [CASCADE], f"fill-{CASCADE}": "always", f"text-{CASCADE}": "1"}
    answer = visitor.post(at_fields, {**page, **area, "policy-points": "jira", "policy-title": "ours", "save": "1"})

    assert answer.status_code == 303
    assert (saved("customfield_10016").policy, saved("summary").policy) == ("jira", "ours")
    assert saved("priority").policy == "ask"
    assert "both changed: Keep Jira's" in text_of(visitor.get(at_fields))


def test_a_composed_text_shows_what_a_real_story_makes_of_it(visitor: Visitor, at_fields: str) -> None:
    field_id = "customfield_10050"
    page = visitor.send(at_fields, "add", add_field=field_id)
    area = {f"fill-{CASCADE}": "always", f"text-{CASCADE}": "1", "row": [CASCADE, field_id]}
    text = {f"fill-{field_id}": "template", f"tpl-{field_id}": "{{ story.key }} is {{ story.priority }}"}
    shown = visitor.post(at_fields, {**form_values(page), **area, **text, "look": "1"})
    wrong = visitor.post(at_fields, {**form_values(shown), f"tpl-{field_id}": "{{ story.secret }}", "save": "1"})
    right = visitor.post(at_fields, {**form_values(shown), "save": "1"})

    assert "US-142 is Urgent" in text_of(shown)
    assert wrong.status_code == 422
    assert "There is no “story.secret”." in text_of(wrong)
    assert right.status_code == 303
    assert saved(field_id).template == "{{ story.key }} is {{ story.priority }}"


def test_a_long_list_is_searched_and_not_put_into_the_page(visitor: Visitor, at_fields: str) -> None:
    page = visitor.send(at_fields, "add", add_field=COUNTRY)
    asked = {**form_values(page), "row": [CASCADE, COUNTRY], f"fill-{COUNTRY}": "always"}
    empty = visitor.post(at_fields, {**asked, "look": "1"})
    searched = visitor.post(
        at_fields, {**form_values(empty), f"find-text-{COUNTRY}": "country 29", "find": f"text-{COUNTRY}"}
    )
    listed = visitor.get(
        at_fields.replace("setup/fields", "find"),
        data={"kind": "story", "field": COUNTRY, "name": f"text-{COUNTRY}", f"find-text-{COUNTRY}": "299"},
    )

    assert "Country 17" not in empty.content.decode()
    assert offered(searched, f"text-{COUNTRY}")[:2] == ["Choose…", "Country 29"]
    assert len(offered(searched, f"text-{COUNTRY}")) == 12
    assert re.findall(r'role="option" id="[^"]*" data-value="(\d+)"', listed.content.decode()) == ["299"]


def test_people_are_searched_in_jira_and_keep_their_names(visitor: Visitor, at_fields: str) -> None:
    tester = "customfield_10038"
    page = visitor.send(at_fields, "add", add_field=tester)
    asked = {**form_values(page), "row": [CASCADE, tester], f"fill-{tester}": "always"}
    area = {f"fill-{CASCADE}": "always", f"text-{CASCADE}": "1"}
    shown = visitor.post(at_fields, {**asked, **area, "look": "1"})
    search = {f"find-text-{tester}": "mara", "find": f"text-{tester}"}
    found = visitor.post(at_fields, {**form_values(shown), **search})
    person = re.search(r'<option value="([^"]+)">Mara Lindqvist', found.content.decode())
    assert person is not None
    answer = visitor.post(at_fields, {**form_values(found), f"text-{tester}": person[1], "save": "1"})

    assert answer.status_code == 303
    assert saved(tester).fixed_value == {"accountId": person[1]}
    assert "Mara Lindqvist" in offered(visitor.get(at_fields), f"text-{tester}")
    assert JiraPerson.objects.filter(asked=f"id:{person[1]}", name="Mara Lindqvist").exists()


def test_the_search_is_for_who_may_set_the_backlog_up(visitor: Visitor, at_fields: str) -> None:
    address = at_fields.replace("setup/fields", "find") + f"&kind=story&field={COUNTRY}&name=x"
    assert visitor.get(address).status_code == 200
    assert visitor.get(address.replace(COUNTRY, "customfield_1")).status_code == 404
    visitor.client.logout()

    assert visitor.get(address).status_code == 302


def test_the_example_is_a_real_story_with_its_own_values(visitor: Visitor, at_fields: str) -> None:
    story = Story.objects.get()
    Story.objects.filter(pk=story.pk).update(title="<b>Guest</b> & pay")
    said = visitor.get(at_fields).content.decode()

    assert html.escape("<b>Guest</b> & pay") in said
    assert "<b>Guest</b>" not in said


def second_list(page: HttpResponse) -> list[str]:
    return offered(page, f"text-{CASCADE}-child")[1:]


def offered(page: HttpResponse, name: str) -> list[str]:
    found = re.search(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', page.content.decode(), re.DOTALL)
    return re.findall(r"<option[^>]*>([^<]*)</option>", found[1]) if found else []
