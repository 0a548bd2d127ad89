"""The pages of conflicts: what they show, what a choice does on both sides, and who is asked again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from jira_integration.models import AuditEntry, Conflict, ExportedTicket, ExportRun, FieldMapping, ProjectMapping
from jira_integration.richtext.compose import Criterion as Written
from stories_qa.models import AcceptanceCriterion, Project, Role, Story
from tests.export.test_difference import edit, in_jira, issue_of
from tests.jira_rows import a_backlog, a_mapping, a_person, a_story, a_ticket
from tests.jira_site import drive, export
from tests.sandbox_server import RunningSandbox
from tests.sync.conftest import backlog as backlog
from tests.sync.conftest import mapping as mapping
from tests.sync.conftest import sandbox as sandbox
from tests.sync.test_fields import again, described, policy
from tests.sync.test_poll import move, news, state_of

LIST = "/p/SHOP/jira/conflicts/"


@pytest.fixture
def story(mapping: ProjectMapping, backlog: Project) -> Story:
    story = a_story(backlog, 9, description="One\n\nTwo\n\nThree", priority="high", points=3, labels=["a"])
    AcceptanceCriterion.objects.create(story=story, position=0, text="It works")
    AcceptanceCriterion.objects.create(story=story, position=1, text="It stays")
    AcceptanceCriterion.objects.create(story=story, position=2, text="It lasts")
    export(mapping)
    return story


@pytest.fixture
def person(client: Client, backlog: Project) -> Client:
    client.force_login(a_person("mira", backlog, Role.EXPORTER, first_name="Mira", last_name="Kovač"))
    return client


def both_edit(mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, **more: Any) -> str:
    """Title edited on both sides; returns the address of the conflict."""
    edit(again(story), title="Ours", updated_by="Ana", **more)
    in_jira(sandbox, story, summary="Theirs")
    news(mapping)
    return address(story)


def address(story: Story) -> str:
    return f"{LIST}{ExportedTicket.objects.get(story_ref=story.ref).pk}/"


def hidden(page: str) -> dict[str, str]:
    """What the form sends along without being asked."""
    inputs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: value for name, value in inputs if name != "csrfmiddlewaretoken"}


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def finish() -> ExportRun:
    """What the worker does with the run that a save made."""
    return drive(ExportRun.objects.latest("pk"))


class TestOnePage:
    def test_it_shows_three_values_and_who_wrote_them(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        url = both_edit(mapping, sandbox, story, points=5)

        page = text_of(person.get(url))

        for words in ("Story 9", "Keep ours", "Take Jira’s", "Ana", "1 field was edited here and in Jira"):
            assert words in page
        assert "1 other change has no conflict" in page  # the points, which go along
        assert "Conflict 1 of 1" in page

    @pytest.mark.parametrize(("choice", "title"), [("ours", "Ours"), ("theirs", "Theirs"), ("merged", "Both of it")])
    def test_after_saving_both_sides_read_the_same(
        self,
        mapping: ProjectMapping,
        sandbox: RunningSandbox,
        story: Story,
        person: Client,
        choice: str,
        title: str,
    ) -> None:
        url = both_edit(mapping, sandbox, story)
        form = hidden(person.get(url).content.decode())

        answer = person.post(url, {**form, "choice-title": choice, "merged-title": "Both  of it"})

        assert (answer.status_code, answer["Location"]) == (303, LIST)
        if choice != "theirs":
            assert finish().state == "done"
        assert (again(story).title, issue_of(sandbox, story)["summary"], state_of(story)) == (title, title, "in_sync")
        assert "No conflict is left" in text_of(person.get(LIST))
        entry = AuditEntry.objects.get(code=f"conflict_{choice}")
        assert entry.actor_name == "Mira Kovač"
        before = {"ours": "Theirs", "theirs": "Ours", "merged": "Ours"}[choice]
        assert [(one["before"], one["after"]) for one in entry.values["changes"]] == [(before, title)]
        assert news(mapping)["changed"] == 0

    def test_what_has_no_conflict_goes_to_jira_with_the_choice(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        url = both_edit(mapping, sandbox, story, points=5)
        form = hidden(person.get(url).content.decode())

        person.post(url, {**form, "choice-title": "theirs"})
        finish()

        assert issue_of(sandbox, story)["customfield_10016"] == 5
        assert (again(story).title, state_of(story)) == ("Theirs", "in_sync")

    def test_a_missing_choice_is_named_and_nothing_is_asked_of_jira(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        edit(again(story), title="Ours", points=8)
        in_jira(sandbox, story, summary="Theirs", customfield_10016=2)
        news(mapping)
        url = address(story)
        form = hidden(person.get(url).content.decode())
        sandbox.clear_log()

        answer = person.post(url, {**form, "choice-title": "ours"})

        assert answer.status_code == 422
        assert "Choose a value for Story points" in text_of(answer)
        assert re.search(r'name="choice-title"\s+id="choice-title"\s+value="ours"\s+checked', answer.content.decode())
        assert sandbox.log() == []
        assert Conflict.objects.filter(resolved_at=None).count() == 2

    def test_jira_changing_again_answers_409_with_the_new_value_and_keeps_the_other_choices(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        edit(again(story), title="Ours", points=8)
        in_jira(sandbox, story, summary="Theirs", customfield_10016=2)
        news(mapping)
        url = address(story)
        form = hidden(person.get(url).content.decode())
        in_jira(sandbox, story, summary="Theirs, once more")

        chosen = {"choice-title": "theirs", "choice-points": "ours", "merged-title": "What I typed"}
        answer = person.post(url, {**form, **chosen})

        page = answer.content.decode()
        assert answer.status_code == 409
        assert "once more" in page and "Changed again just now" in page and "What I typed" in page
        assert not re.search(r'name="choice-title"[^>]* checked', page)
        assert re.search(r'name="choice-points"[^>]*\svalue="ours"\s+checked', page)
        assert again(story).title == "Ours"
        assert Conflict.objects.filter(resolved_at=None).count() == 2
        answer = person.post(url, {**hidden(page), "choice-title": "theirs", "choice-points": "ours"})
        assert answer.status_code == 303
        finish()
        assert again(story).title == "Theirs, once more"
        assert issue_of(sandbox, story)["customfield_10016"] == 8

    def test_an_edit_here_meanwhile_is_seen_too(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        url = both_edit(mapping, sandbox, story)
        form = hidden(person.get(url).content.decode())
        edit(again(story), title="Ours, once more")

        answer = person.post(url, {**form, "choice-title": "theirs"})

        assert answer.status_code == 409
        assert again(story).title == "Ours, once more"

    def test_a_jira_that_does_not_answer_leaves_everything_as_it_is(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        url = both_edit(mapping, sandbox, story)
        form = hidden(person.get(url).content.decode())
        sandbox.control("sabotage", {"names": ["token_ended"], "project": "SHOP"})

        answer = person.post(url, {**form, "choice-title": "theirs"})

        assert answer.status_code == 503
        assert re.search(r'value="theirs"\s+checked', answer.content.decode())
        assert again(story).title == "Ours"

    def test_criteria_are_merged_criterion_by_criterion(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        FieldMapping.objects.filter(mapping=mapping, story_field="criteria").delete()
        export(mapping)
        edit(again(story))
        AcceptanceCriterion.objects.filter(story=story, position=0).update(text="It works here")
        body = described("One\n\nTwo\n\nThree", Written("It works"), Written("It stays"), Written("It lasts long"))
        in_jira(sandbox, story, description=body)
        news(mapping)
        url = address(story)
        page = person.get(url).content.decode()
        box = re.search(r'name="merged-criteria"[^>]*>([^<]*)</textarea>', page)

        assert box is not None
        assert box[1] == "It works here\n\nIt stays\n\nIt lasts long"  # both edits, criterion by criterion
        typed = "It works here\r\n\r\nGiven a\r\nWhen b\r\nThen c"
        person.post(url, {**hidden(page), "choice-criteria": "merged", "merged-criteria": typed})
        finish()

        criteria = list(story.criteria.order_by("position").values_list("text", "given", "when", "then"))
        assert criteria == [("It works here", "", "", ""), ("", "a", "b", "c")]
        assert state_of(story) == "in_sync"

    def test_a_status_nobody_mapped_cannot_be_taken_and_says_why(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        edit(again(story), status="done")
        move(sandbox, ExportedTicket.objects.get(story_ref=story.ref).issue_key, "In Progress")
        news(mapping)
        Conflict.objects.update(theirs=None, reason="unknown_status")
        url = address(story)

        page = person.get(url)

        assert 'name="choice-status" value="theirs"' not in page.content.decode()
        assert "stands for none of ours" in text_of(page)

    def test_people_who_may_only_look_see_no_save_and_cannot_post(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, backlog: Project, client: Client
    ) -> None:
        url = both_edit(mapping, sandbox, story)
        client.force_login(a_person("vic", backlog, Role.VIEWER))

        page = client.get(url).content.decode()

        assert "Save and update both sides" not in page
        assert client.post(url, {**hidden(page), "choice-title": "theirs"}).status_code == 403
        assert client.get(f"{LIST}preview/?take=ours&conflict=1").status_code == 403
        assert again(story).title == "Ours"

    def test_a_settled_one_leads_back_to_the_list_and_an_unknown_one_is_not_found(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        url = both_edit(mapping, sandbox, story)
        in_jira(sandbox, story, summary="Story 9")
        news(mapping)

        assert person.get(url)["Location"] == LIST
        assert person.get(f"{LIST}999999/").status_code == 404

    def test_another_backlog_s_conflict_is_not_shown(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, client: Client
    ) -> None:
        url = both_edit(mapping, sandbox, story)
        other = a_backlog("OTHER", "Other")
        client.force_login(a_person("eve", other, Role.ADMIN))

        assert client.get(url).status_code == 404
        assert client.get(url.replace("SHOP", "OTHER")).status_code == 404


class TestTheList:
    def test_the_sidebar_counts_stories_and_the_list_names_their_fields(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        url = both_edit(mapping, sandbox, story)

        page = person.get(LIST).content.decode()

        assert url in page
        assert re.search(r'js-conflicts warn"\s*>\s*1\s*<', page)

    def test_a_choice_for_several_is_shown_before_anything_is_written(
        self, mapping: ProjectMapping, sandbox: RunningSandbox, story: Story, person: Client
    ) -> None:
        both_edit(mapping, sandbox, story)
        second = Story.objects.get(key="US-2")
        both_edit(mapping, sandbox, second)
        numbers = [ExportedTicket.objects.get(story_ref=one.ref).pk for one in (story, second)]
        sandbox.clear_log()

        page = person.get(f"{LIST}preview/", {"take": "ours", "conflict": numbers}).content.decode()

        assert "Keep ours for 2 stories" in page and sandbox.log() == []
        in_jira(sandbox, second, summary="Theirs, once more")
        answer = person.post(f"{LIST}preview/", {**hidden(page), "take": "ours", "conflict": numbers}, follow=True)
        assert "Saved 1 story." in text_of(answer) and "changed meanwhile: US-2" in text_of(answer)
        finish()
        assert issue_of(sandbox, story)["summary"] == "Ours"
        assert issue_of(sandbox, second)["summary"] == "Theirs, once more"
        assert [row.ticket.story_key for row in Conflict.objects.filter(resolved_at=None)] == ["US-2"]

    def test_nothing_chosen_says_so(self, mapping: ProjectMapping, story: Story, person: Client) -> None:
        answer = person.get(f"{LIST}preview/?take=ours", follow=True)

        assert "Choose at least one story" in text_of(answer)

    def test_an_empty_list_says_so(self, transactional_db: None, client: Client) -> None:
        project = a_backlog()
        a_ticket(a_mapping(project), a_story(project))
        client.force_login(a_person("mira", project))

        assert "No story is in conflict" in text_of(client.get(LIST))


def test_policies_still_decide_without_a_page(mapping: ProjectMapping, sandbox: RunningSandbox, story: Story) -> None:
    policy(mapping, "summary", policy="jira")

    both_edit(mapping, sandbox, story)

    assert not Conflict.objects.exists()
