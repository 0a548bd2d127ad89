"""CSV for test tools, read back with the csv module as an importer would."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.management import call_command
from django.test import Client

from jira_integration.models import ExportedTicket
from stories_qa.case_sheets import AIO, XRAY
from stories_qa.models import Project
from tests.jira_rows import a_backlog, a_connection, a_person, a_story, a_test

STEPS = [("Open the cart,\nthen pay", 'It says "paid"'), ("=1+1", "-"), ("", "Only a result")]


@pytest.fixture
def backlog(db: None) -> Project:
    project = a_backlog()
    story = a_story(project, 1)
    a_test(project, story, 1, STEPS, title="Bezahlen, später", preconditions="A cart\nwith 2 items")
    a_test(project, None, 2, title="@title")
    ExportedTicket.objects.create(
        connection=a_connection(), project_ref=project.ref, story_ref=story.ref, kind="story", issue_id="7",
        issue_key="SHOP-7", sync="in_sync",
    )  # fmt: skip
    return project


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("export_backlog", *arguments, stdout=out)
    return out.getvalue()


def test_xray_gets_a_row_for_each_step_and_the_case_in_its_first_row(backlog: Project) -> None:
    found = read(printed("--format", "xray"))

    assert tuple(found[0]) == XRAY.head
    assert [row["Test ID"] for row in found] == ["TC-1", "TC-1", "TC-1", "TC-2"]
    first, second, third, other = found
    assert (first["Test Type"], first["Summary"], first["Requirement"]) == ("Manual", "Bezahlen, später", "SHOP-7")
    assert first["Description"] == "A cart\nwith 2 items"
    assert (first["Action"], first["Expected Result"]) == ("Open the cart,\nthen pay", 'It says "paid"')
    assert (second["Summary"], second["Test Type"], second["Requirement"]) == ("", "", "")
    assert (third["Action"], third["Expected Result"]) == ("", "Only a result")
    assert (other["Test Type"], other["Action"], other["Requirement"]) == ("Manual", "", "")


def test_aio_gets_preconditions_in_a_column_of_their_own(backlog: Project) -> None:
    found = read(printed("--format", "aio"))

    assert tuple(found[0]) == AIO.head
    first = found[0]
    assert (first["Existing Case ID"], first["Title"], first["Precondition"], first["Requirements"]) == (
        "TC-1", "Bezahlen, später", "A cart\nwith 2 items", "SHOP-7",
    )  # fmt: skip
    assert first["Steps"] == "Open the cart,\nthen pay"


def test_cells_that_a_spreadsheet_would_run_are_defused(backlog: Project) -> None:
    found = read(printed("--format", "xray"))

    assert (found[1]["Action"], found[1]["Expected Result"]) == ("'=1+1", "'-")
    assert found[3]["Summary"] == "'@title"


def test_the_list_offers_both_and_downloads_what_it_shows(backlog: Project, client: Client) -> None:
    client.force_login(a_person("vera", backlog, role="viewer"))

    page = client.get("/p/SHOP/tests/?q=TC-1").content.decode()
    answer = client.get("/p/SHOP/tests/for-aio.csv?q=TC-1")

    assert "/p/SHOP/tests/for-xray.csv?q=TC-1" in page
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="SHOP-test-cases-aio.csv"' in answer["Content-Disposition"]
    assert answer.content.startswith(b"Existing Case ID,")
    assert {row["Existing Case ID"] for row in read(answer.content.decode())} == {"TC-1"}
    assert client.get("/p/SHOP/tests/for-other.csv").status_code == 404


def test_the_download_is_for_members_only(backlog: Project, client: Client) -> None:
    client.force_login(a_person("stranger"))

    assert client.get("/p/SHOP/tests/for-xray.csv").status_code == 404
