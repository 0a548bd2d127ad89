"""Exporting again: only what changed here is written, nothing a person changed in Jira is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jira_integration.export.runs import confirm
from jira_integration.models import ExportedTicket, ExportRun, ProjectMapping, annotate_sync
from stories_qa.models import Project, Story
from tests.jira_rows import a_person, a_story, an_epic
from tests.jira_site import drive, export, plan
from tests.sandbox_server import RunningSandbox


def edit(story: Story, **values: Any) -> None:
    for name, value in values.items():
        setattr(story, name, value)
    story.version += 1
    story.save()


def in_jira(sandbox: RunningSandbox, story: Story, **fields: Any) -> None:
    key = ExportedTicket.objects.get(story_ref=story.ref).issue_key
    assert sandbox.call("PUT", f"issue/{key}", json={"fields": fields}).status_code == 204


def issue_of(sandbox: RunningSandbox, story: Story) -> dict[str, Any]:
    issue_id = ExportedTicket.objects.get(story_ref=story.ref).issue_id
    return next(issue["fields"] for issue in sandbox.issues() if issue["id"] == issue_id)


def test_a_value_taken_away_here_is_emptied_in_jira(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    epic = an_epic(backlog)
    story = a_story(backlog, 1, epic=epic, description="Text", labels=["a"], points=5)
    export(mapping)

    edit(story, description="", labels=[], points=None, epic=None)
    run = export(mapping)

    issue = issue_of(sandbox, story)
    assert run.state == ExportRun.State.DONE
    assert (issue["description"], issue["labels"], issue["customfield_10016"], issue.get("parent")) == (
        None,
        [],
        None,
        None,
    )
    assert plan(mapping).counts["unchanged"] == 2


def test_labels_a_person_added_in_jira_are_not_overwritten(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    story = a_story(backlog, 1)
    export(mapping)
    in_jira(sandbox, story, labels=["by-hand"])

    edit(story, labels=["ours"])

    assert plan(mapping).counts["conflict"] == 1


def test_edits_of_different_fields_on_both_sides_go_side_by_side(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    story = a_story(backlog, 1, description="Text")
    export(mapping)
    in_jira(sandbox, story, labels=["by-hand"])
    edit(story, title="A better title")

    run = export(mapping)

    issue = issue_of(sandbox, story)
    assert run.state == ExportRun.State.DONE
    assert (issue["summary"], issue["labels"]) == ("A better title", ["by-hand"])
    edit(story, labels=["ours"])
    assert plan(mapping).counts["conflict"] == 1


def test_an_edit_that_changes_nothing_in_jira_brings_the_badge_back_to_in_sync(
    mapping: ProjectMapping, backlog: Project
) -> None:
    story = a_story(backlog, 1, labels=["a"])
    export(mapping)
    edit(story, labels=["a", "a"])
    assert annotate_sync(Story.objects.all()).get().jira_state == "changed_here"

    assert plan(mapping).counts["unchanged"] == 1

    assert annotate_sync(Story.objects.all()).get().jira_state == "in_sync"


def test_a_story_moved_to_another_epic_moves_in_jira(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    first, second = an_epic(backlog, 1), an_epic(backlog, 2)
    story = a_story(backlog, 1, epic=first)
    export(mapping, [first.ref, story.ref])
    edit(story, epic=second)

    made = plan(mapping, [story.ref])
    changes = made.items.get(story_ref=story.ref).changes
    run = export(mapping, [story.ref])

    assert changes == [{"field": "parent", "label": "Parent", "before": "SHOP-1", "after": "EP-2 Epic 2"}]
    assert run.state == ExportRun.State.DONE
    epic_id = ExportedTicket.objects.get(story_ref=second.ref).issue_id
    assert issue_of(sandbox, story)["parent"]["id"] == epic_id


@pytest.mark.parametrize("field", ["summary", "description"])
def test_an_issue_edited_between_preview_and_export_stops_alone(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, field: str
) -> None:
    story, other = a_story(backlog, 1, description="Text"), a_story(backlog, 2)
    export(mapping)
    edit(story, title="Ours", description="Ours")
    edit(other, title="Another")
    made = plan(mapping)
    document = {
        "version": 1,
        "type": "doc",
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "T"}]}],
    }
    in_jira(sandbox, story, **{field: "Theirs" if field == "summary" else document})

    run = drive(confirm(made, None))

    assert dict(run.items.values_list("story_key", "state")) == {"US-1": "moved_on", "US-2": "updated"}


def test_labels_are_written_by_what_is_added_and_removed(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    story = a_story(backlog, 1, labels=["kept", "gone"])
    export(mapping)
    edit(story, labels=["kept", "new"])
    made = plan(mapping)
    sandbox.clear_log()

    run = drive(confirm(made, None))

    (write,) = sandbox.write_requests()
    assert write["body"] == {"update": {"labels": [{"add": "new"}, {"remove": "gone"}]}}
    assert run.state == ExportRun.State.DONE
    assert sorted(issue_of(sandbox, story)["labels"]) == ["kept", "new"]
    assert ExportedTicket.objects.get().base_sent["labels"] == ["kept", "new"]
    assert plan(mapping).counts["unchanged"] == 1


def test_each_edited_story_is_one_write_of_its_one_field_and_the_rest_none(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    stories = [a_story(backlog, number, points=1) for number in range(1, 201)]
    export(mapping)
    for story in stories[:40]:
        edit(story, title=f"{story.title} again")
    sandbox.clear_log()

    run = export(mapping)

    writes = sandbox.write_requests()
    assert [(one["method"], list(one["body"]), list(one["body"]["fields"])) for one in writes] == [
        ("PUT", ["fields"], ["summary"])
    ] * 40
    assert (run.plan.counts["update"], run.plan.counts["unchanged"]) == (40, 160)
    sandbox.clear_log()
    assert plan(mapping).sendable == 0
    assert sandbox.write_requests() == []


def test_the_preview_shows_what_stays_the_same_when_asked(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, client: Client
) -> None:
    client.force_login(a_person("ana", backlog))
    story = a_story(backlog, 1, epic=an_epic(backlog), description="Stays", labels=["a"], points=5)
    export(mapping)
    edit(story, title="Another title")
    made = plan(mapping, [story.ref])
    item = made.items.get(story_ref=story.ref)
    url = reverse("jira_integration:plan_same", args=["SHOP", made.pk, item.pk])

    part = client.get(url, headers={"HX-Request": "true"})
    whole = client.get(url)

    for answer in (part, whole):
        html = answer.content.decode()
        rows = re.findall(r'<th scope="row" class="f">(.*?)</th>', html)
        assert len(rows) == item.same_fields
        assert "Summary" not in rows
        assert {"Description", "Labels", "Parent"} <= set(rows)
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    edit(story, title="And another")
    assert "was edited after this preview" in client.get(url).content.decode()
