"""Create screens, fields, issues and refusals of real sites, through our models, our shapes and our catalogue.

They lie in the folder `shared` beside the checkout. What is out of scope is listed with its reason, and may be one in
twenty at most.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from jira_integration.catalogue import explain, from_error, from_field_errors
from jira_integration.client.created import BulkAnswer
from jira_integration.client.exceptions import JiraError, JiraForbidden, JiraNotFound, JiraRejected
from jira_integration.client.schemas import FieldInfo, FieldMeta, Issue
from jira_integration.mapping.jira_form import in_words, reduced
from jira_integration.mapping.metadata import JiraField, ProjectMetadata, field_of
from jira_integration.mapping.shapes import Shape, shape_of, why_ignored
from tests.recorded.test_client_cases import CASES, body_of, fields_within

FILES = sorted(path.name for path in CASES.glob("*.json"))
pytestmark = pytest.mark.skipif(not FILES, reason="Left out: recorded answers (no `shared` beside the checkout).")

SCREENS = tuple(
    name for name in FILES if name.startswith(("createmeta", "editmeta", "getCreateIssueMeta")) and "__400" not in name
)
LISTS = tuple(
    name for name in FILES if name.startswith(("fields__", "getFields__", "getFieldsPaginated__openapi__200"))
)
ISSUES = tuple(name for name in FILES if name.startswith(("issue__", "getIssue__", "search__", "bulkFetchIssues__")))
REFUSALS = tuple(name for name in FILES if name.startswith("error__") or name.endswith(("__400.json", "__403.json")))
MOST = 0.05
# Custom fields whose form we do not know, by the last part of their schema's key; each with why.
OUT_OF_SCOPE: dict[str, str] = {}
NO_SCHEMA = "customfield_10011 customfield_10014"  # a screen cut by hand to names: without a schema nothing can be told
# Bodies that no site can have sent.
CUT_BY_HAND = {
    "issue__jira-cli-go__": "issues without an id, cut down for a test of another program",
    "search__jira-cli-go__": "the same, in a page of a search",
}


def screen_fields() -> Iterator[tuple[str, JiraField]]:
    for name in SCREENS:
        body = body_of(name)
        for meta, _field_id in fields_within(body):
            yield name, field_of(meta)
        if isinstance(body, dict) and isinstance(body.get("fields"), list):
            for row in body["fields"]:
                yield name, field_of(FieldMeta.model_validate(row))


def listed_fields() -> Iterator[tuple[str, JiraField]]:
    for name in LISTS:
        body = body_of(name)
        for row in body["values"] if isinstance(body, dict) else body:
            info = FieldInfo.model_validate(row)
            held = info.schema_
            yield name, JiraField(info.id, info.name, held.type, held.items, held.system, held.custom)


def test_every_recorded_create_screen_has_a_shape_for_its_fields() -> None:
    fields = list(screen_fields())
    strange = {(name, one.id, one.custom) for name, one in fields if shape_of(one) is Shape.OTHER}
    unexplained = {one for one in strange if one[2].rpartition(":")[2] not in OUT_OF_SCOPE}
    unexplained -= {one for one in unexplained if not one[2] and one[1] in NO_SCHEMA}

    assert len(fields) > 50
    assert unexplained == set()
    assert len(strange) <= MOST * len(fields)


def test_every_recorded_list_of_fields_has_a_shape_for_them() -> None:
    fields = [one for _name, one in listed_fields()]
    strange = [one for one in fields if shape_of(one) is Shape.OTHER]
    unexplained = {(one.id, one.name, one.type, one.items, one.custom) for one in strange} if strange else set()

    assert fields
    assert {one for one in unexplained if one[4].rpartition(":")[2] not in OUT_OF_SCOPE} == set()
    assert len(strange) <= MOST * len(fields)


def test_what_is_left_alone_says_why() -> None:
    ignored = [one for _name, one in (*screen_fields(), *listed_fields()) if shape_of(one) is Shape.IGNORED]

    assert ignored
    assert all(why_ignored(one) for one in ignored)


def issues_within(body: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body.get("issues", [body])
    return found


@pytest.mark.parametrize("name", [name for name in ISSUES if not name.startswith(tuple(CUT_BY_HAND))])
def test_every_value_of_a_recorded_issue_can_be_compared_and_said(name: str) -> None:
    for row in issues_within(body_of(name)):
        issue = Issue.model_validate(row)
        for value in issue.fields.values():
            json.dumps(reduced(value))
            assert isinstance(in_words(value), str)


@pytest.mark.parametrize("name", [name for name in ISSUES if name.startswith(tuple(CUT_BY_HAND))])
def test_the_fields_of_an_issue_that_was_cut_by_hand_are_read_all_the_same(name: str) -> None:
    for row in issues_within(body_of(name)):
        for value in row["fields"].values():
            json.dumps(reduced(value))
            assert isinstance(in_words(value), str)


METADATA = ProjectMetadata("10000", "SHOP", "Shop")
STATUS = {"__403": JiraForbidden, "no_": JiraNotFound}


@pytest.mark.parametrize("name", REFUSALS)
def test_every_recorded_refusal_has_an_entry_of_its_own(name: str) -> None:
    body = body_of(name)
    found = []
    if isinstance(body["errors"], list):
        for error in BulkAnswer.model_validate(body).errors:
            found.append(from_field_errors(error.field_errors, error.messages, METADATA, {"fields": {}}))
    else:
        kind: type[JiraError] = next((one for part, one in STATUS.items() if part in name), JiraRejected)
        refusal = kind("no", status=400, jira_messages=tuple(body["errorMessages"]), field_errors=body["errors"])
        found.append(from_error(refusal))
        found.append(from_field_errors(body["errors"], body["errorMessages"], METADATA, {"fields": {}}))

    for code, values in found:
        words = explain(code, {**values, "story": "US-1", "connection_id": 7, "project_key": "SHOP"})
        assert words.code == code != "unknown"
        assert words.title != explain("unknown").title
        assert words.why
        assert words.todo or words.action
        said = [*body.get("errorMessages", ())] if isinstance(body["errors"], dict) else []
        assert all(text in values["said"] for text in said)
