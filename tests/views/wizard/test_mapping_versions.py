from __future__ import annotations

import pytest

from jira_integration.models import AuditEntry, MappingVersion, ProjectMapping
from tests.sandbox_server import RunningSandbox
from tests.views.wizard.visits import Visitor, form_values, text_of


@pytest.fixture
def saved_twice(visitor: Visitor, sandbox: RunningSandbox) -> int:
    """The fields of SHOP saved as suggested, then with low mapped to Lowest and Story points to Jira only."""
    pk = visitor.connect(sandbox)
    visitor.choose(pk, "10000")
    visitor.send(visitor.step(pk, "fields"))
    visitor.send(visitor.step(pk, "fields"), **{"map-priority-low": "5", "dir-points": "to_jira"})
    return pk


def page(pk: int, more: str = "") -> str:
    return f"/jira/connections/{pk}/versions/?project=SHOP{more}"


def numbers() -> list[int]:
    return list(MappingVersion.objects.values_list("number", flat=True))


def low() -> str:
    return str(ProjectMapping.objects.get().fields.get(kind="story", jira_field="priority").value_map["low"])


def test_every_save_keeps_what_the_mapping_was_and_says_what_it_changed(visitor: Visitor, saved_twice: int) -> None:
    shown = text_of(visitor.get(page(saved_twice)))

    assert numbers() == sorted(numbers(), reverse=True)
    assert len(numbers()) >= 3
    assert "Stories: Priority: Low becomes Lowest instead of Low." in shown
    assert "Stories: Story Points: To Jira instead of Both ways." in shown
    assert f"Version {ProjectMapping.objects.get().version} In use Mira Kovač" in shown


def test_two_versions_are_compared_in_words_whichever_way_round_they_are_asked_for(
    visitor: Visitor, saved_twice: int
) -> None:
    last, before, *_rest, _first = numbers()

    forth = text_of(visitor.get(page(saved_twice, f"&from={before}&to={last}")))
    back = text_of(visitor.get(page(saved_twice, f"&from={last}&to={before}")))
    alone = text_of(visitor.get(page(saved_twice, f"&from={last}&to={last}")))

    said = f"From version {before} to version {last} Stories: Priority: Low becomes Lowest instead of Low."
    assert said in forth
    assert said in back
    assert "From version" not in alone


def test_a_former_version_is_used_again_as_a_new_one(visitor: Visitor, saved_twice: int) -> None:
    last, before, *_rest = numbers()
    assert low() == "5"

    answer = visitor.post(
        f"/jira/connections/{saved_twice}/versions/{before}/use/?project=SHOP", {"version": str(last)}
    )

    assert answer.status_code == 303
    assert low() == "4"
    assert ProjectMapping.objects.get().version == last + 1
    assert numbers()[:2] == [last + 1, last]
    assert AuditEntry.objects.latest("pk").code == "mapping_version_used"
    assert f"Version {before} is used again, as version {last + 1}." in text_of(visitor.get(answer["Location"]))


def test_a_version_is_not_used_again_over_what_somebody_saved_meanwhile(visitor: Visitor, saved_twice: int) -> None:
    last, before, *_rest = numbers()

    answer = visitor.post(
        f"/jira/connections/{saved_twice}/versions/{before}/use/?project=SHOP", {"version": str(before)}
    )

    assert answer.status_code == 409
    assert low() == "5"
    assert numbers()[0] == last


def test_a_version_for_another_jira_project_cannot_be_used(visitor: Visitor, saved_twice: int) -> None:
    former = numbers()[0]
    visitor.choose(saved_twice, "10001")

    answer = visitor.post(f"/jira/connections/{saved_twice}/versions/{former}/use/?project=SHOP", {})

    assert answer.status_code == 422
    assert "was made for another Jira project" in text_of(answer)
    assert ProjectMapping.objects.get().jira_project_key == "MOB"


def test_versions_of_a_backlog_are_for_its_admins(visitor: Visitor, saved_twice: int) -> None:
    visitor.client.logout()

    assert visitor.get(page(saved_twice)).status_code == 302
    assert visitor.post(f"/jira/connections/{saved_twice}/versions/1/use/?project=SHOP", {}).status_code == 302


def test_the_form_of_the_page_names_the_version_it_was_made_for(visitor: Visitor, saved_twice: int) -> None:
    fields = visitor.get(visitor.step(saved_twice, "fields"))

    assert form_values(fields)["version"] == [str(numbers()[0])]
