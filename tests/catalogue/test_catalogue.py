from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

import jira_integration
from jira_integration.catalogue import ENTRIES, SENTENCES, explain, from_error, from_field_errors, sentence
from jira_integration.catalogue.typos import meant_site
from jira_integration.client.exceptions import (
    ErrorCode,
    JiraCaptcha,
    JiraError,
    JiraLoginError,
    JiraRateLimited,
    JiraRejected,
    JiraUnavailable,
)
from jira_integration.mapping.metadata import AllowedValue, IssueType, JiraField, ProjectMetadata
from jira_integration.models import JiraConnection

SOURCES = [path for path in Path(jira_integration.__file__).parent.rglob("*.py") if "sandbox" not in path.parts]
FACTS = {"site": "acme.atlassian.net", "account": "QA bot", "connection_id": 7, "project_key": "SHOP"}
METADATA = ProjectMetadata(
    "10000",
    "SHOP",
    "Storefront",
    issue_types=(
        IssueType(
            "10011",
            "Story",
            fields=(
                JiraField("summary", "Summary", "string", system="summary", required=True),
                JiraField("customfield_1", "Team", "option", required=True, allowed=(AllowedValue("1", "Checkout"),)),
                JiraField(
                    "priority",
                    "Priority",
                    "priority",
                    system="priority",
                    allowed=(AllowedValue("1", "Highest"), AllowedValue("3", "Medium")),
                ),
                JiraField("customfield_2", "Notes", "string", custom="x:textarea"),
            ),
        ),
    ),
)


def test_every_code_the_client_can_give_has_words() -> None:
    assert {code.value for code in ErrorCode} <= set(ENTRIES)


def test_every_code_named_in_the_source_has_words() -> None:
    named = re.compile(r"\b(?:Finding|CannotDo|RunStops|RunMustWait|explain|sentence|record|note)\(\s*\"([a-z_]+)\"")
    noted = re.compile(r"note\([^\"()]*(?:\([^()]*\))?[^\"()]*\"([a-z_]+)\"")
    awaited = re.compile(r"\(ledger\.(?:note|end)\)\([^\"]*?\"([a-z_]+)\"")
    ended = re.compile(r"\bend\)?\([^\"()]*\"([a-z_]+)\"")
    patterns = (named, noted, awaited, ended)

    used = {found[1] for path in SOURCES for pattern in patterns for found in pattern.finditer(path.read_text())}

    assert len(used) > 25
    assert used - set(ENTRIES) - set(SENTENCES) == set()


@pytest.mark.parametrize("code", sorted(ENTRIES))
def test_an_entry_reads_well_with_nothing_known_and_blames_nobody(code: str) -> None:
    words = explain(code)

    text = str(words)
    assert words.title.endswith(".")
    assert "{" not in text
    assert not re.search(r"\b(please|oops|invalid|error|sorry)\b|!", text, re.IGNORECASE)


@pytest.mark.parametrize("code", sorted(ENTRIES))
def test_the_button_of_an_entry_leads_to_a_page_that_exists(code: str) -> None:
    values = {**FACTS, "project": "SHOP", "run": 1, "field": "Team", "field_id": "customfield_1", "value": "Blocker"}

    action = explain(code, values).action

    assert action is None or action.url.startswith("/")


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_sentence_has_no_hole_and_raises_nothing(code: str) -> None:
    assert "{" not in sentence(code)
    assert sentence(code, {"actor": "Ana Lindqvist"})


def test_a_sentence_of_the_audit_trail_begins_with_who_did_it() -> None:
    said = sentence(
        "updated_issue",
        {"actor": "Ana Lindqvist", "story": "US-142", "issue": "SHOP-318", "fields": ["Summary"], "run": 7},
    )

    assert said == "Ana Lindqvist exported US-142 to SHOP-318: Summary (run 7)"


def test_values_are_never_read_as_a_template() -> None:
    words = explain("required_field", {"field": "{0.__class__} {site}", "issue_type": "%s"})

    assert words.title == "Jira needs “{0.__class__} {site}” for every new %s."


def test_the_end_and_the_waiting_of_a_run_are_told_in_words() -> None:
    assert sentence("ended", {"state": "partly_done"}) == "Ended: Partly done"
    assert sentence("waiting", {"code": "rate_limited"}) == "Waiting: Jira asked us to slow down."


def test_an_unknown_code_says_that_nothing_was_changed() -> None:
    words = explain("nobody_knows_this")

    assert words.title == "Jira answered in a way we do not know."
    assert "Nothing was changed." in words.why


def test_the_button_of_a_required_field_leads_to_its_row() -> None:
    values = {**FACTS, "field": "Team", "field_id": "customfield_1", "kind": "story"}

    action = explain("required_field", values).action

    assert action is not None
    assert action.label == "Map Team"
    assert action.url == "/jira/connections/7/setup/fields/?project=SHOP&kind=story#f-customfield_1"


# ---- the twelve failures ------------------------------------------------------------------------------------------


def connection(**columns: object) -> JiraConnection:
    values = {"pk": 7, "site_url": "https://acme.atlasian.net", "account_name": "QA bot", "user_name": "qa@acme.test"}
    return JiraConnection(**{**values, **columns})


