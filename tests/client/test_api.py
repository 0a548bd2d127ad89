from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from jira_integration.client import JiraClient
from jira_integration.client.exceptions import ErrorCode, JiraNotFound, JiraRejected, JiraUnavailable
from tests.client.conftest import SITE, Payload

API = f"{SITE}/rest/api/3"


def sent(call: int = 0) -> Any:
    """The JSON body of the n-th request."""
    return json.loads(responses.calls[call].request.body or b"null")


@responses.activate
async def test_a_bulk_create_names_the_issue_of_each_request_that_was_not_refused(
    jira: JiraClient, payload: Payload
) -> None:
    responses.post(f"{API}/issue/bulk", body=payload("bulk__one_refused"), status=201, content_type="application/json")

    answer = await jira.create_issues([{"fields": {"summary": str(n)}} for n in range(3)])

    placed = answer.by_position(3)
    assert placed is not None
    assert {position: issue.key for position, issue in placed.items()} == {0: "SHOP-1", 2: "SHOP-3"}
    assert answer.errors[0].field_errors == {"customfield_10016": "Story points must be a number."}
    assert placed[2].transition_status == 400
    assert placed[2].transition_errors == ("Transition is not possible.",)
    assert sent() == {"issueUpdates": [{"fields": {"summary": str(n)}} for n in range(3)]}


@responses.activate
async def test_a_bulk_create_of_which_every_element_failed_is_an_answer_not_an_error(
    jira: JiraClient, payload: Payload
) -> None:
    responses.post(f"{API}/issue/bulk", body=payload("bulk__all_refused"), status=400, content_type="application/json")

    answer = await jira.create_issues([{}, {}])

    assert answer.by_position(2) == {}
    assert [error.failed_element_number for error in answer.errors] == [0, 1]
    assert answer.errors[0].messages == ("No project .",)


@responses.activate
async def test_a_bulk_create_refused_as_a_whole_is_a_rejection(jira: JiraClient, payload: Payload) -> None:
    body = payload("error__whole_body_refused")
    responses.post(f"{API}/issue/bulk", body=body, status=400, content_type="application/json")

    with pytest.raises(JiraRejected) as caught:
        await jira.create_issues([{}])

    assert caught.value.jira_messages == ("The request body could not be read.",)
    assert not caught.value.outcome_unknown


@responses.activate
@pytest.mark.parametrize("body", [b'{"issues": [{"id": "10', b"[]", b'{"issues": [{"id": null}]}', b""])
async def test_a_bulk_create_whose_answer_cannot_be_read_has_an_unknown_outcome(jira: JiraClient, body: bytes) -> None:
    posted = responses.post(f"{API}/issue/bulk", body=body, status=201, content_type="application/json")

    with pytest.raises(JiraUnavailable) as caught:
        await jira.create_issues([{}])

    assert caught.value.code == ErrorCode.UNREADABLE
    assert caught.value.outcome_unknown
    assert posted.call_count == 1


@pytest.mark.parametrize("count", [0, 51])
async def test_more_issues_than_jira_takes_are_refused_before_anything_is_sent(jira: JiraClient, count: int) -> None:
    with pytest.raises(ValueError, match="50"):
        await jira.create_issues([{}] * count)

    assert jira.transport.sent.total == 0


@responses.activate
async def test_counts_that_do_not_add_up_place_no_issue(jira: JiraClient, payload: Payload) -> None:
    responses.post(f"{API}/issue/bulk", body=payload("bulk__one_refused"), status=201, content_type="application/json")

    answer = await jira.create_issues([{}] * 4)

    assert answer.by_position(4) is None
    assert answer.by_position(1) is None


