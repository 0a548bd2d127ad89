from __future__ import annotations

from email.utils import formatdate

import pytest
import requests
import responses

from jira_integration.client.exceptions import JiraError, JiraRateLimited, JiraUnavailable
from jira_integration.client.transport import Sent, Transport
from tests.client.conftest import SITE, FakeTime, MakeTransport

MYSELF = "/rest/api/3/myself"


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
