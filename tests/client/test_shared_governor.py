"""What holds for turns whoever keeps the books: a real Redis, or this process's memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from jira_integration.client.exceptions import (
    JiraRateLimited,
    JiraUnavailable,
)
from jira_integration.client.governor import Scope
from tests.client.governors import BULK, MYSELF, SITE, Make, Remembering, edit, goes, making


async def test_no_more_requests_are_on_the_wire_than_the_site_may_get_from_all_workers(make: Make) -> None:
    workers = [make({"in_flight": 3, "burst": 50}) for _ in range(3)]
    now, most = 0, 0

    async def request(number: int) -> None:
        nonlocal now, most
        async with workers[number % 3].turn(BULK):
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.02)
            now -= 1

    await asyncio.gather(*(request(number) for number in range(20)))

    assert most == 3


async def test_slots_go_to_who_asked_first(make: Make) -> None:
    governors = [make({"in_flight": 1, "burst": 50}) for _ in range(2)]
    order: list[int] = []

    async def request(number: int) -> None:
        await asyncio.sleep(number * 0.03)
        async with governors[number % 2].turn(BULK):
            order.append(number)
            await asyncio.sleep(0.1)

    await asyncio.gather(*(request(number) for number in range(8)))

    assert order == list(range(8))


async def test_who_gives_up_waiting_for_a_slot_holds_up_nobody_behind(make: Make) -> None:
    rules = {"in_flight": 1, "burst": 50}
    governor = make(rules)
    async with governor.turn(BULK):
        impatient = asyncio.create_task(goes(make({**rules, "longest_queue": 0.05})))
        cancelled = asyncio.create_task(goes(governor))
        await asyncio.sleep(0.02)
        behind = asyncio.create_task(goes(governor))
        await asyncio.sleep(0.15)
        cancelled.cancel()
        assert isinstance(await impatient, JiraRateLimited)
    began = time.monotonic()

    assert await behind is None
    assert time.monotonic() - began < 0.2


async def test_turns_of_one_endpoint_come_at_its_rate_and_another_endpoint_does_not_wait(make: Make) -> None:
    governor = make({"rates": {"POST": 20, "GET": 20}, "burst": 5, "in_flight": 30})
    began = time.monotonic()

    await asyncio.gather(*(goes(governor) for _ in range(25)))
    took = time.monotonic() - began
    await goes(governor, MYSELF)
    other = time.monotonic() - began - took

    assert took >= 20 / 20 - 0.01
    assert other < 0.1


async def test_writes_to_one_issue_are_spread_and_those_to_others_are_not(make: Make) -> None:
    governor = make({"issue_rate": 5, "issue_burst": 2, "burst": 50})

    async def taken(scopes: list[Scope]) -> float:
        began = time.monotonic()
        for scope in scopes:
            await goes(governor, scope)
        return time.monotonic() - began

    assert await taken([edit(str(number)) for number in range(10)]) < 0.2
    assert await taken([edit("SHOP-1")] * 5) >= 3 / 5 - 0.01


@pytest.mark.parametrize(
    ("reason", "held_up"),
    [
        ("jira-burst-based", {"bulk"}),
        ("jira-cost-based", {"bulk"}),
        ("jira-quota-tenant-based", {"bulk", "myself", "edit"}),
        ("jira-quota-global-based", {"bulk", "myself", "edit"}),
        ("", {"bulk", "myself", "edit"}),
    ],
)
async def test_a_429_holds_up_what_its_reason_names(make: Make, reason: str, held_up: set[str]) -> None:
    one, other = make(app="oauth2"), make(app="oauth2")

    await one.told(BULK, 429, {"Retry-After": "60", "RateLimit-Reason": reason} if reason else {"Retry-After": "60"})

    scopes = {"bulk": BULK, "myself": MYSELF, "edit": edit("SHOP-1")}
    waiting = {name for name, scope in scopes.items() if isinstance(await goes(other, scope), JiraRateLimited)}
    assert waiting == held_up


async def test_a_limit_of_one_issue_delays_that_issue_alone(make: Make) -> None:
    governor = make()

    await governor.told(edit("SHOP-1"), 429, {"Retry-After": "30", "RateLimit-Reason": "jira-per-issue-on-write"})

    assert isinstance(await goes(governor, edit("SHOP-1")), JiraRateLimited)
    assert await goes(governor, edit("SHOP-2")) is None
    assert await goes(governor) is None


async def test_the_quota_of_an_app_holds_up_its_other_sites_and_no_token(make: Make) -> None:
    app, token = make(app="oauth2"), make(login="token 1")
    elsewhere = Scope("https://other.atlassian.net", MYSELF.endpoint, "GET")

    await app.told(MYSELF, 429, {"Retry-After": "600", "RateLimit-Reason": "jira-quota-global-based"})

    assert isinstance(await goes(app, elsewhere), JiraRateLimited)
    assert await goes(token, elsewhere) is None


def in_seconds(seconds: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (lambda: {"Retry-After": "5"}, 5),
        (lambda: {"Retry-After": "120"}, 120),
        (lambda: {"Retry-After": format_datetime(in_seconds(120), usegmt=True)}, 120),
        (lambda: {"X-RateLimit-Reset": in_seconds(600).isoformat()}, 600),
        (lambda: {"Retry-After": "9", "X-RateLimit-Reset": "2020-01-01T00:00Z"}, 9),
    ],
    ids=["seconds", "above a minute", "HTTP date", "reset", "both"],
)
async def test_a_long_wait_is_given_back_with_its_seconds_and_nothing_is_in_doubt(
    make: Make, headers: Callable[[], dict[str, str]], seconds: float
) -> None:
    governor = make()
    began = time.monotonic()

    await governor.told(BULK, 429, headers())
    refused = await goes(governor)

    assert isinstance(refused, JiraRateLimited)
    assert seconds - 2 < refused.retry_after <= seconds + 0.01
    assert not refused.outcome_unknown
    assert refused.status is None
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("headers", [{"Retry-After": "1"}, {"Retry-After": "0"}, {}], ids=["1", "0", "none named"])
async def test_a_short_wait_is_slept_and_never_cut_short(make: Make, headers: dict[str, str]) -> None:
    one, other = make(), make()

    await one.told(BULK, 429, headers)
    began = time.monotonic()
    refused = await goes(other)

    named = 2 if not headers else 1
    assert refused is None
    assert named - 0.02 <= time.monotonic() - began < named + 0.6


async def test_silent_429s_in_a_row_wait_longer_each_time(make: Make) -> None:
    governor = make({"longest_wait": 0})
    waits = [0.0]
    for _ in range(2):
        await asyncio.sleep(waits[-1])
        await governor.told(BULK, 429, {})
        refused = await goes(governor)
        assert isinstance(refused, JiraRateLimited)
        waits.append(refused.retry_after)

    assert 1.8 < waits[1] <= 2.001
    assert 3.8 < waits[2] <= 4.001


async def test_a_503_that_names_a_time_is_waited_for_as_unavailable(make: Make) -> None:
    governor = make()

    await governor.told(MYSELF, 503, {"Retry-After": "40"})
    refused = await goes(governor)

    assert isinstance(refused, JiraUnavailable)
    assert refused.retry_after == pytest.approx(40, abs=1)
    assert not refused.outcome_unknown


async def test_whoever_waits_for_its_token_when_a_pause_begins_does_not_go_before_its_end(make: Make) -> None:
    governor = make({"rates": {"POST": 2}, "burst": 1, "in_flight": 4})
    await goes(governor)
    began = time.monotonic()
    waiting = asyncio.create_task(goes(governor))
    await asyncio.sleep(0.1)

    await governor.told(BULK, 429, {"Retry-After": "1"})

    assert await waiting is None
    assert time.monotonic() - began >= 1.09


async def at_once(governor: Any, most: int = 20) -> int:
    """How many turns can be held at the same time."""
    held: list[Any] = []
    for _ in range(most):
        turn = governor.turn(BULK)
        try:
            await turn.__aenter__()
        except JiraRateLimited:
            break
        held.append(turn)
    for turn in held:
        await turn.__aexit__(None, None, None)
    return len(held)


@pytest.mark.parametrize(("status", "headers"), [(500, {}), (None, {}), (429, {"Retry-After": "0"})])
async def test_trouble_halves_what_may_be_on_the_wire_and_good_answers_bring_it_back(
    make: Make, status: int | None, headers: dict[str, str]
) -> None:
    governor = make({"in_flight": 8, "longest_queue": 0.02, "burst": 1000, "rates": {"POST": 1000}})
    before = await at_once(governor)

    for _ in range(3):  # of one moment: one reason
        await governor.told(BULK, status, headers)
    halved = await at_once(governor)
    for _ in range(4):
        await governor.told(BULK, 200, {})
    rising = await at_once(governor)
    for _ in range(40):
        await governor.told(BULK, 200, {})

    assert (before, halved, rising) == (8, 4, 4)
    assert await at_once(governor) == 8


async def rate(governor: Any, turns: int = 30) -> float:
    """Turns a second, measured behind the burst."""
    await goes(governor)
    began = time.monotonic()
    await asyncio.gather(*(goes(governor) for _ in range(turns)))
    return turns / (time.monotonic() - began)


async def test_a_near_limit_slows_down_before_the_429_comes(make: Make) -> None:
    rules = {"rates": {"POST": 100}, "burst": 1, "in_flight": 50, "between_cuts": 0}
    governor = make(rules)

    await governor.told(BULK, 200, {"X-RateLimit-Limit": "40", "X-RateLimit-Remaining": "5"})
    slowed = await rate(governor)

    assert 25 < slowed < 42


async def test_what_data_center_says_of_its_bucket_is_kept_on_all_endpoints_and_retry_after_0_is_nothing(
    make: Make,
) -> None:
    governor = make({"in_flight": 50})
    bucket = {"X-RateLimit-Interval-Seconds": "1", "X-RateLimit-FillRate": "10", "X-RateLimit-Limit": "12"}

    await governor.told(MYSELF, 200, {**bucket, "X-RateLimit-Remaining": "2", "Retry-After": "0"})
    began = time.monotonic()
    await asyncio.gather(*(goes(governor, scope) for scope in [BULK, MYSELF] * 5))

    assert time.monotonic() - began >= 0.8 - 0.02


async def test_a_wait_for_the_bucket_above_the_longest_is_given_back_with_time_for_a_handful(make: Make) -> None:
    governor = make()
    bucket = {"X-RateLimit-Interval-Seconds": "60", "X-RateLimit-FillRate": "5", "X-RateLimit-Limit": "10"}

    await governor.told(MYSELF, 200, {**bucket, "X-RateLimit-Remaining": "0"})
    refused = await goes(governor)

    assert isinstance(refused, JiraRateLimited)
    assert refused.retry_after == pytest.approx(120, abs=2)


async def test_a_cancelled_turn_gives_its_slot_back_whenever_it_is_cancelled(make: Make) -> None:
    governor = make({"in_flight": 1, "longest_queue": 0.05, "rates": {"POST": 1}, "burst": 1})

    async def hold() -> None:
        async with governor.turn(BULK):
            await asyncio.sleep(30)

    for _ in range(2):  # the first is on the wire, the second waits for its token
        holder = asyncio.create_task(hold())
        await asyncio.sleep(0.1)
        holder.cancel()
        await asyncio.gather(holder, return_exceptions=True)

    assert await goes(governor, MYSELF) is None


async def test_pauses_that_matter_later_are_kept_and_a_new_desk_hears_of_them(redis_url: str) -> None:
    store = Remembering()
    async with making(redis_url) as make:
        await make(pauses=store).told(BULK, 429, {"Retry-After": "3600"})
    kept = list(store.pauses.values())
    async with making(None) as make:  # another medium that knows nothing
        refused = await goes(make(pauses=store))

    assert [(pause.key, pause.owner, pause.seconds) for pause in kept] == [(f"site {SITE}", f"site {SITE}", 3600)]
    assert isinstance(refused, JiraRateLimited)
    assert refused.retry_after == pytest.approx(3600, abs=5)
