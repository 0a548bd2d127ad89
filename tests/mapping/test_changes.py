from __future__ import annotations

from jira_integration.contracts import Choice, FieldKind, Kind, StoryField
from jira_integration.mapping.changes import changes
from jira_integration.mapping.metadata import AllowedValue, IssueType, JiraField, ProjectMetadata
from jira_integration.mapping.suggest import suggest_fields, suggest_values

KINDS = "com.atlassian.jira.plugin.system.customfieldtypes"
EUROPE = AllowedValue("10", "Europe", (AllowedValue("11", "Austria"), AllowedValue("12", "Slovenia")))
SEVERITY = (Choice("bad", "Bad"), Choice("worse", "Worse"), Choice("worst", "Worst"))


def region(*allowed: AllowedValue, kind: str = "cascadingselect", type_: str = "option-with-child") -> JiraField:
    return JiraField("customfield_1", "Region", type_, custom=f"{KINDS}:{kind}", allowed=allowed)


def project(*fields: JiraField) -> ProjectMetadata:
    return ProjectMetadata("10000", "SHOP", "Shop", issue_types=(IssueType("1", "Story", fields=fields),))


def test_a_second_choice_that_is_gone_is_a_change() -> None:
    fewer = AllowedValue("10", "Europe", (AllowedValue("11", "Austria"),))

    found = changes(project(region(EUROPE)), project(region(fewer)))

    assert found.options == ("Region: Europe \u203a Slovenia",)
    assert found


def test_a_value_that_was_switched_off_is_gone() -> None:
    off = AllowedValue("10", "Europe", EUROPE.children, off=True)

    assert "Region: Europe" in changes(project(region(EUROPE)), project(region(off))).options


def test_a_field_that_holds_something_else_now_is_a_change() -> None:
    found = changes(project(region(EUROPE)), project(region(kind="textfield", type_="string")))

    assert found.retyped == ("Region",)


def test_what_stayed_is_no_change() -> None:
    assert not changes(project(region(EUROPE)), project(region(EUROPE)))


def test_a_list_with_a_counterpart_for_each_of_ours_is_suggested_for_its_values() -> None:
    same = tuple(AllowedValue(str(n), one.label) for n, one in enumerate(SEVERITY, 1))
    other = JiraField("customfield_2", "Impact", "option", custom=f"{KINDS}:select", allowed=same)
    plain = JiraField("customfield_3", "Team", "option", custom=f"{KINDS}:select", allowed=(EUROPE,))
    ours = StoryField("severity", "Severity", FieldKind.CHOICE, SEVERITY)

    [found] = suggest_fields([ours], IssueType("1", "Story", fields=(plain, other)), Kind.STORY)

    assert (found.jira_field, found.matched_by) == ("customfield_2", "values")


def test_translated_priorities_are_known_by_the_ids_that_every_site_begins_with() -> None:
    german = tuple(AllowedValue(str(n), name) for n, name in enumerate(("Sehr hoch", "Hoch", "Mittel", "Niedrig"), 1))
    ours = (Choice("high", "High"), Choice("low", "Low"))

    assert suggest_values(ours, german, system="priority") == {"high": "2", "low": "4"}
    assert suggest_values(ours, (AllowedValue("101", "Hoch"),), system="priority") == {}


def test_the_ids_of_any_other_list_say_nothing_about_priorities() -> None:
    areas = (AllowedValue("1", "Web"), AllowedValue("2", "App"))

    assert suggest_values((Choice("urgent", "Urgent"), Choice("high", "High")), areas) == {}


def test_a_value_that_is_switched_off_is_not_suggested() -> None:
    assert suggest_values((Choice("high", "High"),), (AllowedValue("9", "High", off=True),)) == {}
