from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest
import requests
import responses
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ProtocolError

from jira_integration.client.exceptions import ErrorCode, JiraError, JiraRateLimited, JiraRejected, JiraUnavailable
from jira_integration.client.transport import Sent, Transport
from tests.client.conftest import SITE, FakeTime, MakeTransport

BULK = "/rest/api/3/issue/bulk"
MYSELF = "/rest/api/3/myself"


def not_found_by_dns() -> requests.ConnectionError:
    reason = NameResolutionError("acme.atlassian.net", None, None)  # type: ignore[arg-type]
    return requests.ConnectionError(MaxRetryError(None, "/", reason))  # type: ignore[arg-type]


def nobody_listens() -> requests.ConnectionError:
    return requests.ConnectionError(MaxRetryError(None, "/", NewConnectionError(None, "refused")))  # type: ignore[arg-type]


@responses.activate
@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (lambda: requests.ReadTimeout("slow"), ErrorCode.TIMEOUT),
        (lambda: requests.ConnectionError(ProtocolError("aborted", ConnectionResetError(104, "reset"))), "unavailable"),
        (lambda: requests.exceptions.ChunkedEncodingError("cut off"), ErrorCode.UNAVAILABLE),
    ],
    ids=["timeout", "reset", "cut off"],
)
async def test_a_create_is_sent_once_and_its_outcome_unknown_when_the_answer_is_lost(
    transport: Transport, time: FakeTime, trouble: Callable[[], Exception], code: str
) -> None:
    posted = responses.post(SITE + BULK, body=trouble())

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", BULK, json={})

    assert posted.call_count == 1
    assert caught.value.outcome_unknown
    assert caught.value.code == code
    assert time.slept == []


@responses.activate
@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
async def test_a_create_answered_by_a_broken_server_is_sent_once_and_its_outcome_unknown(
    transport: Transport, time: FakeTime, status: int
) -> None:
    posted = responses.post(SITE + BULK, body="<h1>Bad gateway</h1>", content_type="text/html", status=status)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", BULK, json={})

    assert posted.call_count == 1
    assert caught.value.outcome_unknown
    assert caught.value.status == status
    assert time.slept == []


@responses.activate
@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (not_found_by_dns, ErrorCode.DNS),
        (nobody_listens, ErrorCode.REFUSED),
        (lambda: requests.ConnectTimeout("no route"), ErrorCode.TIMEOUT),
        (lambda: requests.exceptions.SSLError("certificate has expired"), ErrorCode.TLS),
    ],
    ids=["dns", "refused", "connect timeout", "tls"],
)
async def test_a_create_that_never_left_has_a_known_outcome(
    transport: Transport, trouble: Callable[[], Exception], code: ErrorCode
) -> None:
    responses.post(SITE + BULK, body=trouble())

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", BULK, json={})

    assert not caught.value.outcome_unknown
    assert caught.value.code == code
    assert transport.sent == Sent(0, 0)


@responses.activate
async def test_a_create_that_met_the_rate_limit_is_handed_back_not_repeated(
    transport: Transport, time: FakeTime
) -> None:
    posted = responses.post(SITE + BULK, status=429, headers={"Retry-After": "5"})

    with pytest.raises(JiraRateLimited) as caught:
        await transport.request("POST", BULK, json={})

    assert posted.call_count == 1
    assert caught.value.retry_after == 5.0
    assert not caught.value.outcome_unknown
    assert time.slept == []


@responses.activate
@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
async def test_no_other_write_is_repeated_either(transport: Transport, method: str) -> None:
    sent = responses.add(method, f"{SITE}/rest/api/3/issue/10001", status=503)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request(method, "/rest/api/3/issue/{issue}", at={"issue": "10001"}, json={})

    assert sent.call_count == 1
    assert caught.value.outcome_unknown


@responses.activate
async def test_a_read_is_repeated_after_2_4_and_8_seconds_and_then_given_up(
    transport: Transport, time: FakeTime
) -> None:
    got = responses.get(SITE + MYSELF, status=503)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("GET", MYSELF)

    assert got.call_count == 4
    assert time.slept == [2.0, 4.0, 8.0]
    assert not caught.value.outcome_unknown
    assert transport.sent == Sent(total=4, writes=0)


