"""Rows written in one prepared statement."""

from __future__ import annotations

import pytest

from jira_integration.models import ExportedTicket, RunItem
from jira_integration.models.rows import insert_each, write_each
from tests.jira_rows import a_backlog, a_connection, a_mapping

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]


def tickets(count: int) -> list[ExportedTicket]:
    backlog, connection = a_backlog(), a_connection()
    mapping = a_mapping(backlog, connection)
    made = [
        ExportedTicket(
            connection=connection, mapping=mapping, project_ref=backlog.ref, story_ref=f"story:{n}", kind="story"
        )
        for n in range(count)
    ]
    insert_each(made)
    return list(ExportedTicket.objects.order_by("story_ref"))


def test_inserted_rows_have_the_defaults_of_their_model_and_what_was_set() -> None:
    rows = tickets(3)

    assert [row.story_ref for row in rows] == ["story:0", "story:1", "story:2"]
    assert len({row.uid for row in rows}) == 3
    assert all((row.base_sent, row.sync, row.unlinked_at) == ({}, "not_exported", None) for row in rows)
    assert all(row.created_at is not None for row in rows)


def test_json_that_is_written_already_is_stored_as_it_is() -> None:
    row = tickets(1)[0]
    row.delete()
    row.pk = None

    insert_each([row], {"base_sent": ['{"summary":"Käse 🧀","points":3}']})

    assert ExportedTicket.objects.get().base_sent == {"summary": "Käse 🧀", "points": 3}


def test_each_row_gets_its_own_values_and_the_rest_is_left_alone() -> None:
    rows = tickets(3)
    for number, row in enumerate(rows):
        row.base_sent, row.issue_id, row.story_key = {"summary": f"Käse {number}"}, str(number), "never stored"

    write_each(rows, ["base_sent", "issue_id"])

    stored = list(ExportedTicket.objects.order_by("story_ref"))
    assert [row.base_sent for row in stored] == [{"summary": f"Käse {number}"} for number in range(3)]
    assert [(row.issue_id, row.story_key) for row in stored] == [("0", ""), ("1", ""), ("2", "")]


def test_a_row_that_is_not_as_it_was_any_more_is_not_written() -> None:
    rows = tickets(2)
    ExportedTicket.objects.filter(pk=rows[1].pk).update(issue_id="7", sync="in_sync")
    for row in rows:
        row.story_key = "US-1"

    written = write_each(rows, ["story_key"], still={"sync": "not_exported"})

    assert written == 1
    assert list(ExportedTicket.objects.order_by("story_ref").values_list("story_key", flat=True)) == ["US-1", ""]


def test_nothing_is_asked_of_the_database_for_no_rows(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        insert_each([])
        write_each([], ["state"])
    assert not RunItem.objects.exists()
