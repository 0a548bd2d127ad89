"""What people change in Jira, field by field: taken in, merged, shown, or asked about."""

from __future__ import annotations

from typing import Any

import pytest

from jira_integration.contracts import Criterion
from jira_integration.models import AuditEntry, Conflict, ExportedTicket, FieldMapping, ProjectMapping
from jira_integration.richtext import markdown_to_adf
from jira_integration.richtext.compose import Criterion as Written
from jira_integration.richtext.compose import blocks, criteria_section, document
from jira_integration.sync.conflicts import CannotChoose, resolve
from stories_qa.jira_source import StoriesQaSource
from stories_qa.models import AcceptanceCriterion, Project, Story
from tests.export.test_difference import edit, in_jira, issue_of
from tests.jira_rows import a_story, an_epic
from tests.jira_site import export
from tests.sandbox_server import RunningSandbox
from tests.sync.test_poll import key_of, news, state_of

pytestmark = pytest.mark.both_databases
POINTS = "customfield_10016"
CRITERIA = "customfield_10030"


def doc(text: str) -> dict[str, Any]:
    return markdown_to_adf(text).value


def policy(mapping: ProjectMapping, field: str, **columns: str) -> None:
    assert FieldMapping.objects.filter(mapping=mapping, jira_field=field).update(**columns)


def again(story: Story) -> Story:
    return Story.objects.get(pk=story.pk)


@pytest.fixture
def story(mapping: ProjectMapping, backlog: Project) -> Story:
    """US-9: in Jira, with a value in every field that is mapped."""
    FieldMapping.objects.filter(mapping=mapping, story_field="criteria").delete()  # so they ride in the description
    epic = an_epic(backlog)
    story = a_story(
        backlog, 9, epic=epic, description="One\n\nTwo\n\nThree", labels=["api", "web"], points=3, priority="high"
    )
    AcceptanceCriterion.objects.create(story=story, position=0, text="It works")
    AcceptanceCriterion.objects.create(story=story, position=1, given="a cart", when="I pay", then="it is empty")
    export(mapping)
    return story


@pytest.mark.parametrize(
    ("in_jira_now", "here_then"),
    [
        ({"summary": "Renamed in Jira"}, {"title": "Renamed in Jira"}),
        ({POINTS: 8}, {"points": 8}),
        ({POINTS: None}, {"points": None}),
        ({"labels": ["api", "mobile"]}, {"labels": ["api", "mobile"]}),
        ({"labels": []}, {"labels": []}),
        ({"priority": {"name": "Low"}}, {"priority": "low"}),
    ],
)
def test_what_only_jira_changed_is_taken_in_and_leaves_both_in_sync(
    mapping: ProjectMapping,
    sandbox: RunningSandbox,
    story: Story,
    in_jira_now: dict[str, Any],
    here_then: dict[str, Any],
) -> None:
    in_jira(sandbox, story, **in_jira_now)

    counts = news(mapping)

    now = again(story)
    assert {name: getattr(now, name) for name in here_then} == here_then
    assert (counts["applied"], state_of(story)) == (1, "in_sync")
    entry = AuditEntry.objects.get(code="taken_from_jira")
    assert (entry.object_ref, len(entry.values["changes"])) == (story.ref, 1)
    assert news(mapping)["changed"] == 0


def test_what_was_taken_in_is_not_sent_back(mapping: ProjectMapping, sandbox: RunningSandbox, story: Story) -> None:
    in_jira(sandbox, story, summary="Renamed in Jira", labels=["api"], description=doc("One\n\nTwo"))
    news(mapping)
    sandbox.clear_log()

    run = export(mapping, [story.ref]) if state_of(story) != "in_sync" else None

    assert run is None
    assert list(sandbox.write_requests()) == []


