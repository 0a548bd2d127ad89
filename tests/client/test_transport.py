from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ProtocolError

from jira_integration.client.exceptions import ErrorCode, JiraRateLimited, JiraRejected, JiraUnavailable
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