@responses.activate
async def test_a_read_that_works_the_second_time_gives_its_answer(transport: Transport, time: FakeTime) -> None:
    responses.get(SITE + MYSELF, body=requests.ReadTimeout("slow"))
    responses.get(SITE + MYSELF, json={"accountId": "5"})

    answer = await transport.request("GET", MYSELF)

    assert answer.body == b'{"accountId": "5"}'
    assert time.slept == [2.0]


@responses.activate
@pytest.mark.parametrize(
    "path", ["/rest/api/3/search/jql", "/rest/api/3/issue/bulkfetch", "/rest/api/3/search/approximate-count"]
)
async def test_reads_that_jira_takes_as_post_are_repeated_like_reads(transport: Transport, path: str) -> None:
    responses.post(SITE + path, status=502)
    responses.post(SITE + path, json={})

    await transport.request("POST", path, json={})

    assert transport.sent == Sent(total=2, writes=0)


@responses.activate
async def test_waits_are_spread_by_jitter(make_transport: MakeTransport, time: FakeTime) -> None:
    spread = iter([0.7, 1.3, 1.0])
    transport = make_transport(jitter=lambda: next(spread))
    responses.get(SITE + MYSELF, status=503)

    with pytest.raises(JiraUnavailable):
        await transport.request("GET", MYSELF)

    assert time.slept == [pytest.approx(1.4), pytest.approx(5.2), pytest.approx(8.0)]


@responses.activate
@pytest.mark.parametrize(
    ("told", "waited"),
    [("0", 2.0), ("1", 2.0), ("7", 7.0), ("30", 30.0)],
)
async def test_retry_after_is_a_minimum_for_the_wait_before_a_read_is_repeated(
    transport: Transport, time: FakeTime, told: str, waited: float
) -> None:
    responses.get(SITE + MYSELF, status=429, headers={"Retry-After": told})
    responses.get(SITE + MYSELF, json={})

    await transport.request("GET", MYSELF)

    assert time.slept == [waited]


@responses.activate
async def test_retry_after_as_a_date_is_waited_for(transport: Transport, time: FakeTime) -> None:
    responses.get(SITE + MYSELF, status=429, headers={"Retry-After": formatdate(time.now + 12, usegmt=True)})
    responses.get(SITE + MYSELF, json={})

    await transport.request("GET", MYSELF)

    assert time.slept == [12.0]


@responses.activate
async def test_a_wait_above_30_seconds_is_not_slept_even_where_there_is_time(
    transport: Transport, time: FakeTime
) -> None:
    responses.get(SITE + MYSELF, status=429, headers={"Retry-After": "31"})

    with pytest.raises(JiraRateLimited) as caught:
        await transport.request("GET", MYSELF, deadline=600)

    assert caught.value.retry_after == 31.0
    assert time.slept == []


@responses.activate
@pytest.mark.parametrize("status", [429, 503])
async def test_a_long_retry_after_is_handed_to_the_caller_at_once(
    transport: Transport, time: FakeTime, status: int
) -> None:
    got = responses.get(SITE + MYSELF, status=status, headers={"Retry-After": "120"})

    with pytest.raises((JiraRateLimited, JiraUnavailable)) as caught:
        await transport.request("GET", MYSELF)

    assert caught.value.retry_after == 120.0
    assert got.call_count == 1
    assert time.slept == []


@responses.activate
async def test_a_429_without_a_time_is_met_with_the_ordinary_waits(transport: Transport, time: FakeTime) -> None:
    responses.get(SITE + MYSELF, status=429)

    with pytest.raises(JiraRateLimited):
        await transport.request("GET", MYSELF)

    assert time.slept == [2.0, 4.0, 8.0]


@responses.activate
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413])
async def test_a_refusal_is_never_asked_for_twice(transport: Transport, time: FakeTime, status: int) -> None:
    got = responses.get(SITE + MYSELF, json={}, status=status)

    with pytest.raises(JiraError):
        await transport.request("GET", MYSELF)

    assert got.call_count == 1
    assert time.slept == []


@responses.activate
async def test_repeats_end_with_the_deadline_of_the_call(transport: Transport, time: FakeTime) -> None:
    responses.get(SITE + MYSELF, status=503)

    with pytest.raises(JiraUnavailable):
        await transport.request("GET", MYSELF, deadline=7)

    assert time.slept == [2.0, 4.0]