@responses.activate
async def test_a_moved_issue_answers_under_its_new_key_with_its_time_in_utc(jira: JiraClient, payload: Payload) -> None:
    responses.get(f"{API}/issue/SHOP-1", body=payload("issue__moved"), content_type="application/json")

    issue = await jira.get_issue("SHOP-1", fields=["summary", "updated", "status"], properties=["stories-qa.item"])

    assert (issue.id, issue.key) == ("10101", "PAY-9")
    assert issue.updated == datetime(2026, 9, 27, 8, 3, 11, 123000, tzinfo=UTC)
    assert issue.status is not None
    assert issue.status.category == "done"
    assert issue.properties["stories-qa.item"] == {"uid": "u-1"}


@responses.activate
async def test_a_hidden_issue_is_not_found(jira: JiraClient) -> None:
    responses.get(f"{API}/issue/SHOP-1", json={"errorMessages": ["Gone or hidden."]}, status=404)

    with pytest.raises(JiraNotFound):
        await jira.get_issue("SHOP-1")


@responses.activate
async def test_an_edit_sends_only_the_parts_that_change(jira: JiraClient) -> None:
    responses.put(f"{API}/issue/10101", status=204)

    await jira.edit_issue("10101", fields={"summary": "x"})
    await jira.edit_issue("10101", update={"labels": [{"add": "qa"}]})

    assert [sent(0), sent(1)] == [{"fields": {"summary": "x"}}, {"update": {"labels": [{"add": "qa"}]}}]


@responses.activate
@pytest.mark.parametrize("with_subtasks", [True, False])
async def test_a_delete_says_whether_sub_tasks_go_too(jira: JiraClient, with_subtasks: bool) -> None:
    responses.delete(f"{API}/issue/10101", status=204)

    await jira.delete_issue("10101", delete_subtasks=with_subtasks)

    assert f"deleteSubtasks={str(with_subtasks).lower()}" in str(responses.calls[0].request.url)


@responses.activate
async def test_bulk_fetch_asks_for_a_hundred_at_a_time(jira: JiraClient, payload: Payload) -> None:
    responses.post(f"{API}/issue/bulkfetch", body=payload("bulkfetch__one_missing"), content_type="application/json")

    await jira.bulk_fetch([str(n) for n in range(250)], fields=["summary"], properties=["stories-qa.item"])

    assert [len(sent(n)["issueIdsOrKeys"]) for n in range(3)] == [100, 100, 50]
    assert sent()["properties"] == ["stories-qa.item"]


@responses.activate
async def test_a_missing_issue_is_absent_from_a_bulk_fetch(jira: JiraClient, payload: Payload) -> None:
    responses.post(f"{API}/issue/bulkfetch", body=payload("bulkfetch__one_missing"), content_type="application/json")

    found = await jira.bulk_fetch(["10101", "10102"])

    assert [issue.id for issue in found] == ["10101"]


@responses.activate
async def test_an_issue_jira_could_not_read_is_never_taken_for_absent(jira: JiraClient, payload: Payload) -> None:
    responses.post(f"{API}/issue/bulkfetch", body=payload("bulkfetch__trouble"), content_type="application/json")

    with pytest.raises(JiraUnavailable):
        await jira.bulk_fetch(["10102"])


async def test_nothing_to_fetch_asks_nothing(jira: JiraClient) -> None:
    assert await jira.bulk_fetch([]) == []


@responses.activate
async def test_a_search_goes_on_after_a_short_page_until_jira_says_it_is_over(
    jira: JiraClient, payload: Payload
) -> None:
    responses.post(f"{API}/search/jql", body=payload("search__first_page"), content_type="application/json")
    responses.post(f"{API}/search/jql", body=payload("search__last_page"), content_type="application/json")

    pages = [
        page
        async for page in jira.search("project = SHOP", fields=["status"], properties=["k"], reconcile_issues=[10101])
    ]

    assert [len(page.issues) for page in pages] == [1, 0]
    assert sent(0) == {
        "jql": "project = SHOP",
        "maxResults": 100,
        "fields": ["status"],
        "properties": ["k"],
        "reconcileIssues": [10101],
    }
    assert sent(1) == {**sent(0), "nextPageToken": "page-2"}


