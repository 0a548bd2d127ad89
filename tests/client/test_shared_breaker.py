"""When a whole connection is left alone: a refused login, a site that does not answer. On both desks."""

from __future__ import annotations

import asyncio

import pytest

from jira_integration.client.exceptions import ErrorCode, JiraCaptcha, JiraLoginError, JiraUnavailable
from tests.client.governors import BULK, MYSELF, Make, Remembering, goes


@pytest.mark.parametrize(
    ("status", "headers", "kind", "code"),
    [
        (401, {}, JiraLoginError, ErrorCode.BAD_LOGIN),
        (200, {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}, JiraLoginError, ErrorCode.BAD_LOGIN),
        (403, {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}, JiraCaptcha, ErrorCode.CAPTCHA),
    ],
)
async def test_the_first_refused_login_stops_every_worker_until_it_is_replaced(
    make: Make, status: int, headers: dict[str, str], kind: type, code: ErrorCode
) -> None:
    one, other, replaced = make(), make(), make(login="bot 2")

    await one.told(MYSELF, status, headers)
    await one.told(MYSELF, 200, {})  # what was on its way before says nothing
    refused = await goes(other)

    assert type(refused) is kind
    assert refused is not None and refused.code == code and not refused.outcome_unknown
    assert await goes(replaced) is None


async def test_a_login_tried_again_by_a_person_closes_the_breaker_when_jira_accepts_it(make: Make) -> None:
    store = Remembering()
    worker, person = make(pauses=store), make(pauses=store, trying_login=True)
    await worker.told(MYSELF, 401, {})

    allowed = await goes(person, MYSELF)
    await person.told(MYSELF, 200, {})

    assert allowed is None
    assert await goes(worker) is None
    assert store.pauses == {}


async def test_where_access_tokens_end_by_the_hour_a_401_alone_condemns_nothing(make: Make) -> None:
    governor = make(login_counts=False)

    await governor.told(MYSELF, 401, {})

    assert await goes(governor) is None


async def test_failures_in_a_row_open_the_breaker_and_one_probe_goes_after_the_pause(make: Make) -> None:
    rules = {"failures_to_open": 3, "first_open": 0.3, "in_flight": 20}
    one, other = make(rules), make(rules)
    for status in (500, None, 503):
        assert await goes(one) is None
        await one.told(BULK, status, {})

    shut = await goes(other)
    await asyncio.sleep(0.32)
    async with one.turn(BULK):
        during = await goes(other)
        await one.told(BULK, 502, {})
    again = await goes(other)
    await asyncio.sleep(0.62)
    async with other.turn(BULK):
        await other.told(BULK, 200, {})

    assert isinstance(shut, JiraUnavailable) and not shut.outcome_unknown
    assert shut.retry_after == pytest.approx(0.3, abs=0.1)
    assert isinstance(during, JiraUnavailable)
    assert isinstance(again, JiraUnavailable) and again.retry_after == pytest.approx(0.6, abs=0.1)
    assert await goes(one) is None


async def test_a_good_answer_between_failures_keeps_the_breaker_shut(make: Make) -> None:
    governor = make({"failures_to_open": 3})
    for status in (500, 500, 404, 500, 500):
        await governor.told(BULK, status, {})

    assert await goes(governor) is None


async def test_a_probe_that_was_given_up_leaves_room_for_the_next(make: Make) -> None:
    governor = make({"failures_to_open": 1, "first_open": 0.1})
    await governor.told(BULK, None, {})
    await asyncio.sleep(0.12)

    assert await goes(governor) is None  # given back without a word
    assert await goes(governor) is None
