from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from jira_integration.contracts import Kind
from jira_integration.mapping import metadata as metadata_module
from jira_integration.models import AuditEntry, JiraMetadata, ProjectMapping
from stories_qa.models import Story
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.visits import Visitor, form_values, text_of

TEAM = "customfield_10201"


@pytest.fixture
def at_fields(visitor: Visitor, sandbox: RunningSandbox) -> str:
    """Step 4 for the company-managed SHOP."""
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")
    return visitor.step(pk, "fields")


@pytest.fixture
def at_team_fields(visitor: Visitor, sandbox: RunningSandbox) -> str:
    """Step 4 for the team-managed MOB, whose stories need a Team."""
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10001")
    return visitor.step(pk, "fields")


def options(response: HttpResponse, name: str) -> list[str]:
    """The words offered by the select with this name."""
    page = response.content.decode()
    found = re.search(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', page, re.DOTALL)
    return re.findall(r"<option[^>]*>([^<]*)</option>", found[1]) if found else []


def story_mapping(field: str) -> Any:
    return ProjectMapping.objects.get().fields.get(kind="story", story_field=field)


def test_a_required_field_that_nothing_fills_is_the_first_row_and_blocks_with_a_link(
    visitor: Visitor, at_team_fields: str
) -> None:
    before = text_of(visitor.get(at_team_fields))
    answer = visitor.send(at_team_fields)

    said = "Choose a value or a field for Team. Jira rejects new items without it."
    page = answer.content.decode()
    assert before.index("Team Required by Jira") < before.index("Title suggested")
    assert answer.status_code == 422
    assert text_of(answer).count(said) == 2
    assert f'<a href="#f-{TEAM}">{said}</a>' in page
    assert re.search(rf'<select[^>]*id="f-{TEAM}"[^>]*aria-invalid="true"\s+aria-describedby="e-f-{TEAM}"', page)
    assert "<small>1 to fix</small>" in page
    assert ProjectMapping.objects.get().fields.count() == 0


def test_a_fixed_value_fills_it_in_jiras_own_form(visitor: Visitor, at_team_fields: str) -> None:
    offered = options(visitor.get(at_team_fields), f"fill-{TEAM}")
    page = visitor.get(at_team_fields)
    checkout = re.search(r'<option value="always:(\d+)"[^>]*>Checkout<', page.content.decode())
    assert checkout is not None

    answer = visitor.post(at_team_fields, {**form_values(page), f"fill-{TEAM}": f"always:{checkout[1]}", "save": "1"})

    assert offered[:4] == ["Choose how to fill Team…", "Checkout", "Catalogue", "Platform"]
    assert answer.status_code == 303
    row = ProjectMapping.objects.get().fields.get(jira_field=TEAM)
    assert (row.story_field, row.fixed_value, row.direction) == ("", {"id": checkout[1]}, "to_jira")
    again = visitor.get(at_team_fields)
    assert form_values(again)[f"fill-{TEAM}"] == [f"always:{checkout[1]}"]
    assert "Always “Checkout”" in text_of(again)


def test_a_field_of_ours_can_fill_it_when_every_value_is_decided(visitor: Visitor, at_team_fields: str) -> None:
    given = {**form_values(visitor.get(at_team_fields)), f"fill-{TEAM}": "from:priority", "save": "1"}

    undecided = visitor.post(at_team_fields, given)

    assert undecided.status_code == 422
    assert "0 of 4 values mapped" in text_of(undecided)
    assert "Choose what these values of Priority become in Jira: Low, Medium, High, Urgent." in text_of(undecided)
    assert "Leave empty" not in options(undecided, f"map-{TEAM}-low")  # it is required

    team = re.findall(rf'name="map-{TEAM}-low".*?<option value="(\d+)"', undecided.content.decode(), re.DOTALL)[0]
    decided = {f"map-{TEAM}-{value}": team for value in ("low", "medium", "high", "urgent")}
    saved = visitor.post(at_team_fields, {**form_values(undecided), **decided, "save": "1"})

    assert saved.status_code == 303
    row = ProjectMapping.objects.get().fields.get(jira_field=TEAM)
    assert row.story_field == "priority"
    assert set(row.value_map.values()) == {team}


def test_only_fields_that_fit_are_offered(visitor: Visitor, at_fields: str) -> None:
    page = visitor.get(at_fields)

    assert options(page, "to-points") == ["Not sent", "Story Points", "Effort"]
    assert options(page, "to-description") == ["Not sent", "Description", "Environment", "Acceptance criteria"]
    assert options(page, "to-criteria")[0] == "In the description, under the heading “Acceptance criteria”"
    assert options(page, "to-labels") == [
        "Not sent",
        "Labels",
        "Components",
        "Fix versions",
        "Browsers",
        "Platforms",
        "Tags",
    ]
    assert options(page, "to-assignee") == ["Not sent", "Reporter", "Assignee", "Tester"]
    assert "Summary" in options(page, "to-title")
    assert "Specification" in options(page, "to-title")
    assert "Acceptance criteria" not in options(page, "to-title")  # a paragraph, not a line


def test_a_posted_field_that_does_not_fit_is_refused(visitor: Visitor, at_fields: str) -> None:
    answer = visitor.send(at_fields, **{"to-points": "customfield_10035"})

    assert answer.status_code == 422
    assert "Specification does not fit: Story points needs a number field." in text_of(answer)


def test_one_jira_field_is_filled_by_one_of_ours(visitor: Visitor, at_fields: str) -> None:
    answer = visitor.send(at_fields, **{"to-criteria": "description"})

    assert answer.status_code == 422
    assert "Description is filled by another row already." in text_of(answer)


def test_the_example_column_shows_what_a_real_story_will_send(visitor: Visitor, at_fields: str) -> None:
    said = text_of(visitor.get(at_fields))

    assert "US-142 will send" in said
    assert "Guest can pay without creating an account" in said
    assert "Urgent → Highest" in said
    assert "checkout, q3-2026" in said


def test_another_story_can_be_the_example(visitor: Visitor, at_fields: str) -> None:
    project = Story.objects.get().project
    Story.objects.create(project=project, key="US-143", title="<script>alert(1)</script>", priority="low", position=9)

    answer = visitor.get(f"{at_fields}&example=US-143")

    assert "US-143 will send" in text_of(answer)
    assert "&lt;script&gt;alert(1)" in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()


def test_looking_at_a_choice_saves_nothing(visitor: Visitor, at_fields: str) -> None:
    given = {**form_values(visitor.get(at_fields)), "to-points": "customfield_10040", "look": "1"}

    answer = visitor.post(at_fields, given, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert form_values(answer)["to-points"] == ["customfield_10040"]
    assert "customfield_10040 · number" in text_of(answer)
    assert ProjectMapping.objects.get().fields.count() == 0


def test_values_without_a_counterpart_block_and_can_be_left_empty_on_purpose(visitor: Visitor, at_fields: str) -> None:
    undecided = visitor.send(at_fields, **{"map-priority-urgent": ""})
    decided = visitor.send(at_fields, **{"map-priority-urgent": "-"})

    assert undecided.status_code == 422
    assert "3 of 4 values mapped" in text_of(undecided)
    assert decided.status_code == 303
    assert story_mapping("priority").value_map["urgent"] == ""


def test_a_direction_is_kept(visitor: Visitor, at_fields: str) -> None:
    answer = visitor.send(at_fields, **{"dir-points": "from_jira", "dir-criteria": "both"})

    assert answer.status_code == 303
    assert story_mapping("points").direction == "from_jira"
    assert story_mapping("criteria").direction == "both"


def test_summary_that_is_only_read_from_jira_leaves_it_unfilled(visitor: Visitor, at_fields: str) -> None:
    answer = visitor.send(at_fields, **{"dir-title": "from_jira"})

    assert answer.status_code == 422
    assert "Choose a value or a field for Summary." in text_of(answer)


def test_a_fixed_text_can_be_added_to_a_field_nobody_demands(visitor: Visitor, at_fields: str) -> None:
    asked = {**form_values(visitor.get(at_fields)), "add_field": "customfield_10050", "add": "1"}
    added = visitor.post(at_fields, asked)
    typed = {"fill-customfield_10050": "always", "text-customfield_10050": "From Stories & QA", "save": "1"}

    saved = visitor.post(at_fields, {**form_values(added), **typed})

    assert added.status_code == 200
    assert "How to fill Release note" in text_of(added)
    assert saved.status_code == 303
    assert ProjectMapping.objects.get().fields.get(jira_field="customfield_10050").fixed_value == "From Stories & QA"


def test_removing_a_row_shows_it_unmapped_until_it_is_saved(visitor: Visitor, at_fields: str) -> None:
    visitor.send(at_fields)
    removed = visitor.post(at_fields, {**form_values(visitor.get(at_fields)), "remove": "s-points"})

    assert form_values(removed)["to-points"] == [""]
    assert story_mapping("points")

    visitor.post(at_fields, {**form_values(removed), "save": "1"})

    assert not ProjectMapping.objects.get().fields.filter(kind="story", story_field="points").exists()


def test_kinds_nobody_opened_take_their_suggestions(visitor: Visitor, at_fields: str) -> None:
    visitor.send(at_fields)

    kinds = ProjectMapping.objects.get().fields.values_list("kind", flat=True)
    assert set(kinds) == {Kind.EPIC.value, Kind.STORY.value}


def test_every_save_raises_the_version_and_leaves_an_audit_sentence(visitor: Visitor, at_fields: str) -> None:
    before = ProjectMapping.objects.get().version

    visitor.send(at_fields)
    visitor.send(at_fields)

    assert ProjectMapping.objects.get().version == before + 2
    assert AuditEntry.objects.filter(code="mapping_saved").count() == 2


def test_reading_again_says_what_is_new_and_what_is_gone(visitor: Visitor, at_fields: str) -> None:
    row = JiraMetadata.objects.get()
    story = next(one for one in row.payload["issue_types"] if one["id"] == "10011")
    story["fields"] = [one for one in story["fields"] if one["id"] != "customfield_10016"]
    story["fields"].append({**story["fields"][0], "id": "customfield_9", "name": "Old field"})
    row.save()

    answer = visitor.send(at_fields, "reread")

    said = text_of(visitor.get(answer["Location"]))
    assert "Read again: 1 new, 1 gone. New: Story Points. Gone: Old field." in said
    same = visitor.send(at_fields, "reread")
    assert "The fields of SHOP are as they were." in text_of(visitor.get(same["Location"]))


def test_a_mapped_field_that_jira_has_no_longer_is_named(visitor: Visitor, at_fields: str) -> None:
    visitor.send(at_fields)
    mapping = ProjectMapping.objects.get()
    known = metadata_module.stored(mapping.connection, "10000")
    assert known is not None
    row = JiraMetadata.objects.get()
    story = next(one for one in row.payload["issue_types"] if one["id"] == "10011")
    story["fields"] = [one for one in story["fields"] if one["id"] != "customfield_10016"]
    row.save()

    said = text_of(visitor.get(at_fields))

    assert "Jira has no field “Story Points” for this any more. Choose another." in said


def test_fields_that_changed_in_jira_while_nobody_looked_are_told_on_return(
    visitor: Visitor, at_fields: str, sandbox: RunningSandbox
) -> None:
    row = JiraMetadata.objects.get()
    story = next(one for one in row.payload["issue_types"] if one["id"] == "10011")
    story["fields"] = [one for one in story["fields"] if one["id"] != "customfield_10016"]
    row.read_at = timezone.now() - timedelta(hours=2)
    row.save()

    said = text_of(visitor.get(at_fields))

    assert "Read again: 1 new, 0 gone. New: Story Points." in said
    assert "Read again" not in text_of(visitor.get(at_fields))


def test_what_is_known_has_to_do_while_jira_does_not_answer(
    visitor: Visitor, at_fields: str, sandbox: RunningSandbox
) -> None:
    JiraMetadata.objects.update(read_at=timezone.now() - timedelta(hours=2))
    sandbox.faults({"kind": "status", "path": ".*", "status": 503})

    answer = visitor.get(at_fields)

    assert answer.status_code == 200
    assert "Story Points" in options(answer, "to-points")