def test_the_echo_of_our_own_write_changes_nothing(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    edit(again(story), title="Renamed here", description="One\n\n* Two\n* Three", labels=["needs review"])
    export(mapping)
    version = again(story).version

    assert news(mapping) == {"changed": 0, "applied": 0, "conflicts": 0, "missing": 0}
    assert (again(story).version, state_of(story)) == (version, "in_sync")


def test_edits_of_different_fields_both_stand(mapping: ProjectMapping, sandbox: RunningSandbox, story: Story) -> None:
    edit(again(story), points=5)
    in_jira(sandbox, story, summary="Renamed in Jira")

    news(mapping)

    assert (again(story).title, again(story).points, state_of(story)) == ("Renamed in Jira", 5, "changed_here")
    export(mapping)
    assert (issue_of(sandbox, story)["summary"], issue_of(sandbox, story)[POINTS]) == ("Renamed in Jira", 5)
    assert state_of(story) == "in_sync"


def test_labels_of_both_sides_are_merged_and_go_out(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    edit(again(story), labels=["api", "web", "needs review"])
    in_jira(sandbox, story, labels=["web", "mobile"])

    news(mapping)

    assert again(story).labels == ["web", "needs review", "mobile"]
    assert state_of(story) == "changed_here"
    export(mapping)
    assert issue_of(sandbox, story)["labels"] == ["mobile", "needs-review", "web"]
    assert state_of(story) == "in_sync"


def described(text: str, *criteria: Written) -> dict[str, Any]:
    """A description as the export composes it."""
    return document(blocks(text), criteria_section(criteria)).value


PLAIN = Written("It works")
STEPS = Written.from_text("Given a cart\nWhen I pay\nThen it is empty")


def test_a_text_that_both_edited_in_different_lines_is_merged(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    edit(again(story), description="ONE\n\nTwo\n\nThree")
    in_jira(sandbox, story, description=described("One\n\nTwo\n\nTHREE", PLAIN, STEPS))

    news(mapping)

    assert again(story).description == "ONE\n\nTwo\n\nTHREE"
    assert state_of(story) == "changed_here"
    assert not Conflict.objects.exists()
    export(mapping)
    assert state_of(story) == "in_sync"
    assert news(mapping)["changed"] == 0


def test_a_text_that_both_edited_in_one_line_is_asked_about_with_a_proposal(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    edit(again(story), description="One of ours\n\nTwo\n\nThree")
    in_jira(sandbox, story, description=described("One of theirs\n\nTwo\n\nTHREE", PLAIN, STEPS))

    news(mapping)

    row = Conflict.objects.get()
    assert (row.field, row.jira_field) == ("description", "description")
    assert (row.base, row.ours, row.theirs) == (
        "One\n\nTwo\n\nThree",
        "One of ours\n\nTwo\n\nThree",
        "One of theirs\n\nTwo\n\nTHREE",
    )
    assert row.merged["text"] == "One of ours\n\nTwo\n\nTHREE"
    assert not row.merged["clean"]
    assert state_of(story) == "conflict"


def test_criteria_come_in_while_their_section_is_as_we_write_it(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    changed = Written.from_text("Given a cart\nWhen I pay\nThen it is empty\nAnd I get a mail")
    in_jira(sandbox, story, description=described("One\n\nTwo\n\nThree", Written("It works well"), changed))

    news(mapping)

    source = StoriesQaSource()
    snapshot = next(source.snapshots(mapping.project_ref, [story.ref]))
    assert snapshot.values["criteria"] == [
        Criterion("It works well"),
        Criterion("", "a cart", "I pay", "it is empty\nAnd I get a mail"),
    ]
    assert state_of(story) == "in_sync"
    assert news(mapping)["changed"] == 0


def test_criteria_in_a_field_of_their_own_come_back_too(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox
) -> None:
    policy(mapping, CRITERIA, direction="both")
    story = a_story(backlog, 8)
    AcceptanceCriterion.objects.create(story=story, position=0, text="It works")
    export(mapping)
    in_jira(sandbox, story, **{CRITERIA: document(criteria_section([Written("It works well"), STEPS])[1:]).value})

    news(mapping)

    assert [one.text or one.then for one in again(story).criteria.all()] == ["It works well", "it is empty"]
    assert state_of(story) == "in_sync"


def test_criteria_somebody_wrote_anew_in_jira_stay_there_and_are_shown(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    free = blocks("One\n\nTwo\n\nThree\n\n### Acceptance criteria\n\nSee the wiki.")
    in_jira(sandbox, story, description={"version": 1, "type": "doc", "content": free})

    news(mapping)

    assert again(story).criteria.count() == 2
    assert state_of(story) == "changed_in_jira"
    assert "description" in ExportedTicket.objects.get(story_ref=story.ref).theirs


def test_a_description_that_would_lose_something_here_stays_in_jira_until_both_changed(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    mention = {"type": "mention", "attrs": {"id": "712020:abc", "text": "@Jonas"}}
    rich = described("One\n\nTwo\n\nThree", PLAIN, STEPS)
    rich["content"].insert(0, {"type": "paragraph", "content": [mention]})
    in_jira(sandbox, story, description=rich)

    news(mapping)
    assert (again(story).description, state_of(story)) == ("One\n\nTwo\n\nThree", "changed_in_jira")

    edit(again(story), description="One of ours\n\nTwo\n\nThree")
    news(mapping)
    row = Conflict.objects.get()
    assert (row.reason, row.theirs, bool(row.notes)) == ("text_not_read_back", None, True)
    with pytest.raises(CannotChoose):
        resolve(row, "theirs", None)


def test_an_issue_moved_to_another_epic_moves_its_story(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, story: Story
) -> None:
    other = an_epic(backlog, 2)
    export(mapping)
    in_jira(sandbox, story, parent={"id": ExportedTicket.objects.get(story_ref=other.ref).issue_id})

    news(mapping)

    assert again(story).epic_id == other.pk
    assert state_of(story) == "in_sync"


def test_an_issue_taken_out_of_its_epic_takes_its_story_out(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    key = key_of(story)
    body = {"update": {"parent": [{"set": {"none": True}}]}}
    assert sandbox.call("PUT", f"issue/{key}", json=body).status_code == 204

    news(mapping)

    assert again(story).epic_id is None


def test_an_epic_nobody_knows_here_is_shown(mapping: ProjectMapping, sandbox: RunningSandbox, story: Story) -> None:
    fields = {"project": {"key": "SHOP"}, "issuetype": {"id": mapping.epic_type_id}, "summary": "Somebody's own"}
    stranger = sandbox.call("POST", "issue", json={"fields": fields}).json()
    in_jira(sandbox, story, parent={"id": stranger["id"]})

    news(mapping)

    assert again(story).epic_id is not None
    assert (state_of(story), list(ExportedTicket.objects.get(story_ref=story.ref).theirs)) == (
        "changed_in_jira",
        ["parent"],
    )