@pytest.mark.parametrize(
    ("error", "title", "button"),
    [
        (JiraLoginError("no", status=401), "Jira did not accept the e-mail and token.", "Enter a new token"),
        (JiraCaptcha("no", status=403), "Jira wants a CAPTCHA for QA bot before it lets us in.", "Test sign-in"),
        (
            JiraUnavailable("no", code=ErrorCode.DNS),
            "There is no Jira at acme.atlasian.net.",
            "Change the address",
        ),
        (JiraError("no", code=ErrorCode.NOT_HTTPS), "The address must start with https://.", "Change the address"),
        (
            JiraLoginError("no", code=ErrorCode.SSO_PAGE),
            "A sign-in page answered instead of Jira.",
            "Change the address",
        ),
        (JiraRateLimited("no", retry_after=12), "Jira asked us to slow down.", ""),
        (JiraUnavailable("no", status=503), "Jira does not answer.", ""),
    ],
)
def test_what_the_client_raises_is_explained(error: JiraError, title: str, button: str) -> None:
    code, values = from_error(error, connection())

    words = explain(code, {**values, "project_key": "SHOP"})
    assert words.title == title
    assert (words.action.label if words.action else "") == button
    assert words.why


def test_a_wrong_address_asks_whether_another_was_meant() -> None:
    code, values = from_error(JiraUnavailable("no", code=ErrorCode.DNS), connection())

    assert explain(code, values).todo == "Check the spelling. Did you mean acme.atlassian.net?"


def test_being_asked_to_slow_down_names_the_seconds() -> None:
    code, values = from_error(JiraRateLimited("no", retry_after=11.6), connection())

    assert "in 12 s" in explain(code, values).todo


def test_a_refused_token_whose_end_has_passed_has_ended() -> None:
    ended = timezone.localdate() - timedelta(days=3)

    code, values = from_error(JiraLoginError("no", status=401), connection(secret_ends_on=ended))

    assert code == "login_expired"
    assert explain(code, values).action is not None
    assert "ended on" in explain(code, values).title


def refused(field_errors: dict[str, str], **fields: object) -> tuple[str, dict[str, object]]:
    body = {"fields": {"project": {"id": "10000"}, "issuetype": {"id": "10011"}, "summary": "Pay", **fields}}
    return from_field_errors(field_errors, [], METADATA, body)


@pytest.mark.parametrize(
    ("field_errors", "fields", "code", "title"),
    [
        ({"project": "x"}, {}, "no_create_permission", "the Jira account may not create issues in SHOP."),
        ({"issuetype": "x"}, {}, "issue_type_gone", "SHOP has no issue type “Story”."),
        ({"customfield_1": "x"}, {}, "required_field", "Jira needs “Team” for every new Story."),
        (
            {"priority": "x"},
            {"priority": {"id": "3"}},
            "priority_not_allowed",
            "Jira did not accept the priority “Medium”.",
        ),
        (
            {"customfield_1": "x"},
            {"customfield_1": {"id": "99"}},
            "value_not_allowed",
            "Jira did not accept “99” for Team.",
        ),
        ({"customfield_9": "x"}, {"customfield_9": 1}, "field_not_on_screen", "customfield_9 cannot be set in SHOP."),
        ({"customfield_2": "Zu lang."}, {"customfield_2": {}}, "field_rejected", "Jira did not accept Notes."),
        ({}, {}, "rejected", "Jira did not accept this."),
    ],
)
def test_a_refused_issue_is_recognised_by_the_key_of_the_error(
    field_errors: dict[str, str], fields: dict[str, object], code: str, title: str
) -> None:
    found, values = refused(field_errors, **fields)

    assert found == code
    assert explain(found, values).title == title


def test_jiras_own_wording_decides_nothing() -> None:
    english = refused({"customfield_1": "Team is required."})
    german = refused({"customfield_1": "Team muss angegeben werden."})

    assert english[0] == german[0] == "required_field"


def test_a_refused_value_names_what_is_allowed() -> None:
    code, values = refused({"priority": "x"}, priority={"id": "77"})

    assert explain(code, values).why == "SHOP allows Highest and Medium."


def test_what_jira_said_travels_along_but_not_in_the_main_text() -> None:
    code, values = from_error(JiraRejected("no", status=400, jira_messages=("Field 'x' <b>bad</b>",)), connection())

    assert values["said"] == "Field 'x' <b>bad</b>"
    assert code == "rejected"


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        ("acme.atlasian.net", "acme.atlassian.net"),
        ("acme.atlassian.com", "acme.atlassian.net"),
        ("acme.atlassian.ent", "acme.atlassian.net"),
        ("acme.altassian.net:443", "acme.atlassian.net"),
        ("acmeatlassian.net", "acme.atlassian.net"),
        ("acme.atlassian.net", None),
        ("jira.example.com", None),
        ("localhost", None),
        ("atlassian.net", None),
        ("", None),
    ],
)
def test_a_slip_in_the_name_of_a_cloud_site_is_noticed(host: str, meant: str | None) -> None:
    assert meant_site(host) == meant
