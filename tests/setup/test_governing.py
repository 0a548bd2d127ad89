"""The governor that a connection gets: pauses in the database, one record per login, runs that wait instead of
sleeping."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync
from django.utils import timezone
from pytest_django import Settings

from jira_integration.client.exceptions import JiraCaptcha, JiraLoginError, JiraRateLimited, JiraUnavailable
from jira_integration.client.governor import Scope
from jira_integration.client.pauses import Pause
from jira_integration.export.runs import confirm
from jira_integration.models import ExportRun, JiraConnection, JiraPause, ProjectMapping
from jira_integration.setup import governing
from jira_integration.setup.check import check_login
from jira_integration.setup.connect import jira_client
from jira_integration.setup.governing import KeptPauses, governor_of, login_generation, pauses_of
from stories_qa.models import Project
from tests.client.governors import goes
from tests.jira_rows import a_backlog, a_connection
from tests.jira_site import connect, drive, plan
from tests.sandbox_server import RunningSandbox, running_sandbox

BULK = "/rest/api/3/issue/bulk"


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def backlog(transactional_db: None) -> Project:
    return a_backlog(stories=3)


@pytest.fixture
def mapping(backlog: Project, sandbox: RunningSandbox) -> ProjectMapping:
    return connect(backlog, sandbox)


def pause(seconds: float | None, key: str = "site https://acme.atlassian.net", reason: str = "r") -> Pause:
    return Pause(key, key, seconds, reason)


@pytest.mark.both_databases
def test_of_two_pauses_the_later_end_counts_and_those_that_are_over_go(transactional_db: None) -> None:
    store = KeptPauses()

    async def keep(*pauses: Pause) -> list[Pause]:
        for one in pauses:
            await store.keep(one)
        return list(await store.standing([pause(0).key]))

    long = async_to_sync(keep)(pause(600, reason="long"), pause(5, reason="short"))
    JiraPause.objects.create(key="old", owner="old", until=timezone.now() - timedelta(seconds=5), reason="")
    longer = async_to_sync(keep)(pause(3600, reason="longer"), pause(7, "another site"))
    for_good = async_to_sync(keep)(pause(None, reason="bad_login"), pause(60))

    assert [(one.reason, round(one.seconds or 0, -1)) for one in long] == [("long", 600)]
    assert [(one.reason, round(one.seconds or 0, -1)) for one in longer] == [("longer", 3600)]
    assert [(one.reason, one.seconds) for one in for_good] == [("bad_login", None)]
    assert not JiraPause.objects.filter(key="old").exists()


def test_another_login_has_a_clean_record(transactional_db: None) -> None:
    connection = a_connection()
    first = login_generation(connection)
    assert login_generation(JiraConnection.objects.get(pk=connection.pk)) == first

    connection.keep_secret("another-token-that-is-long")
    second = login_generation(connection)
    connection.user_name = "someone-else@acme.test"

    assert len({first, second, login_generation(connection)}) == 3


def test_what_was_held_against_a_former_login_goes_when_the_next_one_is_refused(transactional_db: None) -> None:
    connection, other = a_connection(), a_connection(name="Other", site_url="https://other.atlassian.net")
    owners = [f"login {login_generation(one)}" for one in (other, connection)]
    connection.keep_secret("another-token-that-is-long")
    owners.append(f"login {login_generation(connection)}")

    for owner in owners:
        async_to_sync(KeptPauses().keep)(pause(None, owner, "bad_login"))

    assert set(JiraPause.objects.values_list("key", flat=True)) == {owners[0], owners[2]}


async def ask(connection: JiraConnection, **options: Any) -> Any:
    async with jira_client(connection, **options) as jira:
        return await jira.myself()


@pytest.mark.parametrize(
    ("fault", "kind"), [("login_refused", JiraLoginError), ("captcha", JiraCaptcha)], ids=["refused", "CAPTCHA"]
)
def test_a_refused_login_is_not_tried_again_by_anybody_until_it_is_replaced(
    mapping: ProjectMapping, sandbox: RunningSandbox, fault: str, kind: type
) -> None:
    connection = mapping.connection
    sandbox.clear_log()
    sandbox.faults({"kind": fault, "path": ".*", "times": 1})
    for _ in range(3):
        with pytest.raises(kind):
            async_to_sync(ask)(connection)
        governing.memory.clear()  # another process, or one that was started anew
    tries = len(sandbox.log())

    connection.refresh_from_db()
    assert connection.state == JiraConnection.State.AUTH
    assert [one.reason for one in pauses_of(connection)] == ["captcha" if kind is JiraCaptcha else "bad_login"]
    connection.keep_secret(sandbox.token)
    connection.save()
    async_to_sync(ask)(connection)

    assert tries == 1


def test_a_person_who_solved_the_captcha_can_try_the_same_login_again(
    mapping: ProjectMapping, sandbox: RunningSandbox
) -> None:
    sandbox.faults({"kind": "captcha", "path": ".*/myself", "times": 1})
    with pytest.raises(JiraCaptcha):
        async_to_sync(ask)(mapping.connection)

    tested = async_to_sync(check_login)(mapping.connection)

    assert tested.accepted
    assert async_to_sync(ask)(mapping.connection).account_id
    assert pauses_of(mapping.connection) == []


def test_a_login_that_is_refused_in_mid_run_makes_the_run_wait_for_a_person(
    mapping: ProjectMapping, sandbox: RunningSandbox
) -> None:
    run = confirm(plan(mapping), None)
    sandbox.faults({"kind": "login_refused", "path": ".*", "from": 3})

    run = drive(run)
    sandbox.clear_log()
    with pytest.raises(JiraLoginError):
        async_to_sync(ask)(mapping.connection)

    assert (run.state, run.not_before, run.reason_code) == (ExportRun.State.WAITING, None, "bad_login")
    assert sandbox.log() == []


def test_a_site_that_does_not_answer_is_left_alone_for_a_while(
    mapping: ProjectMapping, sandbox: RunningSandbox
) -> None:
    sandbox.clear_log()
    sandbox.faults({"kind": "server_error", "path": ".*"})
    for _ in range(7):
        with pytest.raises(JiraUnavailable) as caught:
            async_to_sync(ask)(mapping.connection, tries=1)

    assert len(sandbox.log()) == 5
    assert caught.value.retry_after is not None and 0 < caught.value.retry_after <= 5


def three_stories_once(sandbox: RunningSandbox) -> bool:
    return sorted(issue["fields"]["summary"] for issue in sandbox.issues()) == ["Story 1", "Story 2", "Story 3"]


LONG = [
    ({"retry_after": 120}, 120),
    ({"retry_after": 120, "as_date": True}, 120),
    ({"reason": "jira-quota-tenant-based", "reset_after": 900}, 900),  # named to the minute
]


@pytest.mark.both_databases
@pytest.mark.parametrize(("rule", "seconds"), LONG, ids=["seconds", "date", "quota"])
@pytest.mark.parametrize("path", [BULK, ".*/issue/bulkfetch"], ids=["create", "read"])
def test_a_run_told_to_wait_long_waits_as_a_row_and_goes_on_at_its_time(
    mapping: ProjectMapping, sandbox: RunningSandbox, rule: dict[str, Any], seconds: int, path: str
) -> None:
    run = confirm(plan(mapping), None)
    sandbox.faults({"kind": "rate_limited", "path": path, "times": 1, **rule})
    began, clock = timezone.now(), time.monotonic()

    run = drive(run)
    took = time.monotonic() - clock
    first_wait = run.not_before
    sandbox.clear_log()
    ExportRun.objects.filter(pk=run.pk).update(not_before=began)  # woken too early
    run = drive(run)

    assert took < 5
    assert (run.state, run.reason_code) == (ExportRun.State.WAITING, "rate_limited_for")
    assert first_wait is not None and run.not_before is not None
    assert seconds - 2 <= (first_wait - began).total_seconds() <= seconds + 60 + took
    assert (run.not_before - first_wait).total_seconds() == pytest.approx(0, abs=3)
    assert sandbox.log() == []
    pass_over(run)
    assert drive(run).state == ExportRun.State.DONE
    assert three_stories_once(sandbox)


@pytest.mark.parametrize("retry_after", [0, 1])
def test_a_create_told_to_wait_a_moment_is_sent_by_the_next_task_and_not_before(
    mapping: ProjectMapping, sandbox: RunningSandbox, retry_after: int
) -> None:
    run = confirm(plan(mapping), None)
    sandbox.faults({"kind": "rate_limited", "path": BULK, "times": 1, "retry_after": retry_after})

    run = drive(run)
    assert run.state == ExportRun.State.WAITING
    ExportRun.objects.filter(pk=run.pk).update(not_before=timezone.now())
    run = drive(run)

    refused, sent = sandbox.write_requests()
    assert run.state == ExportRun.State.DONE
    assert sent["at"] - refused["done"] >= 0.99
    assert three_stories_once(sandbox)


def test_a_read_told_to_wait_a_moment_goes_on_in_the_same_task(
    mapping: ProjectMapping, sandbox: RunningSandbox
) -> None:
    run = confirm(plan(mapping), None)
    sandbox.faults({"kind": "rate_limited", "path": ".*/issue/bulkfetch", "times": 1, "retry_after": 1})

    run = drive(run)

    assert run.state == ExportRun.State.DONE
    refused, again = [one for one in sandbox.log() if one["path"].endswith("/bulkfetch")][:2]
    assert (refused["status"], again["status"]) == (429, 200)
    assert again["at"] - refused["done"] >= 0.99


def pass_over(run: ExportRun) -> None:
    """The time has come: here and in the books."""
    ExportRun.objects.filter(pk=run.pk).update(not_before=timezone.now())
    JiraPause.objects.update(until=timezone.now())
    governing.memory.clear()


def test_a_write_that_was_not_let_go_is_not_in_doubt(mapping: ProjectMapping, sandbox: RunningSandbox) -> None:
    run = confirm(plan(mapping), None)
    sandbox.faults({"kind": "rate_limited", "path": BULK, "times": 1, "retry_after": 60, "reason": "jira-burst-based"})
    drive(run)
    ExportRun.objects.filter(pk=run.pk).update(not_before=timezone.now())
    sandbox.clear_log()

    run = drive(run)

    assert run.state == ExportRun.State.WAITING
    assert sandbox.write_requests() == []
    assert set(run.items.values_list("state", flat=True)) == {"queued"}
    assert not run.events.filter(code="no_answer").exists()


@pytest.mark.both_databases
def test_an_hours_pause_is_known_to_a_process_that_starts_with_an_empty_redis(
    transactional_db: None, with_redis: str
) -> None:
    connection = a_connection()
    scope = _scope(connection)

    async def first() -> None:
        async with governor_of(connection) as governor:
            await governor.told(scope, 429, {"Retry-After": "3600", "RateLimit-Reason": "jira-quota-tenant-based"})

    async def second() -> Any:
        async with governor_of(connection) as governor:
            return await goes(governor, scope)

    async_to_sync(first)()
    _flush(with_redis)
    governing.memory.clear()
    refused = async_to_sync(second)()

    assert isinstance(refused, JiraRateLimited)
    assert refused.retry_after == pytest.approx(3600, abs=10)
    assert [one.reason for one in pauses_of(connection)] == ["jira-quota-tenant-based"]


def test_with_redis_two_clients_of_a_site_share_one_count_of_requests_on_the_wire(
    transactional_db: None, with_redis: str, settings: Settings
) -> None:
    settings.JIRA_GOVERNOR_IN_FLIGHT = 2
    connection = a_connection()
    scope = _scope(connection)

    async def both() -> list[Any]:
        async with AsyncExitStack() as stack:
            one, other = [await stack.enter_async_context(governor_of(connection, seconds=0.4)) for _ in range(2)]
            await stack.enter_async_context(one.turn(scope))
            return [await goes(other, scope), await _two_at_once(other, scope)]

    assert [type(answer) for answer in async_to_sync(both)()] == [type(None), JiraRateLimited]


async def _two_at_once(governor: Any, scope: Scope) -> Any:
    async with governor.turn(scope):
        return await goes(governor, scope)


def test_an_export_is_carried_out_when_redis_cannot_be_reached(
    mapping: ProjectMapping, sandbox: RunningSandbox, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.JIRA_REDIS_URL = "redis://:secret-word@127.0.0.1:1/0"

    run = drive(confirm(plan(mapping), None))

    assert run.state == ExportRun.State.DONE
    said = [record.getMessage() for record in caplog.records if "Redis" in record.getMessage()]
    assert len(said) == 1
    assert "secret-word" not in said[0]


def _scope(connection: JiraConnection) -> Scope:
    return Scope(connection.site_url, "/rest/api/3/myself", "GET")


def _flush(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.flushall()