@responses.activate
async def test_where_a_person_waits_there_is_one_try(make_transport: MakeTransport, time: FakeTime) -> None:
    transport = make_transport(tries=1)
    responses.get(SITE + MYSELF, status=503)

    with pytest.raises(JiraUnavailable):
        await transport.request("GET", MYSELF)

    assert time.slept == []


@responses.activate
async def test_writes_and_all_requests_are_counted(transport: Transport) -> None:
    responses.get(SITE + MYSELF, json={})
    responses.post(SITE + BULK, json={}, status=201)

    await transport.request("GET", MYSELF)
    await transport.request("POST", BULK, json={})

    assert transport.sent == Sent(total=2, writes=1)


@responses.activate
async def test_an_answer_the_caller_asked_to_read_for_itself_is_no_error(transport: Transport) -> None:
    responses.post(SITE + BULK, json={"errors": []}, status=400)

    answer = await transport.request("POST", BULK, json={}, also=lambda found: b"errors" in found.body)

    assert answer.status == 400


@responses.activate
async def test_names_in_a_path_cannot_lead_elsewhere(transport: Transport) -> None:
    got = responses.get(f"{SITE}/rest/api/3/issue/..%2F..%2Fsecure%3Fx", json={})

    await transport.request("GET", "/rest/api/3/issue/{issue}", at={"issue": "../../secure?x"})

    assert got.call_count == 1


@pytest.mark.parametrize("name", ["", ".", "..", "..."])
async def test_a_name_made_of_dots_is_refused_before_anything_is_sent(transport: Transport, name: str) -> None:
    with pytest.raises(ValueError, match="issue"):
        await transport.request("GET", "/rest/api/3/issue/{issue}", at={"issue": name})

    assert transport.sent.total == 0


@responses.activate
@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ({"summary": "Überweisung 💳"}, '{"summary":"Überweisung 💳"}'.encode()),
        ({"summary": "half \ud83d"}, b'{"summary":"half \\ud83d"}'),
        (None, b""),
    ],
)
async def test_bodies_go_out_as_utf_8_whatever_people_typed(transport: Transport, value: Any, sent: bytes) -> None:
    responses.put(f"{SITE}/x", status=204)

    await transport.request("PUT", "/x", json=value)

    assert (responses.calls[0].request.body or b"") == sent


@responses.activate
async def test_parameters_are_written_as_jira_reads_them(transport: Transport) -> None:
    responses.get(f"{SITE}/x", json={})

    await transport.request("GET", "/x", params={"startAt": 0, "a": True, "keys": ["A", "B"], "query": "", "none": []})

    assert responses.calls[0].request.url == f"{SITE}/x?startAt=0&a=true&keys=A%2CB"


@responses.activate
async def test_a_request_says_who_we_are_and_asks_for_json(transport: Transport) -> None:
    responses.post(f"{SITE}/x", json={})

    await transport.request("POST", "/x", json={})

    headers = responses.calls[0].request.headers
    assert headers["User-Agent"].startswith("stories-qa-for-jira/")
    assert headers["Accept"] == "application/json"
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"].startswith("Basic ")


@responses.activate
async def test_the_gateways_path_comes_before_the_apis(make_transport: MakeTransport) -> None:
    transport = make_transport("https://api.atlassian.com/ex/jira/11-22/")
    got = responses.get("https://api.atlassian.com/ex/jira/11-22/rest/api/3/myself", json={})

    await transport.request("GET", MYSELF)

    assert got.call_count == 1


@responses.activate
async def test_a_rejection_carries_jiras_words_and_its_request_id(transport: Transport) -> None:
    responses.post(
        f"{SITE}/rest/api/3/issue",
        json={"errorMessages": ["No."], "errors": {"customfield_10016": "Field is required."}},
        status=400,
        headers={"atl-traceid": "abc123"},
    )

    with pytest.raises(JiraRejected) as caught:
        await transport.request("POST", "/rest/api/3/issue", json={})

    assert caught.value.field_errors == {"customfield_10016": "Field is required."}
    assert caught.value.jira_messages == ("No.",)
    assert caught.value.request_id == "abc123"
    assert (caught.value.method, caught.value.path) == ("POST", "/rest/api/3/issue")
