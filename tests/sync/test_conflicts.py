"""Who wins where both sides changed a field, and what a person's choice does."""

from __future__ import annotations

import pytest

from jira_integration.models import AuditEntry, Conflict, ProjectMapping
from jira_integration.richtext.compose import Criterion as Written
from jira_integration.sync.conflicts import resolve
from stories_qa.models import AcceptanceCriterion, Project, Story
from tests.export.test_difference import edit, in_jira, issue_of
from tests.jira_rows import a_person
from tests.jira_site import export
from tests.sandbox_server import RunningSandbox
from tests.sync.test_fields import STEPS, again, described, policy
from tests.sync.test_fields import story as story
from tests.sync.test_poll import key_of, move, news, state_of

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize(
    ("direction", "who", "title", "state"),
    [
        ("both", "ask", "Ours", "conflict"),
        ("both", "ours", "Ours", "changed_here"),
        ("both", "jira", "Theirs", "in_sync"),
        ("to_jira", "ask", "Ours", "conflict"),
        ("to_jira", "ours", "Ours", "changed_here"),
        ("from_jira", "ask", "Theirs", "in_sync"),
    ],
)
def test_who_wins_when_both_changed_a_value_is_said_by_the_mapping(
    mapping: ProjectMapping,
    sandbox: RunningSandbox,
    story: Story,
    direction: str,
    who: str,
    title: str,
    state: str,
) -> None:
    policy(mapping, "summary", direction=direction, policy=who)
    edit(again(story), title="Ours")
    in_jira(sandbox, story, summary="Theirs")

    news(mapping)

    assert (again(story).title, state_of(story)) == (title, state)
    if state == "changed_here":
        export(mapping, [story.ref])
        assert issue_of(sandbox, story)["summary"] == "Ours"
        assert state_of(story) == "in_sync"


def test_a_field_that_goes_to_jira_only_is_shown_and_not_written(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    policy(mapping, "summary", direction="to_jira")
    in_jira(sandbox, story, summary="Renamed in Jira")

    news(mapping)

    assert (again(story).title, state_of(story)) == ("Story 9", "changed_in_jira")
    in_jira(sandbox, story, summary="Story 9")
    news(mapping)
    assert state_of(story) == "in_sync"


@pytest.mark.parametrize(("choice", "title"), [("ours", "Ours"), ("theirs", "Theirs"), ("merged", "Both")])
def test_after_a_choice_and_an_export_both_sides_are_equal(
    mapping: ProjectMapping, backlog: Project, sandbox: RunningSandbox, story: Story, choice: str, title: str
) -> None:
    mira = a_person("mira", backlog)
    edit(again(story), title="Ours")
    in_jira(sandbox, story, summary="Theirs")
    news(mapping)

    resolve(Conflict.objects.get(), choice, mira, merged="Both")
    if choice != "theirs":
        assert state_of(story) == "changed_here"
        export(mapping, [story.ref])

    assert (again(story).title, issue_of(sandbox, story)["summary"], state_of(story)) == (title, title, "in_sync")
    assert news(mapping)["changed"] == 0
    assert Conflict.objects.get().resolved_by == mira
    assert AuditEntry.objects.filter(code=f"conflict_{choice}", user=mira).exists()


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_a_status_in_conflict_is_settled_by_a_choice(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, choice: str
) -> None:
    edit(again(story), status="done")
    move(sandbox, key_of(story), "In Progress")
    news(mapping)

    resolve(Conflict.objects.get(field="status"), choice, None)
    if state_of(story) != "in_sync":
        export(mapping, [story.ref])

    wanted = {"ours": ("done", "Done"), "theirs": ("in_progress", "In Progress")}[choice]
    assert (again(story).status, issue_of(sandbox, story)["status"]["name"]) == wanted
    assert state_of(story) == "in_sync"
    assert news(mapping)["conflicts"] == 0


def test_body_and_criteria_in_conflict_are_settled_one_after_the_other(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    edit(again(story), description="One of ours\n\nTwo\n\nThree")
    AcceptanceCriterion.objects.filter(story=story, position=0).update(text="Ours works")
    in_jira(sandbox, story, description=described("One of theirs\n\nTwo\n\nThree", Written("Theirs works"), STEPS))
    news(mapping)
    assert set(Conflict.objects.values_list("field", flat=True)) == {"description", "criteria"}

    resolve(Conflict.objects.get(field="criteria"), "ours", None)
    in_jira(sandbox, story, summary="So that Jira tells of it again")
    news(mapping)
    assert list(Conflict.objects.filter(resolved_at=None).values_list("field", flat=True)) == ["description"]
    resolve(Conflict.objects.get(field="description"), "theirs", None)
    export(mapping, [story.ref])

    now = again(story)
    assert (now.description, now.criteria.first().text) == ("One of theirs\n\nTwo\n\nThree", "Ours works")
    assert state_of(story) == "in_sync"
    assert news(mapping)["changed"] == 0


def test_a_conflict_that_somebody_undid_in_jira_settles_itself(
    mapping: ProjectMapping, sandbox: RunningSandbox, story: Story
) -> None:
    edit(again(story), title="Ours")
    in_jira(sandbox, story, summary="Theirs")
    news(mapping)
    in_jira(sandbox, story, summary="Story 9")

    news(mapping)

    assert Conflict.objects.get().choice == "itself"
    assert state_of(story) == "changed_here"
