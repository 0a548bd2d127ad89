from __future__ import annotations

import pytest

from jira_integration.contracts import Kind
from jira_integration.mapping.case_target import CaseTarget, Target, suggest_link, target_for
from jira_integration.mapping.metadata import IssueType, LinkType, ProjectMetadata
from jira_integration.mapping.suggest import suggest_types
from jira_integration.models import ProjectMapping

RELATES = LinkType("1", "Relates", "relates to", "relates to")
BLOCKS = LinkType("2", "Blocks", "is blocked by", "blocks")
TYPES = (IssueType("10", "Story"), IssueType("11", "Test"), IssueType("12", "Unteraufgabe", subtask=True, level=-1))


def shop(*links: LinkType, types: tuple[IssueType, ...] = TYPES) -> ProjectMetadata:
    return ProjectMetadata("1", "SHOP", "Shop", issue_types=types, link_types=links)


@pytest.mark.parametrize(
    ("link", "outward"),
    [
        (LinkType("7", "Test", "is tested by", "tests"), True),
        (LinkType("7", "Testing", "tests", "is tested by"), False),  # turned round by its admin
    ],
)
def test_the_link_that_says_tests_is_suggested_with_the_side_of_the_test_case(link: LinkType, outward: bool) -> None:
    found = target_for(shop(BLOCKS, RELATES, link), "11")

    assert found == CaseTarget(Target.LINKED, "11", "7", outward, "tests")


def test_without_such_a_link_the_one_that_relates_is_taken() -> None:
    assert suggest_link(shop(BLOCKS, RELATES)) == (RELATES, True)
    assert suggest_link(shop(BLOCKS)) == (BLOCKS, True)


def test_test_cases_stay_where_the_project_has_no_such_type_or_no_links() -> None:
    assert target_for(shop(RELATES, types=TYPES[:1] + TYPES[2:]), "11") == CaseTarget(Target.STAY)
    assert target_for(shop(), "11") == CaseTarget(Target.STAY)


def test_nothing_becomes_an_issue_that_nobody_chose() -> None:
    assert suggest_types(shop(RELATES))[Kind.TEST] == ""


def test_the_type_that_is_chosen_says_which_target_it_is() -> None:
    assert target_for(shop(RELATES), "12") == CaseTarget(Target.SUBTASK, "12")
    assert target_for(shop(RELATES), "10") == CaseTarget(Target.LINKED, "10", "1", True, "relates to")
    assert target_for(shop(RELATES), "") == CaseTarget(Target.STAY)


def test_a_mapping_keeps_the_target_and_names_a_type_only_where_test_cases_become_issues() -> None:
    mapping = ProjectMapping()
    target = CaseTarget(Target.LINKED, "11", "7", False, "tests")

    target.keep_on(mapping)

    assert CaseTarget.of(mapping) == target
    assert (mapping.exports_tests, mapping.type_id("test")) == (True, "11")
    CaseTarget(Target.DESCRIPTION, "11").keep_on(mapping)
    assert (mapping.exports_tests, mapping.type_id("test")) == (False, "")
