from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from jira_integration.models import AuditEntry, JiraConnection, ProjectMapping
from stories_qa.models import Project, Role
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.conftest import member
from tests.views.wizard.visits import Visitor, form_values, text_of


def test_seven_steps_connect_a_backlog_and_turn_jira_on(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    assert visitor.choose(pk, "10000").status_code == 303
    answers = [visitor.send(visitor.step(pk, slug)) for slug in ("fields", "statuses", "webhook", "review")]

    assert [answer.status_code for answer in answers] == [303] * 4
    assert answers[-1]["Location"] == "/p/SHOP/stories/"
    mapping = ProjectMapping.objects.get(project_ref=Project.objects.get().ref)
    assert mapping.live
    assert mapping.steps_done == ["site", "sign-in", "project", "fields", "statuses", "webhook", "review"]
    story = {one.story_field: one for one in mapping.fields.filter(kind="story")}
    assert {name: one.jira_field for name, one in story.items()} == {
        "title": "summary",
        "description": "description",
        "criteria": "customfield_10030",
        "priority": "priority",
        "points": "customfield_10016",
        "labels": "labels",
        "assignee": "assignee",
        "parent": "parent",
    }
    assert story["priority"].value_map == {"urgent": "1", "high": "2", "medium": "3", "low": "4"}
    going = {one.status: one.jira_status_id for one in mapping.statuses.filter(incoming=False)}
    assert going == {"backlog": "10000", "ready": "10000", "in_progress": "3", "in_review": "10001", "done": "10002"}
    assert list(AuditEntry.objects.order_by("pk").values_list("code", flat=True)) == [
        "connection_made",
        "login_made",
        "project_chosen",
        "mapping_saved",
        "mapping_saved",
        "webhook_skipped",
        "turned_on",
    ]


def test_the_whole_set_up_only_reads_from_jira(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")
    for slug in ("fields", "statuses", "webhook", "review"):
        visitor.send(visitor.step(pk, slug))

    assert sandbox.log()
    assert sandbox.write_requests() == []


def test_a_saved_token_is_in_no_page(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")
    for slug in ("site", "sign-in", "project", "fields", "statuses", "webhook", "review"):
        visitor.get(visitor.step(pk, slug))
    visitor.send(visitor.step(pk, "sign-in"), button="test")

    assert len(visitor.pages) > 10
    assert not [page for page in visitor.pages if sandbox.token in page]
    assert "ends in …ken" in visitor.pages[-1]


def test_steps_after_the_first_open_one_cannot_be_visited_and_lead_back_to_it(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    pk = visitor.connect(sandbox)

    answer = visitor.get(visitor.step(pk, "statuses"))

    assert (answer.status_code, answer["Location"]) == (303, visitor.step(pk, "project"))


def test_the_stepper_links_what_is_done_and_marks_one_step_as_current(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")

    page = visitor.get(visitor.step(pk, "fields")).content.decode()

    steps = page[page.index('<nav class="steps"') : page.index("</nav>", page.index('<nav class="steps"'))]
    assert steps.count('aria-current="step"') == 1
    assert steps.count("(done)") == 3
    assert f'href="{visitor.step(pk, "site")}"' in steps.replace("&amp;", "&")
    assert "<title>Fields, step 4 of 7 · Connect Jira · Stories &amp; QA</title>" in page.replace(
        "Stories & QA", "Stories &amp; QA"
    )


def test_saving_to_finish_later_keeps_the_step_and_leaves_the_wizard(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")

    answer = visitor.send(visitor.step(pk, "fields"), button="later")

    assert answer["Location"] == "/jira/connections/?project=SHOP"
    assert "fields" in ProjectMapping.objects.get().steps_done
    assert "not turned on yet" in text_of(visitor.get("/jira/connections/?project=SHOP"))


def test_what_another_person_saved_meanwhile_is_not_overwritten_unseen(
    visitor: Visitor, sandbox: RunningSandbox, backlog: Project, client: Client
) -> None:
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")
    mine = form_values(visitor.get(visitor.step(pk, "fields")))
    jonas = Client()
    jonas.force_login(member(backlog, "jonas", Role.ADMIN, "Jonas Ortiz"))
    Visitor(jonas).send(visitor.step(pk, "fields"))

    answer = visitor.post(visitor.step(pk, "fields"), {**mine, "to-points": [""], "save": "1"})

    assert answer.status_code == 409
    assert "Jonas Ortiz saved this just now." in text_of(answer)
    assert ProjectMapping.objects.get().fields.filter(story_field="points").exists()
    assert form_values(answer)["to-points"] == [""]

    again = visitor.post(visitor.step(pk, "fields"), {**form_values(answer), "save": "1"})

    assert again.status_code == 303
    assert not ProjectMapping.objects.get().fields.filter(story_field="points").exists()


def test_people_without_the_right_are_told_who_has_it(
    client: Client, visitor: Visitor, backlog: Project, sandbox: RunningSandbox
) -> None:
    pk = visitor.connect(sandbox)
    client.force_login(member(backlog, "vera", Role.EXPORTER))

    answers = [client.get(url) for url in (visitor.step(pk, "fields"), "/jira/connections/", "/jira/connections/new/")]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert all("Mira Kovač" in answer.content.decode() for answer in answers)


def test_strangers_and_the_anonymous_see_nothing(client: Client, visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    client.logout()
    anonymous = client.get(visitor.step(pk, "site"))
    client.force_login(User.objects.create_user("stranger"))

    assert (anonymous.status_code, anonymous["Location"].split("?")[0]) == (302, "/sign-in/")
    assert client.get(visitor.step(pk, "site")).status_code == 404


def test_a_project_of_others_cannot_be_set_up(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    Project.objects.create(key="OTHER", name="Other")

    assert visitor.get(f"/jira/connections/{pk}/setup/site/?project=OTHER").status_code == 404


def test_a_token_that_jira_refuses_midway_leads_back_to_the_sign_in_with_the_reason(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    pk = visitor.connect(sandbox)
    connection = JiraConnection.objects.get(pk=pk)
    connection.keep_secret("another-token-that-is-wrong")
    connection.save()

    answer = visitor.get(visitor.step(pk, "project"))

    assert "Jira did not accept the e-mail and token." in text_of(answer)
    assert 'data-code="bad_login"' in answer.content.decode()
    assert "<h1>Sign-in</h1>" in answer.content.decode()


def test_trouble_with_jira_is_explained_and_can_be_tried_again(visitor: Visitor, sandbox: RunningSandbox) -> None:
    pk = visitor.connect(sandbox)
    sandbox.faults({"kind": "status", "path": "/rest/api/3/project/search", "status": 503})

    answer = visitor.get(visitor.step(pk, "project"))

    assert answer.status_code == 502
    assert "Jira does not answer." in text_of(answer)
    assert "Try again" in text_of(answer)