@responses.activate
async def test_a_page_token_that_comes_back_ends_the_search(jira: JiraClient, payload: Payload) -> None:
    responses.post(f"{API}/search/jql", body=payload("search__first_page"), content_type="application/json")

    assert len([page async for page in jira.search("project = SHOP")]) == 2


async def test_more_than_jira_reconciles_is_refused_before_anything_is_sent(jira: JiraClient) -> None:
    with pytest.raises(ValueError, match="50"):
        await anext(jira.search("project = SHOP", reconcile_issues=range(51)))


@responses.activate
async def test_a_count_is_a_number(jira: JiraClient) -> None:
    responses.post(f"{API}/search/approximate-count", json={"count": 153})

    assert await jira.approximate_count("project = SHOP") == 153


@responses.activate
async def test_transitions_say_where_they_lead_and_what_their_screen_wants(jira: JiraClient, payload: Payload) -> None:
    body = payload("transitions__with_screen")
    responses.get(f"{API}/issue/SHOP-1/transitions", body=body, content_type="application/json")

    (finish,) = await jira.transitions("SHOP-1", with_fields=True)

    assert (finish.id, finish.to.id, finish.to.category, finish.has_screen) == ("31", "3", "done", True)
    assert finish.fields["resolution"]["required"]
    assert "expand=transitions.fields" in str(responses.calls[0].request.url)


@responses.activate
async def test_a_transition_is_taken_with_the_fields_of_its_screen(jira: JiraClient) -> None:
    responses.post(f"{API}/issue/SHOP-1/transitions", status=204)

    await jira.transition_issue("SHOP-1", "31", fields={"resolution": {"id": "1"}})

    assert sent() == {"transition": {"id": "31"}, "fields": {"resolution": {"id": "1"}}}


@responses.activate
async def test_a_property_is_stored_as_it_is(jira: JiraClient) -> None:
    responses.put(f"{API}/issue/SHOP-1/properties/stories-qa.item", status=201)

    await jira.set_property("SHOP-1", "stories-qa.item", {"uid": "u-1"})

    assert sent() == {"uid": "u-1"}


@responses.activate
async def test_comments_come_with_their_author(jira: JiraClient, payload: Payload) -> None:
    responses.get(f"{API}/issue/SHOP-1/comment", body=payload("comments__page"), content_type="application/json")

    (comment,) = [one async for one in jira.comments("SHOP-1")]

    assert comment.author is not None
    assert comment.author.display_name == "Mira"
    assert comment.body["type"] == "doc"


@responses.activate
async def test_a_webhooks_id_is_found_in_its_address(jira: JiraClient, payload: Payload) -> None:
    body = payload("webhook__created")
    responses.post(f"{SITE}/rest/webhooks/1.0/webhook", body=body, status=201, content_type="application/json")
    responses.get(f"{SITE}/rest/webhooks/1.0/webhook", body=b"[" + body + b"]", content_type="application/json")
    gone = responses.delete(f"{SITE}/rest/webhooks/1.0/webhook/72", status=204)

    made = await jira.create_webhook(
        "Stories & QA", "https://sq.test/hook", ["jira:issue_updated"], "project = SHOP", "s"
    )
    listed = await jira.list_webhooks()
    await jira.delete_webhook(made.id)

    assert made.id == "72"
    assert made.is_signed
    assert [webhook.id for webhook in listed] == ["72"]
    assert gone.call_count == 1
    assert sent()["secret"] == "s"


@responses.activate
async def test_a_webhooks_secret_that_comes_back_in_a_refusal_is_taken_out(jira: JiraClient) -> None:
    body = {"errorMessages": ["Secret hunter2-hunter2 is too weak."], "errors": {}}
    responses.post(f"{SITE}/rest/webhooks/1.0/webhook", json=body, status=400)

    with pytest.raises(JiraRejected) as caught:
        await jira.create_webhook("Ours", "https://sq.test/hook", [], "", "hunter2-hunter2")

    assert caught.value.jira_messages == ("Secret [hidden] is too weak.",)
