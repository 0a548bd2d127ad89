from __future__ import annotations

import pytest

from jira_integration.models import ProjectMapping
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.visits import Visitor, form_values, text_of


@pytest.fixture
def pk(visitor: Visitor, sandbox: RunningSandbox) -> int:
    return visitor.connect(sandbox)


def test_projects_are_searched_on_the_server_and_only_those_for_exporting_are_listed(visitor: Visitor, pk: int) -> None:
    every = text_of(visitor.get(visitor.step(pk, "project")))
    some = text_of(visitor.get(f"{visitor.step(pk, 'project')}&q=mobile"))
    none = text_of(visitor.get(f"{visitor.step(pk, 'project')}&q=<nothing>"))

    assert "SHOP Storefront company-managed" in every
    assert "MOB Mobile app team-managed" in every
    assert "Read only" not in every
    assert "Storefront company-managed" not in some
    assert "MOB Mobile app" in some
    assert "No project matches “<nothing>”" in none


def test_typing_asks_jira_for_the_list_alone(visitor: Visitor, pk: int, sandbox: RunningSandbox) -> None:
    visitor.choose(pk, "10000")
    sandbox.clear_log()

    answer = visitor.get(f"{visitor.step(pk, 'project')}&q=shop", headers={"HX-Request": "true"})

    assert 'id="found"' in answer.content.decode()
    assert [entry["path"] for entry in sandbox.log()] == ["/rest/api/3/project/search"]


def test_the_chosen_project_shows_permissions_and_offers_only_its_own_types(visitor: Visitor, pk: int) -> None:
    answer = visitor.get(f"{visitor.step(pk, 'project')}&jira_project=10001")

    said = text_of(answer)
    page = answer.content.decode()
    assert "In this project the account may: create edit move between statuses delete" in said
    assert form_values(answer)["epic_type"] == ["10110"]
    assert form_values(answer)["story_type"] == ["10111"]
    assert form_values(answer)["test_type"] == [""]  # MOB has no type for tests
    assert 'value="10011"' not in page  # SHOP's Story
    assert page.count('value="10114"') == 1  # a sub-task type: for test cases alone


def test_a_type_of_another_project_is_refused(visitor: Visitor, pk: int) -> None:
    answer = visitor.send(f"{visitor.step(pk, 'project')}&jira_project=10001", story_type="10011")

    assert answer.status_code == 422
    assert "MOB has no such issue type." in text_of(answer)


def test_a_project_without_the_right_to_create_cannot_be_chosen(visitor: Visitor, pk: int) -> None:
    shown = visitor.get(f"{visitor.step(pk, 'project')}&jira_project=10003")
    saved = visitor.post(
        visitor.step(pk, "project"), {"jira_project": "10003", "story_type": "10011", "epic_type": "", "test_type": ""}
    )

    assert 'data-code="no_create_permission"' in shown.content.decode()
    assert "QA Bot may not create issues in RO." in text_of(shown)
    assert "not create (nothing can be exported)" in text_of(shown)
    assert saved.status_code == 422
    assert 'href="#permissions"' in saved.content.decode()
    assert ProjectMapping.objects.get().jira_project_id == ""


def test_an_archived_project_cannot_be_chosen(visitor: Visitor, pk: int) -> None:
    answer = visitor.post(
        visitor.step(pk, "project"), {"jira_project": "10002", "story_type": "10011", "epic_type": "", "test_type": ""}
    )

    assert answer.status_code == 422
    assert "OLD is archived." in text_of(answer)


def test_an_unknown_project_is_said_and_nothing_is_saved(visitor: Visitor, pk: int) -> None:
    shown = visitor.get(f"{visitor.step(pk, 'project')}&jira_project=99999")
    saved = visitor.post(visitor.step(pk, "project"), {"jira_project": "99999", "story_type": "1"})

    assert 'data-code="project_gone"' in shown.content.decode()
    assert saved.status_code == 422
    assert "Choose a Jira project." in text_of(saved)


def test_another_jira_project_takes_the_former_fields_and_statuses_with_it(visitor: Visitor, pk: int) -> None:
    visitor.choose(pk, "10000")
    for slug in ("fields", "statuses", "webhook", "review"):
        visitor.send(visitor.step(pk, slug))
    assert ProjectMapping.objects.get().live

    visitor.choose(pk, "10001")

    mapping = ProjectMapping.objects.get()
    assert (mapping.jira_project_key, mapping.team_managed, mapping.live) == ("MOB", True, False)
    assert mapping.steps_done == ["site", "sign-in", "project", "webhook"]
    assert (mapping.fields.count(), mapping.statuses.count()) == (0, 0)


def test_saving_the_same_again_changes_nothing_a_plan_relies_on(visitor: Visitor, pk: int) -> None:
    visitor.choose(pk, "10000")
    visitor.send(visitor.step(pk, "fields"))
    before = ProjectMapping.objects.get()

    visitor.choose(pk, "10000")

    after = ProjectMapping.objects.get()
    assert after.version == before.version
    assert after.fields.count() == before.fields.count() > 0


def test_test_cases_become_linked_issues_sub_tasks_a_table_or_nothing(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    pk = visitor.connect(sandbox)
    url = f"{visitor.step(pk, 'project')}&jira_project=10000"

    def saved(**given: str) -> tuple[str, str, str]:
        answer = visitor.send(url, **given)
        assert answer.status_code == 303, text_of(answer)
        mapping = ProjectMapping.objects.get()
        return mapping.test_target, mapping.type_id("test"), mapping.test_link_words

    assert saved() == ("stay", "", "")
    assert saved(test_type="10014") == ("linked", "10014", "tests")
    assert saved(test_link="10003:out") == ("linked", "10014", "relates to")
    assert form_values(visitor.get(url))["test_link"] == ["10003:out"]
    assert saved(test_link="10004:in") == ("linked", "10014", "is tested by")
    assert saved(test_type="10015") == ("subtask", "10015", "")
    assert saved(test_type="table") == ("description", "", "")
    assert form_values(visitor.get(url))["test_type"] == ["table"]
    assert saved(test_type="") == ("stay", "", "")
